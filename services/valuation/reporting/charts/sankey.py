"""The geometry of a flow picture: where each node stands and how each ribbon bends.

Coordinates are pixels (floats), y grows downwards; no amount is computed here.
"""

from collections import defaultdict
from dataclasses import dataclass

from services.valuation.reporting.charts.flow_graph import (
    LAYERS,
    UNALLOCATED,
    FlowGraph,
    FlowLink,
    FlowNode,
    other_id,
)

NODE_WIDTH = 14.0
_LABEL_HEIGHT = 19.0
_GAP = 7.0
_SWEEPS = 24
_BEND_POINTS = 12


@dataclass(frozen=True)
class PlacedNode:
    """A node as a rectangle."""

    node: FlowNode
    column: int
    x: float
    top: float
    height: float

    @property
    def middle(self) -> float:
        """Height of its centre."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class Ribbon:
    """A link as a band of even thickness, given by (x, upper edge, lower edge)."""

    link: FlowLink
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Sankey:
    """A whole placed picture; `columns` holds (layer, x) of the layers that are there."""

    width: float
    height: float
    columns: tuple[tuple[str, float], ...]
    nodes: tuple[PlacedNode, ...]
    ribbons: tuple[Ribbon, ...]


def place_flow(graph: FlowGraph, width: float) -> Sankey:
    """Place nodes so that labels never overlap and ribbons cross little.

    One scale holds for the whole picture: equal amounts are equally thick everywhere.
    """
    columns = _columns(graph)
    sizes = _drawn_sizes(graph)
    height = _picture_height(columns)
    scale = _scale(columns, sizes, height)
    _order_columns(columns, graph)
    step = (width - NODE_WIDTH) / max(len(columns) - 1, 1)
    placed: dict[str, PlacedNode] = {}
    for index, (_, members) in enumerate(columns):
        heights = [max(sizes[node.id] * scale, 1.0) for node in members]
        for node, top, tall in zip(members, _tops(heights, height), heights, strict=True):
            placed[node.id] = PlacedNode(node, index, index * step, top, tall)
    ribbons = _ribbons(graph, placed, scale)
    layers = tuple((layer, index * step) for index, (layer, _) in enumerate(columns))
    return Sankey(width, height, layers, tuple(placed.values()), tuple(ribbons))


def _columns(graph: FlowGraph) -> list[tuple[str, list[FlowNode]]]:
    columns = []
    for layer in LAYERS:
        members = [node for node in graph.nodes if node.layer == layer]
        if members:
            columns.append((layer, sorted(members, key=_by_size)))
    return columns


def _by_size(node: FlowNode) -> tuple[bool, bool, float, str]:
    """Largest first; the merged rest and the unallocated node stand last."""
    last = node.id == other_id(node.layer)
    return (node.id == UNALLOCATED, last, -float(node.amount), node.id)


def _drawn_sizes(graph: FlowGraph) -> dict[str, float]:
    incoming: dict[str, float] = defaultdict(float)
    outgoing: dict[str, float] = defaultdict(float)
    for link in graph.links:
        incoming[link.target] += float(link.amount)
        outgoing[link.source] += float(link.amount)
    return {node.id: max(incoming[node.id], outgoing[node.id]) for node in graph.nodes}


def _picture_height(columns: list[tuple[str, list[FlowNode]]]) -> float:
    most = max((len(members) for _, members in columns), default=1)
    return min(max(most * (_LABEL_HEIGHT + _GAP) + 160.0, 440.0), 980.0)


def _scale(
    columns: list[tuple[str, list[FlowNode]]], sizes: dict[str, float], height: float
) -> float:
    """The largest pixels per unit at which every column, with room for its labels, still fits."""
    total = max((sum(sizes[node.id] for node in members) for _, members in columns), default=0.0)
    if total <= 0:
        return 0.0
    low, high = 0.0, height / total
    for _ in range(60):
        middle = (low + high) / 2
        if all(_column_height(members, sizes, middle) <= height for _, members in columns):
            low = middle
        else:
            high = middle
    return low


def _column_height(members: list[FlowNode], sizes: dict[str, float], scale: float) -> float:
    slots = sum(max(sizes[node.id] * scale, _LABEL_HEIGHT) for node in members)
    return slots + _GAP * (len(members) - 1)


def _tops(heights: list[float], height: float) -> list[float]:
    """Centre every node in a slot that is at least one label tall; spread the spare room evenly."""
    slots = [max(tall, _LABEL_HEIGHT) for tall in heights]
    spare = max(height - sum(slots) - _GAP * (len(slots) - 1), 0.0)
    gap = _GAP + min(spare / max(len(slots), 1), 22.0)
    top = max((height - sum(slots) - gap * (len(slots) - 1)) / 2, 0.0)
    tops = []
    for slot, tall in zip(slots, heights, strict=True):
        tops.append(top + (slot - tall) / 2)
        top += slot + gap
    return tops


def _order_columns(columns: list[tuple[str, list[FlowNode]]], graph: FlowGraph) -> None:
    """Sort each column by where its money comes from and goes to, sweeping until it settles."""
    rank = _ranks(columns)
    neighbours: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for link in graph.links:
        neighbours[link.source].append((link.target, float(link.amount)))
        neighbours[link.target].append((link.source, float(link.amount)))
    column_of = {node.id: i for i, (_, members) in enumerate(columns) for node in members}
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for index in order:
            wanted = {
                node.id: _pull(node.id, neighbours, rank, column_of, forward)
                for node in columns[index][1]
            }
            columns[index][1].sort(
                key=lambda node: (*_by_size(node)[:2], wanted[node.id], *_by_size(node)[2:])
            )
            rank = _ranks(columns)


def _ranks(columns: list[tuple[str, list[FlowNode]]]) -> dict[str, float]:
    return {
        node.id: (place + 0.5) / len(members)
        for _, members in columns
        for place, node in enumerate(members)
    }


def _pull(
    node: str,
    neighbours: dict[str, list[tuple[str, float]]],
    rank: dict[str, float],
    column_of: dict[str, int],
    forward: bool,
) -> float:
    """The weighted mean place of a node's neighbours on one side; its own place without any."""
    side = [
        (rank[other], weight)
        for other, weight in neighbours[node]
        if (column_of[other] < column_of[node]) == forward
    ]
    weights = sum(weight for _, weight in side)
    return sum(place * weight for place, weight in side) / weights if weights else rank[node]


