"""Watermarks: up to where a source was read. Text that is a number, an instant, or just text."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

_number = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_fraction = re.compile(r"[.,]([0-9]+)")
_offset = re.compile(r"[+-][0-9]{2}(:?[0-9]{2})?$")
LAST_MOMENT = "T23:59:59.999999Z"
TOLERANCE = timedelta(minutes=10)


def later(one: str | None, other: str | None) -> str | None:
    """The larger of two watermarks, None the least. Numbers and instants by their value."""
    if one is None or other is None:
        return one or other
    if _number.fullmatch(one) and _number.fullmatch(other):
        return one if Decimal(one) >= Decimal(other) else other
    first, second = instant_of(one), instant_of(other)
    if first is not None and second is not None:
        return one if first >= second else other
    return max(one, other)


def latest(marks: Iterable[str | None], now: datetime) -> str | None:
    """The largest watermark that does not lie in the future.

    One record with a wrong clock (the year 2099) would otherwise hide all that come after it.
    """
    best: str | None = None
    for mark in marks:
        moment = None if mark is None else instant_of(mark)
        if moment is None or moment <= now + TOLERANCE:
            best = later(best, mark)
    return best


def instant_of(text: str) -> datetime | None:
    """An instant as sources write it, with `T` or a space; UTC unless a zone is said."""
    if _day.match(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def rewound(text: str, seconds: int) -> str:
    """A watermark that many seconds earlier, written as it was; what is no instant stays.

    The shape matters: a source that compares text takes `2026-01-31 10:00:00` for smaller than
    any `2026-01-31T...`.
    """
    moment = instant_of(text)
    if moment is None or seconds == 0:
        return text
    return _as_in(text, moment - timedelta(seconds=seconds))


def capped(text: str | None, end: datetime | None) -> str | None:
    """A watermark, but none after an instant.

    What changed at the source after the first page was asked for may stand on a page that was
    read before: only what is older is surely known.
    """
    moment = None if text is None else instant_of(text)
    if text is None or moment is None or end is None or moment <= end:
        return text
    return _as_in(text, end)


def _as_in(text: str, moment: datetime) -> str:
    """An instant in the shape of a text."""
    if _day.fullmatch(text):
        return moment.date().isoformat()
    fraction = _fraction.search(text)
    digits = min(len(fraction.group(1)), 6) if fraction else 0
    shown = moment.astimezone(UTC).strftime(f"%Y-%m-%d{text[10]}%H:%M:%S")
    if digits:
        shown += f".{moment.microsecond:06d}"[: digits + 1]
    return shown + _zone_as_in(text)


def _zone_as_in(text: str) -> str:
    if text.endswith(("Z", "z")):
        return "Z"
    return "+00:00" if _offset.search(text) else ""


def from_bound(text: str | None) -> str | None:
    """The lower end that a caller gives: a day begins at midnight UTC."""
    return f"{text}T00:00:00Z" if _is_day(text) else text


def to_bound(text: str | None) -> str | None:
    """The upper end that a caller gives: a day counts whole."""
    return f"{text}{LAST_MOMENT}" if _is_day(text) else text


def _is_day(text: str | None) -> bool:
    if text is None or _day.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
