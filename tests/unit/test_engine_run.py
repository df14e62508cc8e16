"""Runs worked by hand: what each method, order rule and missing thing does with the money."""

from decimal import Decimal
from typing import Any

import pytest

from services.allocation.engine.model import LineGroups, MappingSpec, ObjectSpec, OwnAmount
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.tracing.trace import trace_back, trace_forward
from shared.errors import RuleBroken
from tests.unit.engine_builders import (
    a_run,
    at_consumers,
    driver,
    holding,
    lines,
    mapping,
    objects,
    to_pool,
    unallocated,
)

HUNDRED = lines(({"account": "1"}, "100"))


def run(
    members: list[ObjectSpec],
    rules: list[MappingSpec],
    groups: LineGroups,
    *more: Any,
    **fields: Any,
) -> RunResult:
    return run_allocation(a_run(members, rules, groups, *more, **fields))


def to_consumers(*rules: MappingSpec, groups: LineGroups = HUNDRED, **more: Any) -> RunResult:
    """One pool, straight to consumers C1, C2, C3 and the parent C with the child C4."""
    members = [*objects("P1", "C", "C1", "C2", "C3", "C4", C4="C"), *more.pop("members", [])]
    return run(members, [to_pool(), *rules], groups, *more.pop("drivers", []), **more)


def rule(code: str = "m", **fields: Any) -> MappingSpec:
    return mapping(code, "pool_to_consumer", **fields)


def amounts(**parts: str) -> dict[str, Decimal]:
    return {code: Decimal(part) for code, part in parts.items()}


def test_direct_sends_everything_to_one_object_even_a_parent() -> None:
    assert at_consumers(to_consumers(rule(target={"object": "C"}))) == amounts(C="100")


def test_direct_by_field_follows_what_the_line_names() -> None:
    groups = lines(
        ({"tags.unit": "C1"}, "10"),
        ({"tags.unit": "old"}, "20"),
        ({"tags.unit": "gone"}, "30"),
        ({}, "40"),
    )
    result = to_consumers(
        rule(target={"field": "tags.unit", "aliases": {"old": "C2"}}), groups=groups
    )
    assert at_consumers(result) == amounts(C1="10", C2="20")
    assert unallocated(result) == {("P1", "unknown_target"): Decimal(70)}
    assert {entry.unknown_code for entry in result.entries} == {"gone", None}


def test_even_charges_objects_without_children() -> None:
    result = to_consumers(rule(target={}))
    assert at_consumers(result) == amounts(C1="25", C2="25", C3="25", C4="25")


def test_even_charges_a_parent_that_is_named_by_code() -> None:
    result = to_consumers(rule(target={"code": ["C", "C1", "NO"]}))
    assert at_consumers(result) == amounts(C="33.333334", C1="33.333333")
    assert unallocated(result) == {("P1", "unknown_target"): Decimal("33.333333")}


def test_fixed_shares_leave_the_part_of_an_unknown_code() -> None:
    result = to_consumers(rule(target={"shares": {"C1": "60.5", "C2": "29.5", "NO": "10"}}))
    assert at_consumers(result) == amounts(C1="60.5", C2="29.5")
    assert unallocated(result) == {("P1", "unknown_target"): Decimal(10)}


def test_a_driver_weighs_chosen_targets_and_codes_that_nobody_knows() -> None:
    seats = driver("seats", {"C1": "1", "C2": "2", "C4": "1", "P1": "50", "NO": "1"})
    every = to_consumers(rule(target={}, driver="seats"), drivers=[seats])
    assert at_consumers(every) == amounts(C1="20", C2="40", C4="20")
    assert unallocated(every) == {("P1", "unknown_target"): Decimal(20)}
    named = to_consumers(rule(target={"code": ["C1", "C2"]}, driver="seats"), drivers=[seats])
    assert at_consumers(named) == amounts(C1="33.333333", C2="66.666667")


