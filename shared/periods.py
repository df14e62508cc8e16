"""Calendar months as the wire writes them: `2026-01`."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

Period = str
"""A calendar month as text, `YYYY-MM`; texts of periods sort as the months do."""

FIRST_PERIOD: Period = "1900-01"
"""The first month that requests and answers have."""
_FORM = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)


def is_period(text: object) -> bool:
    """Whether the text is a month between 0001-01 and 9999-12 in the form `YYYY-MM`."""
    return isinstance(text, str) and bool(_FORM.fullmatch(text)) and not text.startswith("0000")


def parse_period(text: str) -> Period:
    """The period that the text writes; raises ValueError for any other text."""
    if not is_period(text):
        raise ValueError(f"{text!r} is not a period; write a month as YYYY-MM")
    return text


def period_of(day: date) -> Period:
    """The month that a day lies in."""
    return f"{day.year:04d}-{day.month:02d}"


def month_number(period: Period) -> int:
    """Months since the year 0, so that the difference of two is the months between them."""
    year, month = parse_period(period).split("-")
    return int(year) * 12 + int(month) - 1


def from_month_number(number: int) -> Period:
    """The period with this month number; raises ValueError outside the years 1 to 9999."""
    return parse_period(f"{number // 12:04d}-{number % 12 + 1:02d}")


def next_period(period: Period, months: int = 1) -> Period:
    """The period so many months later (earlier when negative)."""
    return from_month_number(month_number(period) + months)


def previous_period(period: Period) -> Period:
    """The month before."""
    return next_period(period, -1)


def months_between(first: Period, last: Period) -> int:
    """How many months later `last` is; negative when it is earlier."""
    return month_number(last) - month_number(first)


def period_range(first: Period, last: Period) -> Iterator[Period]:
    """Every month from the first to the last, both included; none when they are reversed."""
    for number in range(month_number(first), month_number(last) + 1):
        yield from_month_number(number)


def first_day(period: Period) -> date:
    """The first calendar day of the month."""
    year, month = parse_period(period).split("-")
    return date(int(year), int(month), 1)


def last_day(period: Period) -> date:
    """The last calendar day of the month."""
    start = first_day(period)
    return start.replace(day=monthrange(start.year, start.month)[1])


def covers(valid_from: Period | None, valid_to: Period | None, period: Period) -> bool:
    """Whether a validity, open where it is None and with both ends included, holds in a month."""
    return (valid_from is None or valid_from <= period) and (valid_to is None or period <= valid_to)
