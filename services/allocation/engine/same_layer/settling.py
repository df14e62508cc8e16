"""Settling a same-layer stage to whole units, so that every object balances to the last one."""

from dataclasses import dataclass

import numpy as np

from services.allocation.engine.flows.leg import add_at, split_along
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.same_layer.exits import EDGE, ROW, Tree, tree_of
from services.allocation.engine.same_layer.simultaneous import HOPELESS, Equations
from services.allocation.engine.same_layer.spreading import OUTSIDE, Order, Spreading, order_of
from services.allocation.engine.splitting.split import LIMIT, Rows, stretches


class CannotSettle(Exception):
    """Members of a stage whose equations cannot be solved, and why."""

    def __init__(self, code: str, members: Int64s) -> None:
        super().__init__(code)
        self.code = code
        self.members = members


class GrossTooLarge(Exception):
    """Amounts that pass 2^62 units only on their way; fewer decimals may help."""

    def __init__(self, measure: int, units: float) -> None:
        super().__init__(measure, units)
        self.measure = measure
        self.units = units


@dataclass(frozen=True)
class Settled:
    """Gross amounts per measure and place, what each row took, and the part along each edge."""

    gross: Int64s
    moved: Int64s
    parts: Int64s


def settle(spreading: Spreading, base: Int64s) -> Settled:
    """Spread base[measure, place] jointly over the stage's targets.

    gross = base + received inside = sent + kept, exactly, at every place and in every measure.
    Raises CannotSettle `closed_loop` for members that no exit is open to, `near_singular`;
    GrossTooLarge.
    """
    order = order_of(spreading)
    tree = tree_of(spreading, order)
    closed = np.flatnonzero(order.in_cycle & (tree.distance == 0))
    if len(closed):
        raise CannotSettle("closed_loop", closed)
    settled = Settled(
        gross=base.copy(),
        moved=np.zeros((len(base), len(spreading.takings)), dtype=np.int64),
        parts=np.zeros((len(base), spreading.rows.edge_count), dtype=np.int64),
    )
    for nodes in _levels(spreading, order):
        circling = nodes[order.in_cycle[nodes]]
        if len(circling):
            _settle_circle(spreading, settled, nodes, circling, tree)
        else:
            _send(spreading, settled, nodes, settled.gross)
    return settled


def _levels(spreading: Spreading, order: Order) -> list[Int64s]:
    """The members, level by level."""
    members = np.flatnonzero(spreading.is_member)
    ordered = members[np.argsort(order.level[members], kind="stable")]
    ends = np.searchsorted(order.level[ordered], np.arange(1, order.level_count))
    return [nodes for nodes in np.split(ordered, ends) if len(nodes)]


def _settle_circle(
    spreading: Spreading, settled: Settled, nodes: Int64s, circling: Int64s, tree: Tree
) -> None:
    """Settle one level: solve its cycles, send, and carry what does not balance to an exit."""
    equations = _equations(spreading, circling)
    hopeless = circling[equations.rounds() > HOPELESS]
    if len(hopeless):
        raise CannotSettle("near_singular", hopeless)
    amounts = settled.gross.copy()
    for measure in range(len(amounts)):
        amounts[measure, circling], largest = equations.gross(settled.gross[measure, circling])
        if largest >= float(LIMIT):
            raise GrossTooLarge(measure, largest)
    _send(spreading, settled, nodes, amounts)
    lacking = np.zeros_like(amounts)
    lacking[:, circling] = settled.gross[:, circling] - amounts[:, circling]
    _carry_out(settled, lacking, circling, tree, spreading.targets)


def _equations(spreading: Spreading, circling: Int64s) -> Equations:
    place = np.full(spreading.count + 1, OUTSIDE, dtype=np.int32)
    place[circling] = np.arange(len(circling), dtype=np.int32)
    sources, targets = place[spreading.sources], place[spreading.targets]
    edges = np.flatnonzero((sources != OUTSIDE) & (targets != OUTSIDE))
    shares = np.ascontiguousarray(spreading.edge_shares[:, edges])
    return Equations(len(circling), sources[edges], targets[edges], shares)


def _send(spreading: Spreading, settled: Settled, nodes: Int64s, amounts: Int64s) -> None:
    """Let these places take and split what they hold; targets receive it at once."""
    chosen = np.zeros(spreading.count, dtype=np.bool_)
    chosen[nodes] = True
    taking = np.flatnonzero(chosen[spreading.takings.source])
    settled.moved[:, taking], _ = spreading.takings.at(taking).move(amounts)
    flows = np.flatnonzero(chosen[spreading.takings.source[spreading.flowing]])
    rows, pattern = spreading.rows, spreading.takings.outcome[spreading.flowing[flows]]
    local = Rows.sharing(rows.firsts[flows], rows.lasts[flows])
    moved = settled.moved[:, spreading.flowing[flows]]
    parts = split_along(spreading.patterns, pattern, moved, local)
    edges = stretches(rows.outs[flows], rows.widths[flows])
    settled.parts[:, edges] = parts
    targets = spreading.targets[edges]
    there = targets != OUTSIDE
    add_at(settled.gross, targets[there], parts[:, there])


def _carry_out(
    settled: Settled, lacking: Int64s, circling: Int64s, tree: Tree, edge_targets: Int32s
) -> None:
    """Add to each member's step what it has and did not send, from the farthest one inwards."""
    for distance in range(int(tree.distance[circling].max()), 0, -1):
        nodes = circling[tree.distance[circling] == distance]
        index, more = tree.index[nodes], lacking[:, nodes]
        by_edge, by_row = tree.kind[nodes] == EDGE, tree.kind[nodes] == ROW
        settled.parts[:, index[by_edge]] += more[:, by_edge]
        settled.moved[:, index[by_row]] += more[:, by_row]
        reached = np.full(len(nodes), OUTSIDE, dtype=np.int32)
        reached[by_edge] = edge_targets[index[by_edge]]
        there = reached != OUTSIDE
        add_at(settled.gross, reached[there], more[:, there])
        onward = tree.onward[nodes]
        inside = onward != OUTSIDE
        add_at(lacking, onward[inside], more[:, inside])
