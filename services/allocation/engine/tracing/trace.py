"""Where a figure comes from and where it goes: proportional contributions, settled once.

Contribution of u to v = amount x the product of flow / holding along the paths, over any number of
rounds inside a layer. All products are carried unrounded; only the answer is settled to whole
units, so it adds up to the figure exactly and both directions agree. A layer's objects count at
where money leaves the layer. Where a source's amounts cancel out, its stand-in gives the
proportions; what a rate charged beyond its source's money is a source of its own.
"""

from dataclasses import dataclass

import numpy as np

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.lines.classification import OUT_OF_SCOPE
from services.allocation.engine.model import LAYERS, Int32s, Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.tracing.contributions import Terms, Trace, only
from services.allocation.engine.tracing.leg_shares import LegShares
from services.allocation.engine.tracing.pairs import Pairs, added, as_pairs, summed, weighed
from services.allocation.engine.tracing.shares_within import SharesWithin, shares_within

OBJECT, OWN, RETAINED, UNALLOCATED, LEFT_OUT, LINES, RATE_DIFFERENCE = (
    "object",
    "own",
    "retained",
    "unallocated",
    "out_of_scope",
    "lines",
    "rate_difference",
)


@dataclass(frozen=True)
class LineAmounts:
    """Single lines of a run: the group each belongs to and its units; places are the caller's."""

    groups: Int32s
    units: Int64s


@dataclass(frozen=True)
class _Graph:
    """One measure of a run as shares, leg by leg, and how far a trace goes."""

    result: RunResult
    measure: int
    depth: int

    def leaving(self, layer: str) -> LegShares:
        """What left a layer for later ones."""
        leg = self._leg(layer, within=False)
        assert leg is not None  # noqa: S101 - every layer but the last has one
        return LegShares(leg, self.measure, self.result.numbering.count)

    def inside(self, layer: str) -> SharesWithin | None:
        """What moved inside a layer before that; None without a same-layer stage."""
        leg = self._leg(layer, within=True)
        return None if leg is None else shares_within(leg, self.measure)

    def _leg(self, layer: str, *, within: bool) -> Leg | None:
        legs = self.result.legs
        return next((one for one in legs if (one.layer, one.within) == (layer, within)), None)

    def stretch(self, layer: str) -> slice:
        """The numbers of a layer's objects."""
        members = self.result.numbering.layers[layer]
        return slice(members.first, members.first + len(members))

    def goes_on(self, layer: str) -> bool:
        """Whether a trace back does not end at this layer's objects."""
        return LAYERS.index(layer) > self.depth


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
    graph = _Graph(result, measure, LAYERS.index(to))
    reached = np.zeros((2, result.numbering.count + 1))
    reached[0, number] = 1.0
    terms = Terms()
    _back_from_consumers(graph, reached, terms)
    for layer in ("solution", "resource"):
        _back_through(graph, layer, reached, terms)
    _back_to_pools(graph, reached, terms, lines)
    return terms.settle(int(result.balances.holding[measure, number]))


def _back_from_consumers(graph: _Graph, reached: Pairs, terms: Terms) -> None:
    stretch, balances = graph.stretch("consumer"), graph.result.balances
    numbers = np.arange(stretch.start, stretch.stop)
    if graph.goes_on("consumer"):
        own = weighed(balances.own[graph.measure, stretch], reached[:, stretch])
        terms.add(OWN, "consumer", numbers, own)
    else:
        whole = weighed(balances.holding[graph.measure, stretch], reached[:, stretch])
        terms.add(OBJECT, "consumer", numbers, whole)
        reached[:, stretch] = 0.0


