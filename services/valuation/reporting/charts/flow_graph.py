"""What a flow picture draws: layers, nodes and links, thinned until a person can read it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.money import add_exactly

LAYERS = ("pool", "resource", "solution", "consumer")
UNALLOCATED = "unallocated"
_MOST_NODES = {"pool": 10, "resource": 15, "solution": 15, "consumer": 20}


@dataclass(frozen=True)
class FlowNode:
    """One object of a layer with all that it holds; `members` counts what was merged into it."""

    id: str
    layer: str
    name: str
    amount: Decimal
    members: int = 1


@dataclass(frozen=True)
class FlowLink:
    """Money that moved from one object to another; negative for a credit."""

    source: str
    target: str
    amount: Decimal


@dataclass(frozen=True)
class FlowGraph:
    """A flow to draw: forward links above zero, and apart from them what no ribbon can show.

    `credits` are links below zero, `same_layer` counts links inside a layer. The sum of `links`,
    `credits` and the same-layer links left out is the sum of the links given.
    """

    nodes: tuple[FlowNode, ...]
    links: tuple[FlowLink, ...]
    credits: tuple[FlowLink, ...] = ()
    same_layer: int = 0


def thin_flow(nodes: Sequence[FlowNode], links: Sequence[FlowLink], other_name: str) -> FlowGraph:
    """Merge the small objects of each layer into one, add up equal links, set credits apart."""
    merged_into = _merge_small_nodes(nodes, links)
    kept = _merged_nodes(nodes, merged_into, other_name)
    layer_of = {node.id: LAYERS.index(node.layer) for node in kept}
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    same_layer = 0
    for link in links:
        source, target = merged_into.get(link.source), merged_into.get(link.target)
        if source is None or target is None:
            continue
        if layer_of[source] >= layer_of[target]:
            same_layer += 1
            continue
        # A charge and a credit between the same two never hide each other.
        key = (source, target) if link.amount >= 0 else (source + "\x00", target)
        sums[key].append(link.amount)
    added = [
        FlowLink(source.rstrip("\x00"), target, add_exactly(parts))
        for (source, target), parts in sorted(sums.items())
    ]
    return FlowGraph(
        nodes=tuple(kept),
        links=tuple(link for link in added if link.amount > 0),
        credits=tuple(
            sorted((link for link in added if link.amount < 0), key=lambda link: link.amount)
        ),
        same_layer=same_layer,
    )


def add_unallocated(
    graph: FlowGraph, unallocated: Sequence[tuple[str, Decimal]], name: str
) -> FlowGraph:
    """Let what stays on an object run into one grey node beside the consumers.

    `unallocated` names objects of the graph (merged ones by the merged id) and amounts;
    amounts below zero cannot be drawn and join the credits.
    """
    stays = [FlowLink(source, UNALLOCATED, amount) for source, amount in unallocated if amount]
    drawn = tuple(link for link in stays if link.amount > 0)
    if not stays:
        return graph
    total = add_exactly([link.amount for link in stays])
    node = FlowNode(UNALLOCATED, "consumer", name, total, members=len(stays))
    return replace(
        graph,
        nodes=(*graph.nodes, node),
        links=(*graph.links, *drawn),
        credits=(*graph.credits, *(link for link in stays if link.amount < 0)),
    )


def other_id(layer: str) -> str:
    """The id of the node that stands for all small ones of a layer."""
    return f"{layer}\x00other"


def _merge_small_nodes(nodes: Sequence[FlowNode], links: Sequence[FlowLink]) -> dict[str, str]:
    """Object id -> id of the node it is drawn as; objects that no money touches are left out."""
    touched = {end for link in links if link.amount for end in (link.source, link.target)}
    drawn_as: dict[str, str] = {}
    for layer in LAYERS:
        members = [
            node for node in nodes if node.layer == layer and (node.id in touched or node.amount)
        ]
        members.sort(key=lambda node: (-abs(node.amount), node.id))
        # Merging a single node would only take its name away.
        most = _MOST_NODES[layer]
        keep = most if len(members) > most + 1 else len(members)
        drawn_as.update({node.id: node.id for node in members[:keep]})
        drawn_as.update({node.id: other_id(layer) for node in members[keep:]})
    return drawn_as


def _merged_nodes(
    nodes: Sequence[FlowNode], drawn_as: dict[str, str], other_name: str
) -> list[FlowNode]:
    kept = [node for node in nodes if drawn_as.get(node.id) == node.id]
    for layer in LAYERS:
        small = [node for node in nodes if drawn_as.get(node.id) == other_id(layer)]
        if small:
            amount = add_exactly([node.amount for node in small])
            name = f"{other_name} ({len(small)})"
            kept.append(FlowNode(other_id(layer), layer, name, amount, members=len(small)))
    return kept
