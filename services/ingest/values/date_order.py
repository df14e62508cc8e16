"""Finds out from the texts of a column where the day, the month and the year stand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from services.ingest.values.missing import trimmed

#: `ymd` is about two-digit years only, for others speak for themselves. `open`: even a number
#: above 12 decides nothing here, because two-digit years may stand first.
DayOrder = Literal["dmy", "mdy", "ymd", "open"]

_MOST_KEPT = 400
TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
#: Two short numbers, then a year or what may be one.
THREE_NUMBERS = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<s>\s?[-/.]\s?|\s)(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}|\d{{2}}){TIME}"
)


def year_may_stand_first(found: "re.Match[str]") -> bool:
    """Whether the numbers also make a date with a two-digit year before month and day."""
    return len(found["y"]) == 2 and 1 <= int(found["b"]) <= 12 and 1 <= int(found["y"]) <= 31


@dataclass
class DateEvidence:
    """What the texts of a column say about the place of the day; gathered batch by batch."""

    only_day_first: int = 0
    only_month_first: int = 0
    only_year_first: int = 0
    either: int = 0
    clear: int = 0
    never_year_first: int = 0
    with_dashes: int = 0
    first_numbers: set[int] = field(default_factory=set)
    last_numbers: set[int] = field(default_factory=set)

    def add(self, texts: Iterable[str]) -> None:
        """Take in some texts of the column."""
        for text in texts:
            found = THREE_NUMBERS.fullmatch(trimmed(text))
            if found is None:
                self.clear += 1
                continue
            if len(found["y"]) == 2:
                self._add_short_year(found)
            first, second = int(found["a"]), int(found["b"])
            if not 1 <= first <= 31:
                self.only_year_first += 1
            elif first == second:
                self.clear += 1
            elif first > 12 >= second:
                self.only_day_first += 1
            elif second > 12 >= first:
                self.only_month_first += 1
            elif first <= 12 and second <= 12:
                self.either += 1

    def _add_short_year(self, found: "re.Match[str]") -> None:
        if not year_may_stand_first(found):
            self.never_year_first += 1
        self.with_dashes += "-" in found["s"]
        if len(self.first_numbers) < _MOST_KEPT and len(self.last_numbers) < _MOST_KEPT:
            self.first_numbers.add(int(found["a"]))
            self.last_numbers.add(int(found["y"]))

    @property
    def decided(self) -> bool:
        """Whether the order is known, or no text so far needs one."""
        return self.order() is not None or self.either == 0

    def order(self) -> DayOrder | None:
        """The order that the column proves; few contradicting texts are typing errors.

        Years vary less than days: where the last of the numbers varies more than the first and
        could be a day throughout, a two-digit year may stand first, and the column is `open`. With
        dashes, as ISO dates have them, the first must vary more than the last.
        """
        days, months, years = self.only_day_first, self.only_month_first, self.only_year_first
        if years and years >= 20 * self.never_year_first:
            return "ymd"
        more_days = len(self.first_numbers) - len(self.last_numbers)
        if not self.never_year_first and (more_days < 0 or (self.with_dashes and not more_days)):
            return "open"
        if days and days >= 20 * months:
            return "dmy"
        if months and months >= 20 * days:
            return "mdy"
        return None
