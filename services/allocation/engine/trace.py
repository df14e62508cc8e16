"""Where a figure comes from and where it goes: proportional contributions, settled once.

Contribution of u to v = amount x the product of flow / holding along the paths. All products are
carried unrounded; only the answer is settled to whole units, so it adds up to the figure exactly
and both directions agree. Where a source's amounts cancel out, its stand-in gives the proportions.
"""

from dataclasses import dataclass

import numpy as np

from services.allocation.engine.classification import OUT_OF_SCOPE
from services.allocation.engine.contributions import Terms, Trace, only
from services.allocation.engine.leg import Leg
from services.allocation.engine.model import LAYERS, Int32s, Int64s
from services.allocation.engine.pairs import Pairs, as_pairs, summed, weighed
from services.allocation.engine.result import RunResult

OBJECT, OWN, RETAINED, UNALLOCATED, LEFT_OUT, LINES = (
    "object",
    "own",
    "retained",
    "unallocated",
    "out_of_scope",
    "lines",
)


@dataclass(frozen=True)
class LineAmounts:
    """Single lines of a run: the group each belongs to and its units; places are the caller's."""

    groups: Int32s
    units: Int64s


def trace_back(
    result: RunResult,
    number: int,
    to: str,
    measure: int = 0,
    lines: LineAmounts | None = None,
) -> Trace:
    """What an object's amount is made of: objects of layer `to`, or lines when `to` is `line`.

    Money that reached later layers without passing `to` ends at the first object before it; own
    amounts on the way are terms of their own. Without `lines`, lines come as groups.
    """
    reached = np.zeros((2, result.numbering.count + 1))
    reached[0, number] = 1.0
    terms = Terms()
    depth = LAYERS.index(to)
    for leg in reversed(result.legs):
        _end_here(result, LAYERS.index(leg.layer) + 1, depth, reached, terms, measure)
        if leg.layer == "pool":
            _end_at_pools(result, leg, depth, reached, terms, measure, lines)
        else:
            goal = _share_of_sources(result, leg, reached, measure)
            reached[:, leg.object_of] += goal
    return terms.settle(int(result.balances.holding[measure, number]))


def _share_of_sources(result: RunResult, leg: Leg, reached: Pairs, measure: int) -> Pairs:
    """Per source of a leg, the share of its holding that ends in the goal."""
    from services.allocation.engine.trace_kernels import reach_back

    shares = np.zeros((2, leg.holding.shape[1]))
    known, targets = result.numbering.count, leg.patterns.targets
    rows, source = leg.rows, leg.source
    held = leg.holding[measure]
    reach_back(
        leg.parts[measure],
        rows.firsts,
        rows.lasts,
        rows.outs,
        targets,
        source,
        held,
        known,
        reached,
        shares,
    )
    if len(leg.shape_row):
        rows, source = leg.shape_rows, leg.source[leg.shape_row]
        reach_back(
            leg.shape_parts[0],
            rows.firsts,
            rows.lasts,
            rows.outs,
            targets,
            source,
            _stand_ins(leg, measure),
            known,
            reached,
            shares,
        )
    return shares


def _stand_ins(leg: Leg, measure: int) -> Int64s:
    """The stand-in of every source that has no net amount of the measure, else zero."""
    return np.where(leg.holding[measure] == 0, leg.holding[-1], 0)


def _end_here(
    result: RunResult, layer: int, depth: int, reached: Pairs, terms: Terms, measure: int
) -> None:
    """Terms of one layer: whole holdings where the trace ends, own amounts where it goes on."""
    members = result.numbering.layers[LAYERS[layer]]
    stretch = slice(members.first, members.first + len(members))
    numbers = np.arange(members.first, members.first + len(members))
    balances = result.balances
    if layer <= depth:
        pairs = weighed(balances.holding[measure, stretch], reached[:, stretch])
        terms.add(OBJECT, members.name, numbers, pairs)
        reached[:, stretch] = 0.0
    else:
        pairs = weighed(balances.own[measure, stretch], reached[:, stretch])
        terms.add(OWN, members.name, numbers, pairs)


