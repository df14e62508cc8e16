"""Reads dates, instants and periods; a day that may be a month is refused until somebody says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal

from services.ingest.values.fault import Fault, fault
from services.ingest.values.missing import trimmed
from shared.periods import period_of

DayOrder = Literal["dmy", "mdy"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero",
            "feb february februar fevrier febrero",
            "mar march marz mars marzo",
            "apr april avril abril",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juillet julio",
            "aug august aout agosto",
            "sep sept september septembre septiembre",
            "oct october oktober octobre octubre okt",
            "nov november novembre noviembre",
            "dec december dezember decembre diciembre dez",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_TIME = (
    r"(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    rf"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*{_ZONE})?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){_TIME}"
)
_COMPACT = re.compile(rf"(?P<y>(?:19|20|21)\d\d)(?P<m>\d\d)(?P<d>\d\d){_TIME}")
_CHINESE = re.compile(rf"(?P<y>\d{{4}})年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})日{_TIME}")
_YEAR_LAST = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>[-/.])(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}|\d{{2}}){_TIME}"
)
_NAMED = re.compile(
    rf"(?P<d>\d{{1,2}})[-/.\s]+(?P<name>[^\W\d_]{{3,10}})\.?,?[-/.\s]+(?P<y>\d{{4}}|\d{{2}}){_TIME}"
)
_NAMED_FIRST = re.compile(
    rf"(?P<name>[^\W\d_]{{3,10}})\.?[-/.\s]+(?P<d>\d{{1,2}}),?[-/.\s]+(?P<y>\d{{4}}){_TIME}"
)
_SAP_ODATA = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_PERIOD = re.compile(r"(?P<y>\d{4})[-/.]?(?P<m>\d{2})")
_PERIOD_LAST = re.compile(r"(?P<m>\d{1,2})[-/.](?P<y>\d{4})")
_EARLIEST, _LATEST = 1900, 2200


@dataclass
class DateEvidence:
    """What the texts of a column say about the place of the day; gathered batch by batch."""

    only_day_first: int = 0
    only_month_first: int = 0
    either: int = 0
    clear: int = 0

    def add(self, texts: Iterable[str]) -> None:
        """Take in some texts of the column."""
        for text in texts:
            found = _YEAR_LAST.fullmatch(trimmed(text))
            if found is None:
                self.clear += 1
                continue
            first, second = int(found["a"]), int(found["b"])
            if first == second:
                self.clear += 1
            elif first > 12 >= second:
                self.only_day_first += 1
            elif second > 12 >= first:
                self.only_month_first += 1
            elif first <= 12 and second <= 12:
                self.either += 1

    @property
    def decided(self) -> bool:
        """Whether the order is known, or no text so far needs one."""
        return self.order() is not None or self.either == 0

    def order(self) -> DayOrder | None:
        """The order that the column proves; few contradicting texts are typing errors."""
        days, months = self.only_day_first, self.only_month_first
        if days and days >= 20 * months:
            return "dmy"
        if months and months >= 20 * days:
            return "mdy"
        return None


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
    """The calendar month that a text writes, `2026-01`, `202601`, `01/2026` or a date in it."""
    shown = trimmed(text)
    found = None if date_format else _PERIOD.fullmatch(shown) or _PERIOD_LAST.fullmatch(shown)
    if found is not None:
        year, month = int(found["y"]), int(found["m"])
        if _EARLIEST <= year <= _LATEST and 1 <= month <= 12:
            return f"{year:04d}-{month:02d}"
        return fault("not_a_period", text)
    day = read_date(text, order, date_format)
    if isinstance(day, Fault):
        return day if day.code == "ambiguous_date" else fault("not_a_period", text)
    return period_of(day)


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
        moment = datetime.strptime(shown, date_format)  # a zone is added later
    except ValueError:
        return fault("not_a_date", text)
    if not _EARLIEST <= moment.year <= _LATEST:
        return fault("not_a_date", text)
    return moment


Parts = tuple[int, int, int, "re.Match[str] | None"]


def _parts_of(text: str, order: DayOrder | None) -> Parts | str | None:
    """Year, month, day and the match that holds the time; a fault's code; None: no date."""
    for pattern in (_YEAR_FIRST, _COMPACT, _CHINESE):
        found = pattern.fullmatch(text)
        if found:
            return int(found["y"]), int(found["m"]), int(found["d"]), found
    for pattern in (_NAMED, _NAMED_FIRST):
        found = pattern.fullmatch(text)
        if found:
            month = _MONTHS.get(found["name"].casefold().replace("ä", "a").replace("é", "e"))
            return (_full_year(found["y"]), month, int(found["d"]), found) if month else None
    found = _YEAR_LAST.fullmatch(text)
    if found:
        return _year_last(found, order)
    found = _SAP_ODATA.fullmatch(text)
    if found:
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=int(found[1]))
        return moment.year, moment.month, moment.day, None
    return None


def _year_last(found: "re.Match[str]", order: DayOrder | None) -> Parts | str:
    first, second, year = int(found["a"]), int(found["b"]), _full_year(found["y"])
    if order == "dmy" or (order is None and (first > 12 or first == second)):
        return year, second, first, found
    if order == "mdy" or second > 12:
        return year, first, second, found
    return "ambiguous_date"


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
