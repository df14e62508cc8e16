"""The months in which two series both have a value, and numbers as statistics need them.

Statistics are floats inside. So that large figures lose nothing, each series is first centred and
scaled exactly, and results are put back into their own units.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.valuation.measures.value_kpis.domain import round_fraction
from shared.errors import Conflict
from shared.periods import month_number, months_between, next_period, period_range

LEAST_POINTS = 8
CONFIDENCE = Decimal("0.95")
SIGNIFICANT = 0.05
_DIGITS = 12
_MOST_DECIMALS = 30


@dataclass(frozen=True)
class Point:
    """A month with the KPI's value and the value that is to explain it."""

    period: str
    value: Decimal
    explained_by: Decimal


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval and p-value; None everywhere with the reason when undefined."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    p_value: Decimal | None = None
    reason: str | None = None

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would give so much in less than one case of twenty."""
        return self.p_value is not None and self.p_value < SIGNIFICANT


@dataclass(frozen=True)
class Scaled:
    """A series as floats between -1 and 1: (value - centre) / width; width 0 is no variation."""

    values: Sequence[float]
    centre: Fraction
    width: Fraction

    @property
    def is_constant(self) -> bool:
        """Whether the series never changes."""
        return not self.width


def pair_months(
    values: Mapping[str, Decimal | None], others: Mapping[str, Decimal | None], lead: int = 0
) -> list[Point]:
    """The months in which both series have a value, in order of time; others are left out.

    With a `lead` each value stands beside what the other series was so many months before.
    """
    return [
        Point(period, value, other)
        for period, value in sorted(values.items())
        if value is not None and (other := others.get(next_period(period, -lead))) is not None
    ]


def list_gaps(periods: Sequence[str]) -> list[str]:
    """The months between the first and the last one that are not there."""
    if not periods:
        return []
    there = set(periods)
    return [month for month in period_range(min(periods), max(periods)) if month not in there]


def month_offsets(periods: Sequence[str], start: str) -> list[int]:
    """Months since a start, negative before it."""
    return [month_number(period) - month_number(start) for period in periods]


def are_neighbours(earlier: str, later: str) -> bool:
    """Whether one month directly follows the other."""
    return months_between(earlier, later) == 1


def check_points(count: int, least: int = LEAST_POINTS, what: str = "months with both") -> None:
    """409 `too_little_data` saying how many there are and how many are needed."""
    if count < least:
        raise Conflict(f"{count} {what}; at least {least} are needed", code="too_little_data")


def scale(values: Sequence[Decimal | Fraction]) -> Scaled:
    """Centre a series by its mean and divide by its largest distance from it, exactly."""
    exact = [Fraction(value) for value in values]
    centre = sum(exact, Fraction(0)) / len(exact)
    width = max((abs(value - centre) for value in exact), default=Fraction(0))
    if not width:
        return Scaled([0.0] * len(exact), centre, width)
    return Scaled([float((value - centre) / width) for value in exact], centre, width)


def scale_both(points: Sequence[Point]) -> tuple[Scaled, Scaled]:
    """The KPI and what is to explain it, each centred and scaled."""
    return (
        scale([point.value for point in points]),
        scale([point.explained_by for point in points]),
    )


def to_decimal(number: float, factor: Fraction | int = 1, shift: Fraction | int = 0) -> Decimal:
    """number x factor + shift, with at least 12 decimals and 12 significant digits."""
    exact = Fraction(number) * factor + shift
    size = math.floor(_log10(exact)) if exact else 0
    return round_fraction(exact, min(max(_DIGITS, _DIGITS - 1 - size), _MOST_DECIMALS))


def to_share(number: float) -> Decimal:
    """A correlation, p-value or share of variance, rounded half-even to 12 decimals."""
    return round_fraction(Fraction(number))


def _log10(value: Fraction) -> float:
    return math.log10(abs(value.numerator)) - math.log10(value.denominator)
