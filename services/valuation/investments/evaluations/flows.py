"""Cash flows and the clock they are judged by: indexed periods, dated days, or months at APR/12."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from shared.errors import FieldError, RuleBroken

Category = Literal["investment", "run_cost", "benefit"]
Convention = Literal["indexed", "dated", "monthly_apr"]

COST_CATEGORIES = ("investment", "run_cost")
MOST_FLOWS = 1500  # more than a hundred years of months; the search for rates stays below seconds
MOST_PERIODS = 1200


@dataclass(frozen=True)
class CashFlow:
    """One payment; money out is negative. `index` counts periods, `on` is a day; either may lack.

    Without a category a payment out is an investment and a payment in is a benefit.
    """

    amount: Decimal
    category: Category | None = None
    index: int | None = None
    on: date | None = None

    @property
    def kind(self) -> Category:
        """The category, stated or read off the sign."""
        return self.category or ("investment" if self.amount < 0 else "benefit")

    @property
    def is_cost(self) -> bool:
        """Whether it counts as cost (a refund does so with a negative cost), else as benefit."""
        return self.kind in COST_CATEGORIES


@dataclass(frozen=True)
class Point:
    """A cash flow on the clock: `time` in the clock's own periods from its origin."""

    time: Fraction
    amount: Decimal
    kind: Category

    @property
    def is_cost(self) -> bool:
        """Whether it counts as cost."""
        return self.kind in COST_CATEGORIES


@dataclass(frozen=True)
class Clock:
    """How time and rates are read.

    `months` is the length of one clock period in months; a rate of the caller divided by
    `rate_divisor` is the rate of one clock period (12 for an APR by months, else 1).
    """

    convention: Convention
    points: tuple[Point, ...]
    months: Fraction
    rate_divisor: int

    @cached_property
    def end(self) -> Fraction:
        """Time of the last cash flow, from the origin."""
        return max((point.time for point in self.points), default=Fraction(0))

    @cached_property
    def start(self) -> Fraction:
        """Time of the first cash flow, from the origin."""
        return min((point.time for point in self.points), default=Fraction(0))

    @cached_property
    def nets(self) -> Sequence[tuple[Fraction, Decimal]]:
        """What comes in less what goes out at each time, in order of time."""
        sums: dict[Fraction, Decimal] = {}
        for point in self.points:
            sums[point.time] = sums.get(point.time, Decimal(0)) + point.amount
        return sorted(sums.items())


def choose_convention(flows: Sequence[CashFlow], asked: Convention | None) -> Convention:
    """The asked convention; without one, dated if every flow has a day, else indexed."""
    if asked is not None:
        return asked
    has_days = bool(flows) and all(flow.on is not None for flow in flows)
    return "dated" if has_days and all(flow.index is None for flow in flows) else "indexed"


def read_clock(
    flows: Sequence[CashFlow], convention: Convention, period_months: int | None
) -> Clock:
    """Put cash flows on the clock of a convention.

    indexed: time is the index (or the position, or the calendar period of `on`), rates are per
    period. dated: days since the first flow / 365, rates are per year. monthly_apr: time is in
    months (`index` x `period_months`, which is then 1 unless stated), the rate is APR / 12.
    Raises RuleBroken for mixed or missing timing and for more than 1,500 flows or 1,200 periods.
    """
    if len(flows) > MOST_FLOWS:
        raise RuleBroken(f"at most {MOST_FLOWS} cash flows are judged", code="too_many_cash_flows")
    if convention == "dated":
        return Clock("dated", _points(flows, _years(flows)), Fraction(12), 1)
    if convention == "monthly_apr":
        months = period_months or 1
        times = [Fraction(index * months) for index in _indexes(flows, months)]
        return Clock("monthly_apr", _points(flows, times), Fraction(1), 12)
    months = period_months or 12
    times = [Fraction(index) for index in _indexes(flows, months)]
    return Clock("indexed", _points(flows, times), Fraction(months), 1)


def has_days(flows: Sequence[CashFlow]) -> bool:
    """Whether every flow says its day, so that the dated figures exist."""
    return bool(flows) and all(flow.on is not None for flow in flows)


def _points(flows: Sequence[CashFlow], times: Sequence[Fraction]) -> tuple[Point, ...]:
    return tuple(
        Point(time, flow.amount, flow.kind) for flow, time in zip(flows, times, strict=True)
    )


def _years(flows: Sequence[CashFlow]) -> list[Fraction]:
    days = []
    for position, flow in enumerate(flows):
        if flow.on is None:
            raise _timing(position, "on", "the dated convention needs the day of every cash flow")
        days.append(flow.on)
    first = min(days, default=None)
    return [Fraction((day - first).days, 365) for day in days] if first is not None else []


def _indexes(flows: Sequence[CashFlow], period_months: int) -> list[int]:
    if any(flow.index is not None for flow in flows):
        return [_stated_index(position, flow) for position, flow in enumerate(flows)]
    if has_days(flows):
        return _calendar_indexes(flows, period_months)
    for position, flow in enumerate(flows):
        if flow.on is not None:
            raise _timing(position, "on", "either every cash flow has a day or none has")
    return list(range(len(flows)))


def _stated_index(position: int, flow: CashFlow) -> int:
    if flow.index is None:
        raise _timing(position, "index", "either every cash flow has an index or none has")
    if not 0 <= flow.index <= MOST_PERIODS:
        raise _timing(position, "index", f"an index lies between 0 and {MOST_PERIODS}")
    return flow.index


def _calendar_indexes(flows: Sequence[CashFlow], period_months: int) -> list[int]:
    months = [flow.on.year * 12 + flow.on.month for flow in flows if flow.on is not None]
    first = min(months)
    if max(months) - first > MOST_PERIODS:
        raise RuleBroken(f"cash flows span more than {MOST_PERIODS} months", code="span_too_long")
    return [(month - first) // period_months for month in months]


def _timing(position: int, field: str, message: str) -> RuleBroken:
    pointer = f"/cash_flows/{position}/{field}"
    return RuleBroken(
        message, code="cash_flow_timing", errors=[FieldError(pointer, "cash_flow_timing", message)]
    )
