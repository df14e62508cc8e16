"""Same-layer stages: textbook cases, who keeps what, loops that are refused, traces."""

from decimal import Decimal

import pytest

from services.allocation.engine.flows import leg
from services.allocation.engine.model import MappingSpec, OwnAmount, StageSetting
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.tracing.trace import OBJECT, trace_back, trace_forward
from shared.errors import RuleBroken
from tests.unit.engine_builders import (
    a_run,
    at_consumers,
    driver,
    holding,
    lines,
    mapping,
    objects,
    unallocated,
)

COUNTED = StageSetting(self_use="counted")
STEP_DOWN = StageSetting("step_down")


def departments(
    costs: dict[str, str],
    use: dict[str, dict[str, str]],
    setting: StageSetting,
    *more: MappingSpec,
    **fields: object,
) -> RunResult:
    """Departments are resources R-x with costs of their own; the finals are billed to C-x."""
    finals = [code for code in costs if code not in use]
    members = objects("P1", *(f"R-{code}" for code in costs), *(f"C-{code}" for code in finals))
    rules = [
        mapping("in", "line_to_pool", target={"object": "P1"}),
        mapping("own", "pool_to_resource", target={"field": "account"}),
    ]
    for code in use:
        own = {"source": {"code": f"R-{code}"}, "target": {}, "driver": code}
        rules.append(mapping(f"of-{code}", "resource_to_resource", **own))
    for code in finals:
        bill = {"source": {"code": f"R-{code}"}, "target": {"object": f"C-{code}"}}
        rules.append(mapping(f"bill-{code}", "resource_to_consumer", **bill))
    drivers = [
        driver(code, {f"R-{to}": quantity for to, quantity in quantities.items()})
        for code, quantities in use.items()
    ]
    groups = lines(*(({"account": f"R-{code}"}, cost) for code, cost in costs.items()))
    stages = {"resource_to_resource": setting}
    taken = a_run(members, [*rules, *more], groups, *drivers, stages=stages, **fields)
    return run_allocation(taken)


TRUCKING = (
    {"Personnel": "100000", "Accounting": "205000", "Food": "80000", "Household": "50000"},
    {
        "Personnel": {"Personnel": "20", "Accounting": "60", "Food": "60", "Household": "80"},
        "Accounting": {
            "Personnel": "2000",
            "Accounting": "200",
            "Food": "3000",
            "Household": "5000",
        },
    },
)
"""Angelo Trucking, an exercise of the reciprocal method (tutorsglobe.com 5781673)."""
ARBON = (
    {
        "Administrative": "84000",
        "Janitorial": "67800",
        "Maintenance": "36000",
        "Prep": "256100",
        "Finishing": "498600",
    },
    {
        "Administrative": {
            "Administrative": "80",
            "Janitorial": "60",
            "Maintenance": "240",
            "Prep": "600",
            "Finishing": "300",
        },
        "Janitorial": {
            "Administrative": "3000",
            "Janitorial": "12000",
            "Maintenance": "10000",
            "Prep": "20000",
            "Finishing": "70000",
        },
        "Maintenance": {"Prep": "10000", "Finishing": "30000"},
    },
)
"""Garrison, Managerial Accounting, exercise 4B-3, an exercise of the step-down method."""


def test_the_textbook_reciprocal_method() -> None:
    result = departments(*TRUCKING, StageSetting())
    assert at_consumers(result) == {"C-Food": Decimal(200000), "C-Household": Decimal(235000)}
    assert holding(result, "resource", "R-Personnel") == Decimal(150000)
    assert holding(result, "resource", "R-Accounting") == Decimal(250000)


def test_counted_self_use_changes_gross_figures_but_no_bill() -> None:
    result = departments(*TRUCKING, COUNTED)
    assert at_consumers(result) == {"C-Food": Decimal(200000), "C-Household": Decimal(235000)}
    assert holding(result, "resource", "R-Personnel") == Decimal(165000)
    assert holding(result, "resource", "R-Accounting") == Decimal(255000)


