"""A KPI month by month: value, target, baseline, trend and the seasonally adjusted course."""

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
    no_data,
    number_axis,
    whole,
)
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.http.spreadsheets import legible
from shared.money import plain

_HEIGHT = 320
_LOOKS = {
    "value": (palette.COST, [1, 0], 2.6),
    "seasonally_adjusted": (palette.VALUE, [1, 0], 1.6),
    "trend": (palette.INK, [2, 3], 1.6),
    "target": (palette.GOOD, [7, 4], 2.0),
    "baseline": (palette.SOFT_INK, [1, 3], 1.6),
    "benchmark": (palette.CATEGORIES[3], [4, 2], 1.8),
}
KINDS = tuple(_LOOKS)


@dataclass(frozen=True)
class SeriesMonth:
    """One month of a KPI; what is not known is None."""

    period: str
    value: Decimal | None
    target: Decimal | None = None
    baseline: Decimal | None = None
    trend: Decimal | None = None
    seasonally_adjusted: Decimal | None = None
    benchmark: Decimal | None = None

    def of(self, kind: str) -> Decimal | None:
        """The figure of one line."""
        found: Decimal | None = getattr(self, kind)
        return found


def series_chart(
    months: Sequence[SeriesMonth], name: str, unit: str, language: Language, subtitle: str
) -> Spec:
    """Lines over months; a month without a value breaks the line and is not drawn as zero."""
    title = legible(name)
    drawn = [kind for kind in KINDS if any(month.of(kind) is not None for month in months)]
    if not drawn:
        return no_data(title, subtitle, language)
    labels = {kind: word(f"series_{kind}", language) for kind in drawn}
    rows = [_row(month, kind, labels[kind], unit) for kind in drawn for month in months]
    periods = [month.period for month in months]
    x = alt.X("period:O", sort=periods, axis=month_axis(periods))
    y = alt.Y(
        "drawn:Q",
        scale=alt.Scale(zero=False, nice=True, padding=12),
        axis=number_axis(amount_title(word("series_value", language), unit, language), language),
    )
    names = [labels[kind] for kind in drawn]
    colour = alt.Color(
        "kind:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[_LOOKS[kind][0] for kind in drawn]),
        legend=legend(lines=True),
    )
    dash = alt.StrokeDash(
        "kind:N", sort=names, scale=alt.Scale(domain=names, range=[_LOOKS[k][1] for k in drawn])
    )
    width = alt.StrokeWidth(
        "kind:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[_LOOKS[kind][2] for kind in drawn]),
        legend=None,
    )
    base = alt.Chart(alt.InlineData(values=rows))
    lines = base.mark_line(aria=False, interpolate="linear").encode(
        x=x, y=y, color=colour, strokeDash=dash, strokeWidth=width, tooltip="tip:N"
    )
    points = (
        base.transform_filter(alt.datum.kind == labels.get("value", ""))
        .transform_filter("isValid(datum.drawn)")
        .mark_point(aria=False, filled=True, size=34 if len(months) <= 24 else 14, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip="tip:N")
    )
    return whole(alt.layer(lines, points), title, subtitle, height=_HEIGHT, width=WIDTH)


def _row(month: SeriesMonth, kind: str, label: str, unit: str) -> dict[str, Any]:
    figure = month.of(kind)
    exact = None if figure is None else plain(figure)
    return {
        "period": month.period,
        "kind": label,
        "drawn": None if figure is None else float(figure),
        "amount": exact,
        "tip": legible(f"{month.period} · {label}: {exact} {unit}".rstrip()),
    }
