"""Formulas of explanations: read and evaluated exactly, and true for every figure of any run."""

from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.allocation.engine.model import MappingSpec, OwnAmount, RunInput
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.explanations.domain import Inflow, inflows
from services.allocation.explanations.explaining import INFLOWS, explain_object
from services.allocation.explanations.formulas import Goal, Part, evaluate, formula
from services.allocation.explanations.places import Places
from services.allocation.explanations.teller import Teller
from services.allocation.explanations.wording import grouped, percent
from services.allocation.runs.seen_run import SeenRun
from shared.errors import RuleBroken
from shared.ids import new_id
from shared.money import plain
from shared.tables.allocation.runs import AllocationRun
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects, to_pool
from tests.unit.engine_models import runs
from tests.unit.test_engine_laws import usual


def told(taken: RunInput, result: RunResult, number: int, measure: int) -> Teller:
    """The explanation of one object of a fresh run."""
    run = AllocationRun(
        id=new_id(),
        period=taken.period,
        scenario=taken.scenario,
        currency=taken.currency,
        model_version_id=new_id(),
        subject="tester",
    )
    seen = SeenRun(run, result, measure, "en", None)
    places = Places(run.id, run.model_version_id, result.measures[measure])
    settings = {stage: asdict(setting) for stage, setting in taken.stages.items()}
    teller = Teller(seen, places, settings)
    explain_object(teller, number, ())
    return teller


def flows_told(teller: Teller) -> int:
    return sum(one.text.startswith("flow_") for one in teller.formulas)


def can_be_told(inflow: Inflow) -> bool:
    """Whether one formula says how much of what the mapping took came here."""
    target = inflow.mapping.target
    return inflow.weights is not None or "object" in target or "field" in target


@usual(60)
@given(runs(), st.data())
def test_every_figure_of_any_run_is_explained_by_formulas_that_hold(
    taken: RunInput, data: st.DataObject
) -> None:
    try:
        result = run_allocation(taken)
    except RuleBroken:
        assume(False)
    assume(result.numbering.count > 0)
    number = data.draw(st.integers(0, result.numbering.count - 1))
    measure = data.draw(st.integers(0, len(result.measures) - 1))
    teller = told(taken, result, number, measure)
    for one in teller.formulas:
        _, _, expression = one.text.partition(" = ")
        names = {part.name: f"{{{place}}}" for place, part in enumerate(one.parts)}
        words = " ".join(names.get(word, word) for word in expression.split())
        value = evaluate(words, [Fraction(part.value) for part in one.parts])
        assert value is not None
        assert abs(value - Fraction(one.value)) <= Fraction(one.tolerance)
    found = inflows(result, number, measure, INFLOWS)
    layer = result.numbering.layer_of(number)
    if layer != "pool":
        assert flows_told(teller) == sum(can_be_told(one) for one in found.largest)
    received = int(result.balances.received[measure, number])
    if received:
        assert any(one.text.startswith("received = ") for one in teller.formulas)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{0}", "6"),
        ("{0} + {1} - {2}", "5"),
        ("{0} * {1} / {2}", "6"),
        ("{0} * ( {1} + {2} )", "30"),
        ("{0} / 100", "3/50"),
    ],
)
def test_expressions_are_evaluated_exactly(expression: str, value: str) -> None:
    values = [Fraction(6), Fraction(5, 2), Fraction(5, 2)]
    if "-" in expression:
        values[2] = Fraction(7, 2)
    assert evaluate(expression, values) == Fraction(value)


def test_a_division_by_nothing_has_no_value() -> None:
    assert evaluate("{0} / {1}", [Fraction(1), Fraction(0)]) is None


def test_a_formula_that_misses_its_figure_is_not_shown() -> None:
    goal = Goal("flow", Decimal("3.33"), 2, "/flows")
    parts = [Part("moved", Decimal(10), "/moved"), Part("targets", Decimal(3), "/mapping")]
    shown = formula(goal, "{0} / {1}", parts, slack=1)
    assert shown is not None
    assert (shown.text, shown.tolerance) == ("flow = moved / targets", Decimal("0.01"))
    assert formula(goal, "{0} / {1}", parts) is None
    assert formula(Goal("flow", Decimal(4), 2, "/flows"), "{0} / {1}", parts, slack=1) is None


def test_numbers_are_written_exactly_with_their_thousands_apart() -> None:
    assert grouped(Decimal("1234567.5"), 2) == "1,234,567.50"
    assert grouped(Decimal("-0.000001"), 2) == "-0.000001"
    assert percent(1, 3) == "33.3333"
    assert percent(1, 0) == "?"


def price(**amounts: str) -> dict[str, object]:
    return {code: {"amount": amount, "currency": "EUR"} for code, amount in amounts.items()}


EVERYONE = {"*": {"amount": "40", "currency": "EUR"}}
MEMBERS = objects("P1", "R1", "C1", "C2", "C3")
INTO_R1 = [to_pool(), mapping("site", "pool_to_resource", target={"object": "R1"})]
USE = driver("use", {"C1": "90", "C2": "6", "C3": "4"})
CAPACITY = driver("places", {"R1": "125"})


