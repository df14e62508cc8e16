"""What changed at an event: interrupted time series and difference in differences."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.measures.attribution.domain import pair_months
from services.valuation.measures.attribution.event_designs import (
    compare_with_control,
    interrupt_series,
)
from services.valuation.measures.attribution.wording import say_difference, say_interruption
from shared.errors import Conflict
from shared.periods import next_period
from tests.unit.attribution_builders import (
    START,
    is_near,
    is_ordered,
    months,
    numbers,
    points_of,
)


@given(st.integers(-50, 50), st.integers(-20, 20), st.integers(-5, 5), st.integers(6, 12))
@settings(max_examples=40, deadline=None)
def test_a_step_and_a_bend_without_noise_are_found_exactly(
    step: int, bend: int, slope: int, before: int
) -> None:
    values = months(
        [slope * at + (step + bend * (at - before) if at >= before else 0) for at in range(20)]
    )
    found = interrupt_series(values, next_period(START, before))
    assert is_near(found.level_change.value, Decimal(step), "1e-8")
    assert is_near(found.slope_change.value, Decimal(bend), "1e-8")
    assert is_near(found.slope_before.value, Decimal(slope), "1e-8")


def test_the_intervals_of_an_interrupted_series_mostly_hold_the_true_step() -> None:
    noise = np.random.default_rng(7)
    held = 0
    for _ in range(60):
        values = months(
            [
                str(round(50 + 0.3 * at + (4 if at >= 12 else 0) + noise.normal(), 6))
                for at in range(24)
            ]
        )
        level = interrupt_series(values, "2025-01").level_change
        assert level.low is not None
        assert level.high is not None
        held += level.low <= 4 <= level.high
    assert held >= 52  # 95 % promised; fewer than 52 of 60 has a chance of about one in 300


@given(st.lists(numbers, min_size=12, max_size=24), numbers, st.integers(5, 7))
@settings(max_examples=40, deadline=None)
def test_equal_moves_have_no_difference_in_differences(
    values: list[Decimal], distance: Decimal, before: int
) -> None:
    points = points_of([(value + distance, value) for value in values])
    found = compare_with_control(points, next_period(START, before))
    assert (found.effect.value, found.effect.p_value) == (0, 1)
    assert found.parallel_trend.holds


def test_a_difference_in_differences_is_that_of_the_four_means() -> None:
    ours = [10, 11, 10, 11, 10, 11, 20, 22, 21, 20, 22, 21]
    theirs = [5, 6, 6, 5, 5, 6, 7, 7, 6, 8, 7, 7]
    found = compare_with_control(pair_months(months(ours), months(theirs)), "2024-07")
    means = found.means
    expected = (means["kpi_after"] - means["kpi_before"]) - (
        means["control_after"] - means["control_before"]
    )
    assert (means["kpi_after"], means["control_after"]) == (21, 7)
    assert is_near(found.effect.value, expected)
    assert is_ordered(found.effect)
    assert found.effect.is_significant
    assert "supports an effect" in say_difference(found, "2024-07", "other")["en"]


def test_trends_that_were_never_parallel_are_no_effect() -> None:
    ours = [3 * at + at % 2 for at in range(12)]
    found = compare_with_control(
        pair_months(months(ours), months([at % 3 for at in range(12)])), "2024-07"
    )
    assert not found.parallel_trend.holds
    assert "association, not an effect" in say_difference(found, "2024-07", "other")["en"]


@pytest.mark.parametrize("event", ["2023-01", "2024-04", "2024-10", "2030-01"])
def test_an_event_needs_four_months_on_each_side(event: str) -> None:
    with pytest.raises(Conflict) as refused:
        interrupt_series(months(range(12)), event)
    assert refused.value.code == "too_little_data"


def test_an_interrupted_series_without_a_change_claims_none() -> None:
    values = months([5, 6, 5, 6, 6, 5, 5, 6, 5, 6, 6, 5, 5, 6])
    found = interrupt_series(values, "2024-08")
    assert not found.level_change.is_significant
    assert "Neither can be told from chance" in say_interruption(found, "2024-08")["en"]
