"""What reached an object in a run, mapping by mapping, and by what weights; amounts in units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.patterns import FALLBACK
from services.allocation.engine.model import Int64s, MappingSpec
from services.allocation.engine.result import RunResult


@dataclass(frozen=True)
class Weights:
    """The weight of one target among all of its source: whole numbers of 10^-decimals.

    `decimals` is -1 where they are no quantities. `targets` counts them; `is_fallback` says that
    they are even for lack of better ones. For rates and bounds `by_target` has each target, its
    weight and what it got of the cost, and `kept_back` is what the method kept of it.
    """

    weight: int
    total: int
    decimals: int
    targets: int
    is_fallback: bool
    by_target: Sequence[tuple[int, int, int]] = ()
    kept_back: int = 0


@dataclass(frozen=True)
class Inflow:
    """What one mapping brought from one object: `units` of the `moved` that it took there.

    `held` is all that the source had, `left` what earlier mappings had left of it (None where that
    cannot be told); `rows` counts the splits behind it, each exact to one unit. `weights` is None
    where the sources' segments went by different ones. `cost` is what came of the source's cost,
    and of how much, where another measure follows the cost (rates and bounds).
    """

    mapping: MappingSpec
    is_within: bool
    source: int
    units: int
    moved: int
    held: int
    left: int | None
    rows: int
    weights: Weights | None
    cost: tuple[int, int] | None = None


@dataclass(frozen=True)
class LineInflow:
    """Lines of one currency that one mapping caught; `amount` in 10^-18 of that currency."""

    mapping: MappingSpec | None
    currency: str
    lines: int
    groups: int
    amount: int
    units: int


@dataclass(frozen=True)
class Outflow:
    """What one mapping moved away from an object, to how many others."""

    mapping: MappingSpec
    is_within: bool
    targets: int
    units: int


@dataclass(frozen=True)
class Inflows:
    """The largest inflows of an object, and how many others there are with what together."""

    largest: Sequence[Inflow]
    others: int
    other_units: int


def inflows(result: RunResult, number: int, measure: int, limit: int) -> Inflows:
    """What reached an object from other objects, the largest first."""
    found = [one for leg in result.legs for one in _groups_of_leg(leg, number, measure)]
    found.sort(key=lambda one: (-abs(one.units), one.source, one.mapping.code))
    moved = {id(one.leg): _moved(one.leg, measure) for one in found[:limit]}
    known = result.numbering.count
    largest = [_inflow(one, measure, moved[id(one.leg)], known) for one in found[:limit]]
    return Inflows(largest, len(found[limit:]), sum(one.units for one in found[limit:]))


@dataclass(frozen=True)
class _Group:
    """The rows by which one mapping brings something from one object."""

    leg: Leg
    source: int
    place: int
    rows: Int64s
    at: Int64s
    units: int
    target: int

    @property
    def mapping(self) -> MappingSpec:
        """The mapping of all the rows."""
        return self.leg.mappings[self.place]


def _groups_of_leg(leg: Leg, number: int, measure: int) -> Iterator[_Group]:
    rows, edges, at = _edges_to(leg, number)
    objects = leg.object_of[leg.source[rows]].astype(np.int64)
    keys = objects * max(len(leg.mappings), 1) + leg.mapping[rows]
    order = np.argsort(keys, kind="stable")
    heads = np.flatnonzero(np.diff(keys[order], prepend=-1))
    for mine in np.split(order, heads[1:]) if len(heads) else []:
        source, place = divmod(int(keys[mine[0]]), len(leg.mappings))
        units = int(leg.parts[measure, edges[mine]].sum())
        if units:
            yield _Group(leg, source, place, rows[mine], at[mine], units, number)


def _inflow(one: _Group, measure: int, moved: Int64s, known: int) -> Inflow:
    leg = one.leg
    weights = _weights(leg, one, known)
    return Inflow(
        mapping=one.mapping,
        is_within=leg.within,
        source=one.source,
        units=one.units,
        moved=int(moved[one.rows].sum()),
        held=int(leg.holding[measure][leg.object_of == one.source].sum()),
        left=_left(leg, measure, one.place, one.rows, moved),
        rows=len(one.rows),
        weights=weights,
        cost=_cost_share(one, weights) if measure and weights is not None else None,
    )


def _cost_share(one: _Group, weights: Weights) -> tuple[int, int] | None:
    """What of the source's cost came here, and of how much: the shares of the other measures."""
    if not weights.by_target:
        return None
    here = sum(got for place, _, got in weights.by_target if place == one.target)
    went = sum(got for _, _, got in weights.by_target)
    kept = weights.kept_back
    if one.mapping.method == "rate":
        kept = max(kept, 0) if went + kept > 0 else 0
    return (here, went + kept) if went + kept else None


def _edges_to(leg: Leg, number: int) -> tuple[Int64s, Int64s, Int64s]:
    """The rows that lead to a target, their edges, and the edges' places in the patterns."""
    at = np.flatnonzero(leg.patterns.targets == number)
    owners = np.searchsorted(leg.patterns.firsts, at, side="right") - 1
    place_in = np.full(len(leg.patterns) + 1, -1, dtype=np.int64)
    place_in[owners] = at
    rows = np.flatnonzero(place_in[leg.pattern] >= 0)
    places = place_in[leg.pattern[rows]]
    return rows, leg.rows.outs[rows] + places - leg.rows.firsts[rows], places


