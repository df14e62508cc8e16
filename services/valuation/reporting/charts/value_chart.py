"""Cost against value: paired shares per value-chain stage or solution, and KPI attainment."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import halo_text
from services.valuation.reporting.charts.figures import Language, percent_text
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec, title_of, with_house_style
from services.valuation.reporting.charts.wording import word

_LABEL_EM = 18.0
_WIDTH = 620
_MOST_SHOWN = Decimal("1.6")


@dataclass(frozen=True)
class SharePair:
    """What part of the cost and what part of the value one thing holds, as fractions."""

    name: str
    cost_share: Decimal | None
    value_share: Decimal | None


@dataclass(frozen=True)
class Attainment:
    """How far a KPI has come from its baseline to its target; 1 is the target reached."""

    name: str
    attained: Decimal
    text: str


def cost_value_chart(pairs: Sequence[SharePair], subtitle: str, language: Language) -> Spec:
    """Two bars for each thing, cost above value; a missing value is said, not drawn as zero.

    Where no value is told at all, cost stands alone.
    """
    told = any(pair.value_share is not None for pair in pairs)
    kinds = [word("cost_share", language), *([word("value_share", language)] if told else [])]
    rows: list[dict[str, Any]] = []
    names = distinct_labels([pair.name for pair in pairs], _LABEL_EM)
    for name, pair in zip(names, pairs, strict=True):
        for kind, share in zip(kinds, (pair.cost_share, pair.value_share), strict=False):
            rows.append(
                {
                    "name": name,
                    "kind": kind,
                    "drawn": float(share or 0),
                    "label": percent_text(share)
                    if share is not None
                    else word("no_data", language),
                    "tip": f"{pair.name} · {kind}: {percent_text(share)}",
                }
            )
    most = max([row["drawn"] for row in rows] + [0.01])
    least = min([row["drawn"] for row in rows] + [0.0])
    scale = alt.Scale(domain=[least * 1.2, most * 1.25], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=_names()),
        yOffset=alt.YOffset("kind:N", sort=kinds, scale=alt.Scale(paddingInner=0.12)),
        x=alt.X("drawn:Q", scale=scale, axis=None),
        tooltip="tip:N",
    )
    bars = base.mark_bar(aria=False, cornerRadiusEnd=2).encode(
        color=alt.Color(
            "kind:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[palette.COST, palette.VALUE][: len(kinds)]),
            legend=alt.Legend(title=None, orient="top", direction="horizontal"),
        )
    )
    labels = base.mark_text(aria=False, align="left", dx=6, fontSize=12).encode(
        text="label:N", color=alt.value(palette.INK)
    )
    return _whole(
        alt.layer(bars, labels), len(names) * (52 if told else 34), "cost-value", subtitle, language
    )


def attainment_chart(items: Sequence[Attainment], subtitle: str, language: Language) -> Spec:
    """One bar for each KPI against a line at its target; bars end at 160 % and their labels say
    the true figure."""
    names = distinct_labels([item.name for item in items], _LABEL_EM)
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "drawn": float(max(min(item.attained, _MOST_SHOWN), Decimal("-0.4"))),
            "end": float(max(min(item.attained, _MOST_SHOWN), Decimal(0))),
            "met": "met" if item.attained >= 1 else "missed",
            "label": item.text,
            "tip": f"{item.name}: {item.text}",
        }
        for name, item in zip(names, items, strict=True)
    ]
    lowest = min([row["drawn"] for row in rows] + [0.0])
    scale = alt.Scale(domain=[lowest, 2.3], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=_names()), tooltip="tip:N"
    )
    bars = base.mark_bar(aria=False, height=16, cornerRadiusEnd=2).encode(
        x=alt.X("drawn:Q", scale=scale, axis=None),
        color=alt.Color(
            "met:N",
            scale=alt.Scale(domain=["met", "missed"], range=[palette.GOOD, palette.MISSED]),
            legend=None,
        ),
    )
    places = {"x": alt.X("end:Q", scale=scale, axis=None), "text": "label:N"}
    labels = halo_text(base, places, align="left", dx=8, fontSize=12)
    layers = [bars, _target_line(scale, language, len(names)), *labels]
    return _whole(alt.layer(*layers), len(names) * 32 + 8, "kpi-attainment", subtitle, language)


def _target_line(scale: Any, language: Language, rows: int) -> Any:
    data = alt.InlineData(values=[{"at": 1.0, "label": word("target", language)}])
    rule = alt.Chart(data).mark_rule(aria=False, color=palette.SOFT_INK, strokeDash=[4, 3])
    text = alt.Chart(data).mark_text(
        aria=False, color=palette.SOFT_INK, fontSize=11, baseline="bottom", dy=-4
    )
    x = alt.X("at:Q", scale=scale, axis=None)
    return alt.layer(
        rule.encode(x=x), text.encode(x=x, y=alt.value(0 if rows else 8), text="label:N")
    )


def _names() -> Any:
    return alt.Axis(
        domain=False,
        ticks=False,
        labelLimit=320,
        labelPadding=8,
        labelColor=palette.INK,
        labelFontSize=13,
        labelOverlap=False,
    )


def _whole(chart: Any, height: int, title_key: str, subtitle: str, language: Language) -> Spec:
    title = word(title_key, language)
    whole = chart.properties(
        width=_WIDTH, height=max(height, 60), title=title_of(title, subtitle)
    ).resolve_scale(x="shared")
    spec: Spec = whole.to_dict()
    spec["description"] = f"{title}. {subtitle}"
    return with_house_style(spec)
