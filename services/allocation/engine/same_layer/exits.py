"""How money leaves a circle of objects: for each member the next step on the way to an exit."""

from dataclasses import dataclass

import numpy as np

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.outcomes import RETAIN, because
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.same_layer.spreading import OUTSIDE, Order, Spreading
from services.allocation.engine.splitting.split import stretches

EDGE, ROW, STAYING = 0, 1, 2


@dataclass(frozen=True)
class Tree:
    """Per place in a cycle how far it is from an exit (0: none is reached) and its step there.

    A step is an edge, a taking that keeps money on its object, or what simply stays; `onward` is
    the next place inside the component, OUTSIDE at an exit.
    """

    distance: Int32s
    kind: Int32s
    index: Int64s
    onward: Int32s


@dataclass(frozen=True)
class _Ways:
    node: Int64s
    kind: Int32s
    index: Int64s
    share: np.ndarray[tuple[int], np.dtype[np.float64]]
    onward: Int32s


def tree_of(spreading: Spreading, order: Order) -> Tree:
    """The shortest ways out; of equally short ones the largest share, then the lower object."""
    ways = _ways(spreading, order)
    distance = _distances(spreading.count, ways)
    before = np.where(ways.onward == OUTSIDE, 0, distance[ways.onward])
    is_step = (distance[ways.node] > 0) & (before == distance[ways.node] - 1)
    is_step &= (ways.onward == OUTSIDE) | (before > 0)
    rows = np.flatnonzero(is_step)
    rank = np.lexsort((ways.index[rows], ways.kind[rows], -ways.share[rows], ways.node[rows]))
    rows = rows[rank]
    nodes, firsts = np.unique(ways.node[rows], return_index=True)
    chosen = rows[firsts]
    tree = Tree(
        distance=distance,
        kind=np.zeros(spreading.count, dtype=np.int32),
        index=np.zeros(spreading.count, dtype=np.int64),
        onward=np.full(spreading.count, OUTSIDE, dtype=np.int32),
    )
    tree.kind[nodes], tree.index[nodes] = ways.kind[chosen], ways.index[chosen]
    tree.onward[nodes] = ways.onward[chosen]
    return tree


def _ways(spreading: Spreading, order: Order) -> _Ways:
    """Every way on which money moves away from, or stays on, a place in a cycle."""
    circling, takings = order.in_cycle, spreading.takings
    edges = np.flatnonzero(circling[spreading.sources])
    targets = spreading.targets[edges]
    inside = _inside(spreading, order, edges)
    keeps = (takings.outcome == RETAIN) | (takings.outcome <= because("no_mapping"))
    rows = np.flatnonzero(keeps & circling[takings.source])
    staying = np.flatnonzero(circling & (spreading.staying > 0))
    widths = (len(edges), len(rows), len(staying))
    outside = np.full(widths[1] + widths[2], OUTSIDE, dtype=np.int32)
    return _Ways(
        node=np.concatenate([spreading.sources[edges], takings.source[rows], staying]),
        kind=np.repeat(np.array([EDGE, ROW, STAYING], dtype=np.int32), widths),
        index=np.concatenate([edges, rows, staying]),
        share=np.concatenate(
            [
                spreading.edge_shares[0, edges],
                spreading.row_shares[0, rows],
                spreading.staying[staying],
            ]
        ),
        onward=np.append(np.where(inside, targets, OUTSIDE), outside).astype(np.int32),
    )


def _inside(spreading: Spreading, order: Order, edges: Int64s) -> Mask:
    """Which of the edges stay in their source's component."""
    sources, targets = spreading.sources[edges], spreading.targets[edges]
    same = order.component[sources] == order.component[targets]
    return np.asarray((targets != OUTSIDE) & same, dtype=np.bool_)


def _distances(count: int, ways: _Ways) -> Int32s:
    distance = np.zeros(count, dtype=np.int32)
    frontier = np.unique(ways.node[ways.onward == OUTSIDE])
    inner = np.flatnonzero(ways.onward != OUTSIDE)
    inner = inner[np.argsort(ways.onward[inner], kind="stable")]
    starts = np.searchsorted(ways.onward[inner], np.arange(count + 1))
    step = 1
    while len(frontier):
        distance[frontier] = step
        widths = starts[frontier + 1] - starts[frontier]
        nodes = ways.node[inner[stretches(starts[frontier], widths)]]
        frontier, step = np.unique(nodes[distance[nodes] == 0]), step + 1
    return distance
