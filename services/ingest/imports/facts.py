"""Turns rows into drivers' quantities, exchange rates, tickets and consumers, or into rejects."""

import json

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.reading import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.values.fault import Fault, fault

QUANTITY_COLUMNS = ("row_no", "driver", "period", "scenario", "source", "target", "quantity")
RATE_COLUMNS = ("row_no", "period", "from_currency", "to_currency", "kind", "rate")
EVENT_COLUMNS = (
    "row_no",
    "number",
    "kind",
    "service",
    "solution",
    "consumer",
    "opened_at",
    "resolved_at",
    "closed_at",
    "state",
    "priority",
    "category",
    "assignment_group",
    "sla_met",
    "reopen_count",
    "updated_at",
)
LONGEST_CODE = 200
LONGEST_TEXT = 500
_YES = frozenset({"true", "yes", "y", "1", "t", "是", "met"})
_NO = frozenset({"false", "no", "n", "0", "f", "否", "missed"})
_RATE_KINDS = {"average": "average", "avg": "average", "closing": "closing", "spot": "closing"}


def read_quantities(plan: RowPlan, batch: RowBatch, scenario: str) -> RowsRead:
    """Quantities of drivers. Required: driver, period, target, quantity."""
    reading = reading_of(plan, batch)
    draft = {
        "row_no": batch.numbers,
        "driver": _code(reading, "driver", required=True),
        "period": _required(reading, "period", reading.periods()),
        "scenario": _code(reading, "scenario").fill_null(scenario),
        "source": _code(reading, "source"),
        "target": _code(reading, "target", required=True),
        "quantity": _required(reading, "quantity", reading.decimals("quantity")),
    }
    return divided(reading, _frame(draft, QUANTITY_COLUMNS))


def read_rates(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Exchange rates: one unit of `from` costs `rate` units of `to`; more than zero."""
    reading = reading_of(plan, batch)
    rate = _required(reading, "rate", reading.decimals("rate"))
    not_positive = rate.str.contains(r"^-|^[0.]+$").fill_null(value=False)
    codes = pl.Series([None] * len(rate), dtype=pl.String).set(not_positive, "not_positive")
    reading.fail("rate", codes, reading.texts("rate"))
    draft = {
        "row_no": batch.numbers,
        "period": _required(reading, "period", reading.periods()),
        "from_currency": _required(reading, "from", reading.currencies("from")),
        "to_currency": _required(reading, "to", reading.currencies("to")),
        "kind": reading.read("kind", _rate_kind).fill_null("average"),
        "rate": rate,
    }
    return divided(reading, _frame(draft, RATE_COLUMNS))


def read_ticket_events(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Events of tickets, several per number where the file is a log."""
    reading = reading_of(plan, batch)
    draft = {
        "row_no": batch.numbers,
        "number": _code(reading, "number", required=True),
        "kind": _code(reading, "kind").fill_null("incident"),
        **{name: _code(reading, name) for name in ("service", "solution", "consumer")},
        "opened_at": _required(reading, "opened_at", reading.instants("opened_at")),
        "resolved_at": reading.instants("resolved_at"),
        "closed_at": reading.instants("closed_at"),
        **{
            name: reading.short_texts(name, LONGEST_TEXT)
            for name in ("state", "priority", "category", "assignment_group")
        },
        "sla_met": reading.read("sla_met", _truth),
        "reopen_count": reading.read("reopen_count", _count).fill_null("0"),
        "updated_at": reading.instants("updated_at"),
    }
    return divided(reading, _frame(draft, EVENT_COLUMNS))


def read_consumers(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Consumers as JSON requests for the allocation service, in the column `request`."""
    reading = reading_of(plan, batch)
    code = _code(reading, "code", required=True)
    single = {
        name: _code(reading, name)
        for name in (
            "parent",
            "valid_from",
            "valid_to",
            "owner",
            "unit_driver",
            "value_chain_stage",
        )
    }
    english = reading.texts("names.en")
    chinese = reading.texts("names.zh-CN")
    plain = reading.texts("name")
    nested = {
        name: reading.texts(name)
        for name in (*plan.profile.columns, *plan.profile.constants)
        if name.startswith(("tags.", "attributes."))
    }
    requests = []
    for place, value in enumerate(code):
        request: dict[str, object] = {name: texts[place] for name, texts in single.items()}
        names = {"en": english[place] or plain[place], "zh-CN": chinese[place]}
        request["code"] = value
        request["names"] = {key: text for key, text in names.items() if text} or {"en": value}
        for name, texts in nested.items():
            group, _, key = name.partition(".")
            if texts[place] is not None:
                inner = request.setdefault(group, {})
                if isinstance(inner, dict):
                    inner[key] = texts[place]
        requests.append(json.dumps({k: v for k, v in request.items() if v is not None}))
    draft = {
        "row_no": batch.numbers,
        "code": code,
        "parent": single["parent"],
        "request": pl.Series(requests, dtype=pl.String),
    }
    return divided(reading, _frame(draft, ("row_no", "code", "parent", "request")))


def _frame(draft: dict[str, pl.Series], columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame([draft[name].alias(name) for name in columns])


def _code(reading: Reading, name: str, *, required: bool = False) -> pl.Series:
    values = reading.short_texts(name, LONGEST_CODE)
    if required:
        reading.require(name, values)
    return values


def _required(reading: Reading, name: str, values: pl.Series) -> pl.Series:
    reading.require(name, values)
    return values


def _rate_kind(text: str) -> str | Fault:
    return _RATE_KINDS.get(text.lower()) or fault("unknown_code", text)


def _truth(text: str) -> str | Fault:
    lower = text.lower()
    if lower in _YES:
        return "true"
    return "false" if lower in _NO else fault("not_a_truth_value", text)


def _count(text: str) -> str | Fault:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return str(int(text))
    return fault("not_a_decimal", text)
