"""Balances and flows of a loaded run as rows: amounts exact, names in the caller's language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from services.allocation.engine.leg import Leg
from services.allocation.engine.model import Int64s
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import RunResult
from shared.contracts.values import name_in
from shared.money import EXACT, from_units

SHARE_STEP = Decimal(1).scaleb(-12)
LAYER_ORDER = ("line", "pool", "resource", "solution", "consumer")


def share_of(part: int, whole: int) -> Decimal | None:
    """part / whole to twelve decimals; None when the whole is nothing."""
    if not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(
        SHARE_STEP, rounding=ROUND_HALF_EVEN, context=EXACT
    )


def name_of(numbering: Numbering, number: int, language: str) -> str | None:
    """What people read for an object number; None for the lines' own account."""
    if number >= numbering.count:
        return None
    found = numbering.objects[number]
    return name_in(found.names, language) or found.code


@dataclass(frozen=True)
class BalanceRow:
    """What an object, or a subtree, got and did with it, in units."""

    number: int
    layer: str
    code: str | None
    own: int
    received: int
    passed_on: int
    retained: int
    unallocated: int

    @property
    def holding(self) -> int:
        """Everything it had."""
        return self.own + self.received


def balance_rows(
    result: RunResult, measure: int, layer: str | None = None, *, rollup: bool = False
) -> list[BalanceRow]:
    """Balances in order of layer and code; with `rollup` every object counts all below it."""
    balances, numbering = result.balances, result.numbering
    sums = np.stack(
        [
            balances.own[measure],
            balances.received[measure],
            balances.passed_on[measure],
            balances.retained[measure],
            balances.unallocated[measure],
        ]
    )
    if rollup:
        sums = _rolled_up(numbering, sums)
    numbers: list[int] = []
    for name in LAYER_ORDER if layer is None else (layer,):
        if name == "line":
            numbers.append(numbering.line)
        else:
            members = numbering.layers[name]
            numbers.extend(range(members.first, members.first + len(members)))
    columns = sums[:, numbers].T.tolist()
    return [
        BalanceRow(number, numbering.layer_of(number), numbering.code_of(number), *units)
        for number, units in zip(numbers, columns, strict=True)
    ]


def _rolled_up(numbering: Numbering, sums: Int64s) -> Int64s:
    """Each object's sums with those of all objects below it."""
    out = sums.copy()
    for layer in numbering.layers.values():
        if not len(layer):
            continue
        stretch = slice(layer.first, layer.first + len(layer))
        positions = layer.table.positions
        in_preorder = np.zeros((len(sums), len(layer) + 1), dtype=np.int64)
        in_preorder[:, positions + 1] = sums[:, stretch]
        running = np.cumsum(in_preorder, axis=1)
        ends = np.array([layer.tree.intervals[one.code][1] for one in layer.objects])
        out[:, stretch] = running[:, ends] - running[:, positions]
    return out


@dataclass(frozen=True)
class FlowRow:
    """What a mapping moved from one object to another, in units."""

    stage: str
    mapping: str
    source: int
    target: int
    units: int
    quantity: Decimal | None


@dataclass(frozen=True)
class FlowFilter:
    """What a list of flows is narrowed to; numbers of objects, None is no restriction."""

    stage: str | None = None
    mapping: str | None = None
    sources: frozenset[int] | None = None
    targets: frozenset[int] | None = None


def flow_rows(result: RunResult, measure: int, wanted: FlowFilter) -> list[FlowRow]:
    """Flows in order of stage, source, target and mapping."""
    rows = list(_line_flows(result, wanted)) if measure == 0 else []
    for leg in result.legs:
        rows.extend(_leg_flows(result, leg, measure, wanted))
    order = {stage: place for place, stage in enumerate(_STAGES)}
    return sorted(rows, key=lambda row: (order[row.stage], row.source, row.target, row.mapping))


_STAGES = (
    "line_to_pool",
    "pool_to_resource",
    "pool_to_solution",
    "pool_to_consumer",
    "resource_to_resource",
    "resource_to_solution",
    "resource_to_consumer",
    "solution_to_solution",
    "solution_to_consumer",
)


