"""Shares inside a layer, for traces: what ends where after any number of rounds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.same_layer.factoring import Factored
from services.allocation.engine.splitting.split import Rows
from services.allocation.engine.tracing.pairs import Pairs, added

OUTSIDE = -1
Floats = NDArray[np.float64]
MOST_STEPS = 8
CLOSE_ENOUGH = 2.0**-90


@dataclass(frozen=True)
class Flows:
    """The flows of one measure, or of its stand-ins: per edge the part, per place what it had.

    had = sum of parts to objects + stayed + retained + unallocated; parts that lead nowhere are
    among the unallocated.
    """

    parts: Int64s
    had: Int64s
    stayed: Int64s
    retained: Int64s
    unallocated: Int64s


@dataclass(frozen=True)
class SharesWithin:
    """The shares of one leg within a layer and one measure.

    They are flow by gross amount; where an object's own flows cannot tell its proportions (it has
    no net amount, signs differ, or so few units that they never leave) its stand-in does. So every
    share lies between 0 and 1, all of an object add up to 1, and money always finds an exit.
    """

    leg: Leg
    first: int
    measure: int

    @property
    def count(self) -> int:
        """How many objects the layer has."""
        return len(self.leg.object_of)

    @cached_property
    def sources(self) -> Int32s:
        """The source's place of every edge."""
        return np.repeat(self.leg.source, self.leg.rows.widths).astype(np.int32)

    @cached_property
    def targets(self) -> Int32s:
        """The target's place of every edge, OUTSIDE where it leads nowhere."""
        places = self.leg.edge_targets - self.first
        inside = (places >= 0) & (places < self.count)
        return np.where(inside, places, OUTSIDE).astype(np.int32)

    @cached_property
    def actual(self) -> Flows:
        """The flows of the measure itself."""
        leg, at = self.leg, self.measure
        return self._flows(leg.parts[at], leg.holding[at], leg.retained[at], leg.unallocated[at])

    @cached_property
    def base(self) -> Int64s:
        """What each object had before anything moved inside the layer."""
        received = np.zeros(self.count, dtype=np.int64)
        inside = self.targets != OUTSIDE
        np.add.at(received, self.targets[inside], self.actual.parts[inside])
        return np.asarray(self.actual.had - received, dtype=np.int64)

    @cached_property
    def shape(self) -> Flows:
        """The flows of the stand-ins, edge by edge as the actual ones."""
        leg = self.leg
        parts = np.zeros(leg.rows.edge_count, dtype=np.int64)
        parts[_places(leg.rows, leg.shape_rows, leg.shape_row)] = leg.shape_parts[0]
        return self._flows(parts, leg.holding[-1], leg.retained[-1], leg.unallocated[-1])

    def _flows(self, parts: Int64s, had: Int64s, retained: Int64s, unallocated: Int64s) -> Flows:
        sent = np.zeros(self.count, dtype=np.int64)
        inside = self.targets != OUTSIDE
        np.add.at(sent, self.sources[inside], parts[inside])
        return Flows(parts, had, had - sent - retained - unallocated, retained, unallocated)

    @cached_property
    def by_shape(self) -> Mask:
        """The objects whose stand-in gives the proportions."""
        actual = self.actual
        signs = np.sign(actual.had)
        by_shape: Mask = np.asarray(signs == 0, dtype=np.bool_)
        for kept in (actual.stayed, actual.retained, actual.unallocated):
            by_shape |= signs * np.sign(kept) < 0
        by_shape[self.sources[signs[self.sources] * np.sign(actual.parts) < 0]] = True
        while True:
            stuck = self._is_member & ~by_shape & ~self._finds_exit(by_shape)
            if not stuck.any():
                return by_shape
            by_shape |= stuck

    @cached_property
    def _is_member(self) -> Mask:
        found = np.zeros(self.count, dtype=np.bool_)
        found[self.leg.source] = True
        return found

    def _finds_exit(self, by_shape: Mask) -> Mask:
        """From where money leaves the members along flows that are not zero."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order

        parts = np.where(by_shape[self.sources], self.shape.parts, self.actual.parts)
        stays = np.zeros(self.count, dtype=np.bool_)
        for flows, mine in ((self.actual, ~by_shape), (self.shape, by_shape)):
            stays |= mine & ((flows.stayed != 0) | (flows.retained != 0) | (flows.unallocated != 0))
        edges = np.flatnonzero((parts != 0) & (self.targets != OUTSIDE))
        ends = ~self._is_member[self.targets[edges]]
        stays[self.sources[edges[ends]]] = True
        edges = edges[~ends]
        starts = np.flatnonzero(stays)
        heads = np.append(self.targets[edges], np.full(len(starts), self.count))
        tails = np.append(self.sources[edges], starts)
        shape = (self.count + 1, self.count + 1)
        graph = csr_matrix((np.ones(len(heads)), (heads, tails)), shape=shape)
        found = breadth_first_order(graph, self.count, return_predecessors=False)
        out = np.zeros(self.count + 1, dtype=np.bool_)
        out[found] = True
        return np.asarray(out[:-1], dtype=np.bool_)

    @cached_property
    def edge_shares(self) -> NDArray[np.float64]:
        """Per edge the share of what its source had, in usual floating point."""
        parts = np.where(self.by_shape[self.sources], self.shape.parts, self.actual.parts)
        had = np.where(self.by_shape, self.shape.had, self.actual.had).astype(np.float64)
        shares = np.zeros(len(parts))
        np.divide(parts, had[self.sources], out=shares, where=had[self.sources] != 0)
        return shares

    @cached_property
    def _members(self) -> Int64s:
        return np.flatnonzero(self._is_member)

    @cached_property
    def _factors(self) -> Factored:
        count = len(self._members)
        place = np.full(self.count + 1, OUTSIDE, dtype=np.int32)
        place[self._members] = np.arange(count, dtype=np.int32)
        edges = np.flatnonzero(place[self.targets] != OUTSIDE)
        ends = (place[self.sources[edges]], place[self.targets[edges]])
        return Factored(count, *ends, self.edge_shares[edges])

    def over(self, edges: Int64s) -> Callable[[Floats], Floats]:
        """Amounts after any number of rounds over some of the edges only, in floating point."""
        from scipy.sparse import csr_matrix

        count, members = self.count, self._members
        ends = (self.targets[edges], self.sources[edges])
        step = csr_matrix((self.edge_shares[edges], ends), shape=(count, count))
        within = csr_matrix(step[members][:, members]).tocoo()
        factors = Factored(len(members), within.row, within.col, within.data)

        def gross(base: Floats) -> Floats:
            found = base.copy()
            found[members] = factors.solve(base[members])
            found[~self._is_member] += (step @ found)[~self._is_member]
            return found

        return gross

    def stayed(self, gross: Pairs) -> Pairs:
        """The part of gross amounts, or the share of them, that moves on to later layers."""
        return self._taken(gross, self.actual.stayed, self.shape.stayed)

    def retained(self, gross: Pairs) -> Pairs:
        """The part of gross amounts that a rule of the stage retains."""
        return self._taken(gross, self.actual.retained, self.shape.retained)

    def unallocated(self, gross: Pairs) -> Pairs:
        """The part of gross amounts that stays unallocated in the stage."""
        return self._taken(gross, self.actual.unallocated, self.shape.unallocated)

    def _taken(self, gross: Pairs, actual: Int64s, shape: Int64s) -> Pairs:
        from services.allocation.engine.tracing.trace_kernels import take_share

        out = np.zeros((2, self.count))
        pairs = np.ascontiguousarray(gross)
        take_share(pairs, actual, self._had, out)
        take_share(pairs, shape, self._had_shape, out)
        return out

    @cached_property
    def _had(self) -> Int64s:
        return np.where(self.by_shape, 0, self.actual.had)

    @cached_property
    def _had_shape(self) -> Int64s:
        return np.where(self.by_shape, self.shape.had, 0)

    def back(self, ending: Pairs) -> Pairs:
        """Per object the share of its gross amount that ends in the goal.

        `ending` is the share that does without another step inside the layer.
        """
        return self._solved(ending, self._onward, transposed=False)

    def forward(self, given: Pairs) -> Pairs:
        """The gross amounts to which given amounts grow on their rounds."""
        return self._solved(given, self._arriving, transposed=True)

    def _solved(self, base: Pairs, step: Callable[[Pairs], Pairs], *, transposed: bool) -> Pairs:
        """x = base + step(x), refined in twice the usual width until nothing changes."""
        from services.allocation.engine.same_layer.joint_kernels import add_correction

        found = base.copy()
        if not len(self._members):
            return found
        for _ in range(MOST_STEPS):
            residual = added(base, step(found), -found)
            change = np.zeros(self.count)
            members = self._members
            change[members] = self._factors.solve(residual[0, members], transposed=transposed)
            add_correction(found, change)
            found_size, size = np.abs(found[0]).max(initial=0.0), np.abs(change).max(initial=0.0)
            if size <= CLOSE_ENOUGH * found_size:
                break
        rest = ~self._is_member
        found[:, rest] = added(base, step(found))[:, rest]
        return found

    def _onward(self, shares: Pairs) -> Pairs:
        """What of each object's gross amount ends in the goal by way of others in the layer."""
        from services.allocation.engine.tracing.trace_kernels import reach_back

        leg, out = self.leg, np.zeros((2, self.count))
        goal = np.zeros((2, self.first + self.count))
        goal[:, self.first :] = shares
        known, targets = self.first + self.count, leg.patterns.targets
        for parts, rows, source, had in self._both():
            ends = (rows.firsts, rows.lasts, rows.outs, targets, source, had)
            reach_back(parts, *ends, known, goal, out)
        return out

    def _arriving(self, gross: Pairs) -> Pairs:
        """What gross amounts send to each object of the layer."""
        from services.allocation.engine.tracing.trace_kernels import flow_on

        leg = self.leg
        known, targets = self.first + self.count, leg.patterns.targets
        out = np.zeros((2, known))
        for parts, rows, source, had in self._both():
            ends = (rows.firsts, rows.lasts, rows.outs, targets, source, had)
            flow_on(parts, *ends, known, gross, out)
        return np.ascontiguousarray(out[:, self.first :])

    def _both(self) -> list[tuple[Int64s, Rows, Int32s, Int64s]]:
        leg = self.leg
        return [
            (leg.parts[self.measure], leg.rows, leg.source, self._had),
            (leg.shape_parts[0], leg.shape_rows, leg.source[leg.shape_row], self._had_shape),
        ]


def shares_within(leg: Leg, measure: int) -> SharesWithin:
    """The shares of a leg within its layer, worked out once per measure."""
    found = leg.solvers.get(measure)
    if not isinstance(found, SharesWithin):
        found = SharesWithin(leg, int(leg.object_of[0]), measure)
        leg.solvers[measure] = found
    return found


def _places(rows: Rows, some: Rows, chosen: Int64s) -> Int64s:
    """For every edge of some of the rows, its place among the edges of all."""
    shift = np.repeat(rows.outs[chosen] - some.outs, some.widths)
    return np.asarray(shift + np.arange(some.edge_count), dtype=np.int64)
