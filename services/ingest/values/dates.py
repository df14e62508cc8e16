"""Reads dates and instants; a day that may be a month is refused until somebody says."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation

from services.ingest.values.date_order import (
    THREE_NUMBERS,
    TIME,
    DateEvidence,
    DayOrder,
    year_may_stand_first,
)
from services.ingest.values.fault import Fault, fault
from services.ingest.values.missing import trimmed
from services.ingest.values.month_names import month_of_name
from shared.periods import period_of

__all__ = [
    "DateEvidence", "DayOrder", "read_date", "read_instant", "read_period", "tells_a_month",
]  # fmt: skip

_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+(?=\S)", re.IGNORECASE)
_NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
_GAP = r"[-/.,\s]*(?:(?:de|of)\s+)?"
_YEAR_FIRST = re.compile(
    rf"(?P<y>\d{{4}})(?P<s>[-/.]|\s)(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){TIME}"
)
_COMPACT = re.compile(rf"(?P<y>(?:19|20|21)\d\d)(?P<m>\d\d)(?P<d>\d\d){TIME}")
_COMPACT_TIME = re.compile(
    r"(?P<y>(?:19|20|21)\d\d)(?P<m>\d\d)(?P<d>\d\d)T?(?P<hour>\d\d)(?P<minute>\d\d)"
    r"(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<half>)(?P<zone>Z|[+-]\d{4})?"
)
_CHINESE = re.compile(
    rf"(?P<y>\d{{4}})\s*年\s*(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]?{TIME}"
)
_NAMED = re.compile(
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?{_GAP}{_NAME}{_GAP}(?P<y>\d{{4}}|\d{{2}}){TIME}",
    re.IGNORECASE,
)
_NAMED_FIRST = re.compile(
    rf"{_NAME}[-/.\s]+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|[-/.\s]+)(?P<y>\d{{4}}){TIME}",
    re.IGNORECASE,
)
_NAMED_MIDDLE = re.compile(rf"(?P<y>\d{{4}})[-/.\s]+{_NAME}[-/.\s]+(?P<d>\d{{1,2}}){TIME}")
_SAP_ODATA = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_PERIODS = (
    re.compile(r"(?P<y>\d{4})[-/.]?(?P<m>\d{2})"),
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d)"),
    re.compile(r"(?P<m>\d{1,2})[-/.](?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月(?:份)?"),
    re.compile(r"(?P<y>\d{4})\s?-?M(?P<m>\d{1,2})", re.IGNORECASE),
)
_NAMED_PERIODS = (
    re.compile(rf"{_NAME}[-/.,\s]*(?:de\s+)?(?P<y>\d{{4}})", re.IGNORECASE),
    re.compile(rf"(?P<y>\d{{4}})[-/.\s]*{_NAME}", re.IGNORECASE),
    re.compile(rf"{_NAME}[-'\s](?P<y>\d{{2}})", re.IGNORECASE),
)
_EARLIEST, _LATEST = 1900, 2200
#: Words that stand in place of a format: days since 1900 or 1904 as sheets count them, and
#: seconds or milliseconds since 1970.
SERIAL_FORMATS = ("excel", "excel-1904", "unix", "unix-ms")
_ZERO_DATE = re.compile(r"0000[-/.]?00[-/.]?00(?:[T\s]+00:00(?::00(?:\.0+)?)?)?|00[-/.]00[-/.]0000")


def is_zero_date(text: str) -> bool:
    """Whether databases write no date like this: 0000-00-00, 00000000, 00.00.0000."""
    return _ZERO_DATE.fullmatch(trimmed(text)) is not None


def tells_a_month(date_format: str) -> bool:
    """Whether a format can be read by and tells year and month; without a year all is 1900."""
    if date_format in SERIAL_FORMATS:
        return True
    moment = datetime(2001, 2, 3, 16, 5, 6, tzinfo=UTC)
    try:
        told = datetime.strptime(moment.strftime(date_format), date_format)
    except (ValueError, re.error):
        return False
    return (told.year, told.month) == (moment.year, moment.month)


def read_date(
    text: str, order: DayOrder | None = None, date_format: str | None = None
) -> date | Fault:
    """The day that a text writes, with or without a time behind it, in the text's own zone.

    Year-first dates and named months speak for themselves. `03/04/2016` is `ambiguous_date`
    without an order; a given format decides alone. Faults: `not_a_date`, `ambiguous_date`.
    """
    found = _read(text, order, date_format)
    if isinstance(found, Fault):
        return found
    return found.date()


def read_instant(
    text: str, order: DayOrder | None = None, date_format: str | None = None
) -> datetime | Fault:
    """The point in time that a text writes, in UTC; a text without a zone is taken as UTC."""
    found = _read(text, order, date_format)
    if isinstance(found, Fault):
        return Fault(found.code.replace("not_a_date", "not_an_instant"), found.message)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def read_period(
    text: str, order: DayOrder | None = None, date_format: str | None = None
) -> str | Fault:
    """The calendar month that a text writes: `2026-01`, `202601`, `01/2026`, `Jan 2026`, a date.

    Quarters and years are no months. Faults: `not_a_period`, `ambiguous_date`.
    """
    found = None if date_format else _month_of(trimmed(text))
    if found is not None:
        year, month = found
        if _EARLIEST <= year <= _LATEST and 1 <= month <= 12:
            return f"{year:04d}-{month:02d}"
        return fault("not_a_period", text)
    day = read_date(text, order, date_format)
    if isinstance(day, Fault):
        return day if day.code == "ambiguous_date" else fault("not_a_period", text)
    return period_of(day)


def _month_of(text: str) -> tuple[int, int] | None:
    """Year and month of a text that names no day."""
    for pattern in _PERIODS:
        found = pattern.fullmatch(text)
        if found is not None:
            return int(found["y"]), int(found["m"])
    for pattern in _NAMED_PERIODS:
        found = pattern.fullmatch(text)
        if found is not None and (month := month_of_name(found["name"])):
            return _full_year(found["y"]), month
    return None


def _read(text: str, order: DayOrder | None, date_format: str | None) -> datetime | Fault:
    shown = trimmed(text)
    if date_format:
        return _by_format(text, shown, date_format)
    parts = _parts_of(shown, order)
    if parts is None:
        return fault("not_a_date", text)
    if isinstance(parts, str):
        return fault(parts, text)
    try:
        return _built(*parts)
    except (ValueError, OverflowError):
        return fault("not_a_date", text)


def _by_format(text: str, shown: str, date_format: str) -> datetime | Fault:
    try:
        if date_format in SERIAL_FORMATS:
            moment = _by_serial(Decimal(shown), date_format)
        else:
            moment = datetime.strptime(shown, date_format)  # a zone is added later
            if shown.isdigit() and moment.strftime(date_format) != shown:
                return fault("not_a_date", text)  # 2026111 may be in January or in November
    except (ValueError, OverflowError, InvalidOperation):
        return fault("not_a_date", text)
    if not _EARLIEST <= moment.year <= _LATEST:
        return fault("not_a_date", text)
    return moment


def _by_serial(number: Decimal, date_format: str) -> datetime:
    if date_format.startswith("unix"):
        seconds = number / 1000 if date_format == "unix-ms" else number
        return datetime(1970, 1, 1) + timedelta(microseconds=int(seconds * 1_000_000))
    if date_format == "excel" and number < 61:
        raise ValueError(number)  # the sheets' 29 February 1900 makes the days before it unsure
    begin = datetime(1899, 12, 30) if date_format == "excel" else datetime(1904, 1, 1)
    days, fraction = divmod(number, 1)
    return begin + timedelta(days=int(days), seconds=round(fraction * 86_400))


Parts = tuple[int, int, int, "re.Match[str] | None"]


def _parts_of(text: str, order: DayOrder | None) -> Parts | str | None:
    """Year, month, day and the match that holds the time; a fault's code; None: no date."""
    weekday = _WEEKDAY.match(text)
    if weekday and month_of_name(text.split(maxsplit=1)[0].strip(".,")) is None:
        text = text[weekday.end() :]
    for pattern in (_YEAR_FIRST, _COMPACT, _CHINESE, _COMPACT_TIME):
        found = pattern.fullmatch(text)
        if found:
            return int(found["y"]), int(found["m"]), int(found["d"]), found
    for pattern in (_NAMED, _NAMED_FIRST, _NAMED_MIDDLE):
        found = pattern.fullmatch(text)
        if found:
            month = month_of_name(found["name"])
            return (_full_year(found["y"]), month, int(found["d"]), found) if month else None
    found = THREE_NUMBERS.fullmatch(text)
    if found:
        return _year_last(found, order)
    found = _SAP_ODATA.fullmatch(text)
    if found:
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=int(found[1]))
        return moment.year, moment.month, moment.day, None
    return None


