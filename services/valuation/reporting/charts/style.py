"""One look for all pictures, and the few Altair marks they are made of."""

from dataclasses import dataclass
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette

Spec = dict[str, Any]
Values = list[dict[str, Any]]


@dataclass(frozen=True)
class Layer:
    """One mark of a picture, and the rows that it draws under a name of their own."""

    chart: Any
    name: str
    values: Values


def mark(kind: str, name: str, values: Values, *, detail: str | None = None, **looks: Any) -> Layer:
    """A layer of one mark over rows that carry their own x, y, colour, text and tooltip.

    Rows are in pixels with y growing upwards; `halo=True` draws text as a broad white outline.
    The rows stay out of Altair, which would check and copy each of them several times.
    """
    if looks.pop("halo", False):
        looks |= {"stroke": palette.PAPER, "strokeWidth": 3.5, "strokeJoin": "round"}
    chart = getattr(alt.Chart(alt.NamedData(name=name)), f"mark_{kind}")(aria=False, **looks)
    first = values[0] if values else {}
    channels: dict[str, Any] = {
        "x": alt.X("x:Q", axis=None),
        "y": alt.Y("y:Q", axis=None),
        "color": alt.Color("colour:N", scale=None, legend=None),
    }
    channels |= {key: f"{key}:Q" for key in ("x2", "y2") if key in first}
    if "text" in first:
        channels["text"] = "text:N"
    if "tip" in first:
        channels["tooltip"] = "tip:N"
    if detail:
        channels["detail"] = f"{detail}:N"
    return Layer(chart.encode(**channels), name, values)


def finish(layers: list[Layer], width: float, height: float, title: str, subtitle: str) -> Spec:
    """Stack the layers on one pixel plane with title and house style; Altair checks the schema."""
    whole = (
        alt.layer(*(layer.chart for layer in layers))
        .properties(width=width, height=height, title=title_of(title, subtitle))
        .configure_view(stroke=None)
    )
    spec: Spec = whole.to_dict()
    for layer in spec["layer"]:
        layer["encoding"]["x"]["scale"] = {"domain": [0, width], "zero": False, "nice": False}
        layer["encoding"]["y"]["scale"] = {"domain": [0, height], "zero": False, "nice": False}
    spec["datasets"] = {layer.name: layer.values for layer in layers}
    spec["description"] = f"{title}. {subtitle}"
    return with_house_style(spec)


def title_of(title: str, subtitle: str) -> Any:
    """A left-aligned title with its subtitle."""
    return alt.TitleParams(text=title, subtitle=[subtitle], anchor="start")


def with_house_style(spec: Spec) -> Spec:
    """Fonts, sizes and colours for everything that a chart does not set itself."""
    spec["background"] = palette.PAPER
    spec["padding"] = 18
    spec.setdefault("config", {})
    spec["config"] |= {
        "font": palette.FONT_STACK,
        "view": {"stroke": None},
        "text": {"font": palette.FONT_STACK},
        "title": {
            "fontSize": 20,
            "fontWeight": "normal",
            "color": palette.INK,
            "subtitleFontSize": 13,
            "subtitleColor": palette.SOFT_INK,
            "subtitlePadding": 6,
            "offset": 16,
            "font": palette.FONT_STACK,
            "subtitleFont": palette.FONT_STACK,
        },
        "axis": {
            "labelColor": palette.SOFT_INK,
            "titleColor": palette.SOFT_INK,
            "titleFontWeight": "normal",
            "domainColor": palette.RULE,
            "gridColor": palette.RULE,
            "tickColor": palette.RULE,
            "labelFontSize": 12,
        },
        "legend": {"labelColor": palette.INK, "titleColor": palette.SOFT_INK, "labelFontSize": 12},
    }
    return spec
