"""The flow picture (pool, tower, solution, consumer) as a Vega-Lite specification."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.figures import (
    Language,
    money_text,
    percent_text,
    share_of,
    short_money,
)
from services.valuation.reporting.charts.flow_graph import (
    UNALLOCATED,
    FlowGraph,
    FlowNode,
    other_id,
)
from services.valuation.reporting.charts.label_width import shorten
from services.valuation.reporting.charts.sankey import NODE_WIDTH, PlacedNode, Sankey, place_flow
from services.valuation.reporting.charts.style import Layer, Spec, finish, mark
from services.valuation.reporting.charts.wording import word
from shared.money import add_exactly

_LEFT = 245.0
_RIGHT = 255.0
_BETWEEN = 780.0
_HEAD = 34.0
_LABEL_EM = 19.0
_MIDDLE_EM = 12.5
_SPACE = "\u2002"  # renderers fold ordinary double spaces


@dataclass(frozen=True)
class FlowCaption:
    """What stands above and below the picture: period, currency, the run's total and its id."""

    period: str
    currency: str
    total: Decimal
    language: Language
    run: str | None = None


def flow_chart(graph: FlowGraph, caption: FlowCaption) -> Spec:
    """Ribbons as areas, nodes as bars, labels as text: pure Vega-Lite, so any client renders it.

    Labels carry exact money rounded to three figures; the tooltips carry all digits.
    """
    picture = place_flow(graph, _BETWEEN)
    notes = _notes(graph, caption)
    height = picture.height + _HEAD + 20.0 * len(notes) + (14.0 if notes else 0.0)
    layers = [
        _ribbon_layer(picture, caption, height),
        _node_layer(picture, caption, height),
        *_label_layers(picture, caption, height),
        _head_layer(picture, graph, caption, height),
    ]
    if notes:
        layers.append(_note_layer(notes, picture.height, height))
    subtitle = _subtitle(caption)
    width = _LEFT + _BETWEEN + _RIGHT
    return finish(layers, width, height, word("flow", caption.language), subtitle)


def _subtitle(caption: FlowCaption) -> str:
    total = money_text(caption.total, caption.currency, caption.language)
    key = "subtitle" if caption.run else "subtitle_plain"
    return word(key, caption.language, period=caption.period, total=total, run=caption.run or "")


def _colours(picture: Sankey) -> dict[str, str]:
    """Each layer walks the palette from another start, so neighbours across layers differ."""
    colours = {}
    for column, (layer, _) in enumerate(picture.columns):
        members = [item.node for item in picture.nodes if item.column == column]
        named = sorted(members, key=lambda node: (-node.amount, node.id))
        index = 0
        for node in named:
            if node.id == UNALLOCATED:
                colours[node.id] = palette.UNALLOCATED
            elif node.id == other_id(layer):
                colours[node.id] = palette.OTHER
            elif layer == "consumer":
                colours[node.id] = palette.SOFT_INK
            else:
                colours[node.id] = palette.category_colour(index + 3 * column)
                index += 1
    return colours


def _ribbon_layer(picture: Sankey, caption: FlowCaption, height: float) -> Layer:
    colours = _colours(picture)
    names = {item.node.id: item.node.name for item in picture.nodes}
    values = []
    for number, ribbon in enumerate(picture.ribbons):
        amount = money_text(ribbon.link.amount, caption.currency, caption.language)
        tip = f"{names[ribbon.link.source]} → {names[ribbon.link.target]}: {amount}"
        grey = ribbon.link.target == UNALLOCATED
        colour = palette.UNALLOCATED if grey else colours[ribbon.link.source]
        for x, upper, lower in ribbon.points:
            values.append(
                {
                    "link": number,
                    "x": round(x + _LEFT, 2),
                    "y": round(height - _HEAD - upper, 2),
                    "y2": round(height - _HEAD - lower, 2),
                    "colour": colour,
                    "tip": tip,
                }
            )
    return mark("area", "ribbons", values, fillOpacity=0.42, detail="link", interpolate="monotone")


