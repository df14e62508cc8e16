"""One look for all pictures, and the few Altair marks they are made of."""

from typing import Any

import altair as alt

from services.valuation.charts import palette

Spec = dict[str, Any]
Values = list[dict[str, Any]]


def mark(kind: str, values: Values, *, detail: str | None = None, **looks: Any) -> Any:
    """A layer of one mark over rows that carry their own x, y, colour, text and tooltip.

    Rows are in pixels with y growing upwards; `halo=True` draws text as a broad white outline.
    """
    if looks.pop("halo", False):
        looks |= {"stroke": palette.PAPER, "strokeWidth": 3.5, "strokeJoin": "round"}
    chart = alt.Chart(alt.InlineData(values=values))
    chart = getattr(chart, f"mark_{kind}")(aria=False, **looks)
    first = values[0] if values else {}
    channels: dict[str, Any] = {
        "x": alt.X("x:Q", axis=None),
        "y": alt.Y("y:Q", axis=None),
        "color": alt.Color("colour:N", scale=None, legend=None),
    }
    channels |= {name: f"{name}:Q" for name in ("x2", "y2") if name in first}
    if "text" in first:
        channels["text"] = "text:N"
    if "tip" in first:
        channels["tooltip"] = "tip:N"
    if detail:
        channels["detail"] = f"{detail}:N"
    return chart.encode(**channels)


def finish(layers: list[Any], width: float, height: float, title: str, subtitle: str) -> Spec:
    """Stack the layers on one pixel plane with title and house style; Altair checks the schema."""
    whole = (
        alt.layer(*layers)
        .properties(width=width, height=height, title=title_of(title, subtitle))
        .configure_view(stroke=None)
    )
    spec: Spec = whole.to_dict()
    for layer in spec["layer"]:
        layer["encoding"]["x"]["scale"] = {"domain": [0, width], "zero": False, "nice": False}
        layer["encoding"]["y"]["scale"] = {"domain": [0, height], "zero": False, "nice": False}
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