def explained(
    spec: MappingSpec, code: str, *, measure: int = 0, amount: str = "100"
) -> tuple[str, list[str]]:
    """The first sentence of an inflow at a consumer, and the texts of its formulas."""
    taken = a_run(
        MEMBERS,
        [*INTO_R1, spec],
        lines(({}, amount)),
        USE,
        CAPACITY,
        own_amounts=[OwnAmount("kwh", "resource", "R1", Decimal(50))],
        measures=("cost", "kwh"),
    )
    result = run_allocation(taken)
    number = result.numbering.number("consumer", code)
    assert number is not None
    teller = told(taken, result, number, measure)
    flows = [one for one in teller.formulas if one.text.startswith("flow_")]
    return teller.sentences[1], [
        f"{one.text} = {plain(one.value)}: {', '.join(plain(part.value) for part in one.parts)}"
        for one in flows
    ]


def used(**fields: Any) -> MappingSpec:
    return mapping("use", "resource_to_consumer", driver="use", **fields)


def test_a_cap_a_floor_and_the_free_are_told_apart() -> None:
    spec = used(cap=EVERYONE, floor=price(C3="24"))
    capped, formulas = explained(spec, "C1")
    assert "90 % of 100.00 EUR by use, held down to the cap of 40 EUR" in capped
    assert formulas == ["flow_01 = bound_01 = 40: 40"]
    floored, formulas = explained(spec, "C3")
    assert "lifted to the floor of 24 EUR" in floored
    free, formulas = explained(spec, "C2")
    assert "after others met their bounds" in free
    assert formulas == ["flow_01 = free_01 * quantity_01 / total_01 = 36: 36, 6, 6"]


def test_too_little_for_the_floors_is_shared_by_them() -> None:
    told_of, formulas = explained(used(floor=price(C1="150", C2="50")), "C2")
    assert "is less than all floors together (200.00 EUR)" in told_of
    assert formulas == ["flow_01 = moved_01 * bound_01 / total_01 = 25: 100, 50, 200"]


def test_a_rate_is_told_as_quantity_times_price() -> None:
    spec = replace(used(rates=price(C1="0.5", C2="2")), method="rate")
    told_of, formulas = explained(spec, "C1")
    assert "90 use at 0.5 EUR each" in told_of
    assert formulas == ["flow_01 = quantity_01 * price_01 = 45: 90, 0.5"]
    told_of, formulas = explained(spec, "C1", measure=1)
    assert "45 % of 50 kWh, as its cost went" in told_of
    assert formulas == ["flow_01 = moved_01 * cost_share_01 / cost_base_01 = 22.5: 50, 45, 100"]


def test_a_rate_that_charges_too_much_is_told_so() -> None:
    spec = replace(used(rates=price(C1="1", C2="10")), method="rate")
    _, formulas = explained(spec, "C1", measure=1)
    assert formulas == ["flow_01 = moved_01 * cost_share_01 / cost_base_01 = 30: 50, 90, 150"]


def test_idle_capacity_is_told() -> None:
    spec = replace(used(capacity_driver="places"), method="capacity")
    told_of, formulas = explained(spec, "C1")
    assert "90 of a capacity of 125 use = 72 % of 100.00 EUR; what is idle stays" in told_of
    assert formulas == ["flow_01 = moved_01 * quantity_01 / total_01 = 72: 100, 90, 125"]


@st.composite
def priced_runs(draw: st.DrawFn) -> RunInput:
    """One pool whose lines go to consumers by rates, capacity, floors and caps."""
    cents = st.integers(0, 6000).map(lambda number: str(Decimal(number) / 100))
    one = st.fixed_dictionaries({"amount": cents, "currency": st.sampled_from(["EUR", "USD"])})
    prices = st.dictionaries(st.sampled_from(["*", "C1", "C2", "C3"]), one, min_size=1)
    spec = mapping(
        "use", "pool_to_consumer", driver="use", portion=draw(st.sampled_from(["100", "33.3"]))
    )
    kind = draw(st.sampled_from(["rate", "capacity", "floor", "cap", "both"]))
    if kind == "rate":
        spec = replace(spec, method="rate", rates=draw(prices))
    elif kind == "capacity":
        spec = replace(spec, method="capacity", capacity_driver="places")
    else:
        floor, cap = draw(prices), draw(prices)
        spec = replace(
            spec,
            floor=floor if kind != "cap" else None,
            cap=cap if kind != "floor" else None,
        )
    signed = st.integers(-12000, 12000).map(lambda number: str(Decimal(number) / 100))
    rows = draw(st.lists(st.tuples(st.just({"account": "1"}), signed), min_size=1, max_size=4))
    counts = st.integers(0, 9).map(str)
    used_by = draw(st.dictionaries(st.sampled_from(["C1", "C2", "C3", "gone"]), counts))
    return a_run(
        MEMBERS,
        [to_pool(), spec],
        lines(*rows),
        driver("use", used_by),
        driver("places", {"P1": draw(counts)}),
        own_amounts=[OwnAmount("kwh", "pool", "P1", Decimal(50))],
        measures=("cost", "kwh"),
        rates={"USD": Decimal("0.9234567")},
    )


@usual(80)
@given(priced_runs(), st.sampled_from(["C1", "C2", "C3"]), st.integers(0, 1))
def test_prices_and_bounds_are_told_by_formulas_whatever_they_are(
    taken: RunInput, code: str, measure: int
) -> None:
    result = run_allocation(taken)
    number = result.numbering.number("consumer", code)
    assert number is not None
    teller = told(taken, result, number, measure)
    found = inflows(result, number, measure, INFLOWS)
    assert flows_told(teller) == len(found.largest)
