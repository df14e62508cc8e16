"""Rate, capacity, floor and cap: what goes, what stays and why, and how traces explain it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.model import LineGroups, MappingSpec, ObjectSpec, OwnAmount
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.splitting.clamping import clamp_parts
from services.allocation.engine.tracing.trace import (
    OBJECT,
    RATE_DIFFERENCE,
    UNALLOCATED,
    trace_back,
    trace_forward,
)
from shared.errors import RuleBroken
from tests.unit.engine_builders import (
    a_run,
    at_consumers,
    driver,
    lines,
    mapping,
    objects,
    to_pool,
    unallocated,
)

HUNDRED = lines(({"account": "1"}, "100"))
HOURS = driver("hours", {"C1": "30", "C2": "10"})


def euros(amount: str, code: str = "*", currency: str = "EUR") -> dict[str, dict[str, str]]:
    return {code: {"amount": amount, "currency": currency}}


def to_consumers(
    rule: MappingSpec, *drivers: Any, groups: LineGroups = HUNDRED, **fields: Any
) -> RunResult:
    """One pool straight to consumers by one rule."""
    members = [*objects("P1", "C1", "C2", "C3"), *fields.pop("members", [])]
    return run_allocation(a_run(members, [to_pool(), rule], groups, *drivers, **fields))


def rule(**fields: Any) -> MappingSpec:
    return mapping("m", "pool_to_consumer", **{"target": {}, **fields})


def amounts(**parts: str) -> dict[str, Decimal]:
    return {code: Decimal(part) for code, part in parts.items()}


def number_of(result: RunResult, layer: str, code: str) -> int:
    number = result.numbering.number(layer, code)
    assert number is not None
    return number


def test_a_rate_moves_quantity_times_price_and_the_rest_stays_visible() -> None:
    result = to_consumers(rule(driver="hours", rates=euros("2")), HOURS)
    assert at_consumers(result) == amounts(C1="60", C2="20")
    assert unallocated(result) == {("P1", "rate_difference"): Decimal(20)}


def test_a_rate_of_a_code_goes_before_the_usual_one_and_none_is_nothing() -> None:
    rates = {**euros("1"), **euros("3", "C2")}
    result = to_consumers(rule(driver="hours", rates=rates), HOURS)
    assert at_consumers(result) == amounts(C1="30", C2="30")
    only = to_consumers(rule(driver="hours", rates=euros("3", "C2")), HOURS)
    assert at_consumers(only) == amounts(C2="30")
    assert unallocated(only) == {("P1", "rate_difference"): Decimal(70)}


def test_over_recovery_is_a_negative_difference_and_a_source_of_its_own_in_a_trace() -> None:
    result = to_consumers(rule(driver="hours", rates=euros("4")), HOURS)
    assert at_consumers(result) == amounts(C1="120", C2="40")
    assert unallocated(result) == {("P1", "rate_difference"): Decimal(-60)}
    back = trace_back(result, number_of(result, "consumer", "C1"), "line")
    assert {term.kind: term.units for term in back.contributions} == {
        "lines": 75_000_000,
        RATE_DIFFERENCE: 45_000_000,
    }
    forward = trace_forward(result, number_of(result, "pool", "P1"), "consumer")
    assert [term.units for term in forward.contributions] == [75_000_000, 25_000_000]


def test_under_recovery_stays_on_the_way_forward() -> None:
    result = to_consumers(rule(driver="hours", rates=euros("2")), HOURS)
    terms = trace_forward(result, number_of(result, "pool", "P1"), "consumer").contributions
    assert {(term.kind, term.units) for term in terms} == {
        (OBJECT, 60_000_000),
        (OBJECT, 20_000_000),
        (UNALLOCATED, 20_000_000),
    }


def test_a_rate_charges_a_pool_once_however_many_segments_it_has() -> None:
    groups = lines(({"account": "a"}, "30"), ({"account": "b"}, "90"), ({"account": "c"}, "-20"))
    seen = rule(driver="hours", rates=euros("2"), source={"account": {"ne": "z"}})
    result = to_consumers(seen, HOURS, groups=groups)
    assert at_consumers(result) == amounts(C1="60", C2="20")
    assert unallocated(result) == {("P1", "rate_difference"): Decimal(20)}
    back = trace_back(result, number_of(result, "consumer", "C1"), "line")
    assert sum(term.units for term in back.contributions) == 60_000_000


def test_a_rate_charges_even_when_the_lines_cancel_out_but_not_without_any() -> None:
    groups = lines(({"account": "a"}, "30"), ({"account": "b"}, "-30"))
    result = to_consumers(rule(driver="hours", rates=euros("1")), HOURS, groups=groups)
    assert at_consumers(result) == amounts(C1="30", C2="10")
    assert unallocated(result) == {("P1", "rate_difference"): Decimal(-40)}
    back = trace_back(result, number_of(result, "consumer", "C1"), "line").contributions
    assert sorted(term.units for term in back) == [-22_500_000, 22_500_000, 30_000_000]
    idle = a_run(
        objects("P1", "P2", "C1", "C2"),
        [to_pool("P2"), rule(driver="hours", rates=euros("1"), source={"code": "P1"})],
        HUNDRED,
        HOURS,
    )
    assert at_consumers(run_allocation(idle)) == {}


def test_rates_in_another_currency_are_converted_or_refuse_the_run() -> None:
    dollars = rule(driver="hours", rates=euros("2", currency="USD"))
    result = to_consumers(dollars, HOURS, rates={"USD": Decimal("0.5")})
    assert at_consumers(result) == amounts(C1="30", C2="10")
    with pytest.raises(RuleBroken) as refused:
        to_consumers(dollars, HOURS, on_missing_rate="set_aside")
    assert refused.value.code == "missing_rate"


def test_objects_that_share_quantities_of_a_rate_are_a_finding() -> None:
    groups = lines(({"account": "P1"}, "50"), ({"account": "P2"}, "50"))
    rules = [
        mapping("in", "line_to_pool", target={"field": "account"}),
        rule(driver="hours", rates=euros("1")),
    ]
    taken = a_run(objects("P1", "P2", "C1", "C2"), rules, groups, HOURS)
    result = run_allocation(taken)
    assert at_consumers(result) == amounts(C1="60", C2="20")
    (finding,) = result.findings
    assert (finding.code, finding.details) == ("rate_charged_twice", {"objects": ["P1", "P2"]})


def test_other_measures_take_the_shares_of_cost_that_a_rate_made() -> None:
    members = objects("P1", "R1", "C1", "C2")
    rules = [
        to_pool(),
        mapping("r", "pool_to_resource", target={"object": "R1"}),
        mapping("c", "resource_to_consumer", target={}, driver="hours", rates=euros("2")),
    ]
    own = [OwnAmount("kwh", "resource", "R1", Decimal(10))]
    taken = a_run(members, rules, HUNDRED, HOURS, own_amounts=own, measures=("cost", "kwh"))
    result = run_allocation(taken)
    assert at_consumers(result, 1) == amounts(C1="6", C2="2")
    assert unallocated(result, 1) == {("R1", "rate_difference"): Decimal(2)}


@pytest.mark.parametrize(
    ("capacity", "bills", "stays"),
    [
        ("50", {"C1": "60", "C2": "20"}, {("P1", "idle"): "20"}),
        ("50.0", {"C1": "60", "C2": "20"}, {("P1", "idle"): "20"}),
        ("40", {"C1": "75", "C2": "25"}, {}),
        ("20", {"C1": "75", "C2": "25"}, {}),
        ("0", {"C1": "75", "C2": "25"}, {}),
        ("-1", {"C1": "75", "C2": "25"}, {}),
        (None, {}, {("P1", "no_driver"): "100"}),
    ],
)
def test_capacity_passes_on_what_is_used_and_shows_what_is_idle(
    capacity: str | None, bills: dict[str, str], stays: dict[tuple[str, str], str]
) -> None:
    room = driver("room", {} if capacity is None else {"P1": capacity})
    by_use = rule(method="capacity", driver="hours", capacity_driver="room")
    result = to_consumers(by_use, HOURS, room)
    assert at_consumers(result) == amounts(**bills)
    assert unallocated(result) == {key: Decimal(amount) for key, amount in stays.items()}


def test_capacity_of_which_nothing_is_used_is_idle() -> None:
    room, none = driver("room", {"P1": "8"}), driver("hours", {"C1": "0"})
    by_use = rule(method="capacity", driver="hours", capacity_driver="room")
    assert unallocated(to_consumers(by_use, none, room)) == {("P1", "idle"): Decimal(100)}
    evenly = rule(method="capacity", driver="hours", capacity_driver="room", on_zero="even")
    shared = at_consumers(to_consumers(evenly, none, room))
    assert sorted(shared) == ["C1", "C2", "C3"]


def test_capacity_is_the_objects_own_where_the_mapping_names_none() -> None:
    members = [ObjectSpec("resource", "R1", capacity_driver="room"), *objects("P1", "C1", "C2")]
    rules = [
        to_pool(),
        mapping("r", "pool_to_resource", target={"object": "R1"}),
        mapping("c", "resource_to_consumer", target={}, method="capacity", driver="hours"),
    ]
    result = run_allocation(a_run(members, rules, HUNDRED, HOURS, driver("room", {"R1": "80"})))
    assert at_consumers(result) == amounts(C1="37.5", C2="12.5")
    assert unallocated(result) == {("R1", "idle"): Decimal(50)}


NINETY = driver("w", {"C1": "90", "C2": "6", "C3": "4"})


def test_floor_and_cap_are_met_together() -> None:
    result = to_consumers(rule(driver="w", floor=euros("10"), cap=euros("40")), NINETY)
    assert at_consumers(result) == amounts(C1="40", C2="36", C3="24")
    assert unallocated(result) == {}


def test_caps_below_the_amount_leave_the_rest_capped() -> None:
    result = to_consumers(rule(driver="w", cap={**euros("20"), **euros("30", "C1")}), NINETY)
    assert at_consumers(result) == amounts(C1="30", C2="20", C3="20")
    assert unallocated(result) == {("P1", "capped"): Decimal(30)}


def test_floors_above_the_amount_split_it_and_say_what_is_missing() -> None:
    floors = {**euros("150", "C1"), **euros("50")}
    result = to_consumers(rule(driver="w", floor=floors), NINETY)
    assert at_consumers(result) == amounts(C1="60", C2="20", C3="20")
    (finding,) = result.findings
    assert finding.code == "floor_unmet"
    assert finding.details == {"object": "P1", "missing": "150"}
    assert [(one.reason, list(one.units)) for one in result.entries] == [("floor_unmet", [0])]


def test_a_named_floor_reaches_a_target_without_quantity() -> None:
    result = to_consumers(rule(driver="hours", floor=euros("20", "C3")), HOURS)
    assert at_consumers(result) == amounts(C1="60", C2="20", C3="20")


def test_bounds_hold_for_the_whole_pool_and_credits_mirror_charges() -> None:
    rows = [({"account": str(place)}, f"{place}.37") for place in range(40)]
    bound = rule(driver="w", floor=euros("10"), cap=euros("40"), source={"account": {"ne": "z"}})
    charges = to_consumers(bound, NINETY, groups=lines(*rows))
    assert at_consumers(charges)["C2"] == Decimal(40)
    assert unallocated(charges)["P1", "capped"] == Decimal("794.8") - 120
    mirrored = to_consumers(bound, NINETY, groups=lines(*((f, f"-{a}") for f, a in rows)))
    assert at_consumers(mirrored) == {c: -a for c, a in at_consumers(charges).items()}


def test_fixed_and_even_shares_can_be_bounded_too() -> None:
    fixed = rule(target={"shares": {"C1": "80", "C2": "20"}}, cap=euros("50"))
    assert at_consumers(to_consumers(fixed)) == amounts(C1="50", C2="50")
    even = rule(floor=euros("60", "C1"))
    assert at_consumers(to_consumers(even)) == amounts(C1="60", C2="20", C3="20")


def test_other_measures_take_the_shares_of_cost_between_the_bounds() -> None:
    members = objects("P1", "R1", "C1", "C2", "C3")
    rules = [
        to_pool(),
        mapping("r", "pool_to_resource", target={"object": "R1"}),
        mapping("c", "resource_to_consumer", target={}, driver="w", cap=euros("30")),
    ]
    own = [OwnAmount("kwh", "resource", "R1", Decimal(10))]
    taken = a_run(members, rules, HUNDRED, NINETY, own_amounts=own, measures=("cost", "kwh"))
    result = run_allocation(taken)
    assert at_consumers(result) == amounts(C1="30", C2="30", C3="30")
    assert at_consumers(result, 1) == amounts(C1="3", C2="3", C3="3")
    assert unallocated(result, 1) == {("R1", "capped"): Decimal(1)}


@st.composite
def bounds(draw: st.DrawFn) -> tuple[int, list[int], list[int], list[int | None]]:
    large = draw(st.sampled_from([10, 10**6, 2**61]))
    count = draw(st.integers(1, 6))
    whole = st.integers(0, large)
    weights = draw(st.lists(whole, min_size=count, max_size=count).filter(any))
    floors = draw(st.lists(st.just(0) | whole, min_size=count, max_size=count))
    caps = [draw(st.none() | st.integers(floor, 2 * large)) for floor in floors]
    return draw(whole), weights, floors, caps


@settings(max_examples=300, deadline=None)
@given(bounds())
def test_clamped_parts_keep_their_bounds_and_add_up(
    case: tuple[int, list[int], list[int], list[int | None]],
) -> None:
    amount, weights, floors, caps = case
    found = clamp_parts(amount, weights, floors, caps)
    assert sum(found.parts) + found.capped == amount
    if found.lacking:
        assert found.lacking == sum(floors) - amount
        return
    for part, weight, floor, cap in zip(found.parts, weights, floors, caps, strict=True):
        assert part >= floor
        assert cap is None or part <= cap
        assert weight or part == floor
    free = [
        (part, weight)
        for part, weight, floor, cap in zip(found.parts, weights, floors, caps, strict=True)
        if floor < part and (cap is None or part < cap)
    ]
    for part, weight in free:
        for other, size in free:
            assert abs(part * size - other * weight) <= weight + size
