"""What holds for every run, as checks on one input; the laws' tests feed them random models."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import reject

from services.allocation.engine.model import DriverTable, LineGroups, RunInput
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.engine.storing.storage import dump_run, load_input, load_run
from services.allocation.engine.tracing.trace import (
    LINES,
    OBJECT,
    trace_back,
    trace_forward,
    trace_lines_forward,
)
from shared.errors import RuleBroken


def finished(taken: RunInput) -> RunResult:
    """The run, or another example where the model holds a loop that money never leaves."""
    try:
        return run_allocation(taken)
    except RuleBroken as broken:
        if broken.code not in {"closed_loop", "near_singular"} or not broken.errors:
            raise
        reject()


def balances_exactly(taken: RunInput) -> None:
    """Every object passes on or keeps exactly what it got, in every measure."""
    result = finished(taken)
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
    shares = result.accuracy
    together = shares.measured_share + shares.estimated_share
    together += shares.fallback_share + shares.unallocated_share
    assert together in (0, 1)


def ignores_order(taken: RunInput, shuffle: Callable[[list[object]], None]) -> None:
    """The order of rows, objects, mappings and quantities does not matter."""

    def shuffled(rows: Sequence[object]) -> list[object]:
        order = list(rows)
        shuffle(order)
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
        drivers={code: _shuffled_driver(table, shuffle) for code, table in taken.drivers.items()},
    )
    first, second = finished(taken), finished(mixed)
    assert first.fingerprint == second.fingerprint
    assert first.output_hash == second.output_hash


def _shuffled_driver(table: DriverTable, shuffle: Callable[[list[object]], None]) -> DriverTable:
    order: list[object] = list(range(len(table)))
    shuffle(order)
    rows = np.array(order, dtype=np.int64)
    return replace(
        table,
        sources=table.sources.take(rows),
        targets=table.targets.take(rows),
        quantities=table.quantities[rows],
    )


def mirrors_credits(taken: RunInput) -> None:
    """A credit moves as the charge of the same size does; only rates know no sign."""
    taken = replace(taken, mappings=[spec for spec in taken.mappings if spec.method != "rate"])
    groups = taken.groups
    mirrored = replace(
        taken,
        groups=replace(groups, amounts=[-amount for amount in groups.amounts]),
        own_amounts=[replace(own, amount=-own.amount) for own in taken.own_amounts],
    )
    there, back = finished(taken), finished(mirrored)
    assert (there.balances.passed_on == -back.balances.passed_on).all()
    assert (there.balances.retained == -back.balances.retained).all()


def traces_add_up(taken: RunInput) -> None:
    """A trace adds up to its figure; from pools and lines to consumers both directions agree."""
    result = finished(taken)
    for number in range(result.numbering.count):
        for to in ("line", "pool", "resource", "solution", "consumer"):
            for measure in (0, 1):
                back = trace_back(result, number, to, measure)
                assert sum(term.units for term in back.contributions) == back.units
                forward = trace_forward(result, number, to, measure)
                assert sum(term.units for term in forward.contributions) == forward.units
    _agree(result, "pool", "consumer")
    if not any(leg.within for leg in result.legs):
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


def lines_agree(taken: RunInput) -> None:
    """Lines traced forward and bills traced back to lines agree."""
    result = finished(taken)
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


def answers_when_stored(taken: RunInput) -> None:
    """A stored run answers like the fresh one, and its stored input gives it again."""
    fresh = finished(taken)
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
