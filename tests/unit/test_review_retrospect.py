"""What it cost against its plan, and whether the decision was right."""

from datetime import date
from decimal import Decimal

import pytest

from services.valuation.benefits.reviews.domain import (
    check_extra_benefit,
    check_fillable,
)
from services.valuation.benefits.reviews.retrospect import compare_costs, judge_decision
from services.valuation.investments.evaluations.flows import CashFlow
from shared.errors import Conflict, RuleBroken

D = Decimal
UNTIL = date(2026, 6, 30)


def flow(amount: int, category: str, day: str) -> CashFlow:
    return CashFlow(D(amount), category, on=date.fromisoformat(day))  # type: ignore[arg-type]


PLAN = [
    flow(-100, "investment", "2026-01-01"),
    flow(-10, "run_cost", "2026-05-31"),
    flow(60, "benefit", "2026-06-01"),
    flow(150, "benefit", "2027-06-01"),
]


def test_cost_is_held_against_its_plan_by_category_and_in_sum() -> None:
    actual = [flow(-120, "investment", "2026-02-01"), flow(-9, "run_cost", "2026-05-31")]
    lines = {line.category: line for line in compare_costs(PLAN, actual, UNTIL)}
    assert set(lines) == {"investment", "run_cost", "benefit", "cost"}
    invested = lines["investment"]
    assert (invested.planned, invested.actual, invested.variance) == (D(100), D(120), D(-20))
    assert invested.variance_percent == D(-20)
    assert lines["run_cost"].variance == D(1)
    assert (lines["cost"].planned, lines["cost"].actual) == (D(110), D(129))
    benefit = lines["benefit"]
    assert (benefit.planned, benefit.actual, benefit.reason) == (D(60), None, "no_actual")


def test_money_after_the_months_looked_at_does_not_count() -> None:
    assert compare_costs([flow(500, "benefit", "2026-07-01")], [], UNTIL) == []


def test_without_a_plan_the_variance_is_missing_with_a_reason() -> None:
    line = compare_costs([], [flow(-5, "run_cost", "2026-03-01")], UNTIL)[0]
    assert (line.actual, line.variance, line.reason) == (D(5), None, "no_plan")


def test_an_outlook_as_good_as_the_plan_confirms_the_decision() -> None:
    decision = judge_decision(PLAN, PLAN[:3], UNTIL, None)
    figure = decision.figures["roi_net"]
    assert (decision.verdict, figure.plan) == ("confirmed", figure.outlook)
    assert decision.figures["npv"].plan is None


@pytest.mark.parametrize(("invested", "verdict"), [(150, "weaker"), (400, "not_confirmed")])
def test_a_dearer_project_weakens_or_refutes_it(invested: int, verdict: str) -> None:
    actual = [flow(-invested, "investment", "2026-01-01")]
    decision = judge_decision(PLAN, actual, UNTIL, D("0.08"))
    assert decision.verdict == verdict
    npv = decision.figures["npv"]
    assert npv.plan is not None
    assert npv.outlook is not None
    assert npv.outlook < npv.plan


def test_nothing_is_said_of_a_decision_without_plan_or_facts() -> None:
    assert judge_decision(PLAN, [], UNTIL, None).verdict == "not_judgeable"
    assert judge_decision([], PLAN, UNTIL, None).verdict == "not_judgeable"


def test_results_are_only_filled_in_progress() -> None:
    check_fillable("in_progress")
    codes = []
    for state in ("scheduled", "submitted", "approved"):
        with pytest.raises(Conflict) as refused:
            check_fillable(state)  # type: ignore[arg-type]
        codes.append(refused.value.code)
    assert codes == ["wrong_state", "wrong_state", "review_approved"]


def test_an_extra_benefit_in_money_has_a_currency_and_a_fitting_sign() -> None:
    check_extra_benefit(0, D(5), "EUR", None)
    check_extra_benefit(0, D(-5), "EUR", "dis_benefit")
    for amount, currency in ((D(5), None), (D(-5), "EUR")):
        with pytest.raises(RuleBroken) as refused:
            check_extra_benefit(2, amount, currency, "cashable")
        assert refused.value.errors[0].pointer.startswith("/extra_benefits/2/")