def test_a_source_with_quantities_of_its_own_uses_only_those() -> None:
    members = objects("P1", "S1", "S2", "C1", "C2")
    use = driver("use", {"C1": "1", ("S1", "C2"): "3"})
    rules = [
        to_pool(),
        mapping("half", "pool_to_solution", target={}),
        mapping("use", "solution_to_consumer", target={}, driver="use"),
    ]
    assert at_consumers(run(members, rules, HUNDRED, use)) == amounts(C1="50", C2="50")


@pytest.mark.parametrize(
    ("quantities", "reason"),
    [({}, "no_driver"), ({"C1": "0"}, "zero_weight"), ({"P1": "1"}, "zero_weight")],
)
def test_without_weight_on_zero_decides(quantities: dict[str, str], reason: str) -> None:
    seats = driver("seats", quantities)
    stays = to_consumers(rule(target={"code": ["C1", "C2"]}, driver="seats"), drivers=[seats])
    assert unallocated(stays) == {("P1", reason): Decimal(100)}
    first = rule("a", target={"code": ["C1", "C2"]}, driver="seats", on_zero="even")
    assert at_consumers(to_consumers(first, drivers=[seats])) == amounts(C1="50", C2="50")
    passes = rule("a", target={"code": ["C1"]}, driver="seats", on_zero="next")
    then = rule("b", target={"object": "C3"})
    assert at_consumers(to_consumers(passes, then, drivers=[seats])) == amounts(C3="100")


def test_any_negative_quantity_keeps_the_whole_amount() -> None:
    seats = driver("seats", {"C1": "5", "C2": "-1"})
    result = to_consumers(rule(target={}, driver="seats", on_zero="next"), drivers=[seats])
    assert unallocated(result) == {("P1", "negative_weight"): Decimal(100)}


def test_portions_take_of_what_is_left_and_the_rest_has_no_mapping() -> None:
    result = to_consumers(
        rule("a", priority=1, portion="50", target={"object": "C1"}),
        rule("b", priority=2, portion="50", target={"object": "C2"}),
    )
    assert at_consumers(result) == amounts(C1="50", C2="25")
    assert unallocated(result) == {("P1", "no_mapping"): Decimal(25)}


def test_what_is_retained_stays_on_its_object_and_is_not_unallocated() -> None:
    result = to_consumers(rule(target={"retain": True}, portion="40"))
    assert result.totals["cost"].retained == Decimal(40)
    assert unallocated(result) == {("P1", "no_mapping"): Decimal(60)}


def test_priority_then_the_longest_skip_then_the_code_decide() -> None:
    members = objects("P1", "R1", "C1", "C2")
    short = mapping("a", "pool_to_resource", target={"object": "R1"})
    far = mapping("z", "pool_to_consumer", target={"object": "C1"}, portion="10")
    result = run(members, [to_pool(), short, far], HUNDRED)
    assert holding(result, "consumer", "C1") == Decimal(10)
    assert [finding.code for finding in result.findings] == []
    rival = mapping("b", "pool_to_consumer", target={"object": "C2"})
    tied = mapping("c", "pool_to_consumer", target={"object": "C1"})
    result = run(members, [to_pool(), tied, rival], HUNDRED)
    assert at_consumers(result) == amounts(C2="100")
    assert [(f.code, f.mapping) for f in result.findings] == [("ambiguous_priority", "c")]


def test_lines_without_a_pool_and_lines_out_of_scope_are_told_apart() -> None:
    rules = [
        mapping("it", "line_to_pool", target={"object": "P1"}, source={"account": "it"}),
        mapping("no", "line_to_pool", target={"out_of_scope": True}, source={"account": "rent"}),
        mapping("x", "line_to_pool", target={"object": "gone"}, source={"account": "x"}),
        rule(target={"object": "C1"}),
    ]
    groups = lines(
        ({"account": "it"}, "1"),
        ({"account": "rent"}, "2"),
        ({"account": "x"}, "4"),
        ({"account": "?"}, "8"),
    )
    result = run(objects("P1", "C1"), rules, groups)
    total = result.totals["cost"]
    assert (total.lines, total.out_of_scope, total.input) == (15, 2, 13)
    assert unallocated(result) == {(None, "unknown_target"): 4, (None, "no_mapping"): 8}
    assert total.consumers == 1


