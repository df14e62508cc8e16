"""Reads what views need of finished runs: layer by layer from balances, flows only when asked."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.allocation.engine.flows.leg import Leg, edge_places
from services.allocation.engine.model import ObjectSpec
from services.allocation.engine.result import RunResult
from services.allocation.runs.input_repository import read_head_document
from services.allocation.runs.loaded import loaded_runs
from services.allocation.views import repository
from services.allocation.views.figures import Edges, Int64s, LayerFigures, parents_of
from services.allocation.views.keeping import Kept
from shared.database import new_session
from shared.periods import covers
from shared.tables.allocation.runs import AllocationRun

BYTES_PER_OBJECT = 400
_layers: Kept[LayerFigures] = Kept(300_000_000, lambda one: BYTES_PER_OBJECT * len(one.at) + 2_000)
_objects: Kept[Mapping[str, Sequence[ObjectSpec]]] = Kept(
    300_000_000, lambda layers: 2_000 * sum(map(len, layers.values())) + 2_000
)
_edges: Kept[Sequence[Edges]] = Kept(
    600_000_000,
    lambda legs: sum(leg.sources.nbytes + leg.targets.nbytes for leg in legs) + 2_000,
)


def layer_of(
    session: Session, run: AllocationRun, measure: str, layer: str, *, by_cost_type: bool = False
) -> LayerFigures:
    """What the objects of a layer cost in a finished run."""
    key = (run.id, measure, layer, by_cost_type)
    return _layers.get(key, lambda: _read_layer(session, run, measure, layer, by_cost_type))


def edges_of(session: Session, run: AllocationRun, measure: str) -> Sequence[Edges]:
    """All flows between objects, leg by leg."""
    return _edges.get(
        (run.id, measure), lambda: edges_of_result(loaded_runs.get(session, run), measure)
    )


def _read_layer(
    session: Session, run: AllocationRun, measure: str, layer: str, by_cost_type: bool
) -> LayerFigures:
    rows = repository.balances_of_layer(session, run.id, measure, layer)
    numbers, codes, parents, *columns = list(zip(*rows, strict=True)) or [()] * 7
    own, received, retained, unallocated = (np.array(one, dtype=np.int64) for one in columns)
    amounts = own + received
    if repository.spreads_within(session, run.model_version_id, layer):
        amounts = amounts - _given_within(edges_of(session, run, measure), layer, numbers)
    at, units, kinds = np.arange(len(codes)), amounts, None
    if by_cost_type:
        at, units, kinds = _pool_costs(session, run, measure, own)
    return LayerFigures(
        layer=layer,
        period=run.period,
        precision=run.precision[measure],
        first=numbers[0] if numbers else 0,
        codes=codes,
        parents=parents_of(codes, parents),
        own=own,
        retained=retained,
        unallocated=unallocated,
        amounts=amounts,
        touched=(own != 0) | (received != 0),
        at=at,
        units=units,
        kinds=kinds,
        read_objects=_Reader(run.id, run.period, layer, codes),
    )


class _Reader:
    """Reads the descriptions of a layer's objects when somebody first looks at them."""

    def __init__(self, run_id: UUID, period: str, layer: str, codes: Sequence[str]) -> None:
        self._run_id, self._period, self._layer, self._codes = run_id, period, layer, codes

    def __call__(self) -> Sequence[ObjectSpec]:
        layers = _objects.get(self._run_id, self._read)
        known = {one.code: one for one in layers.get(self._layer, ())}
        return [known.get(code) or ObjectSpec(self._layer, code) for code in self._codes]

    def _read(self) -> Mapping[str, Sequence[ObjectSpec]]:
        with new_session() as session:
            head = read_head_document(session, self._run_id)
        objects = [ObjectSpec(**one) for one in head["objects"]]
        valid = [one for one in objects if covers(one.valid_from, one.valid_to, self._period)]
        ordered = sorted(valid, key=lambda one: one.layer)
        return {layer: list(found) for layer, found in groupby(ordered, lambda one: one.layer)}


def edges_of_result(result: RunResult, measure: str) -> Sequence[Edges]:
    """The flows of one measure; what leads to no object is left out."""
    place, count = list(result.measures).index(measure), result.numbering.count
    return [_edges_of_leg(leg, place, count) for leg in result.legs]


def _edges_of_leg(leg: Leg, place: int, count: int) -> Edges:
    sources = np.repeat(leg.object_of[leg.source].astype(np.int32), leg.rows.widths)
    targets = leg.patterns.targets[edge_places(leg.rows)].astype(np.int32)
    moved = leg.parts[place]
    known = targets < count
    if not known.all():
        sources, targets, moved = sources[known], targets[known], moved[known]
    return Edges(leg.layer, sources, targets, moved)


def _given_within(legs: Sequence[Edges], layer: str, numbers: Sequence[int]) -> Int64s:
    """What each object of a layer gave to others (or itself) in the same layer."""
    first, count = (numbers[0], len(numbers)) if numbers else (0, 0)
    given = np.zeros(count, dtype=np.int64)
    for leg in legs:
        if leg.layer == layer:
            inside = (leg.targets >= first) & (leg.targets < first + count)
            np.add.at(given, leg.sources[inside] - first, leg.moved[inside])
    return given


def _pool_costs(
    session: Session, run: AllocationRun, measure: str, own: Int64s
) -> tuple[Int64s, Int64s, Sequence[str | None]]:
    """What entered each pool, by cost type; own amounts of pools have none."""
    sums: dict[tuple[int, str | None], int] = {}
    if measure == "cost":
        result = loaded_runs.get(session, run)
        first = result.numbering.layers["pool"].first
        types: Any = result.groups.columns["cost_type"].texts()
        rows = zip(result.classified.pool.tolist(), types, result.group_units.tolist(), strict=True)
        for pool, cost_type, units in rows:
            if pool >= 0:
                key = (pool - first, cost_type)
                sums[key] = sums.get(key, 0) + units
    for place in np.flatnonzero(own).tolist():
        sums[(place, None)] = sums.get((place, None), 0) + int(own[place])
    at = np.array([place for place, _ in sums], dtype=np.int64)
    return at, np.array(list(sums.values()), dtype=np.int64), [kind for _, kind in sums]