def test_the_textbook_step_down_method() -> None:
    order = ("R-Administrative", "R-Janitorial", "R-Maintenance")
    result = departments(*ARBON, StageSetting("step_down", order))
    assert at_consumers(result) == {"C-Prep": Decimal(327500), "C-Finishing": Decimal(615000)}
    assert holding(result, "resource", "R-Janitorial") == Decimal(67800 + 4200)
    assert holding(result, "resource", "R-Maintenance") == Decimal(36000 + 16800 + 7200)


def test_a_step_down_without_order_closes_by_code_and_names_unknown_codes() -> None:
    plain = departments(*ARBON, STEP_DOWN)
    named = departments(*ARBON, StageSetting("step_down", ("R-Gone", "R-Administrative")))
    assert at_consumers(plain) == at_consumers(named)
    assert [finding.code for finding in named.findings] == ["unknown_order_code"]


def test_objects_without_a_same_layer_mapping_keep_what_they_get_for_later_stages() -> None:
    costs = {"Shared": "100", "A": "0", "B": "20"}
    result = departments(costs, {"Shared": {"A": "1", "B": "1"}}, StageSetting())
    assert at_consumers(result) == {"C-A": Decimal(50), "C-B": Decimal(70)}
    assert unallocated(result) == {}


def test_the_rest_of_a_portion_stays_for_later_stages() -> None:
    members = objects("P1", "R1", "R2", "C1", "C2")
    rules = [
        mapping("in", "line_to_pool", target={"object": "P1"}),
        mapping("own", "pool_to_resource", target={"object": "R1"}),
        mapping(
            "part",
            "resource_to_resource",
            source={"code": "R1"},
            target={"object": "R2"},
            portion="30",
        ),
        mapping("a", "resource_to_consumer", source={"code": "R1"}, target={"object": "C1"}),
        mapping("b", "resource_to_consumer", source={"code": "R2"}, target={"object": "C2"}),
    ]
    result = run_allocation(a_run(members, rules, lines(({}, "100"))))
    assert at_consumers(result) == {"C1": Decimal(70), "C2": Decimal(30)}


def test_direct_to_itself_keeps_and_weights_on_itself_alone_are_none() -> None:
    keeps = mapping("k", "resource_to_resource", source={"code": "R-A"}, target={"object": "R-A"})
    result = departments({"A": "10"}, {}, StageSetting(), keeps)
    assert at_consumers(result) == {"C-A": Decimal(10)}
    alone = departments({"S": "10", "A": "0"}, {"S": {"S": "5"}}, COUNTED)
    assert unallocated(alone) == {("R-S", "zero_weight"): Decimal(10)}


@pytest.mark.parametrize("setting", [StageSetting(), COUNTED])
def test_a_loop_that_money_reaches_and_never_leaves_is_refused_by_name(
    setting: StageSetting,
) -> None:
    use = {"A": {"B": "1"}, "B": {"A": "1"}, "C": {"D": "1", "A": "1"}}
    with pytest.raises(RuleBroken) as refused:
        departments({"A": "0", "B": "0", "C": "5", "D": "0"}, use, setting)
    assert refused.value.code == "closed_loop"
    pointers = [error.pointer for error in refused.value.errors]
    assert pointers == [f"/stages/resource_to_resource/R-{code}" for code in "AB"]
    unreached = departments(
        {"A": "0", "B": "0", "C": "5", "D": "0"}, {**use, "C": {"D": "1"}}, setting
    )
    assert at_consumers(unreached) == {"C-D": Decimal(5)}


def test_a_loop_that_hardly_leaks_is_refused_as_near_singular() -> None:
    use = {"A": {"B": "100000000000", "D": "0.01"}, "B": {"A": "100000000000", "D": "0.01"}}
    with pytest.raises(RuleBroken) as refused:
        departments({"A": "1", "B": "1", "D": "0"}, use, StageSetting())
    assert refused.value.code == "near_singular"
    assert len(refused.value.errors) == 2


