"""Turns rows into events of tickets, or into rejects."""

import re
from datetime import datetime, timedelta

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.imports.reading.facts import LONGEST_TEXT, code_of, frame_of, required_of
from services.ingest.tickets.repository import EVENT_COLUMNS
from services.ingest.values.fault import Fault, fault

_YES = frozenset({"true", "yes", "y", "1", "t", "是", "met"})
_NO = frozenset({"false", "no", "n", "0", "f", "否", "missed"})
_BELOW_ZERO = re.compile(r"-[0-9]{1,9}", re.ASCII)
_CLOCK = re.compile(
    r"(?:([0-9]{1,6})[ d]+)?([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])(?:\.0+)?", re.ASCII
)
_SINCE_1970 = re.compile(r"19[7-9][0-9]-[0-9]{2}-[0-9]{2}[ T][0-9:]{8}(?:\.0+)?", re.ASCII)


def read_ticket_events(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Events of tickets, several per number where the file is a log.

    A ticket without a time of resolution that tells how long it took was resolved after so long.
    """
    reading = reading_of(plan, batch)
    opened_at = required_of(reading, "opened_at", reading.instants("opened_at"))
    draft = {
        "row_no": batch.numbers,
        "number": code_of(reading, "number", required=True),
        "kind": code_of(reading, "kind").fill_null("incident"),
        **{name: code_of(reading, name) for name in ("service", "solution", "consumer")},
        "opened_at": opened_at,
        "resolved_at": _resolved_at(reading, opened_at),
        "closed_at": reading.instants("closed_at"),
        **{
            name: reading.short_texts(name, LONGEST_TEXT)
            for name in ("state", "priority", "category", "assignment_group")
        },
        "sla_met": reading.read("sla_met", _truth),
        "reopen_count": reading.read("reopen_count", _count).fill_null("0"),
        "updated_at": reading.instants("updated_at"),
    }
    return divided(reading, frame_of(draft, EVENT_COLUMNS))


def _resolved_at(reading: Reading, opened_at: pl.Series) -> pl.Series:
    told = reading.instants("resolved_at")
    if reading.source("duration") is None:
        return told
    lengths = reading.read("duration", _seconds)
    found = [
        (datetime.fromisoformat(opened) + timedelta(seconds=int(seconds))).isoformat()
        if resolved is None and opened is not None and seconds is not None
        else resolved
        for resolved, opened, seconds in zip(told, opened_at, lengths, strict=True)
    ]
    return pl.Series(found, dtype=pl.String)


def _seconds(text: str) -> str | Fault:
    """Seconds; also as days and clock, or as the time so long after the beginning of 1970."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return text
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return str(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if _SINCE_1970.fullmatch(text):
        try:
            since = datetime.fromisoformat(text) - datetime(1970, 1, 1)
        except ValueError:
            return fault("not_a_duration", text)
        return str(int(since.total_seconds()))
    return fault("not_a_duration", text)


def _truth(text: str) -> str | Fault:
    lower = text.lower()
    if lower in _YES:
        return "true"
    return "false" if lower in _NO else fault("not_a_truth_value", text)


def _count(text: str) -> str | Fault:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return str(int(text))
    return fault("not_negative" if _BELOW_ZERO.fullmatch(text) else "not_a_decimal", text)
