"""Simulations as callers see them and as they are kept: amounts as text, names in all languages."""

from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.model import Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.what_if.simulation import Effect, Sums
from services.allocation.runs.answers import made
from shared.contracts.allocation.changes import ChangedTotals
from shared.contracts.allocation.simulations import (
    ChangedObject,
    KeptSimulation,
    SimulationAnswer,
)
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.money import EXACT, from_units, plain
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Simulation

TOTALS = ("input", "consumers", "retained", "unallocated")


def changed_numbers(effect: Effect, result: RunResult, measure: int, layer: str | None) -> Int64s:
    """The objects that differ, the largest difference first, then by layer and code."""
    delta = effect.after[measure] - effect.before[measure]
    if layer is not None:
        members = result.numbering.layers[layer]
        elsewhere = np.ones(len(delta), dtype=np.bool_)
        elsewhere[members.first : members.first + len(members)] = False
        delta = np.where(elsewhere, 0, delta)
    numbers = np.flatnonzero(delta)
    return numbers[np.argsort(-np.abs(delta[numbers]), kind="stable")]


def stored_items(
    effect: Effect, result: RunResult, measure: int, numbers: Int64s
) -> list[dict[str, Any]]:
    """Objects with what they have before and after."""
    digits = result.precision[result.measures[measure]]
    items = []
    for number in numbers.tolist():
        found = result.numbering.objects[number]
        before, after = int(effect.before[measure, number]), int(effect.after[measure, number])
        item = {"layer": found.layer, "code": found.code, "names": dict(found.names)}
        items.append(item | _change(before, after, digits))
    return items


def stored_totals(effect: Effect, result: RunResult) -> dict[str, Any]:
    """Every measure's sums before and after; the input counts what rounding to units left."""
    return {
        name: _total(effect.sums_before[place], effect.sums_after[place], result, name)
        for place, name in enumerate(result.measures)
    }


def _total(before: Sums, after: Sums, result: RunResult, measure: str) -> dict[str, Any]:
    digits = result.precision[measure]
    totals = {name: _change(getattr(before, name), getattr(after, name), digits) for name in TOTALS}
    exact = result.totals[measure].input
    delta = from_units(after.input - before.input, digits)
    totals["input"] = {
        "before": plain(exact),
        "after": plain(EXACT.add(exact, delta)),
        "delta": plain(delta),
    }
    return totals


def _change(before: int, after: int, digits: int) -> dict[str, str]:
    units = {"before": before, "after": after, "delta": after - before}
    return {name: plain(from_units(unit, digits)) for name, unit in units.items()}


def answer(row: Simulation, run: AllocationRun, language: str, *, kept: bool) -> SimulationAnswer:
    """A simulation with its items."""
    return made(
        SimulationAnswer,
        run=run.id,
        period=run.period,
        scenario=run.scenario,
        currency=run.currency,
        measure=row.measure,
        changes=row.changes,
        totals=_totals(row),
        changed=row.changed,
        items=[_item(one, language) for one in row.items],
        id=row.id if kept else None,
        name=row.name,
        created_at=row.created_at if kept else None,
        created_by=row.subject if kept else None,
    )


def listed(row: Simulation, run: AllocationRun) -> KeptSimulation:
    """A kept simulation in a list."""
    return made(
        KeptSimulation,
        id=row.id,
        name=row.name,
        run=run.id,
        period=run.period,
        scenario=run.scenario,
        currency=run.currency,
        measure=row.measure,
        changes=row.changes,
        totals=_totals(row),
        changed=row.changed,
        created_at=row.created_at,
        created_by=row.subject,
        etag=etag_of(row.id, row.version),
    )


def _totals(row: Simulation) -> dict[str, ChangedTotals]:
    return {measure: ChangedTotals.model_validate(totals) for measure, totals in row.totals.items()}


def _item(item: dict[str, Any], language: str) -> ChangedObject:
    amounts = {name: Decimal(item[name]) for name in ("before", "after", "delta")}
    name = name_in(item["names"], language) or item["code"]
    return made(ChangedObject, layer=item["layer"], code=item["code"], name=name, **amounts)
