"""Series by month and their pairs, for the tests of attribution."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st

from services.valuation.measures.attribution.domain import Estimate, Point
from shared.periods import next_period

START = "2024-01"

numbers = st.decimals(min_value=-1000, max_value=1000, places=3)
pairs = st.lists(st.tuples(numbers, numbers), min_size=8, max_size=30)


def months(
    values: Sequence[Decimal | int | str | float], start: str = START
) -> dict[str, Decimal | None]:
    return {next_period(start, at): Decimal(str(value)) for at, value in enumerate(values)}


def points_of(pairs: Sequence[tuple[Decimal, Decimal]]) -> list[Point]:
    return [Point(next_period(START, at), *pair) for at, pair in enumerate(pairs)]


def is_near(one: Decimal | None, other: Decimal | None, within: str = "1e-10") -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= Decimal(within) * max(1, abs(one), abs(other))


def is_ordered(found: Estimate) -> bool:
    if found.value is None:
        return found.low is None and found.p_value is None and found.reason is not None
    assert found.low is not None
    assert found.high is not None
    assert found.p_value is not None
    return found.low <= found.value <= found.high and 0 <= found.p_value <= 1
