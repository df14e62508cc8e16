"""Reads fiscal periods: a year and a number from 1 to 16, in two cells or in one."""

import re

from services.ingest.values.dates import read_date
from services.ingest.values.fault import Fault, fault
from services.ingest.values.missing import trimmed

_YEAR = re.compile(r"(?:FY\s*)?(?P<year>\d{4})(?:年度?)?", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:第|P|M|PERIOD\s*|MONTH\s*)?0{0,2}(?P<number>1[0-6]|[1-9])(?:期|月份?)?(?:\.0+)?",
    re.IGNORECASE,
)
# Year and number in one cell: 2016013, 2016/013, 2016-13, 013.2016. Three digits, or 13 to 16.
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.]?(?P<number>0(?:0[1-9]|1[0-6])|1[3-6])")
_YEAR_LAST = re.compile(r"(?P<number>0(?:0[1-9]|1[0-6])|1[3-6])[-/.](?P<year>\d{4})")
_EARLIEST, _LATEST = 1900, 2200
_LAST_MONTH = 12


def read_fiscal_period(year: str, number: str, first_month: int = 1) -> str | Fault:
    """The calendar month of a fiscal period. Fault: `not_a_period`.

    Numbers 13 to 16 are closing periods and belong to the last month of their year. A year that
    begins in another month than January is named after the calendar year in which it ends.
    """
    found, place = _YEAR.fullmatch(trimmed(year)), _number(number)
    month = (
        None if found is None or place is None else _month(int(found["year"]), place, first_month)
    )
    return month or fault("not_a_period", f"{year} {number}".strip())


def one_cell_fiscal_period(text: str, first_month: int = 1) -> tuple[str, str] | None:
    """Month and number, as in `2016013` or `013.2016`; None where the text is no such period.

    Plain months (`201601`, `2016-01`) are none: they are calendar months.
    """
    shown = trimmed(text)
    found = _YEAR_FIRST.fullmatch(shown) or _YEAR_LAST.fullmatch(shown)
    if found is None:
        return None
    month = _month(int(found["year"]), int(found["number"]), first_month)
    return None if month is None else (month, found["number"])


def is_fiscal_number(text: str) -> bool:
    """Whether the text can be the number of a fiscal period."""
    return _number(text) is not None


def is_fiscal_year(text: str) -> bool:
    """Whether the text can be a year."""
    found = _YEAR.fullmatch(trimmed(text))
    return found is not None and _EARLIEST <= int(found["year"]) <= _LATEST


def _number(text: str) -> int | None:
    """The place in the year that a text writes: `1`, `013`, `P07`, `3月`, `January`."""
    found = _NUMBER.fullmatch(trimmed(text))
    if found is not None:
        return int(found["number"])
    if any(letter.isdigit() for letter in text):
        return None
    named = read_date(f"1 {trimmed(text)} 2000")
    return None if isinstance(named, Fault) else named.month


def _month(year: int, number: int, first_month: int) -> str | None:
    if not _EARLIEST <= year <= _LATEST:
        return None
    months = first_month - 1 + min(number, _LAST_MONTH) - 1
    if first_month > 1:
        year -= 1
    return f"{year + months // 12:04d}-{months % 12 + 1:02d}"
