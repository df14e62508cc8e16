"""Looks a file over before its rows are read: how its dates and numbers are written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.columns import without_missing
from services.ingest.profiles.domain import Profile, folded
from services.ingest.values.dates import DateEvidence, DayOrder, read_date
from services.ingest.values.decimals import NumberEvidence, NumberStyle
from services.ingest.values.fault import Fault

DATE_FIELDS = frozenset(
    {"posted_on", "period", "opened_at", "resolved_at", "closed_at", "updated_at"}
)
NUMBER_FIELDS = frozenset({"amount", "quantity", "rate"})
# Of each batch so many distinct texts are looked at; one of them is enough to decide.
_MOST_TEXTS = 5_000


@dataclass(frozen=True)
class Styles:
    """How the columns write their values, by field; the format of dates rules them all."""

    numbers: Mapping[str, NumberStyle] = field(default_factory=dict)
    orders: Mapping[str, DayOrder | None] = field(default_factory=dict)
    date_format: str | None = None

    def number(self, name: str) -> NumberStyle:
        """The number style of a field."""
        return self.numbers.get(name, NumberStyle())

    def order(self, name: str) -> DayOrder | None:
        """Where the day stands in the dates of a field, if anything says so."""
        return self.orders.get(name)


def survey(profile: Profile, detected: Detected, batches: Iterable[RowBatch]) -> Styles:
    """Gather evidence, batch by batch, until all columns are decided or the file ends.

    Dates of one file are written alike, so a column that proves the order speaks for all.
    """
    columns = {folded(name): name for name in detected.columns}
    dates = {name: DateEvidence() for name in profile.columns if name in DATE_FIELDS}
    numbers = {name: NumberEvidence() for name in profile.columns if name in NUMBER_FIELDS}
    months = MonthEvidence()
    stated = _stated(profile, numbers)
    if (profile.date_format or not dates) and (stated or not numbers):
        return Styles(stated, {}, profile.date_format)
    for batch in batches:
        for name, evidence in _of_all(dates, numbers):
            column = columns.get(folded(profile.columns[name]))
            if column is not None and column in batch.cells.columns:
                texts = batch.cells[column].unique(maintain_order=True).head(_MOST_TEXTS)
                evidence.add(without_missing(texts).drop_nulls().to_list())
        if profile.kind == "focus":
            months.add(batch, columns)
        dates_known = bool(profile.date_format) or all(one.decided for one in dates.values())
        if dates_known and (stated or all(one.decided for one in numbers.values())):
            break
    order = _common_order(dates.values()) or months.order()
    return Styles(
        stated
        or {
            name: found.style(detected.delimiter, typed=detected.typed)
            for name, found in numbers.items()
        },
        dict.fromkeys(dates, order),
        profile.date_format,
    )


@dataclass
class MonthEvidence:
    """Billing periods are whole months: of 4/1/25 to 5/1/25 only month-first readings are."""

    day_first: int = 0
    month_first: int = 0

    def add(self, batch: RowBatch, columns: Mapping[str, str]) -> None:
        """Take in the billing periods of a batch."""
        start, end = columns.get("billingperiodstart"), columns.get("billingperiodend")
        if start is None or end is None:
            return
        pairs = batch.cells.select(start, end).unique().drop_nulls().rows()
        for first, last in pairs:
            self.day_first += _is_month(first, last, "dmy")
            self.month_first += _is_month(first, last, "mdy")

    def order(self) -> DayOrder | None:
        """The one order in which the periods are months, if it is one."""
        if self.day_first and not self.month_first:
            return "dmy"
        if self.month_first and not self.day_first:
            return "mdy"
        return None


def _of_all(
    dates: Mapping[str, DateEvidence], numbers: Mapping[str, NumberEvidence]
) -> list[tuple[str, DateEvidence | NumberEvidence]]:
    return [*dates.items(), *numbers.items()]


def _is_month(first: str, last: str, order: DayOrder) -> bool:
    start, end = read_date(first, order), read_date(last, order)
    if isinstance(start, Fault) or isinstance(end, Fault):
        return False
    months = (end.year - start.year) * 12 + end.month - start.month
    return start.day == 1 and end.day == 1 and months == 1


def _stated(profile: Profile, numbers: Mapping[str, NumberEvidence]) -> dict[str, NumberStyle]:
    if profile.decimal is None and profile.thousands is None:
        return {}
    style = NumberStyle(profile.decimal, profile.thousands)
    return dict.fromkeys(numbers, style)


def _common_order(found: Iterable[DateEvidence]) -> DayOrder | None:
    orders = {evidence.order() for evidence in found} - {None}
    return orders.pop() if len(orders) == 1 else None


def styles_to_json(styles: Styles) -> dict[str, Any]:
    """Styles as they are kept with an import, so that its corrected rows are read alike."""
    return {
        "numbers": {name: [one.decimal, one.thousands] for name, one in styles.numbers.items()},
        "orders": dict(styles.orders),
        "date_format": styles.date_format,
    }


def styles_from_json(stored: Mapping[str, Any]) -> Styles:
    """Styles from their kept form."""
    return Styles(
        {name: NumberStyle(*marks) for name, marks in stored["numbers"].items()},
        stored["orders"],
        stored["date_format"],
    )
