"""How far targets are reached, in panels: a review by level, a scorecard by perspective."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    halo_text,
    name_axis,
    no_data,
    pixels_of,
)
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec, title_of, with_house_style
from services.valuation.reporting.charts.wording import word
from shared.http.spreadsheets import legible
from shared.money import plain

_ROW = 30
_LABEL_EM = 18.0
_MOST_SHOWN, _LEAST_SHOWN = Decimal("1.6"), Decimal("-0.4")
COLOURS = {
    "good": palette.GOOD,
    "near": palette.VALUE,
    "missed": palette.MISSED,
    "unknown": palette.OTHER,
}


@dataclass(frozen=True)
class Attained:
    """How far one target is reached (1 is reached); None draws no bar but says `label`."""

    name: str
    share: Decimal | None
    label: str
    look: str


@dataclass(frozen=True)
class Panel:
    """A heading with the targets under it."""

    title: str
    items: Sequence[Attained]


def attainment_panels(
    panels: Sequence[Panel], title: str, subtitle: str, language: Language
) -> Spec:
    """Bars from nothing to 160 % against a line at the target; the words say the true figure."""
    filled = [panel for panel in panels if panel.items]
    if not filled:
        return no_data(title, subtitle, language)
    labels = [distinct_labels([item.name for item in panel.items], _LABEL_EM) for panel in filled]
    widest = max(pixels_of(name) for names in labels for name in names)
    shares = [item.share for panel in filled for item in panel.items if item.share is not None]
    low = float(max(min([*shares, Decimal(0)]), _LEAST_SHOWN))
    words = max(pixels_of(item.label) for panel in filled for item in panel.items)
    # Room behind the longest possible bar for the longest words.
    most = float(min(max([*shares, Decimal("1.05")]), _MOST_SHOWN))
    high = most + (most - low) * min((words + 16) / max(WIDTH - words - 16, 160), 1.5)
    scale = alt.Scale(domain=[low, high], nice=False)
    drawn = [
        _panel(panel, names, scale, widest, language, first=place == 0)
        for place, (panel, names) in enumerate(zip(filled, labels, strict=True))
    ]
    chart = alt.vconcat(*drawn, spacing=22).properties(title=title_of(title, subtitle))
    spec: Spec = chart.to_dict()
    spec["description"] = f"{title}. {subtitle}"
    return with_house_style(spec)


def _panel(
    panel: Panel, names: list[str], scale: Any, widest: float, language: Language, *, first: bool
) -> Any:
    rows = [_row(name, item) for name, item in zip(names, panel.items, strict=True)]
    y = alt.Y("name:N", sort=names, axis=name_axis(widest))
    data = alt.Chart(alt.InlineData(values=rows))
    bars = (
        data.transform_filter("isValid(datum.drawn)")
        .mark_bar(aria=False, height=16, cornerRadiusEnd=2)
        .encode(
            x=alt.X("drawn:Q", scale=scale, axis=None),
            y=y,
            color=alt.Color(
                "look:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=None,
            ),
            tooltip="tip:N",
        )
    )
    channels = {"x": alt.X("end:Q", scale=scale, axis=None), "y": y, "text": "label:N"}
    texts = halo_text(data, channels, align="left", dx=8, fontSize=12)
    layers = [bars, _target(scale, language, labelled=first), *texts]
    return alt.layer(*layers).properties(
        width=WIDTH,
        height=_ROW * len(rows),
        title=alt.TitleParams(
            text=legible(panel.title),
            anchor="start",
            frame="group",
            fontSize=14,
            color=palette.INK,
            offset=16 if first else 8,
        ),
    )


def _target(scale: Any, language: Language, *, labelled: bool) -> Any:
    data = alt.Chart(alt.InlineData(values=[{"at": 1.0, "label": word("target", language)}]))
    x = alt.X("at:Q", scale=scale, axis=None)
    rule = data.mark_rule(aria=False, color=palette.SOFT_INK, strokeDash=[4, 3]).encode(x=x)
    if not labelled:
        return rule
    text = data.mark_text(aria=False, color=palette.SOFT_INK, fontSize=11, baseline="bottom", dy=-4)
    return alt.layer(rule, text.encode(x=x, y=alt.value(0), text="label:N"))


def _row(name: str, item: Attained) -> dict[str, Any]:
    bounded = None
    if item.share is not None:
        bounded = float(max(min(item.share, _MOST_SHOWN), _LEAST_SHOWN))
    return {
        "name": name,
        "drawn": bounded,
        "end": max(bounded or 0.0, 0.0),
        "amount": None if item.share is None else plain(item.share),
        "look": item.look,
        "label": item.label,
        "tip": legible(f"{item.name}: {item.label}"),
    }