def test_mappings_apply_only_within_their_validity() -> None:
    late = rule("late", target={"object": "C1"}, valid_from="2026-02")
    now = rule("now", target={"object": "C2"}, valid_from="2026-01", valid_to="2026-01")
    assert at_consumers(to_consumers(late, now)) == amounts(C2="100")


def test_a_pool_selector_tells_lines_apart_and_its_own_tags() -> None:
    members = [
        ObjectSpec("pool", "P1", tags={"kind": "cloud"}),
        ObjectSpec("pool", "P2", tags={"kind": "staff"}),
        *objects("C1", "C2", "C3"),
    ]
    rules = [
        mapping("in", "line_to_pool", target={"field": "account"}),
        rule("a", priority=1, source={"tags.env": "prod"}, target={"object": "C1"}),
        rule("b", priority=2, source={"object.tags.kind": "staff"}, target={"object": "C2"}),
        rule("c", priority=3, target={"object": "C3"}),
    ]
    groups = lines(
        ({"account": "P1", "tags.env": "prod"}, "1"),
        ({"account": "P2", "tags.env": "test"}, "2"),
        ({"account": "P1"}, "4"),
    )
    assert at_consumers(run(members, rules, groups)) == amounts(C1="1", C2="2", C3="4")


def test_each_currency_is_rounded_once_and_what_is_left_is_the_residual() -> None:
    groups = lines(
        ({"account": "1", "currency": "USD"}, "0.0000001"),
        ({"account": "2", "currency": "USD"}, "0.0000002"),
    )
    result = to_consumers(
        rule(target={"object": "C1"}), groups=groups, rates={"USD": Decimal("0.3333")}
    )
    total = result.totals["cost"]
    assert result.precision["cost"] == 7
    assert total.consumers == Decimal("0.0000001")
    assert total.lines == Decimal("0.00000009999")
    assert total.residual == Decimal("-0.00000000001")


def test_a_currency_without_rate_refuses_the_run_or_is_set_aside() -> None:
    groups = lines(({"currency": "USD"}, "5"), ({}, "1"))
    with pytest.raises(RuleBroken) as refused:
        to_consumers(rule(target={"object": "C1"}), groups=groups)
    assert refused.value.code == "missing_rate"
    result = to_consumers(rule(target={"object": "C1"}), groups=groups, on_missing_rate="set_aside")
    assert at_consumers(result) == amounts(C1="1")
    (aside,) = result.unconverted
    assert (aside.currency, aside.amount, aside.lines) == ("USD", Decimal(5), 1)


def test_precision_falls_for_huge_amounts_until_they_cannot_be_counted() -> None:
    huge = lines(({}, "1000000000000000"))
    assert to_consumers(rule(target={}), groups=huge).precision["cost"] == 3
    with pytest.raises(RuleBroken) as refused:
        to_consumers(rule(target={}), groups=lines(({}, "50000000000000000000")))
    assert refused.value.code == "amount_too_large"


def test_weights_beyond_64_bits_split_exactly() -> None:
    members = objects("P1", "C1", "C2")
    quantities = {"C1": "30000000000000000000.000000000000000001", "C2": "10000000000000000000"}
    rules = [to_pool(), rule(target={}, driver="big")]
    result = run(members, rules, lines(({}, "4.00")), driver("big", quantities))
    assert at_consumers(result) == amounts(C1="3", C2="1")


def test_a_measure_of_its_own_takes_the_same_weights() -> None:
    members = objects("P1", "R1", "C1", "C2")
    rules = [
        to_pool(),
        mapping("r", "pool_to_resource", target={"object": "R1"}),
        mapping("c", "resource_to_consumer", target={"shares": {"C1": "75", "C2": "25"}}),
    ]
    own = [
        OwnAmount("kwh", "resource", "R1", Decimal(8)),
        OwnAmount("kwh", "resource", "no", Decimal(1)),
    ]
    result = run(members, rules, HUNDRED, own_amounts=own, measures=("cost", "kwh"))
    assert at_consumers(result, 1) == amounts(C1="6", C2="2")
    assert unallocated(result, 1) == {(None, "unknown_target"): Decimal(1)}
    assert result.totals["kwh"].input == Decimal(9)


