"""The laws of the value chain, of feedback and of scorecards, without a database."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.measures.feedback.domain import Answered, Given, measure_nps, natural_keys
from services.valuation.measures.value_kpis.series import Readings, Rule, Seen
from services.valuation.overviews.scorecards.domain import judge_value, tendency_of, weighted_mean
from services.valuation.overviews.value_chain.domain import (
    SolutionCost,
    cost_by_stage,
    inherit_stages,
    parts_of_no_stage,
    settle_shares,
)
from services.valuation.overviews.value_chain.revenue import Places, RevenueKpi, tell_revenue

amounts = st.decimals(-(10**12), 10**12, places=6, allow_nan=False, allow_infinity=False)
MONTH = "2026-01"


@given(st.dictionaries(st.text(max_size=3), amounts, max_size=12))
def test_shares_add_up_to_one_or_there_are_none(parts: dict[str, Decimal]) -> None:
    shares = settle_shares(parts)
    if sum(parts.values()) == 0:
        assert shares == {}
    else:
        assert sum(shares.values()) == 1
        assert shares.keys() == parts.keys()


@given(st.lists(st.tuples(amounts, amounts, amounts, st.sampled_from("abc"))), amounts, amounts)
def test_stages_and_what_is_of_none_add_up_to_the_input(
    given_solutions: list[tuple[Decimal, Decimal, Decimal, str]], direct: Decimal, kept: Decimal
) -> None:
    solutions = [
        SolutionCost(str(at), "", sum(parts[:3], Decimal(0)), parts[1], parts[2])
        for at, parts in enumerate(given_solutions)
    ]
    stage_of = {str(at): parts[3] for at, parts in enumerate(given_solutions) if parts[3] != "c"}
    totals = {
        "consumers": direct + sum((parts[0] for parts in given_solutions), Decimal(0)),
        "retained": kept + sum((parts[1] for parts in given_solutions), Decimal(0)),
        "unallocated": sum((parts[2] for parts in given_solutions), Decimal(0)),
        "residual": Decimal("0.01"),
    }
    sums = cost_by_stage(solutions, stage_of)
    beyond = parts_of_no_stage(sums.pop(None, Decimal(0)), solutions, totals)
    assert sum(sums.values()) + sum(beyond.values()) == sum(totals.values())
    assert (beyond["consumers_directly"], beyond["retained_elsewhere"]) == (direct, kept)


def test_a_child_takes_its_nearest_parents_stage_and_a_ring_ends() -> None:
    objects = [
        {"code": "a", "parent": None, "value_chain_stage": "design"},
        {"code": "b", "parent": "a", "value_chain_stage": None},
        {"code": "c", "parent": "b", "value_chain_stage": "sales"},
        {"code": "x", "parent": "y", "value_chain_stage": None},
        {"code": "y", "parent": "x", "value_chain_stage": None},
    ]
    assert inherit_stages(objects) == {"a": "design", "b": "design", "c": "sales"}


def a_kpi(code: str, *links: dict[str, str], unit: str = "EUR") -> RevenueKpi:
    return RevenueKpi(code, code, code, unit, links)


def readings(*seen: tuple[str, str, str]) -> Readings:
    """(KPI, link key, value) of one month; months are joined by their sum."""
    by_kpi: dict[tuple[str, str], list[Seen]] = {}
    for code, key, value in seen:
        by_kpi.setdefault((code, MONTH), []).append(Seen(MONTH, Decimal(value), key))
    return Readings({code: Rule("sum", None) for code, _, _ in seen}, by_kpi)


PLACES = Places({"CAD": "design", "MES": "production"}, {"crm": "sales"})
DESIGN, PRODUCTION = {"value_chain_stage": "design"}, {"value_chain_stage": "production"}
CAD = {"layer": "solution", "code": "CAD"}


def test_a_stage_with_kpis_of_its_own_does_not_count_its_solutions_again() -> None:
    kpis = [a_kpi("own", DESIGN), a_kpi("cad", CAD)]
    told = tell_revenue(kpis, PLACES, readings(("own", "", "10"), ("cad", "", "7")), [MONTH])
    assert told.values == {"design": Decimal(10)}
    assert [each.reason for each in told.told] == [None, "stage_has_its_own"]


def test_a_kpi_of_several_stages_counts_by_what_was_observed_of_each() -> None:
    kpi = a_kpi("all", DESIGN, PRODUCTION)
    whole = tell_revenue([kpi], PLACES, readings(("all", "", "10")), [MONTH])
    assert (whole.values, whole.told[0].reason) == ({}, "several_stages")
    apart = readings(
        ("all", "value_chain_stage:design", "4"), ("all", "value_chain_stage:production", "6")
    )
    assert tell_revenue([kpi], PLACES, apart, [MONTH]).values == {"design": 4, "production": 6}


def test_two_currencies_of_revenue_are_not_added() -> None:
    kpis = [a_kpi("a", DESIGN), a_kpi("b", PRODUCTION, unit="USD")]
    told = tell_revenue(kpis, PLACES, readings(("a", "", "1"), ("b", "", "1")), [MONTH])
    assert (told.values, told.reason) == ({}, "mixed_units")
    percent = [a_kpi("a", DESIGN), a_kpi("b", DESIGN, unit="%")]
    told = tell_revenue(percent, PLACES, readings(("a", "", "1"), ("b", "", "1")), [MONTH])
    assert (told.values, told.told[1].reason) == ({"design": 1}, "another_unit")


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(1, 99)), min_size=1))
def test_recommendation_lies_between_both_ends(answers: list[tuple[int, int]]) -> None:
    nps = measure_nps([Answered("nps", "0-10", Decimal(s), count) for s, count in answers])
    assert nps.n == sum(count for _, count in answers)
    assert nps.score is not None
    assert -100 <= nps.score <= 100


def test_equal_answers_have_keys_of_their_own_that_stay_the_same() -> None:
    fields: dict[str, Any] = {
        "external_id": None, "source": "s", "solution": "A", "consumer": None, "when": MONTH,
        "kind": "nps", "scale": "0-10", "score": "9", "comment": None, "counted": False,
    }  # fmt: skip
    twins = [Given(**fields), None, Given(**fields)]
    first, missing, second = natural_keys(twins)
    assert missing is None
    assert first != second
    assert list(natural_keys(twins)) == [first, None, second]


@pytest.mark.parametrize(
    ("baseline", "target", "value", "score", "status"),
    [
        ("0", "10", "30", "1.2", "green"),
        ("0", "10", "-5", "0", "red"),
        ("0", "10", "5", "0.5", "amber"),
        (None, "10", "10", "1", "green"),
        (None, "10", "9", "0", "red"),
        ("0", None, "9", None, None),
    ],
)
def test_a_score_is_the_attainment_within_bounds(
    baseline: str | None, target: str | None, value: str, score: str | None, status: str | None
) -> None:
    told = [None if each is None else Decimal(each) for each in (baseline, target, value)]
    judged = judge_value(told[0], told[1], told[2], "up")
    assert (judged.score, judged.status) == (None if score is None else Decimal(score), status)


def test_a_perspective_is_the_mean_by_weight_of_what_has_a_score() -> None:
    scores = [(Decimal(1), Decimal(3)), (Decimal("0.2"), Decimal(1)), (None, Decimal(9))]
    assert weighted_mean(scores) == Decimal("0.8")
    assert weighted_mean([(None, Decimal(1))]) is None


def test_a_falling_line_improves_where_down_is_good() -> None:
    values = [Decimal(9), None, Decimal(7), Decimal(5)]
    assert tendency_of(values, "down") == "improving"
    assert tendency_of(values, "up") == "worsening"
    assert tendency_of(values[:2], "up") is None
