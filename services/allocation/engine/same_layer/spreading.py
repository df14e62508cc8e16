"""Who sends which share of his gross amount where inside a layer, and in what order to settle."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.leg import edge_places, pattern_rows
from services.allocation.engine.flows.outcomes import HOLD
from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.flows.waterfall import WHOLE, Takings
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.splitting.split import Rows, stretches

OUTSIDE = -1


@dataclass(frozen=True)
class Spreading:
    """The flows of a same-layer stage as shares, before any amount is known.

    Sources are the places 0..count-1 of a layer's objects; an edge's target is such a place, or
    OUTSIDE where it leads nowhere. `members` are the places that send anything.
    """

    count: int
    takings: Takings
    patterns: Patterns
    flowing: Int64s
    rows: Rows
    sources: Int32s
    targets: Int32s

    @classmethod
    def of(cls, takings: Takings, patterns: Patterns, first: int, count: int) -> "Spreading":
        """The flows of these rows; the layer's first object has the number `first`."""
        flowing = np.flatnonzero(takings.outcome >= 0)
        rows = pattern_rows(patterns, takings.outcome[flowing])
        targets = patterns.targets[edge_places(rows)] - first
        inside = (targets >= 0) & (targets < count)
        return cls(
            count=count,
            takings=takings,
            patterns=patterns,
            flowing=flowing,
            rows=rows,
            sources=np.repeat(takings.source[flowing], rows.widths).astype(np.int32),
            targets=np.where(inside, targets, OUTSIDE).astype(np.int32),
        )

    @cached_property
    def is_member(self) -> Mask:
        """Which places send anything to others, or keep part of it by a rule of the stage."""
        found = np.zeros(self.count, dtype=np.bool_)
        found[self.takings.source] = True
        return found

    @cached_property
    def _row_shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from services.allocation.engine.same_layer.joint_kernels import row_shares

        left = np.zeros((2, self.count))
        left[0] = 1.0
        shares = np.zeros((2, len(self.takings)))
        row_shares(self.takings.source, self.takings.portion, WHOLE, left, shares)
        return shares, left

    @property
    def row_shares(self) -> NDArray[np.float64]:
        """Per taking the share of its source's gross amount, as pairs."""
        shares, _ = self._row_shares
        return np.asarray(shares, dtype=np.float64)

    @cached_property
    def staying(self) -> NDArray[np.float64]:
        """Per place the share that no rule of the stage takes away from the holding."""
        _, left = self._row_shares
        staying = np.array(left[0], dtype=np.float64)
        held = self.takings.outcome == HOLD
        np.add.at(staying, self.takings.source[held], self.row_shares[0, held])
        return staying

    @cached_property
    def edge_shares(self) -> NDArray[np.float64]:
        """Per edge the share of its source's gross amount, as pairs."""
        from services.allocation.engine.same_layer.joint_kernels import edge_shares

        shares = np.zeros((2, self.rows.edge_count))
        row_share = np.ascontiguousarray(self.row_shares[:, self.flowing])
        rows, weights = self.rows, self.patterns.weights
        edge_shares(row_share, rows.firsts, rows.lasts, rows.outs, weights, shares)
        for row in np.flatnonzero(np.isin(self._pattern, list(self.patterns.big))).tolist():
            big = self.patterns.big[int(self._pattern[row])]
            taken = Fraction(row_share[0, row]) + Fraction(row_share[1, row])
            for place, weight in enumerate(big, int(rows.outs[row])):
                exact = taken * Fraction(weight, sum(big))
                shares[0, place] = float(exact)
                shares[1, place] = float(exact - Fraction(float(exact)))
        return shares

    @property
    def _pattern(self) -> Int32s:
        return self.takings.outcome[self.flowing]

    def reached_from(self, seeds: Mask) -> Mask:
        """All places that money of the seeds can come to."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order

        edges = np.flatnonzero(self.targets != OUTSIDE)
        starts = np.flatnonzero(seeds)
        sources = np.append(np.full(len(starts), self.count), self.sources[edges])
        targets = np.append(starts, self.targets[edges])
        shape = (self.count + 1, self.count + 1)
        graph = csr_matrix((np.ones(len(sources)), (sources, targets)), shape=shape)
        found = breadth_first_order(graph, self.count, return_predecessors=False)
        reached = np.zeros(self.count + 1, dtype=np.bool_)
        reached[found] = True
        return reached[:-1]


@dataclass(frozen=True)
class Order:
    """The strongly connected members of a spreading, and the level at which each is settled.

    Money runs only from lower to higher levels, or around inside a component.
    """

    component: Int32s
    level: Int32s
    in_cycle: Mask

    @property
    def level_count(self) -> int:
        """How many levels there are."""
        return int(self.level.max(initial=-1)) + 1


def order_of(spreading: Spreading) -> Order:
    """Components by SciPy; a component's level is the longest way to it."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    count = spreading.count
    edges = np.flatnonzero(spreading.targets != OUTSIDE)
    edges = edges[spreading.is_member[spreading.targets[edges]]]
    sources, targets = spreading.sources[edges], spreading.targets[edges]
    ones = np.ones(len(edges))
    graph = csr_matrix((ones, (sources, targets)), shape=(count, count))
    components, labels = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(labels, minlength=components)
    in_cycle = sizes[labels] > 1
    in_cycle[sources[sources == targets]] = True
    between = labels[sources] != labels[targets]
    levels = _levels(components, labels[sources[between]], labels[targets[between]])
    return Order(labels.astype(np.int32), levels[labels], in_cycle)


def _levels(count: int, sources: Int32s, targets: Int32s) -> Int32s:
    """The longest way to each node of a graph without cycles."""
    waiting = np.bincount(targets, minlength=count)
    order = np.argsort(sources, kind="stable")
    onward = targets[order]
    ends = np.searchsorted(sources[order], np.arange(count + 1))
    levels = np.zeros(count, dtype=np.int32)
    frontier, level = np.flatnonzero(waiting == 0), 0
    while len(frontier):
        levels[frontier] = level
        widths = ends[frontier + 1] - ends[frontier]
        reached = onward[stretches(ends[frontier], widths)]
        np.subtract.at(waiting, reached, 1)
        reached = np.unique(reached)
        frontier, level = reached[waiting[reached] == 0], level + 1
    return levels