def test_lines_that_cancel_out_are_still_traced_to_both_sides() -> None:
    groups = lines(({"account": "charge"}, "10"), ({"account": "credit"}, "-10"))
    result = to_consumers(rule(target={"shares": {"C1": "75", "C2": "25"}}), groups=groups)
    number = result.numbering.number("consumer", "C1")
    assert number is not None
    assert at_consumers(result) == {}
    terms = trace_back(result, number, "line").contributions
    assert sorted(term.units for term in terms) == [-7_500_000, 7_500_000]
    pool = result.numbering.number("pool", "P1")
    assert pool is not None
    assert trace_forward(result, pool, "consumer").units == 0


def test_accuracy_is_as_weak_as_the_weakest_hop() -> None:
    members = objects("P1", "R1", "R2", "R3", "C1")
    seats = driver("seats", {"R1": "1", "R2": "1"}, "measured")
    rules = [
        to_pool(),
        mapping("a", "pool_to_resource", target={}, driver="seats", priority=1, portion="50"),
        mapping("b", "pool_to_resource", target={"object": "R3"}, priority=2, portion="80"),
        mapping("c", "resource_to_consumer", target={"object": "C1"}, source={"code": "R1"}),
        mapping(
            "d", "resource_to_consumer", target={"shares": {"C1": "100"}}, source={"code": "R2"}
        ),
        mapping("e", "resource_to_consumer", target={}, source={"code": "R3"}),
    ]
    found = run(members, rules, HUNDRED, seats).accuracy
    assert found.measured_share == Decimal("0.25")
    assert found.estimated_share == Decimal("0.25")
    assert found.fallback_share == Decimal("0.4")
    assert found.unallocated_share == Decimal("0.1")


def test_a_rename_or_a_note_changes_no_fingerprint_but_an_amount_does() -> None:
    def mark(name: str = "x", note: str = "n", amount: str = "1") -> str:
        members = [ObjectSpec("pool", "P1", names={"en": name}), *objects("C1")]
        rules = [to_pool(), rule(target={"object": "C1"}, note=note)]
        return run(members, rules, lines(({}, amount))).fingerprint

    assert mark() == mark(name="other", note="other")
    assert mark() != mark(amount="2")


def test_the_textbook_direct_method() -> None:
    """Administration and facility services to two programmes, by headcount and by area."""
    members = objects("P-admin", "P-facility", "C-graduate", "C-undergraduate")
    rules = [
        mapping("in", "line_to_pool", target={"field": "account"}),
        rule("a", source={"code": "P-admin"}, target={}, driver="staff"),
        rule("f", source={"code": "P-facility"}, target={}, driver="area"),
    ]
    staff = driver("staff", {"C-undergraduate": "20000", "C-graduate": "5000"})
    area = driver("area", {"C-undergraduate": "70000", "C-graduate": "30000"})
    groups = lines(({"account": "P-admin"}, "2400000"), ({"account": "P-facility"}, "1600000"))
    assert at_consumers(run(members, rules, groups, staff, area)) == {
        "C-undergraduate": Decimal(1920000 + 1120000),
        "C-graduate": Decimal(480000 + 480000),
    }


def test_the_textbook_activity_based_costing() -> None:
    """Four activities to two boats, each by its own driver."""
    costs = {"P-f": "858000", "P-a": "351000", "P-s": "298350", "P-i": "253500"}
    use = {
        "P-f": ("9750", "29250"),
        "P-a": ("29250", "9750"),
        "P-s": ("70", "515"),
        "P-i": ("122", "853"),
    }
    rules = [mapping("in", "line_to_pool", target={"field": "account"})]
    rules += [rule(code, source={"code": code}, target={}, driver=code) for code in costs]
    drivers = [driver(code, {"C-speed": a, "C-bass": b}) for code, (a, b) in use.items()]
    groups = lines(*(({"account": code}, cost) for code, cost in costs.items()))
    result = run(objects(*costs, "C-speed", "C-bass"), rules, groups, *drivers)
    assert at_consumers(result) == {"C-speed": Decimal(545170), "C-bass": Decimal(1215680)}
