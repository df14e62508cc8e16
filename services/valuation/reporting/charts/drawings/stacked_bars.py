"""Ranked bars made of parts, each with its own words at its end: carbon, what is not allocated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    legend,
    name_axis,
    no_data,
    number_axis,
    pixels_of,
    whole,
    zero_rule,
)
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.http.spreadsheets import legible
from shared.money import add_exactly, plain

_ROW = 28
_LABEL_EM = 20.0
_MOST = 24


@dataclass(frozen=True)
class StackedRow:
    """One thing and its parts by kind."""

    name: str
    parts: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        return add_exactly(list(self.parts.values()))


@dataclass(frozen=True)
class Look:
    """What a part is called and its colour, in the order in which parts are stacked."""

    kind: str
    label: str
    colour: str


def merged_rows(rows: Sequence[StackedRow], other: str, most: int = _MOST) -> list[StackedRow]:
    """The largest rows in order, the rest as one whose parts are exactly the rest."""
    ordered = sorted(rows, key=lambda row: (-abs(row.total), row.name))
    if len(ordered) <= most + 1:
        return ordered
    rest = ordered[most:]
    kinds = sorted({kind for row in rest for kind in row.parts})
    parts = {
        kind: add_exactly([row.parts[kind] for row in rest if kind in row.parts]) for kind in kinds
    }
    return [*ordered[:most], StackedRow(f"{other} ({len(rest)})", parts)]


def stacked_bars(
    rows: Sequence[StackedRow],
    looks: Sequence[Look],
    title: str,
    axis_title: str,
    language: Language,
    subtitle: str,
    label_of: Any,
) -> Spec:
    """Bars of parts with the words of `label_of(row)` behind them."""
    shown = merged_rows(rows, word("other", language))
    if not shown:
        return no_data(title, subtitle, language)
    names = distinct_labels([row.name for row in shown], _LABEL_EM)
    pairs = list(zip(names, shown, strict=True))
    used = [look for look in looks if any(look.kind in row.parts for row in shown)]
    pieces = [piece for name, row in pairs for piece in _pieces(name, row, used, label_of)]
    labels = [_label(name, row, label_of) for name, row in pairs]
    most = max([label["end"] for label in labels] + [0.0])
    least = min([_negative(row) for row in shown] + [0.0])
    longest = max(pixels_of(label["label"]) for label in labels)
    room = min(longest + 14, WIDTH * 0.6)
    span = (most - least) or 1.0
    scale = alt.Scale(
        domain=[least * 1.05, most + span * room / (WIDTH - room)], nice=False, zero=True
    )
    y = alt.Y("name:N", sort=names, axis=name_axis())
    colour = alt.Color(
        "kind:N",
        sort=[look.label for look in used],
        scale=alt.Scale(domain=[look.label for look in used], range=[look.colour for look in used]),
        legend=legend() if len(looks) > 1 else None,
    )
    bars = (
        alt.Chart(alt.InlineData(values=pieces))
        .mark_bar(aria=False, height=17)
        .encode(
            x=alt.X("drawn:Q", scale=scale, stack="zero", axis=number_axis(axis_title, language)),
            y=y,
            color=colour,
            order=alt.Order("place:Q"),
            tooltip="tip:N",
        )
    )
    text = (
        alt.Chart(alt.InlineData(values=labels))
        .mark_text(aria=False, align="left", dx=6, fontSize=12, color=palette.INK)
        .encode(x=alt.X("end:Q", scale=scale), y=y, text="label:N")
    )
    height = max(_ROW * len(names), 56)
    return whole(alt.layer(bars, zero_rule(), text), title, subtitle, height=height)


def _pieces(
    name: str, row: StackedRow, looks: Sequence[Look], label_of: Any
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": look.label,
            "place": place,
            "drawn": float(row.parts[look.kind]),
            "amount": plain(row.parts[look.kind]),
            "tip": legible(f"{row.name} · {look.label}: {plain(row.parts[look.kind])}"),
        }
        for place, look in enumerate(looks)
        if look.kind in row.parts
    ]


def _negative(row: StackedRow) -> float:
    return float(add_exactly([part for part in row.parts.values() if part < 0]))


def _label(name: str, row: StackedRow, label_of: Any) -> dict[str, Any]:
    end = float(add_exactly([part for part in row.parts.values() if part > 0]))
    return {"name": name, "end": end, "label": label_of(row)}