def _back_through(graph: _Graph, layer: str, reached: Pairs, terms: Terms) -> None:
    """From what left a layer's objects, and the goal if it is one of them, to what came there."""
    stretch, measure = graph.stretch(layer), graph.measure
    numbers = np.arange(stretch.start, stretch.stop)
    if not len(numbers):
        return
    goal = reached[:, stretch].copy()
    leaving, inside = graph.leaving(layer), graph.inside(layer)
    shares, charged = leaving.back(reached)
    terms.add(RATE_DIFFERENCE, layer, numbers, charged)
    if graph.goes_on(layer):
        if inside is not None:
            shares = inside.back(added(inside.stayed(shares), goal))
        else:
            shares = added(shares, goal)
        own = graph.result.balances.own[measure, stretch]
        terms.add(OWN, layer, numbers, weighed(own, shares))
        reached[:, stretch] = shares
        return
    ending = weighed(leaving.leg.holding[measure], shares)
    if inside is not None and goal.any():
        goal = inside.back(goal)
    base = graph.result.balances.holding[measure, stretch]
    base = base if inside is None else inside.base
    terms.add(OBJECT, layer, numbers, added(ending, weighed(base, goal)))
    reached[:, stretch] = 0.0


def _back_to_pools(graph: _Graph, reached: Pairs, terms: Terms, lines: LineAmounts | None) -> None:
    """The last step back: through a pool's segments to the pool, or on to lines."""
    result, measure = graph.result, graph.measure
    stretch, leaving = graph.stretch("pool"), graph.leaving("pool")
    leg = leaving.leg
    pools = np.arange(stretch.start, stretch.stop)
    places = leg.object_of - stretch.start
    shares, charged = leaving.back(reached)
    itself = reached[:, stretch][:, places]
    shares = np.where(itself[0] != 0.0, itself, shares)
    terms.add(RATE_DIFFERENCE, "pool", pools, summed(charged, places, len(pools)))
    if not graph.goes_on("pool"):
        pairs = weighed(leg.holding[measure], shares)
        terms.add(OBJECT, "pool", pools, summed(pairs, places, len(pools)))
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
    return _forward(_Graph(result, measure, LAYERS.index(to)), units, given, segments)


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
    return _forward(_Graph(result, 0, LAYERS.index(to)), units, given, amounts)


def _forward(graph: _Graph, units: int, given: Pairs, segments: Int64s | None) -> Trace:
    terms = Terms()
    numbering = graph.result.numbering
    if segments is not None:
        pools = graph.leaving("pool")
        if graph.depth > LAYERS.index("pool"):
            _leave(pools, as_pairs(segments), given, terms)
        else:
            given = given + summed(as_pairs(segments), pools.leg.object_of, given.shape[1])
    for layer in ("resource", "solution"):
        _forward_through(graph, layer, given, terms)
    for members in numbering.layers.values():
        stretch = slice(members.first, members.first + len(members))
        numbers = np.arange(members.first, members.first + len(members))
        terms.add(OBJECT, members.name, numbers, given[:, stretch])
    return terms.settle(units)


def _forward_through(graph: _Graph, layer: str, given: Pairs, terms: Terms) -> None:
    """Take what came to a layer's objects through its same-layer stage and on to later layers."""
    stretch, index = graph.stretch(layer), LAYERS.index(layer)
    if index > graph.depth or not given[0, stretch].any():
        return
    numbers = np.arange(stretch.start, stretch.stop)
    inside = graph.inside(layer)
    if inside is not None:
        gross = inside.forward(given[:, stretch].copy())
        terms.add(RETAINED, layer, numbers, inside.retained(gross))
        terms.add(UNALLOCATED, layer, numbers, inside.unallocated(gross))
        given[:, stretch] = inside.stayed(gross)
    if index < graph.depth:
        here = given[:, stretch].copy()
        given[:, stretch] = 0.0
        _leave(graph.leaving(layer), here, given, terms)


def _leave(leaving: LegShares, here: Pairs, given: Pairs, terms: Terms) -> None:
    """Pass on what is at the sources of a leg, and note what stays there."""
    leaving.forward(here, given)
    leg, count = leaving.leg, given.shape[1]
    numbers = np.arange(count)
    terms.add(RETAINED, leg.layer, numbers, summed(leaving.retained(here), leg.object_of, count))
    stayed = summed(leaving.unallocated(here), leg.object_of, count)
    terms.add(UNALLOCATED, leg.layer, numbers, stayed)