def _year_last(found: "re.Match[str]", order: DayOrder | None) -> Parts | str:
    first, second, year = int(found["a"]), int(found["b"]), _full_year(found["y"])
    if order == "ymd" and len(found["y"]) == 2:
        return _full_year(found["a"].zfill(2)), second, int(found["y"]), found
    if order == "dmy":
        return year, second, first, found
    if order == "mdy":
        return year, first, second, found
    # Without an order each text must speak for itself: 16-01-31 may begin with the year or the day.
    if year_may_stand_first(found) and (order == "open" or "-" in found["s"]):
        return "ambiguous_date"
    # Nobody writes the month first before a dot.
    if first > 12 or first == second or (second <= 12 and found["s"] == "."):
        return year, second, first, found
    return (year, first, second, found) if second > 12 else "ambiguous_date"


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) == 2:
        return year + (1900 if year >= 69 else 2000)
    return year


def _built(year: int, month: int, day: int, found: "re.Match[str] | None") -> datetime:
    if not _EARLIEST <= year <= _LATEST:
        raise ValueError(year)
    on = date(year, month, day)
    if found is None or found["hour"] is None:
        return datetime.combine(on, time())
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    moment = datetime.combine(
        on, time(hour, int(found["minute"]), int(found["second"] or 0), micro)
    )
    if found["zone"] is None:
        return moment
    return moment.replace(tzinfo=_zone_of(found["zone"]))


def _zone_of(text: str) -> timezone:
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))
