"""The picture of the flow: nodes and links between layers, bounded, with nothing left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from services.allocation.views.domain import NO_VALUE_NAMES
from services.allocation.views.exact_sums import Units, sum_by
from services.allocation.views.figures import LAYERS, Edges, Int64s, LayerFigures
from services.allocation.views.gathering import Groups
from shared.money import EXACT, from_units

LINES, RETAINED, UNALLOCATED = "line", "retained", "unallocated"
ORDER = (LINES, *LAYERS, RETAINED, UNALLOCATED)
END_NAMES = {
    LINES: {"en": "Lines without a pool", "zh-CN": "未归池的明细"},
    RETAINED: {"en": "Retained", "zh-CN": "留存"},
    UNALLOCATED: {"en": "Unallocated", "zh-CN": "未分摊"},
}
OTHER_NAMES = {"en": "Other ({count})", "zh-CN": "其他（{count}）"}


@dataclass(frozen=True)
class FlowRun:
    """One run: its layers gathered, its flows, and what stayed on lines without a pool."""

    layers: Mapping[str, Groups]
    edges: Sequence[Edges]
    lines_unallocated: int
    precision: int


@dataclass
class Node:
    """A node of the picture; `count` says how many objects or groups it stands for."""

    key: str
    layer: str
    code: str | None
    names: Mapping[str, str]
    amount: Decimal = Decimal(0)
    count: int = 1


@dataclass
class FlowPicture:
    """Nodes by id, and links by (source, target); links between equal nodes are no flow."""

    nodes: dict[str, Node] = field(default_factory=dict)
    links: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def add_link(self, source: str, target: str, amount: Decimal) -> None:
        """Count an amount that moved."""
        if amount:
            before = self.links.get((source, target), Decimal(0))
            self.links[(source, target)] = EXACT.add(before, amount)

    def add_to(self, node: Node, amount: Decimal) -> Node:
        """Count an amount at a node, which is put in the picture when it is new."""
        there = self.nodes.setdefault(node.key, node)
        there.amount = EXACT.add(there.amount, amount)
        return there


def flow_picture(runs: Sequence[FlowRun], limit: int) -> FlowPicture:
    """Everything that moves between the layers of some runs, and what stays on their objects.

    Of each layer the largest nodes are shown; the others are one node, so that sums stay exact.
    """
    shown = {layer: _largest(runs, layer, limit) for layer in LAYERS}
    picture = FlowPicture()
    for run in runs:
        _draw(picture, run, shown)
    ordered = sorted(picture.nodes.values(), key=_order)
    picture.nodes = {node.key: node for node in ordered}
    picture.links = {pair: amount for pair, amount in sorted(picture.links.items()) if amount}
    return picture


def _order(node: Node) -> tuple[int, Decimal, str]:
    return ORDER.index(node.layer), -abs(node.amount), node.key


def _largest(runs: Sequence[FlowRun], layer: str, limit: int) -> frozenset[str]:
    """The labels of the largest nodes of a layer over all runs."""
    sums: dict[str, Decimal] = {}
    for run in runs:
        groups = run.layers[layer]
        amounts = groups.sums(groups.figures.amounts)
        for number in np.flatnonzero(amounts).tolist():
            amount = from_units(amounts[number], run.precision)
            label = groups.labels[number]
            sums[label] = EXACT.add(sums.get(label, Decimal(0)), amount)
    ordered = sorted(sums, key=lambda label: (-abs(sums[label]), label))
    return frozenset(ordered[:limit])


class _Numbers:
    """Numbers the nodes of one run, layer by layer, the gathered rest of a layer last."""

    def __init__(self, run: FlowRun, shown: Mapping[str, frozenset[str]]) -> None:
        layers = [run.layers[layer] for layer in LAYERS]
        width = max((one.figures.first + len(one.figures) for one in layers), default=0)
        self.nodes: list[Node] = []
        self.of_object: Int64s = np.zeros(width, dtype=np.int64)
        for layer, groups in zip(LAYERS, layers, strict=True):
            self._add(layer, groups, shown[layer])

    def _add(self, layer: str, groups: Groups, shown: frozenset[str]) -> None:
        figures = groups.figures
        rest = len(self.nodes)
        used = np.unique(groups.group_of).tolist()
        hidden = [number for number in used if groups.labels[number] not in shown]
        touched = set(np.unique(groups.group_of[figures.touched]).tolist())
        count = sum(number in touched for number in hidden)
        names = {language: text.format(count=count) for language, text in OTHER_NAMES.items()}
        self.nodes.append(Node(f"other:{layer}", layer, None, names, count=count))
        node_of = np.full(len(groups.labels), rest, dtype=np.int64)
        for number in used:
            if groups.labels[number] in shown:
                node_of[number] = len(self.nodes)
                self.nodes.append(_node(layer, groups, number))
        stretch = slice(figures.first, figures.first + len(figures))
        self.of_object[stretch] = node_of[groups.group_of]


def _node(layer: str, groups: Groups, number: int) -> Node:
    label = groups.labels[number]
    if groups.grouping.by is not None:
        names = {"en": label, "zh-CN": label} if label else NO_VALUE_NAMES
        return Node(f"{layer}:{label}", layer, None, names)
    names = groups.figures.objects[number].names or {"en": label}
    return Node(f"{layer}:{label}", layer, label, names)


def _draw(picture: FlowPicture, run: FlowRun, shown: Mapping[str, frozenset[str]]) -> None:
    numbers = _Numbers(run, shown)
    for layer in LAYERS:
        _add_nodes(picture, numbers, run, run.layers[layer].figures)
    _add_links(picture, numbers, run)
    if run.lines_unallocated:
        amount = from_units(run.lines_unallocated, run.precision)
        node = picture.add_to(_end("line:", LINES), amount)
        _stays(picture, node.key, UNALLOCATED, amount)


def _end(key: str, layer: str) -> Node:
    return Node(key, layer, None, END_NAMES[layer])


def _stays(picture: FlowPicture, key: str, end: str, amount: Decimal) -> None:
    picture.add_to(_end(end, end), amount)
    picture.add_link(key, end, amount)


def _add_nodes(
    picture: FlowPicture, numbers: _Numbers, run: FlowRun, figures: LayerFigures
) -> None:
    stretch = numbers.of_object[figures.first : figures.first + len(figures)]

    def sums(units: Int64s) -> Units:
        return sum_by(stretch, units, len(numbers.nodes))

    amounts = sums(figures.amounts)
    ends = {UNALLOCATED: sums(figures.unallocated)}
    if figures.layer != "consumer":
        ends[RETAINED] = sums(figures.retained)
    anything = (amounts != 0) | sum((units != 0 for units in ends.values()), amounts != 0)
    for number in np.flatnonzero(anything).tolist():
        node = picture.add_to(numbers.nodes[number], from_units(amounts[number], run.precision))
        for end, units in ends.items():
            if units[number]:
                _stays(picture, node.key, end, from_units(units[number], run.precision))


def _add_links(picture: FlowPicture, numbers: _Numbers, run: FlowRun) -> None:
    count = len(numbers.nodes)
    layer_of = np.array([LAYERS.index(node.layer) for node in numbers.nodes], dtype=np.int64)
    moved = np.zeros(count * count, dtype=np.int64)
    for leg in run.edges:
        pairs = numbers.of_object[leg.sources] * count + numbers.of_object[leg.targets]
        np.add.at(moved, pairs, leg.moved)
    for pair in np.flatnonzero(moved).tolist():
        source, target = divmod(pair, count)
        if layer_of[source] != layer_of[target]:
            amount = from_units(int(moved[pair]), run.precision)
            for number in (source, target):
                picture.nodes.setdefault(numbers.nodes[number].key, numbers.nodes[number])
            picture.add_link(numbers.nodes[source].key, numbers.nodes[target].key, amount)
