"""The rule by which a value case holds, is weaker or is broken."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.investments.stage_gates.domain import (
    Expected,
    ValueCase,
    check_gate,
    judge,
    make_case,
)
from shared.errors import Conflict

D = Decimal
amounts = st.decimals(min_value=0, max_value=10**9, places=2)


def a_case(cost: str | None, benefit: str | None, promises: int = 1, **money: str) -> ValueCase:
    values = {code: D(amount) for code, amount in money.items()}
    return ValueCase(
        D(cost) if cost else None, D(benefit) if benefit else None, "cash_flows", values, promises
    )


def a_promise(amount: str | None, currency: str = "CNY", *, drawback: bool = False) -> Expected:
    return Expected(D(amount) if amount else None, currency, drawback, is_quantified=True)


@pytest.mark.parametrize(
    ("now", "then", "verdict", "because"),
    [
        (a_case("100", "150"), a_case("100", "150"), "holds", []),
        (a_case("100", "160"), a_case("100", "150"), "holds", []),
        (a_case("120", "150"), a_case("100", "150"), "weaker", ["net_value_lower"]),
        (a_case("160", "150"), a_case("100", "150"), "broken",
         ["benefit_below_cost", "net_value_lower"]),
        (a_case("160", "150"), a_case("155", "150"), "weaker",
         ["benefit_below_cost", "net_value_lower"]),
        (a_case("1", "2", CNY="5"), a_case("1", "2", CNY="6"), "weaker", ["expected_value_lower"]),
        (a_case("1", "2", promises=1), a_case("1", "2", promises=2), "weaker",
         ["promise_withdrawn"]),
        (a_case("160", "150"), None, "weaker", ["benefit_below_cost"]),
        (a_case(None, None), None, "holds", []),
        (a_case("100", None), None, "holds", []),
        (a_case("100", None), a_case(None, None), "weaker", ["net_value_lower"]),
        (a_case("100", "50"), a_case(None, "50"), "weaker",
         ["benefit_below_cost", "net_value_lower"]),
    ],
)  # fmt: skip
def test_a_case_is_judged_beside_the_approved_one(
    now: ValueCase, then: ValueCase | None, verdict: str, because: list[str]
) -> None:
    assert judge(now, then) == (verdict, because)


def test_a_broken_case_goes_on_only_with_a_reason() -> None:
    case = a_case("2", "1")
    with pytest.raises(Conflict) as refused:
        check_gate(case, "broken", " ")
    assert refused.value.code == "value_case_broken"
    check_gate(case, "broken", "The law asks for it.")


def test_no_step_without_a_promise_that_a_number_can_fail() -> None:
    with pytest.raises(Conflict) as refused:
        check_gate(a_case("1", "2", promises=0), "holds", "why not")
    assert refused.value.code == "no_value_expectation"


def test_promised_money_stands_for_a_benefit_that_is_not_planned() -> None:
    promises = [a_promise("300"), a_promise("40", drawback=True), a_promise("9", "EUR")]
    case = make_case(D(100), None, "CNY", promises)
    assert (case.planned_benefit, case.benefit_source) == (D(260), "value_expectations")
    assert case.roi_net == D("1.6")
    assert make_case(D(100), D(5), "CNY", promises).benefit_source == "cash_flows"
    assert make_case(D(100), None, None, promises).benefit_source == "none"


@given(amounts, amounts, amounts, amounts)
def test_a_case_breaks_exactly_when_it_stops_paying(
    cost: Decimal, benefit: Decimal, old_cost: Decimal, old_benefit: Decimal
) -> None:
    now = ValueCase(cost, benefit, "cash_flows", {}, 1)
    then = ValueCase(old_cost, old_benefit, "cash_flows", {}, 1)
    verdict, _ = judge(now, then)
    assert (verdict == "broken") == (benefit < cost and old_benefit >= old_cost)
    assert (verdict == "holds") == (benefit >= cost and benefit - cost >= old_benefit - old_cost)
