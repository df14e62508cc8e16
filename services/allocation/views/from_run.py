"""Reduces a loaded run to what views need: flows between objects, pools by cost type."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.allocation.engine.leg import Leg, edge_places
from services.allocation.engine.result import RunResult
from services.allocation.runs.loaded import loaded_runs
from services.allocation.views.figures import Int32s, Int64s, RunFigures, ViewObject
from shared.tables.allocation.runs import AllocationRun

KEPT = 24
_kept: OrderedDict[tuple[UUID, str], RunFigures] = OrderedDict()
_lock = threading.Lock()


def figures_of(session: Session, run: AllocationRun, measure: str) -> RunFigures:
    """One measure of a finished run, kept for the next view of it; a run never changes."""
    key = (run.id, measure)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    figures = reduce_run(str(run.id), loaded_runs.get(session, run), measure)
    with _lock:
        _kept[key] = figures
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return figures


def reduce_run(run_id: str, result: RunResult, measure: str) -> RunFigures:
    """The figures of one measure."""
    place = list(result.measures).index(measure)
    balances, numbering = result.balances, result.numbering
    sources, targets, moved = _flows(result, place)
    return RunFigures(
        run_id=run_id,
        period=result.period,
        currency=result.currency,
        precision=result.precision[measure],
        objects=[
            ViewObject(
                one.layer,
                one.code,
                one.parent,
                one.names,
                one.tags,
                one.unit_driver,
                one.capacity_driver,
            )
            for one in numbering.objects
        ],
        own=balances.own[place],
        received=balances.received[place],
        unallocated=balances.unallocated[place],
        retained=balances.retained[place],
        sources=sources,
        targets=targets,
        moved=moved,
        pool_costs=_pool_costs(result, place),
    )


def _flows(result: RunResult, place: int) -> tuple[Int32s, Int32s, Int64s]:
    """Units per pair of objects, over all mappings and segments; unknown codes left out."""
    count = result.numbering.count
    keys = [_pairs(leg, count) for leg in result.legs]
    units = [leg.parts[place] for leg in result.legs]
    if not keys:
        none = np.empty(0, dtype=np.int64)
        return none.astype(np.int32), none.astype(np.int32), none
    pairs, moved = np.concatenate(keys), np.concatenate(units)
    known = pairs >= 0
    unique, where = np.unique(pairs[known], return_inverse=True)
    sums = np.zeros(len(unique), dtype=np.int64)
    np.add.at(sums, where, moved[known])
    sources, targets = np.divmod(unique, max(count, 1))
    return sources.astype(np.int32), targets.astype(np.int32), sums


def _pairs(leg: Leg, count: int) -> Int64s:
    """source x count + target for every edge of a leg; -1 where the target is no object."""
    objects = leg.object_of[leg.source].astype(np.int64)
    sources = np.repeat(objects, leg.rows.widths)
    targets = leg.patterns.targets[edge_places(leg.rows)].astype(np.int64)
    return np.where(targets < count, sources * count + targets, -1)


def _pool_costs(result: RunResult, place: int) -> Mapping[tuple[int, str | None], int]:
    """What entered each pool, by cost type; own amounts of pools have none."""
    sums: dict[tuple[int, str | None], int] = {}
    if place == 0:
        types = result.groups.columns["cost_type"].texts()
        rows = zip(result.classified.pool.tolist(), types, result.group_units.tolist(), strict=True)
        for pool, cost_type, units in rows:
            if pool >= 0:
                sums[(pool, cost_type)] = sums.get((pool, cost_type), 0) + units
    pools = result.numbering.layers["pool"]
    for number in range(pools.first, pools.first + len(pools)):
        own = int(result.balances.own[place, number])
        if own:
            sums[(number, None)] = sums.get((number, None), 0) + own
    return sums
