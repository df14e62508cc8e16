"""Names that several objects of a layer share get their parent's name in front.

A standard taxonomy has "Managed Services" under four pools; a reader must know which is meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.valuation.reporting.charts.flow_graph import LAYERS
from shared.clients.allocation.figures import AllocationFigures

BETWEEN = " › "
_PARTS_OF = {"consumer": "solutions"}


def name_apart(
    client: AllocationFigures,
    items: Mapping[str, Sequence[dict[str, Any]]],
    others: Iterable[dict[str, Any]],
) -> None:
    """Rewrite the repeated names of view items, their parts, flow nodes and open ends, in place.

    The parents are asked for only where a name does repeat.
    """
    named: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for layer, code, holder in _holders(items, others):
        named.setdefault(layer, {}).setdefault(code, []).append(holder)
    for layer, holders in named.items():
        names = {code: found[0]["name"] for code, found in holders.items()}
        for code, clear in clear_names(client, layer, names).items():
            for holder in holders[code]:
                holder["name"] = clear


def clear_names(client: AllocationFigures, layer: str, names: Mapping[str, str]) -> dict[str, str]:
    """New names, by code, of the objects of a layer that share theirs."""
    repeated = repeated_names(names)
    if not repeated:
        return {}
    known = {item["code"]: item for item in client.list_objects(layer)}
    return {code: clear for code in repeated if (clear := clear_name(code, known))}


def repeated_names(names: Mapping[str, str]) -> list[str]:
    """Codes whose name another code has too."""
    counts: dict[str, int] = {}
    for name in names.values():
        counts[name] = counts.get(name, 0) + 1
    return [code for code, name in names.items() if counts[name] > 1]


def clear_name(code: str, known: Mapping[str, Mapping[str, Any]]) -> str | None:
    """`Parent › Name`; None for an object without a parent that is known."""
    one = known.get(code)
    parent = known.get(one["parent"]) if one and one.get("parent") else None
    return f"{parent['name']}{BETWEEN}{one['name']}" if one and parent else None


def _holders(
    items: Mapping[str, Sequence[dict[str, Any]]], others: Iterable[dict[str, Any]]
) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Everything that shows the name of an object: (layer, code, what holds the name)."""
    for layer, found in items.items():
        for item in found:
            if item["code"] is not None:
                yield layer, item["code"], item
            for part in item.get(_PARTS_OF.get(layer, ""), ()):
                yield part["layer"], part["code"], part
    for other in others:
        if other["layer"] in LAYERS and other["code"] is not None:
            yield other["layer"], other["code"], other
