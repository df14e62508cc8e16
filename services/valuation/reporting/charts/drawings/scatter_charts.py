"""Points: a KPI against what may move it, and solutions by their cost and their value."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    amount_title,
    halo_text,
    legend,
    no_data,
    number_axis,
    whole,
)
from services.valuation.reporting.charts.drawings.label_places import Dot, place_labels
from services.valuation.reporting.charts.figures import Language, money_text
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.http.spreadsheets import legible
from shared.money import plain

_HEIGHT = 380
_LABEL_EM = 14.0


@dataclass(frozen=True)
class SeenMonth:
    """One month: what may explain a KPI, and the KPI."""

    period: str
    explained_by: Decimal
    value: Decimal


@dataclass(frozen=True)
class Axis:
    """What an axis measures."""

    name: str
    unit: str


def attribution_chart(
    months: Sequence[SeenMonth],
    across: Axis,
    up: Axis,
    line: tuple[Decimal, Decimal] | None,
    title: str,
    subtitle: str,
    language: Language,
) -> Spec:
    """A point for each month and the least-squares line (slope, intercept) where there is one."""
    title = legible(title)
    if not months:
        return no_data(title, subtitle, language)
    rows = [
        {
            "x": float(month.explained_by),
            "y": float(month.value),
            "period": month.period,
            "tip": f"{month.period} · {plain(month.explained_by)} → {plain(month.value)}",
        }
        for month in months
    ]
    x = alt.X(
        "x:Q",
        scale=alt.Scale(zero=False, padding=24),
        axis=number_axis(amount_title(legible(across.name), across.unit, language), language),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(zero=False, padding=24),
        axis=number_axis(amount_title(legible(up.name), up.unit, language), language),
    )
    points = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_point(aria=False, filled=True, size=60, opacity=0.85, color=palette.COST)
        .encode(x=x, y=y, tooltip="tip:N")
    )
    layers = [*_fit(rows, line, x, y), points]
    return whole(alt.layer(*layers), title, subtitle, height=_HEIGHT, width=WIDTH)


def _fit(
    rows: list[dict[str, Any]], line: tuple[Decimal, Decimal] | None, x: Any, y: Any
) -> list[Any]:
    if line is None:
        return []
    slope, intercept = (float(part) for part in line)
    ends = [min(row["x"] for row in rows), max(row["x"] for row in rows)]
    data = alt.InlineData(values=[{"x": end, "y": intercept + slope * end} for end in ends])
    mark = alt.Chart(data).mark_line(aria=False, color=palette.VALUE, strokeWidth=2.2)
    return [mark.encode(x=x, y=y)]


@dataclass(frozen=True)
class Judged:
    """A solution: its cost, the money it brings (None: not told), and whether it is underused."""

    name: str
    cost: Decimal
    worth: Decimal | None
    underused: bool | None


def solution_value_chart(
    solutions: Sequence[Judged], currency: str, language: Language, subtitle: str
) -> Spec:
    """Cost across, value up; lines at both medians. Where no value is told, a hollow point at 0."""
    title = word("solution-value", language)
    if not solutions:
        return no_data(title, subtitle, language)
    ordered = sorted(solutions, key=lambda each: (-each.cost, each.name))
    names = distinct_labels([each.name for each in ordered], _LABEL_EM)
    right = _end([each.cost for each in ordered])
    top = _end([each.worth for each in ordered if each.worth is not None])
    left = min([float(each.cost) for each in ordered] + [0.0])
    bottom = min([float(each.worth) for each in ordered if each.worth is not None] + [0.0])
    bottom -= (top - bottom) * 0.04
    left -= (right - left) * 0.02
    rows = [_row(name, each, currency, language) for name, each in zip(names, ordered, strict=True)]
    _place(rows, (left, right), (bottom, top))
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[left, right], nice=False, zero=False),
        axis=number_axis(amount_title(word("cost", language), currency, language), language),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[bottom, top], nice=False, zero=False),
        axis=number_axis(amount_title(word("value", language), currency, language), language),
    )
    layers = [*_medians(ordered, x, y, language), *_dots(rows, x, y, language), *_texts(rows, x, y)]
    return whole(alt.layer(*layers), title, subtitle, height=_HEIGHT, width=WIDTH)


def _end(values: Sequence[Decimal]) -> float:
    return max([float(value) for value in values] + [0.0]) * 1.12 or 1.0


def _row(name: str, each: Judged, currency: str, language: Language) -> dict[str, Any]:
    told = each.worth is not None
    worth = (
        money_text(each.worth, currency, language)
        if each.worth is not None
        else word("value_untold", language)
    )
    look = "underused" if each.underused else "told" if told else "untold"
    return {
        "name": name,
        "x": float(each.cost),
        "y": float(each.worth or 0),
        "look": word(f"look_{look}", language),
        "filled": told,
        "tip": legible(f"{each.name}: {money_text(each.cost, currency, language)} · {worth}"),
    }


def _place(
    rows: list[dict[str, Any]], across: tuple[float, float], up: tuple[float, float]
) -> None:
    """Give each row the place of its label, in the units of the axes."""
    per_x = WIDTH / (across[1] - across[0])
    per_y = _HEIGHT / (up[1] - up[0])
    dots = [
        Dot((row["x"] - across[0]) * per_x, (up[1] - row["y"]) * per_y, 6.0, row["name"])
        for row in rows
    ]
    for row, place in zip(rows, place_labels(dots, WIDTH, _HEIGHT), strict=True):
        row["align"] = place.align if place else None
        if place is not None:
            row["label_x"] = across[0] + place.x / per_x
            row["label_y"] = up[1] - place.y / per_y


def _medians(ordered: Sequence[Judged], x: Any, y: Any, language: Language) -> list[Any]:
    worths = [float(each.worth) for each in ordered if each.worth is not None]
    lines = [("x", median(float(each.cost) for each in ordered))]
    if worths:
        lines.append(("y", median(worths)))
    layers = []
    for axis, at in lines:
        data = alt.Chart(alt.InlineData(values=[{axis: at}]))
        rule = data.mark_rule(aria=False, color=palette.SOFT_INK, strokeDash=[4, 4])
        layers.append(rule.encode(x=x) if axis == "x" else rule.encode(y=y))
    return layers


def _dots(rows: list[dict[str, Any]], x: Any, y: Any, language: Language) -> list[Any]:
    looks = {
        word("look_told", language): palette.COST,
        word("look_underused", language): palette.MISSED,
        word("look_untold", language): palette.OTHER,
    }
    used = [look for look in looks if any(row["look"] == look for row in rows)]
    colour = alt.Color(
        "look:N",
        sort=used,
        scale=alt.Scale(domain=used, range=[looks[look] for look in used]),
        legend=legend(),
    )
    layers = []
    for filled in (False, True):
        some = [row for row in rows if row["filled"] is filled]
        if some:
            data = alt.Chart(alt.InlineData(values=some))
            point = data.mark_point(aria=False, filled=filled, size=110, opacity=0.9, strokeWidth=2)
            layers.append(point.encode(x=x, y=y, color=colour, tooltip="tip:N"))
    return layers


def _texts(rows: list[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    layers = []
    for align in ("left", "right", "center"):
        some = [row for row in rows if row["align"] == align]
        if some:
            data = alt.Chart(alt.InlineData(values=some))
            channels = {"x": _at(x, "label_x"), "y": _at(y, "label_y"), "text": "name:N"}
            layers += halo_text(data, channels, align=align, baseline="middle", fontSize=12)
    return layers


def _at(channel: Any, field: str) -> Any:
    moved = channel.copy()
    moved.shorthand = f"{field}:Q"
    return moved