def _end_at_pools(
    result: RunResult,
    leg: Leg,
    depth: int,
    reached: Pairs,
    terms: Terms,
    measure: int,
    lines: LineAmounts | None,
) -> None:
    """The last step back: through a pool's segments to the pool, or on to lines."""
    pools = result.numbering.layers["pool"]
    direct = reached[:, pools.first : pools.first + len(pools)].copy()
    shares = _share_of_sources(result, leg, reached, measure)
    itself = direct[:, leg.object_of - pools.first]
    shares = np.where(itself[0] != 0.0, itself, shares)
    if depth >= LAYERS.index("pool"):
        pairs = weighed(leg.holding[measure], shares)
        numbers = np.arange(pools.first, pools.first + len(pools))
        terms.add(OBJECT, "pool", numbers, summed(pairs, leg.object_of - pools.first, len(pools)))
        return
    first_own = int(result.segments.of_group.max(initial=-1)) + 1
    own = weighed(leg.holding[measure, first_own:], shares[:, first_own:])
    terms.add(OWN, "pool", leg.object_of[first_own:], own)
    if measure:
        return
    if lines is None:
        groups = np.arange(len(result.groups))
        pairs = weighed(result.group_units, shares, result.segments.of_group.astype(np.int64))
        terms.add(LINES, "line", groups, pairs)
    else:
        at = result.segments.of_group[lines.groups].astype(np.int64)
        terms.add(LINES, "line", np.arange(len(at)), weighed(lines.units, shares, at))


def trace_forward(result: RunResult, number: int, to: str, measure: int = 0) -> Trace:
    """Where an object's amount ends: objects of layer `to` or later, and what stayed on the way."""
    layer = result.numbering.layer_of(number)
    units = int(result.balances.holding[measure, number])
    given = np.zeros((2, result.numbering.count + 1))
    segments = None
    if layer == "pool":
        leg = result.legs[0]
        segments = np.where(leg.object_of == number, leg.holding[measure], 0)
    else:
        given[:, number] = as_pairs(np.array([units]))[:, 0]
    return _forward(result, units, given, segments, to, measure)


def trace_lines_forward(result: RunResult, group: int, units: int, to: str) -> Trace:
    """Where some units of a line group end."""
    segment = int(result.segments.of_group[group])
    if segment < 0:
        left_out = int(result.classified.pool[group]) == OUT_OF_SCOPE
        kind = LEFT_OUT if left_out else UNALLOCATED
        place = result.numbering.line
        return only(kind, "line", place, units)
    amounts = np.zeros(len(result.segments), dtype=np.int64)
    amounts[segment] = units
    given = np.zeros((2, result.numbering.count + 1))
    return _forward(result, units, given, amounts, to, 0)


def _forward(
    result: RunResult, units: int, given: Pairs, segments: Int64s | None, to: str, measure: int
) -> Trace:
    terms = Terms()
    depth = LAYERS.index(to)
    for leg in result.legs:
        if LAYERS.index(leg.layer) >= depth:
            break
        if leg.layer == "pool":
            if segments is None:
                continue
            here = as_pairs(segments)
        else:
            here = given[:, leg.object_of].copy()
            given[:, leg.object_of] = 0.0
        _pass_on(result, leg, here, given, measure)
        for kind, kept in ((RETAINED, leg.retained), (UNALLOCATED, leg.unallocated)):
            stayed = _stayed(leg, here, kept, measure)
            here_kept = summed(stayed, leg.object_of, result.numbering.count)
            terms.add(kind, leg.layer, np.arange(result.numbering.count), here_kept)
    if segments is not None and depth <= LAYERS.index("pool"):
        pools = result.legs[0].object_of
        given = given + summed(as_pairs(segments), pools, given.shape[1])
    for layer in result.numbering.layers.values():
        stretch = slice(layer.first, layer.first + len(layer))
        numbers = np.arange(layer.first, layer.first + len(layer))
        terms.add(OBJECT, layer.name, numbers, given[:, stretch])
    return terms.settle(units)


def _pass_on(result: RunResult, leg: Leg, here: Pairs, given: Pairs, measure: int) -> None:
    from services.allocation.engine.trace_kernels import flow_on

    known, targets, rows = result.numbering.count, leg.patterns.targets, leg.rows
    flow_on(
        leg.parts[measure],
        rows.firsts,
        rows.lasts,
        rows.outs,
        targets,
        leg.source,
        leg.holding[measure],
        known,
        here,
        given,
    )
    if len(leg.shape_row):
        rows, source = leg.shape_rows, leg.source[leg.shape_row]
        flow_on(
            leg.shape_parts[0],
            rows.firsts,
            rows.lasts,
            rows.outs,
            targets,
            source,
            _stand_ins(leg, measure),
            known,
            here,
            given,
        )


def _stayed(leg: Leg, here: Pairs, kept: Int64s, measure: int) -> Pairs:
    """The part of what came that stayed on its source."""
    from services.allocation.engine.trace_kernels import take_share

    out = np.zeros_like(here)
    take_share(here, kept[measure], leg.holding[measure], out)
    take_share(here, kept[-1], _stand_ins(leg, measure), out)
    return out
