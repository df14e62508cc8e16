"""Looks a file over before its rows are read: how its dates and numbers are written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.reading.columns import without_missing
from services.ingest.profiles.domain import Profile, folded
from services.ingest.values.dates import DateEvidence, DayOrder, read_date
from services.ingest.values.decimals import NumberEvidence, NumberStyle, read_decimal
from services.ingest.values.fault import Fault

DATE_FIELDS = frozenset(
    {
        "posted_on", "period", "opened_at", "resolved_at", "closed_at", "updated_at",
        "purchased_on", "at", "valid_from", "valid_to",
    }
)  # fmt: skip
NUMBER_FIELDS = frozenset(
    {
        "amount", "debit", "credit", "quantity", "rate", "value", "cost", "residual_value",
        "capacity", "kwh", "embodied_kgco2e", "useful_life_months",
    }
)  # fmt: skip
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

    Dates and numbers of one file are written alike, so a column that proves its style speaks for
    those that prove nothing; columns that no field takes are heard as well.
    """
    columns = {folded(name): name for name in detected.columns}
    dates = {name: DateEvidence() for name in profile.columns if name in DATE_FIELDS}
    numbers = {name: NumberEvidence() for name in profile.columns if name in NUMBER_FIELDS}
    stated = _stated(profile, numbers, detected)
    if (profile.date_format or not dates) and (stated or not numbers):
        return Styles(stated, {}, profile.date_format)
    months, others = MonthEvidence(), OtherColumns(profile)
    for batch in batches:
        for name, evidence in _of_all(dates, numbers):
            column = columns.get(folded(profile.columns[name]))
            if column is not None and column in batch.cells.columns:
                evidence.add(_distinct(batch.cells[column]))
        if profile.kind == "focus":
            months.add(batch, columns)
        dates_known = bool(profile.date_format) or all(one.decided for one in dates.values())
        numbers_known = bool(stated) or all(one.decided for one in numbers.values())
        if dates_known and numbers_known:
            break
        others.add(batch, dates=not dates_known, numbers=not numbers_known)
    orders = _orders(dates, months.order(), others.order())
    found = _number_styles(numbers, others, detected)
    return Styles(stated or found, orders, profile.date_format)


def _distinct(cells: pl.Series) -> list[str]:
    texts = cells.unique(maintain_order=True).head(_MOST_TEXTS)
    return without_missing(texts).drop_nulls().to_list()


def _orders(
    dates: Mapping[str, DateEvidence], *others: DayOrder | None
) -> dict[str, DayOrder | None]:
    """The order of each field: its own, else that of the other fields, else the next best proof."""
    own = {name: evidence.order() for name, evidence in dates.items()}
    common = _agreed(own.values())
    for other in others:
        if common in {None, "open"}:
            common = other or common
    return {name: common if order in {None, "open"} else order for name, order in own.items()}


def _number_styles(
    numbers: Mapping[str, NumberEvidence], others: "OtherColumns", detected: Detected
) -> dict[str, NumberStyle]:
    """The style of each field: its own, else the one that all other columns of numbers have."""
    own = {
        name: found.style(detected.delimiter, typed=detected.typed)
        for name, found in numbers.items()
    }
    if detected.typed:
        return own
    proven = {own[name].decimal for name, found in numbers.items() if found.decided}
    decided = (proven or others.decimal_marks()) - {None}
    if len(decided) != 1:
        return own
    common = NumberStyle(decided.pop())
    return {name: common if numbers[name].open else style for name, style in own.items()}


class OtherColumns:
    """What the columns that no field takes prove about dates and numbers."""

    def __init__(self, profile: Profile) -> None:
        self._taken = {folded(column) for column in profile.columns.values()}
        self._dates: dict[str, DateEvidence] = {}
        self._numbers: dict[str, NumberEvidence] = {}

    def add(self, batch: RowBatch, *, dates: bool, numbers: bool) -> None:
        """Take in a batch: columns that hold nothing but dates, or nothing but numbers."""
        for name in batch.cells.columns:
            if folded(name) in self._taken:
                continue
            texts = _distinct(batch.cells[name].head(_MOST_TEXTS))
            if not texts:
                continue
            if dates and all(not _is_fault(read_date(text)) for text in texts):
                self._dates.setdefault(name, DateEvidence()).add(texts)
            elif numbers and all(not _is_fault(read_decimal(text)) for text in texts):
                self._numbers.setdefault(name, NumberEvidence()).add(texts)

    def order(self) -> DayOrder | None:
        """The order that they agree on."""
        return _agreed(evidence.order() for evidence in self._dates.values())

    def decimal_marks(self) -> set[str | None]:
        """The decimal marks that they prove."""
        proven = [found for found in self._numbers.values() if found.decided]
        return {found.style(";", typed=False).decimal for found in proven}


def _is_fault(found: object) -> bool:
    return isinstance(found, Fault) and not found.code.startswith("ambiguous")


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


def _stated(
    profile: Profile, numbers: Mapping[str, NumberEvidence], detected: Detected
) -> dict[str, NumberStyle]:
    """The style that the profile states. Among typed numbers it holds for texts only.

    So there each text must speak for itself, and `1.234` under a decimal comma is ambiguous.
    """
    if profile.decimal is None and profile.thousands is None:
        return {}
    style = NumberStyle(profile.decimal, profile.thousands)
    if detected.typed and profile.decimal == ",":
        style = NumberStyle()
    return dict.fromkeys(numbers, style)


def _agreed(orders: Iterable[DayOrder | None]) -> DayOrder | None:
    """The order that all agree on which prove one; `open` where nothing but that is known."""
    found = set(orders) - {None}
    known = found - {"open"}
    if len(known) == 1:
        return known.pop()
    return "open" if found == {"open"} else None


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