def _ribbons(graph: FlowGraph, placed: dict[str, PlacedNode], scale: float) -> list[Ribbon]:
    leaving: dict[str, float] = {}
    entering: dict[str, float] = {}
    for node in placed.values():
        leaving[node.node.id] = entering[node.node.id] = node.top
    start: dict[FlowLink, float] = {}
    for link in sorted(graph.links, key=lambda link: (link.source, placed[link.target].middle)):
        start[link] = leaving[link.source]
        leaving[link.source] += float(link.amount) * scale
    ribbons = []
    for link in sorted(graph.links, key=lambda link: (link.target, placed[link.source].middle)):
        thick = float(link.amount) * scale
        end = entering[link.target]
        entering[link.target] += thick
        x0, x1 = placed[link.source].x + NODE_WIDTH, placed[link.target].x
        ribbons.append(Ribbon(link, _bend(x0, start[link], x1, end, max(thick, 0.4))))
    # Broad ribbons first, so that thin ones stay visible on top of them.
    return sorted(ribbons, key=lambda ribbon: (-ribbon.link.amount, ribbon.link.source))


def _bend(
    x0: float, y0: float, x1: float, y1: float, thick: float
) -> tuple[tuple[float, float, float], ...]:
    """A smooth S: level where it leaves and where it arrives."""
    points = []
    for step in range(_BEND_POINTS + 1):
        t = step / _BEND_POINTS
        y = y0 + (y1 - y0) * t * t * (3 - 2 * t)
        points.append((round(x0 + (x1 - x0) * t, 2), round(y, 2), round(y + thick, 2)))
    return tuple(points)
