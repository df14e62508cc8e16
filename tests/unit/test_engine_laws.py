"""The laws of a run on small random models: nothing lost, no order matters, traces add up."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.model import (
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    OwnAmount,
    RunInput,
)
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.storage import dump_run, load_input, load_run
from services.allocation.engine.trace import (
    LINES,
    OBJECT,
    trace_back,
    trace_forward,
    trace_lines_forward,
)
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects

MEMBERS = [
    *objects("P1", "P2", "R1", "R2", "R3", "S1", "S2", "S3", "C1", "C2", "C3", "C4", R3="R2"),
]
STAGES = {
    "P": ("pool_to_resource", "pool_to_solution", "pool_to_consumer"),
    "R": ("resource_to_solution", "resource_to_consumer"),
    "S": ("solution_to_consumer",),
}
CODES = {
    "resource": ["R1", "R2", "R3", "nowhere"],
    "solution": ["S1", "S2", "S3", "nowhere"],
    "consumer": ["C1", "C2", "C3", "C4", "nowhere"],
}

amounts = st.decimals("-1000000", "1000000", places=3).map(str)
quantities = st.decimals("0", "1000", places=2).map(str)
portions = st.sampled_from(["100", "100", "33.3", "50", "0.001"])
on_zeros = st.sampled_from(["unallocated", "next", "even"])


@st.composite
def targets(draw: st.DrawFn, layer: str) -> dict[str, object]:
    codes = CODES[layer]
    kind = draw(st.sampled_from(["object", "field", "retain", "shares", "even", "driver"]))
    if kind == "object":
        return {"target": {"object": draw(st.sampled_from(codes))}}
    if kind == "field":
        key = "tags.app"
        return {"target": {"field": key, "aliases": {"a": codes[0], "b": codes[1]}}}
    if kind == "retain":
        return {"target": {"retain": True}}
    if kind == "shares":
        first = draw(st.integers(1, 99))
        return {"target": {"shares": {codes[0]: str(first), codes[2]: str(100 - first)}}}
    chosen = draw(st.sampled_from([{}, {"code": codes[:2]}, {"under": "R2"}]))
    return {
        "target": chosen,
        **({"driver": draw(st.sampled_from("xyz"))} if kind == "driver" else {}),
    }


@st.composite
def mappings(draw: st.DrawFn) -> list[MappingSpec]:
    found = [
        mapping("in", "line_to_pool", target={"object": "P1"}, priority=1, source={"account": "1"}),
        mapping("out", "line_to_pool", target={"out_of_scope": True}, source={"account": "9"}),
        mapping("rest", "line_to_pool", target={"field": "account", "aliases": {"2": "P2"}}),
    ]
    for letter, stages in STAGES.items():
        for place in range(draw(st.integers(0, 3))):
            stage = draw(st.sampled_from(stages))
            layer = stage.rsplit("_", 1)[1]
            source = {"tags.app": "a"} if letter == "P" and draw(st.booleans()) else {}
            found.append(
                mapping(
                    f"{letter}{place}",
                    stage,
                    priority=draw(st.integers(1, 3)),
                    portion=draw(portions),
                    source=source,
                    on_zero=draw(on_zeros),
                    **draw(targets(layer)),
                )
            )
    return found


@st.composite
def drivers(draw: st.DrawFn) -> list[DriverTable]:
    every = [code for codes in CODES.values() for code in codes]
    plain = draw(st.dictionaries(st.sampled_from(every), quantities, max_size=8))
    pairs = st.tuples(st.sampled_from(["P1", "R1", "S1"]), st.sampled_from(every))
    metered = draw(st.dictionaries(pairs, quantities, max_size=8))
    return [driver("x", plain), driver("y", {**plain, **metered}, "estimated"), driver("z", {})]


@st.composite
def runs(draw: st.DrawFn) -> RunInput:
    fields = st.fixed_dictionaries(
        {"account": st.sampled_from("1239"), "tags.app": st.sampled_from(["a", "b", "c"])}
    )
    rows = draw(st.lists(st.tuples(fields, amounts), min_size=1, max_size=8))
    own = draw(
        st.lists(
            st.builds(
                OwnAmount,
                measure=st.sampled_from(["cost", "kwh"]),
                layer=st.just("resource"),
                code=st.sampled_from(["R1", "R2", "R9"]),
                amount=st.decimals("-500", "500", places=2),
            ),
            max_size=3,
        )
    )
    return a_run(
        MEMBERS,
        draw(mappings()),
        lines(*rows),
        *draw(drivers()),
        own_amounts=own,
        measures=("cost", "kwh"),
    )


@settings(max_examples=120, deadline=None)
@given(runs())
def test_every_object_passes_on_or_keeps_exactly_what_it_got(taken: RunInput) -> None:
    result = run_allocation(taken)
    got = result.balances
    kept = got.passed_on + got.retained + got.unallocated
    assert (got.own + got.received == kept).all()
    for measure in result.totals.values():
        ends = measure.consumers + measure.retained + measure.unallocated
        assert measure.input == ends + measure.residual
    listed = np.zeros_like(got.unallocated)
    for entry in result.entries:
        listed[:, entry.object_number] += np.array(entry.units)
    assert (listed == got.unallocated).all()


@settings(max_examples=60, deadline=None)
@given(runs(), st.randoms(use_true_random=False))
def test_the_order_of_rows_objects_and_mappings_does_not_matter(
    taken: RunInput, random: object
) -> None:
    def shuffled(rows: Sequence[object]) -> list[object]:
        order = list(rows)
        random.shuffle(order)  # type: ignore[attr-defined]
        return order

    rows = np.array(shuffled(range(len(taken.groups))), dtype=np.int64)
    groups = taken.groups
    mixed = replace(
        taken,
        objects=shuffled(taken.objects),  # type: ignore[arg-type]
        mappings=shuffled(taken.mappings),  # type: ignore[arg-type]
        groups=LineGroups(
            currency=groups.currency.take(rows),
            columns={key: column.take(rows) for key, column in groups.columns.items()},
            amounts=[groups.amounts[row] for row in rows],
            gross=[groups.gross[row] for row in rows],
            line_counts=groups.line_counts[rows],
            decimals=groups.decimals,
        ),
        drivers={code: _shuffled_driver(table, random) for code, table in taken.drivers.items()},
    )
    first, second = run_allocation(taken), run_allocation(mixed)
    assert first.fingerprint == second.fingerprint
    assert first.output_hash == second.output_hash


def _shuffled_driver(table: DriverTable, random: object) -> DriverTable:
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = np.array(order, dtype=np.int64)
    return replace(
        table,
        sources=table.sources.take(rows),
        targets=table.targets.take(rows),
        quantities=table.quantities[rows],
    )


@settings(max_examples=60, deadline=None)
@given(runs())
def test_a_credit_mirrors_the_charge_of_the_same_size(taken: RunInput) -> None:
    groups = taken.groups
    mirrored = replace(
        taken,
        groups=replace(groups, amounts=[-amount for amount in groups.amounts]),
        own_amounts=[replace(own, amount=-own.amount) for own in taken.own_amounts],
    )
    there, back = run_allocation(taken), run_allocation(mirrored)
    assert (there.balances.passed_on == -back.balances.passed_on).all()
    assert (there.balances.retained == -back.balances.retained).all()


@settings(max_examples=80, deadline=None)
@given(runs())
def test_a_trace_adds_up_to_the_figure_and_agrees_in_both_directions(taken: RunInput) -> None:
    result = run_allocation(taken)
    numbers = range(result.numbering.count)
    for number in numbers:
        for to in ("line", "pool", "resource", "solution", "consumer"):
            for measure in (0, 1):
                back = trace_back(result, number, to, measure)
                assert sum(term.units for term in back.contributions) == back.units
                forward = trace_forward(result, number, to, measure)
                assert sum(term.units for term in forward.contributions) == forward.units
    _agree(result, "pool", "consumer")
    _agree(result, "resource", "consumer")


def _agree(result: RunResult, layer: str, to: str) -> None:
    members, ends = result.numbering.layers[layer], result.numbering.layers[to]
    forward = {
        (number, term.place): term.units
        for number in range(members.first, members.first + len(members))
        for term in trace_forward(result, number, to).contributions
        if term.kind == OBJECT and term.layer == to
    }
    for end in range(ends.first, ends.first + len(ends)):
        terms = trace_back(result, end, layer).contributions
        back = {t.place: t.units for t in terms if t.kind == OBJECT and t.layer == layer}
        for number in range(members.first, members.first + len(members)):
            assert abs(back.get(number, 0) - forward.get((number, end), 0)) <= 2


@settings(max_examples=60, deadline=None)
@given(runs())
def test_lines_traced_forward_and_bills_traced_back_to_lines_agree(taken: RunInput) -> None:
    result = run_allocation(taken)
    consumers = result.numbering.layers["consumer"]
    back = {
        (term.place, number): term.units
        for number in range(consumers.first, consumers.first + len(consumers))
        for term in trace_back(result, number, "line").contributions
        if term.kind == LINES
    }
    for group, units in enumerate(result.group_units.tolist()):
        trace = trace_lines_forward(result, group, units, "consumer")
        assert sum(term.units for term in trace.contributions) == units
        for term in trace.contributions:
            if term.kind == OBJECT:
                assert abs(term.units - back.get((group, term.place), 0)) <= 2


@settings(max_examples=40, deadline=None)
@given(runs())
def test_a_stored_run_answers_like_the_fresh_one(taken: RunInput) -> None:
    fresh = run_allocation(taken)
    stored: dict[str, list[bytes]] = {}
    for chunk in dump_run(taken, fresh):
        stored.setdefault(chunk.name, []).append(chunk.content)
    loaded = load_run(stored)
    assert loaded.totals == fresh.totals
    assert loaded.entries == fresh.entries
    assert loaded.counts == fresh.counts
    for number in range(fresh.numbering.count):
        for to in ("line", "consumer"):
            assert trace_back(loaded, number, to) == trace_back(fresh, number, to)
            assert trace_forward(loaded, number, to) == trace_forward(fresh, number, to)
    assert run_allocation(load_input(stored)).output_hash == fresh.output_hash


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_number_of_threads_does_not_matter(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = objects("P1", *(f"R{place}" for place in range(400)))
    rows = [({"account": str(place)}, f"{place}.37") for place in range(300)]
    weights = {f"R{place}": str(place % 7 + 1) for place in range(400)}
    rules = [
        mapping("all", "line_to_pool", target={"object": "P1"}),
        mapping("x", "pool_to_resource", driver="x", source={"account": {"ne": "no"}}),
    ]
    taken = a_run(members, rules, lines(*rows), driver("x", weights))
    monkeypatch.setenv("BTIM_ENGINE_THREADS", "2")
    expected = run_allocation(taken)
    monkeypatch.setenv("BTIM_ENGINE_THREADS", threads)
    assert run_allocation(taken).output_hash == expected.output_hash


def test_objects_of_another_period_take_no_part() -> None:
    members = [*objects("P1", "R1"), ObjectSpec("resource", "R2", valid_from="2026-02")]
    rules = [
        mapping("all", "line_to_pool", target={"object": "P1"}),
        mapping("even", "pool_to_resource", target={}),
    ]
    result = run_allocation(a_run(members, rules, lines(({}, "10"))))
    assert result.totals["cost"].unallocated == Decimal(10)
    assert [one.code for one in result.numbering.objects] == ["P1", "R1"]