def _line_flows(result: RunResult, wanted: FlowFilter) -> Iterator[FlowRow]:
    line = result.numbering.line
    if wanted.stage not in {None, "line_to_pool"}:
        return
    if wanted.sources is not None and line not in wanted.sources:
        return
    classified = result.classified
    rows = np.flatnonzero(classified.pool >= 0)
    places = len(classified.mappings) + 1
    keys = classified.pool[rows].astype(np.int64) * places + classified.mapping[rows]
    for key, units in _summed(keys, result.group_units[rows]):
        pool, place = divmod(key, places)
        mapping = classified.mappings[place].code
        if _is_wanted(wanted, mapping, pool):
            yield FlowRow("line_to_pool", mapping, line, pool, units, None)


def _is_wanted(wanted: FlowFilter, mapping: str, target: int) -> bool:
    return (wanted.mapping is None or wanted.mapping == mapping) and (
        wanted.targets is None or target in wanted.targets
    )


def _leg_flows(result: RunResult, leg: Leg, measure: int, wanted: FlowFilter) -> Iterator[FlowRow]:
    places = [
        place
        for place, spec in enumerate(leg.mappings)
        if wanted.stage in {None, spec.stage} and wanted.mapping in {None, spec.code}
    ]
    keep = np.isin(leg.mapping, places)
    objects = leg.object_of[leg.source].astype(np.int64)
    if wanted.sources is not None:
        keep &= np.isin(objects, list(wanted.sources))
    rows = np.flatnonzero(keep)
    if not len(rows):
        return
    widths = leg.rows.widths[rows]
    edges = _stretches(leg.rows.outs[rows], widths)
    at = _stretches(leg.rows.firsts[rows], widths)
    row_of = np.repeat(rows, widths)
    targets = leg.patterns.targets[at]
    known = targets < result.numbering.count
    if wanted.targets is not None:
        known &= np.isin(targets, list(wanted.targets))
    edges, at, row_of, targets = edges[known], at[known], row_of[known], targets[known]
    count, width = result.numbering.count, max(len(leg.mappings), 1)
    keys = (objects[row_of] * count + targets) * width + leg.mapping[row_of]
    quantities = _quantities(leg, keys, row_of, at)
    for key, units in _summed(keys, leg.parts[measure][edges]):
        pair, place = divmod(key, width)
        source, target = divmod(pair, count)
        spec = leg.mappings[place]
        yield FlowRow(spec.stage, spec.code, source, target, units, quantities.get(key))


def _stretches(starts: Int64s, widths: Int64s) -> Int64s:
    """All places of several stretches, one stretch after the other."""
    ends = np.cumsum(widths)
    shift = np.repeat(starts - (ends - widths), widths)
    return shift + np.arange(int(ends[-1]) if len(ends) else 0)


def _quantities(leg: Leg, keys: Int64s, row_of: Int64s, at: Int64s) -> dict[int, Decimal]:
    """The driver's quantity behind each flow; segments of a pool share it."""
    decimals = leg.patterns.decimals[leg.pattern[row_of]]
    there = np.flatnonzero(decimals >= 0)
    unique, first = np.unique(keys[there], return_index=True)
    weights = leg.patterns.weights[at[there[first]]].tolist()
    digits = decimals[there[first]].tolist()
    return {
        key: from_units(weight, digit)
        for key, weight, digit in zip(unique.tolist(), weights, digits, strict=True)
    }


def _summed(keys: Int64s, units: Int64s) -> list[tuple[int, int]]:
    """Units added up per key."""
    if not len(keys):
        return []
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    heads = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sums = np.add.reduceat(units[order], heads)
    return list(zip(ordered[heads].tolist(), sums.tolist(), strict=True))


def subtree_numbers(result: RunResult, layer: str, roots: Sequence[str]) -> frozenset[int]:
    """The numbers of the roots and of all below them."""
    members = result.numbering.layers[layer]
    inside = np.flatnonzero(members.table.under(roots)) + members.first
    return frozenset(inside.tolist())