def _node_layer(picture: Sankey, caption: FlowCaption, height: float) -> Layer:
    colours = _colours(picture)
    values = [
        {
            "x": round(item.x + _LEFT, 2),
            "x2": round(item.x + _LEFT + NODE_WIDTH, 2),
            "y": round(height - _HEAD - item.top, 2),
            "y2": round(height - _HEAD - item.top - item.height, 2),
            "colour": colours[item.node.id],
            "tip": f"{item.node.name}: "
            f"{money_text(item.node.amount, caption.currency, caption.language)}",
        }
        for item in picture.nodes
    ]
    return mark("rect", "nodes", values, cornerRadius=1.5)


def _label_layers(picture: Sankey, caption: FlowCaption, height: float) -> list[Layer]:
    """Names outside on both edges; inside on a white halo, so ribbons never hide a word."""
    last = len(picture.columns) - 1
    text: dict[str, Any] = {"baseline": "middle", "fontSize": 12}
    layers = []
    for place, align, members in (
        ("first", "right", [item for item in picture.nodes if item.column == 0 < last]),
        ("inner", "left", [item for item in picture.nodes if 0 < item.column < last]),
        ("last", "left", [item for item in picture.nodes if item.column == last]),
    ):
        values = [_label(item, caption, height, align, place == "inner") for item in members]
        if values and place == "inner":
            layers.append(mark("text", "labels-inner", values, align=align, halo=True, **text))
        if values:
            layers.append(mark("text", f"labels-{place}", values, align=align, **text))
    return layers


def _label(
    item: PlacedNode, caption: FlowCaption, height: float, align: str, inside: bool
) -> dict[str, Any]:
    money = short_money(item.node.amount, caption.currency, caption.language)
    share = percent_text(share_of(item.node.amount, caption.total))
    name = shorten(item.node.name, _MIDDLE_EM if inside else _LABEL_EM)
    text = f"{name}{_SPACE}{share}" if inside else f"{name}{_SPACE}{money} · {share}"
    x = item.x - 8 if align == "right" else item.x + NODE_WIDTH + 7
    return {
        "x": round(x + _LEFT, 2),
        "y": round(height - _HEAD - item.middle, 2),
        "text": text,
        "colour": palette.INK,
        "tip": f"{item.node.name}: "
        f"{money_text(item.node.amount, caption.currency, caption.language)}",
    }


def _head_layer(picture: Sankey, graph: FlowGraph, caption: FlowCaption, height: float) -> Layer:
    last = len(picture.columns) - 1
    values = []
    for column, (layer, x) in enumerate(picture.columns):
        count = sum(node.members for node in _of_layer(graph.nodes, layer))
        values.append(
            {
                "x": round(_LEFT + x + (0 if column < last else NODE_WIDTH), 2),
                "y": round(height - 8, 2),
                "text": f"{word(layer, caption.language)} ({count})",
                "colour": palette.SOFT_INK,
                "tip": word(layer, caption.language),
            }
        )
    return mark("text", "heads", values, align="left", baseline="middle", fontSize=13)


def _of_layer(nodes: Sequence[FlowNode], layer: str) -> list[FlowNode]:
    return [node for node in nodes if node.layer == layer and node.id != UNALLOCATED]


def _notes(graph: FlowGraph, caption: FlowCaption) -> list[str]:
    notes = []
    names = {node.id: node.name for node in graph.nodes}
    if graph.credits:
        total = add_exactly([link.amount for link in graph.credits])
        largest = "; ".join(
            f"{shorten(names[link.source], 16)} → {shorten(names[link.target], 16)} "
            f"{short_money(link.amount, caption.currency, caption.language)}"
            for link in graph.credits[:3]
        )
        notes.append(
            word(
                "credits",
                caption.language,
                total=money_text(total, caption.currency, caption.language),
                count=len(graph.credits),
                largest=largest,
            )
        )
    if graph.same_layer:
        notes.append(word("same_layer", caption.language, count=graph.same_layer))
    return notes


def _note_layer(notes: list[str], picture_height: float, height: float) -> Layer:
    values = [
        {
            "x": 4.0,
            "y": round(height - _HEAD - picture_height - 20.0 * (number + 1), 2),
            "text": note,
            "colour": palette.CREDIT if number == 0 and "→" in note else palette.SOFT_INK,
            "tip": note,
        }
        for number, note in enumerate(notes)
    ]
    return mark("text", "notes", values, align="left", baseline="middle", fontSize=11.5)