def _moved(leg: Leg, measure: int) -> Int64s:
    """Per row all that it moved; sums may wrap on the way, their differences do not."""
    running = np.zeros(leg.rows.edge_count + 1, dtype=np.int64)
    np.cumsum(leg.parts[measure], out=running[1:])
    return np.asarray(running[leg.rows.outs + leg.rows.widths] - running[leg.rows.outs])


def _left(leg: Leg, measure: int, place: int, rows: Int64s, moved: Int64s) -> int | None:
    """What the mappings before this one had left on its sources, if only flows went before."""
    sources = leg.source[rows]
    if (leg.retained[measure, sources] != 0).any():
        return None
    before = np.flatnonzero(np.isin(leg.source, sources) & (leg.mapping < place))
    gone = int(moved[before].sum())
    return int(leg.holding[measure, sources].sum()) - gone


def _weights(leg: Leg, one: _Group, known: int) -> Weights | None:
    """The weights by which the rows were split; None when they are not all the same.

    The last edge of a rate or cap stands for what it keeps back: it leads nowhere, by no weight.
    """
    patterns = leg.patterns
    chosen = np.unique(leg.pattern[one.rows])
    if len(chosen) != 1:
        return None
    pattern = int(chosen[0])
    first, last = int(patterns.firsts[pattern]), int(patterns.firsts[pattern + 1])
    weights = patterns.big.get(pattern) or patterns.weights[first:last].tolist()
    decimals = -1 if pattern in patterns.big else int(patterns.decimals[pattern])
    edges: list[tuple[int, int, int]] = []
    kept_back = 0
    if one.mapping.method == "rate" or one.mapping.floor or one.mapping.cap:
        got = _cost_got(leg, one.rows, last - first)
        targets = patterns.targets[first:last].tolist()
        edges = list(zip(targets, weights, got, strict=True))
        if (one.mapping.method == "rate" or one.mapping.cap) and targets[-1] >= known:
            _, weight, kept = edges[-1]
            edges, kept_back = (edges, 0) if weight else (edges[:-1], kept)
    return Weights(
        weight=int(weights[int(one.at[0]) - first]),
        total=sum(weights),
        decimals=decimals,
        targets=sum(weight > 0 for weight in weights),
        is_fallback=int(patterns.grades[pattern]) == FALLBACK,
        by_target=edges,
        kept_back=kept_back,
    )


def _cost_got(leg: Leg, rows: Int64s, width: int) -> list[int]:
    """What each target of a pattern got of the cost from these rows together."""
    sums = np.zeros(width, dtype=np.int64)
    for out in leg.rows.outs[rows].tolist():
        sums += leg.parts[0, out : out + width]
    return [int(units) for units in sums]


def line_inflows(result: RunResult, pool: int | None) -> list[LineInflow]:
    """What mappings caught into a pool, per currency; without one, what reached no pool.

    The latter are lines out of scope (with their mapping), unknown pools, and no mapping at all.
    """
    classified = result.classified
    chosen = classified.pool == pool if pool is not None else classified.pool < 0
    rows = np.flatnonzero(chosen)
    sums: dict[tuple[int, str], list[int]] = {}
    texts = result.groups.currency.texts()
    for row in rows.tolist():
        key = (int(classified.mapping[row]), str(texts[row]))
        total = sums.setdefault(key, [0, 0, 0, 0])
        total[0] += int(result.groups.line_counts[row])
        total[1] += 1
        total[2] += result.groups.amounts[row]
        total[3] += int(result.group_units[row])
    found = [
        LineInflow(classified.mappings[place] if place >= 0 else None, currency, *total)
        for (place, currency), total in sums.items()
    ]
    return sorted(found, key=lambda one: (-abs(one.units), one.currency))


def is_out_of_scope(one: LineInflow) -> bool:
    """Whether these lines were left out on purpose."""
    return one.mapping is not None and "out_of_scope" in one.mapping.target


def outflows(result: RunResult, number: int, measure: int) -> list[Outflow]:
    """What left an object, mapping by mapping in the order in which they take."""
    found: list[Outflow] = []
    for leg in result.legs:
        rows = np.flatnonzero(leg.object_of[leg.source] == number)
        for place in np.unique(leg.mapping[rows]).tolist():
            mine = rows[leg.mapping[rows] == place]
            targets, units = _reached(leg, mine, measure, result.numbering.count)
            if targets:
                found.append(Outflow(leg.mappings[place], leg.within, targets, units))
    return found


def _reached(leg: Leg, rows: Int64s, measure: int, known: int) -> tuple[int, int]:
    """How many objects these rows lead to, and what reached them together."""
    targets: set[int] = set()
    units = 0
    for row in rows.tolist():
        first, width = int(leg.rows.firsts[row]), int(leg.rows.widths[row])
        out = int(leg.rows.outs[row])
        reached = leg.patterns.targets[first : first + width]
        targets.update(reached[reached < known].tolist())
        units += int(leg.parts[measure, out : out + width][reached < known].sum())
    return len(targets), units
