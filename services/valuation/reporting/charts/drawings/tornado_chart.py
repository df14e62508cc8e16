"""What a result hangs on: each assumption moved alone, the widest swing on top."""

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
    name_axis,
    no_data,
    number_axis,
    whole,
)
from services.valuation.reporting.charts.figures import Language, short_money
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.money import plain

_ROW = 46
_LABEL_EM = 22.0


@dataclass(frozen=True)
class Moved:
    """An assumption at its low and its high, in words, and the results there."""

    name: str
    low: str
    high: str
    result_at_low: Decimal
    result_at_high: Decimal


def tornado_chart(
    moved: Sequence[Moved],
    base: Decimal,
    measure: str,
    currency: str,
    language: Language,
    subtitle: str,
) -> Spec:
    """Bars from the base to both ends; the ends say the result, the name says how far it moved."""
    title = word("tornado", language)
    if not moved:
        return no_data(title, subtitle, language)
    names = distinct_labels([each.name for each in moved], _LABEL_EM)
    sides = [word("at_low", language), word("at_high", language)]
    rows = [
        row
        for name, each in zip(names, moved, strict=True)
        for row in _rows(name, each, base, sides, currency, language)
    ]
    ends = [row["drawn"] for row in rows] + [float(base)]
    room = (max(ends) - min(ends) or abs(ends[0]) or 1.0) * 0.34
    x = alt.X(
        "drawn:Q",
        scale=alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False),
        axis=number_axis(amount_title(word(measure, language), currency, language), language),
    )
    y = alt.Y("name:N", sort=names, axis=name_axis())
    colour = alt.Color(
        "side:N",
        sort=sides,
        scale=alt.Scale(domain=sides, range=[palette.VALUE, palette.COST]),
        legend=legend(),
    )
    data = alt.Chart(alt.InlineData(values=rows))
    bars = data.mark_bar(aria=False, height=20).encode(
        x=x, x2="base:Q", y=y, color=colour, tooltip="tip:N"
    )
    texts = [
        data.transform_filter(alt.datum.end == end)
        .mark_text(aria=False, align=end, dx=-6 if end == "right" else 6, fontSize=12)
        .encode(x=x, y=y, text="label:N", color=alt.value(palette.INK))
        for end in ("left", "right")
    ]
    layers = [bars, _base_rule(base, x, currency, language), *texts]
    return whole(
        alt.layer(*layers), title, subtitle, height=_ROW * len(names) + 10, width=WIDTH - 60
    )


def _base_rule(base: Decimal, x: Any, currency: str, language: Language) -> Any:
    label = f"{word('as_planned', language)} {short_money(base, currency, language)}"
    data = alt.InlineData(values=[{"drawn": float(base), "label": label}])
    rule = alt.Chart(data).mark_rule(aria=False, color=palette.INK, strokeWidth=1.5).encode(x=x)
    text = alt.Chart(data).mark_text(
        aria=False, baseline="bottom", dy=-5, fontSize=12, color=palette.SOFT_INK
    )
    return alt.layer(rule, text.encode(x=x, y=alt.value(0), text="label:N"))


def _rows(
    name: str, each: Moved, base: Decimal, sides: list[str], currency: str, language: Language
) -> list[dict[str, Any]]:
    """Two bars; where both ends lie on one side of the base, only the farther one is labelled."""
    rows = []
    results = (each.result_at_low, each.result_at_high)
    same_side = (results[0] - base) * (results[1] - base) > 0
    farther = max(results, key=lambda result: abs(result - base))
    for side, at, result in zip(sides, (each.low, each.high), results, strict=True):
        hidden = result == base or (same_side and result != farther)
        money = short_money(result, currency, language)
        rows.append(
            {
                "name": name,
                "side": side,
                "base": float(base),
                "drawn": float(result),
                "amount": plain(result),
                "end": "right" if result < base else "left",
                "label": ""
                if hidden
                else f"{money} · {at}"
                if result >= base
                else f"{at} · {money}",
                "tip": f"{each.name} · {at}: {money}",
            }
        )
    return rows
