"""Two bars for each group, expected above realised, and the same two over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    amount_title,
    legend,
    month_axis,
    name_axis,
    no_data,
    number_axis,
    whole,
    zero_rule,
)
from services.valuation.reporting.charts.figures import (
    Language,
    money_text,
    percent_text,
    short_money,
)
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.money import plain

_ROW = 54
_LABEL_EM = 18.0
_HEIGHT = 320


@dataclass(frozen=True)
class Pair:
    """What was promised to a group (or up to a month), what of it is measured, and what came."""

    name: str
    expected: Decimal
    realised: Decimal
    rate: Decimal | None


def realisation_bars(
    pairs: Sequence[Pair], currency: str, language: Language, subtitle: str
) -> Spec:
    """Expected and realised money of each group, largest promise first, with the rate reached."""
    title = word("value-realisation", language)
    if not pairs:
        return no_data(title, subtitle, language)
    ordered = sorted(pairs, key=lambda pair: (-pair.expected, pair.name))
    names = distinct_labels([pair.name for pair in ordered], _LABEL_EM)
    kinds = [word("expected", language), word("realised", language)]
    rows = [
        row
        for name, pair in zip(names, ordered, strict=True)
        for row in _rows(name, pair, kinds, currency, language)
    ]
    ends = [row["drawn"] for row in rows]
    span = max([*ends, 0.0]) - min([*ends, 0.0]) or 1.0
    low = min([*ends, 0.0])
    scale = alt.Scale(
        domain=[low - span * 0.02 if low < 0 else 0, max([*ends, 0.0]) + span * 0.34], nice=False
    )
    axis = number_axis(amount_title(word("amount", language), currency, language), language)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("name:N", sort=names, axis=name_axis()),
        yOffset=alt.YOffset("kind:N", sort=kinds, scale=alt.Scale(paddingInner=0.1)),
    )
    bars = base.mark_bar(aria=False, cornerRadiusEnd=2).encode(
        x=alt.X("drawn:Q", scale=scale, axis=axis),
        tooltip="tip:N",
        color=alt.Color(
            "kind:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[palette.OTHER, palette.COST]),
            legend=legend(),
        ),
    )
    texts = base.mark_text(aria=False, align="left", dx=6, fontSize=12).encode(
        x=alt.X("end:Q", scale=scale), text="label:N", color=alt.value(palette.INK)
    )
    return whole(
        alt.layer(bars, zero_rule(), texts), title, subtitle, height=max(_ROW * len(names), 60)
    )


def realisation_course(
    months: Sequence[Pair], currency: str, language: Language, subtitle: str
) -> Spec:
    """Expected and realised money up to each month."""
    title = word("value-realisation", language)
    if not months:
        return no_data(title, subtitle, language)
    kinds = [word("expected", language), word("realised", language)]
    rows = [row for month in months for row in _rows(month.name, month, kinds, currency, language)]
    periods = [month.name for month in months]
    axis = number_axis(amount_title(word("cumulative", language), currency, language), language)
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(aria=False, interpolate="step-after", strokeWidth=2.4, point=len(months) <= 12)
        .encode(
            x=alt.X("name:O", sort=periods, axis=month_axis(periods)),
            y=alt.Y("drawn:Q", axis=axis),
            color=alt.Color(
                "kind:N",
                sort=kinds,
                scale=alt.Scale(domain=kinds, range=[palette.SOFT_INK, palette.COST]),
                legend=legend(lines=True),
            ),
            strokeDash=alt.StrokeDash(
                "kind:N", sort=kinds, scale=alt.Scale(domain=kinds, range=[[6, 4], [1, 0]])
            ),
            tooltip="tip:N",
        )
    )
    return whole(alt.layer(zero_rule("y"), lines), title, subtitle, height=_HEIGHT, width=WIDTH)


def _rows(
    name: str, pair: Pair, kinds: list[str], currency: str, language: Language
) -> list[dict[str, Any]]:
    rows = []
    for kind, amount in zip(kinds, (pair.expected, pair.realised), strict=True):
        label = short_money(amount, currency, language)
        if kind == kinds[1]:
            shown = (
                percent_text(pair.rate) if pair.rate is not None else word("not_measured", language)
            )
            label = f"{label} · {shown}"
        rows.append(
            {
                "name": name,
                "kind": kind,
                "drawn": float(amount),
                "end": max(float(amount), 0.0),
                "amount": plain(amount),
                "label": label,
                "tip": f"{pair.name} · {kind}: {money_text(amount, currency, language)}",
            }
        )
    return rows
