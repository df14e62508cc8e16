"""Laws of variances, of stated figures that disagree, and of the accuracy of plans."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.investments.plan_and_actual.accuracy import measure_accuracy
from services.valuation.investments.plan_and_actual.domain import (
    Days,
    compare,
    compare_days,
    find_conflicts,
    find_doubts,
    recompute,
)

D = Decimal
amounts = st.decimals(min_value=-(10**18), max_value=10**18, places=6)
costs = st.decimals(min_value="0.01", max_value=10**9, places=2)


@given(amounts, amounts)
def test_plan_less_variance_is_the_actual_cost(planned: Decimal, actual: Decimal) -> None:
    cost = compare(planned, actual, less_is_good=True)
    benefit = compare(planned, actual, less_is_good=False)
    assert cost.variance is not None
    assert planned - cost.variance == actual
    assert benefit.variance == -cost.variance


@given(costs, costs, st.integers(0, 6))
def test_a_figure_stated_to_any_place_is_no_conflict(
    planned: Decimal, actual: Decimal, places: int
) -> None:
    ours = recompute(
        compare(planned, actual, less_is_good=True),
        compare(None, None, less_is_good=False),
        compare_days(Days(None, None, None, None)),
    )
    percent = ours["cost_variance_percent"]
    assert percent is not None
    stated = {"cost_variance_percent": f"{round(percent, places):f}"}
    assert find_conflicts(stated, ours) == []
    off = round(percent, places) + D(2).scaleb(-places)
    assert len(find_conflicts({"cost_variance_percent": f"{off:f}"}, ours)) == 1


@pytest.mark.parametrize(
    ("stated", "count"),
    [
        ({"cost_variance": "0.00"}, 0),
        ({"cost_variance": "-3.50E-05"}, 0),
        ({"cost_variance": "-4.00E-05"}, 1),
        ({"cost_variance": "0"}, 0),
        ({"cost_variance": "0", "planned_cost": "1.000000"}, 1),
        ({"unknown_figure": "9"}, 0),
        ({"planned_benefit": "9"}, 0),
    ],
)
def test_what_is_stated_is_taken_to_its_own_last_place(stated: dict[str, str], count: int) -> None:
    ours = dict.fromkeys(("planned_benefit",), None) | {
        "cost_variance": D("-0.000035"),
        "planned_cost": D(1),
    }
    assert len(find_conflicts(stated, ours)) == count


def test_days_are_early_above_zero_and_late_below() -> None:
    planned, early, late = date(2026, 3, 31), date(2026, 3, 1), date(2026, 4, 10)
    start = date(2026, 1, 1)
    assert compare_days(Days(start, None, planned, early)).variance == 30
    found = compare_days(Days(None, start, planned, late))
    assert (found.planned, found.actual, found.variance) == (89, 99, -10)
    assert found.percent == D("-11.235955056180")
    assert compare_days(Days(None, None, None, late)).reason == "no_planned_day"
    assert compare_days(Days(None, None, planned, None)).reason == "no_actual_day"
    assert compare_days(Days(planned, None, planned, late)).reason == "no_planned_duration"


def test_days_in_the_wrong_order_are_doubted() -> None:
    days = Days(None, date(2026, 2, 1), date(2026, 1, 1), date(2026, 1, 2))
    ours = {"planned_cost": D(1), "actual_cost": None}
    assert find_doubts({}, ours, days) == ["ends_before_start", "planned_end_before_start"]
    no_days = Days(None, None, None, None)
    assert find_doubts({"lifecycle_cost": "0.5"}, ours, no_days) == ["lifecycle_cost_below_plan"]
    assert find_doubts({"lifecycle_cost": "4"}, ours, no_days) == []


@settings(max_examples=60)
@given(st.lists(st.tuples(costs, costs), min_size=1, max_size=40))
def test_accuracy_is_what_numpy_says(pairs: list[tuple[Decimal, Decimal]]) -> None:
    plan, actual = (np.array([float(value) for value in side]) for side in zip(*pairs, strict=True))
    errors, ratios = np.abs(actual - plan) / actual, actual / plan
    found = measure_accuracy(pairs)
    expected = [errors.mean(), np.median(errors), np.quantile(ratios, 0.1), np.median(ratios)]
    shown = [found.mmre, found.mdmre, found.p10_actual_over_plan, found.median_actual_over_plan]
    assert [float(value or 0) for value in shown] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_nothing_to_compare_is_said() -> None:
    assert measure_accuracy([(D(0), D(1)), (D(1), D(0))]).reason == "nothing_to_compare"
