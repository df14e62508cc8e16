"""Figures of a source in a period, and when they are good, doubtful or bad."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Literal

from shared.money import EXACT

Status = Literal["good", "warning", "bad"]
Dimension = Literal["source", "account", "vendor"]
Group = tuple[Dimension, str | None, str]
"""A dimension, its key (null for the whole source), a currency."""

FIELDS = (
    "account", "cost_center", "vendor", "cost_type", "posted_on", "description", "document",
    "project", "asset", "external_id", "tags",
)  # fmt: skip
CORE_FIELDS = FIELDS[:6]
HISTORY_PERIODS = 6
LONGEST_DAYS = 31
DECIMALS = Decimal("0.000001")
_ORDER: Sequence[Status] = ("good", "warning", "bad")


@dataclass(frozen=True)
class Money:
    """Lines of one currency: how many, their sum, the sum of their absolute amounts."""

    rows: int
    amount: Decimal
    gross: Decimal


@dataclass(frozen=True)
class SourceFigures:
    """What was counted of a source's live lines in a period."""

    rows: int
    filled: Mapping[str, int]
    first_at: datetime
    last_at: datetime
    money: Mapping[str, Money]
    groups: Mapping[Group, tuple[int, Decimal]]

    @cached_property
    def gross(self) -> Mapping[str, Decimal]:
        """Absolute amounts by currency."""
        return {currency: money.gross for currency, money in self.money.items()}

    @cached_property
    def rows_by_key(self) -> Mapping[tuple[Dimension, str | None], int]:
        """How many lines each account and vendor has, over all currencies."""
        rows: dict[tuple[Dimension, str | None], int] = {}
        for (dimension, key, _), (count, _) in self.groups.items():
            rows[dimension, key] = rows.get((dimension, key), 0) + count
        return rows


@dataclass(frozen=True)
class Payment:
    """The lines of one document that a possible double payment is about; the first of them."""

    id: str
    source: str
    period: str
    document: str
    posted_on: str | None
    lines: int


@dataclass(frozen=True)
class PaymentPair:
    """Two payments of the same amount to the same vendor, some days apart."""

    vendor: str
    amount: Decimal
    currency: str
    days: int
    first: Payment
    second: Payment


@dataclass(frozen=True)
class PeriodFigures:
    """All sources of a period. `doubles` counts pairs: (source, currency, days) -> pairs, money."""

    sources: Mapping[str, SourceFigures] = field(default_factory=dict)
    doubles: Mapping[tuple[str, str, int], tuple[int, Decimal]] = field(default_factory=dict)
    pairs: Sequence[PaymentPair] = ()


NO_FIGURES = PeriodFigures()


@dataclass(frozen=True)
class Deliveries:
    """What imports brought of a source for a period, and how much of it was refused or known."""

    imports: int = 0
    failed: int = 0
    received: int = 0
    rejected: int = 0
    duplicate: int = 0
    money: Mapping[str | None, tuple[Decimal, Decimal, Decimal]] = field(default_factory=dict)
    first_at: datetime | None = None


def share_of(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A part of a whole to six decimals; None of nothing."""
    if not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(DECIMALS, ROUND_HALF_EVEN)


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """An exact sum."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def median(values: Iterable[Decimal]) -> Decimal:
    """The middle one of the values, or the exact mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return EXACT.divide(EXACT.add(ordered[middle - 1], ordered[middle]), Decimal(2))


def mean(values: Sequence[Decimal]) -> Decimal | None:
    """The mean to six decimals; None of none."""
    return share_of(total_of(values), len(values))


def at_most(value: Decimal | None, good: str, warning: str) -> Status | None:
    """The status of a figure that should be small."""
    if value is None:
        return None
    if value <= Decimal(good):
        return "good"
    return "warning" if value <= Decimal(warning) else "bad"


def at_least(value: Decimal | None, good: str, warning: str) -> Status | None:
    """The status of a figure that should be large."""
    if value is None:
        return None
    if value >= Decimal(good):
        return "good"
    return "warning" if value >= Decimal(warning) else "bad"


def worst(statuses: Iterable[Status | None]) -> Status:
    """The worst status of several; nothing known is good."""
    return max((one for one in statuses if one is not None), key=_ORDER.index, default="good")


def merged(figures: Sequence[SourceFigures]) -> SourceFigures:
    """Several sources as one, without their groups."""
    money: dict[str, Money] = {}
    for one in figures:
        for currency, more in one.money.items():
            had = money.get(currency, Money(0, Decimal(0), Decimal(0)))
            money[currency] = Money(
                had.rows + more.rows,
                EXACT.add(had.amount, more.amount),
                EXACT.add(had.gross, more.gross),
            )
    return SourceFigures(
        rows=sum(one.rows for one in figures),
        filled={name: sum(one.filled.get(name, 0) for one in figures) for name in FIELDS},
        first_at=min(one.first_at for one in figures),
        last_at=max(one.last_at for one in figures),
        money=money,
        groups={},
    )


def merged_deliveries(deliveries: Sequence[Deliveries]) -> Deliveries:
    """What imports brought of several sources together."""
    money: dict[str | None, tuple[Decimal, Decimal, Decimal]] = {}
    for one in deliveries:
        for currency, more in one.money.items():
            had = money.get(currency, (Decimal(0), Decimal(0), Decimal(0)))
            received, rejected, duplicate = map(EXACT.add, had, more)
            money[currency] = (received, rejected, duplicate)
    moments = [one.first_at for one in deliveries if one.first_at is not None]
    return Deliveries(
        imports=sum(one.imports for one in deliveries),
        failed=sum(one.failed for one in deliveries),
        received=sum(one.received for one in deliveries),
        rejected=sum(one.rejected for one in deliveries),
        duplicate=sum(one.duplicate for one in deliveries),
        money=money,
        first_at=min(moments, default=None),
    )
