"""Reviews and initiatives: due dates, states, results, realised value."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.benefits.reviews import domain as reviews
from services.valuation.benefits.reviews.domain import (
    Expected,
    compare,
    is_overdue,
)
from services.valuation.benefits.value_realisation.domain import Stake, sum_realisation
from services.valuation.investments.initiatives import domain as initiatives
from services.valuation.investments.initiatives.domain import score_value
from shared.errors import Conflict, RuleBroken

D = Decimal


def test_a_month_without_that_day_gives_its_last() -> None:
    assert reviews.add_months(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert reviews.add_months(date(2025, 11, 30), 12) == date(2026, 11, 30)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_are_counted_by_the_calendar(day: date, months: int) -> None:
    later = reviews.add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day <= day.day


def test_a_review_is_overdue_the_day_after_until_it_is_approved() -> None:
    assert not is_overdue("scheduled", date(2026, 5, 1), date(2026, 5, 1))
    assert is_overdue("submitted", date(2026, 5, 1), date(2026, 5, 2))
    assert not is_overdue("approved", date(2026, 5, 1), date(2026, 5, 2))


def test_a_returned_review_can_be_submitted_again() -> None:
    state: reviews.State = "scheduled"
    for step in ("start", "submit", "return", "submit", "approve"):
        state = reviews.take_step(state, step)  # type: ignore[arg-type]
    assert state == "approved"


def test_a_review_is_not_approved_before_it_is_submitted() -> None:
    with pytest.raises(Conflict) as refused:
        reviews.take_step("in_progress", "approve")
    assert refused.value.code == "wrong_state"


def test_a_result_compares_promise_and_fact() -> None:
    expected = Expected("turns", "operation", "up", D("4.2"), D("6.8"), D(10_000_000), "CNY")
    result = compare(expected, D("5.5"), ["/v1/observations/1"])
    assert result.attainment == D("0.5")
    assert result.variance == D("-1.3")
    assert (result.favourable, result.verdict) == (False, "partly_met")
    assert result.realised_value == D(5_000_000)


def test_realised_money_is_not_worked_out_of_a_rounded_attainment() -> None:
    expected = Expected("served", "operation", "up", D(3), D(6), D(12_000_000), "CNY")
    result = compare(expected, D(7), [])
    assert (result.attainment, result.realised_value) == (D("1.333333333333"), D(16_000_000))


def test_a_lower_value_is_favourable_where_down_is_good() -> None:
    result = compare(Expected("cycle", "operation", "down", D(45), D(30)), D(28), [])
    assert (result.variance, result.favourable, result.verdict) == (D(-2), True, "exceeded")


def test_realisation_counts_only_what_was_measured() -> None:
    stakes = [
        Stake("ops", "CNY", D(100), D(80)),
        Stake("ops", "CNY", D(50), None),
        Stake("ops", "EUR", D(10), D(11)),
        Stake(None, "CNY", D(5), None),
    ]
    ops, euro, nameless = sum_realisation(stakes)
    assert (ops.expected, ops.measured, ops.unmeasured, ops.rate) == (
        D(150),
        D(100),
        D(50),
        D("0.8"),
    )
    assert euro.rate == D("1.1")
    assert (nameless.group, nameless.rate) == (None, None)


def test_stages_follow_each_other() -> None:
    stage: initiatives.Stage = "proposed"
    for step in ("approve", "start", "go-live", "close"):
        stage = initiatives.take_step(stage, step)  # type: ignore[arg-type]
    assert stage == "closed"
    with pytest.raises(Conflict):
        initiatives.take_step("closed", "reject")


def test_a_negative_benefit_must_be_called_one() -> None:
    with pytest.raises(RuleBroken):
        initiatives.check_expectation(
            kpi=None, monetary_value=D(-5), currency="EUR", kind="cashable"
        )
    initiatives.check_expectation(
        kpi=None, monetary_value=D(-5), currency="EUR", kind="dis_benefit"
    )


def test_the_value_score_weighs_money_business_and_strategy() -> None:
    assert score_value(D(100), D(150), D(80), D(60)) == D(30) + D(24) + D(18)
    assert score_value(D(0), D(0), None, None) is None
