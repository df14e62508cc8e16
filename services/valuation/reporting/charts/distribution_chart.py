"""Who and what the cost lies on: four ranked panels (pool, tower, solution, consumer)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.figures import (
    money_text,
    percent_text,
    share_of,
    short_money,
)
from services.valuation.reporting.charts.flow_chart import FlowCaption
from services.valuation.reporting.charts.flow_graph import LAYERS
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec, title_of, with_house_style
from services.valuation.reporting.charts.wording import word
from shared.money import add_exactly, plain

_MOST_BARS = 12
_ROW = 25
_PANEL_WIDTH = 300
_LABEL_EM = 15.0
_TYPE_COLOURS = {
    "opex": palette.COST,
    "capex": palette.VALUE,
    "unknown_type": palette.OTHER,
}


@dataclass(frozen=True)
class Bar:
    """One object's cost; `parts` splits it by cost type where that is known."""

    name: str
    amount: Decimal
    parts: tuple[tuple[str, Decimal], ...] = ()


def distribution_chart(layers: Mapping[str, Sequence[Bar]], caption: FlowCaption) -> Spec:
    """Four panels; each bar is labelled with short money and its share of the whole run.

    Shares refer to the caption's total, so panels that hold less than all of it show that.
    """
    present = [layer for layer in LAYERS if layers.get(layer)]
    panels = [_panel(layer, layers[layer], caption) for layer in present]
    if not panels:
        panels = [_panel("pool", [Bar(word("no_data", caption.language), Decimal(0))], caption)]
    total = money_text(caption.total, caption.currency, caption.language)
    key = "subtitle" if caption.run else "subtitle_plain"
    subtitle = word(
        key, caption.language, period=caption.period, total=total, run=caption.run or ""
    )
    title = word("cost-distribution", caption.language)
    whole = alt.concat(*panels, columns=2, spacing=44).resolve_scale(color="independent")
    spec: Spec = whole.properties(title=title_of(title, subtitle)).to_dict()
    spec["description"] = f"{title}. {subtitle}"
    return with_house_style(spec)


def merged_bars(bars: Sequence[Bar], other_name: str, most: int = _MOST_BARS) -> list[Bar]:
    """The largest bars in order and one for the rest, whose amount is exactly the rest."""
    ordered = sorted(bars, key=lambda bar: (-bar.amount, bar.name))
    if len(ordered) <= most + 1:
        return ordered
    rest = ordered[most:]
    kinds = sorted({kind for bar in rest for kind, _ in bar.parts})
    parts = tuple(
        (kind, add_exactly([amount for bar in rest for name, amount in bar.parts if name == kind]))
        for kind in kinds
    )
    amount = add_exactly([bar.amount for bar in rest])
    return [*ordered[:most], Bar(f"{other_name} ({len(rest)})", amount, parts)]


def _panel(layer: str, bars: Sequence[Bar], caption: FlowCaption) -> Any:
    shown = merged_bars(bars, word("other", caption.language))
    typed = layer == "pool" and any(bar.parts for bar in shown)
    names = distinct_labels([bar.name for bar in shown], _LABEL_EM)
    named = list(zip(names, shown, strict=True))
    pieces = [piece for name, bar in named for piece in _pieces(name, bar, caption, typed)]
    labels = [_label(name, bar, caption) for name, bar in named]
    largest = max([abs(float(bar.amount)) for bar in shown] + [1e-9])
    lowest = min([float(bar.amount) for bar in shown] + [0.0])
    # Room to the right of the longest bar for its own figures.
    scale = alt.Scale(domain=[min(lowest * 1.7, 0.0), largest * 1.75], nice=False)
    y = alt.Y("name:N", sort=names, title=None, axis=_name_axis())
    bar_layer = (
        alt.Chart(alt.InlineData(values=pieces))
        .mark_bar(aria=False, height=15, cornerRadiusEnd=2)
        .encode(
            x=alt.X("drawn:Q", scale=scale, axis=None, stack="zero"),
            y=y,
            color=_colour({str(piece["kind"]) for piece in pieces}, typed, caption),
            order=alt.Order("place:Q"),
            tooltip="tip:N",
        )
    )
    text_layer = (
        alt.Chart(alt.InlineData(values=labels))
        .mark_text(aria=False, align="left", dx=6, fontSize=12, color=palette.INK)
        .encode(x=alt.X("drawn:Q", scale=scale, axis=None), y=y, text="label:N", tooltip="tip:N")
    )
    title = f"{word(layer, caption.language)} ({len(bars)})"
    return alt.layer(bar_layer, text_layer).properties(
        width=_PANEL_WIDTH,
        height=_ROW * len(shown),
        title=alt.TitleParams(text=title, anchor="start", fontSize=14, color=palette.INK, offset=8),
    )


def _name_axis() -> Any:
    return alt.Axis(
        domain=False,
        ticks=False,
        labelLimit=260,
        labelPadding=8,
        labelColor=palette.INK,
        labelOverlap=False,
    )


def _colour(present: set[str], typed: bool, caption: FlowCaption) -> Any:
    if not typed:
        credit = alt.value(palette.CREDIT)
        return alt.condition("datum.drawn < 0", credit, alt.value(palette.COST))
    kinds = [kind for kind in _TYPE_COLOURS if word(kind, caption.language) in present]
    return alt.Color(
        "kind:N",
        scale=alt.Scale(
            domain=[word(kind, caption.language) for kind in kinds],
            range=[_TYPE_COLOURS[kind] for kind in kinds],
        ),
        legend=alt.Legend(title=None, orient="bottom", direction="horizontal", offset=4),
    )


def _pieces(name: str, bar: Bar, caption: FlowCaption, typed: bool) -> list[dict[str, Any]]:
    parts = bar.parts if typed and bar.parts else (("unknown_type", bar.amount),)
    rows = []
    for place, (kind, amount) in enumerate(sorted(parts, key=lambda part: -_type_place(part[0]))):
        known = kind if kind in _TYPE_COLOURS else "unknown_type"
        label = word(known, caption.language)
        exact = money_text(amount, caption.currency, caption.language)
        tip = f"{bar.name} · {label}: {exact}" if typed else f"{bar.name}: {exact}"
        rows.append(
            {
                "name": name,
                "kind": label,
                "place": -place,
                "drawn": float(amount),
                "amount": plain(amount),
                "tip": tip,
            }
        )
    return rows


def _type_place(kind: str) -> int:
    return list(_TYPE_COLOURS).index(kind) if kind in _TYPE_COLOURS else len(_TYPE_COLOURS)


def _label(name: str, bar: Bar, caption: FlowCaption) -> dict[str, Any]:
    share = percent_text(share_of(bar.amount, caption.total))
    money = short_money(bar.amount, caption.currency, caption.language)
    return {
        "name": name,
        "drawn": max(float(bar.amount), 0.0),
        "amount": plain(bar.amount),
        "label": f"{money} · {share}",
        "tip": f"{bar.name}: {money_text(bar.amount, caption.currency, caption.language)}",
    }