def test_gross_amounts_that_grow_too_large_cost_decimals_first_and_then_the_run() -> None:
    use = {"A": {"B": "99999999", "D": "1"}, "B": {"A": "99999999", "D": "1"}}
    result = departments({"A": "100000", "B": "0", "D": "0"}, use, StageSetting())
    assert result.precision["cost"] == 5
    assert at_consumers(result) == {"C-D": Decimal(100000)}
    with pytest.raises(RuleBroken) as refused:
        departments({"A": "1000000000", "B": "0", "D": "0"}, use, StageSetting())
    assert refused.value.code == "amount_too_large"


def test_more_flows_than_fit_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leg, "MOST_FLOWS", 3)
    with pytest.raises(RuleBroken) as refused:
        departments(*TRUCKING, StageSetting())
    assert refused.value.code == "too_many_flows"


def test_huge_amounts_circle_without_losing_a_unit() -> None:
    use = {"A": {"B": "3", "D": "1"}, "B": {"A": "1", "D": "1"}, "E": {"A": "1", "E": "7"}}
    costs = {"A": "1000000000000.123456", "B": "-7", "E": "11", "D": "0"}
    result = departments(costs, use, StageSetting())
    assert at_consumers(result) == {"C-D": Decimal("1000000000004.123456")}


def test_every_measure_has_amounts_of_its_own_and_takes_the_same_weights() -> None:
    own = [OwnAmount("kwh", "resource", "R-Personnel", Decimal(8))]
    result = departments(*TRUCKING, StageSetting(), own_amounts=own, measures=("cost", "kwh"))
    kwh = at_consumers(result, 1)
    assert sum(kwh.values()) == Decimal(8)
    assert kwh["C-Food"] == Decimal("3.319148")  # 8 x (0.3 + 0.3 x 0.3) / (1 - 0.3 x 0.2)


def test_a_trace_back_counts_resources_where_money_leaves_them_and_pools_through_the_loop() -> None:
    result = departments(*TRUCKING, StageSetting())
    bill = result.numbering.number("consumer", "C-Food")
    assert bill is not None
    (leaving,) = trace_back(result, bill, "resource").contributions
    assert result.numbering.code_of(leaving.place) == "R-Food"
    amounts = {
        result.groups.columns["account"].texts()[term.place]: term.units
        for term in trace_back(result, bill, "line").contributions
    }
    assert sum(amounts.values()) == 200_000_000_000
    assert amounts["R-Food"] == 80_000_000_000
    assert amounts["R-Personnel"] == 41_489_361_702  # 100000 x 0.39 / 0.94


def test_a_trace_forward_from_a_pool_lies_where_the_stage_left_it() -> None:
    result = departments(*TRUCKING, StageSetting())
    pool = result.numbering.number("pool", "P1")
    assert pool is not None
    terms = trace_forward(result, pool, "resource").contributions
    assert {
        result.numbering.code_of(term.place): term.units for term in terms if term.kind == OBJECT
    } == {"R-Food": 200_000_000_000, "R-Household": 235_000_000_000}


def test_a_resource_itself_is_made_of_what_came_to_the_layer() -> None:
    result = departments(*TRUCKING, StageSetting())
    number = result.numbering.number("resource", "R-Personnel")
    assert number is not None
    terms = trace_back(result, number, "resource").contributions
    found = {result.numbering.code_of(term.place): term.units for term in terms}
    assert sum(found.values()) == 150_000_000_000
    assert set(found) == {"R-Personnel", "R-Accounting"}


def test_accuracy_is_as_weak_as_the_weakest_hop_of_any_round() -> None:
    costs, use = TRUCKING
    even = mapping(
        "of-Accounting", "resource_to_resource", source={"code": "R-Accounting"}, target={}
    )
    spread = departments(costs, {"Personnel": use["Personnel"], "Accounting": {}}, StageSetting())
    assert spread.accuracy.unallocated_share > 0
    measured = departments(costs, use, StageSetting()).accuracy
    assert measured.measured_share == 1
    mixed = departments({**costs}, {"Personnel": use["Personnel"]}, StageSetting(), even).accuracy
    assert mixed.fallback_share > 0
    assert mixed.measured_share + mixed.fallback_share == 1
