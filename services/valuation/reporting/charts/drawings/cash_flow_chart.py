"""Cumulative cash flow of an initiative, as planned and as it came, with the month of payback."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    amount_title,
    halo_text,
    legend,
    month_axis,
    no_data,
    number_axis,
    whole,
    zero_rule,
)
from services.valuation.reporting.charts.figures import Language, money_text, short_money
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.money import EXACT, plain
from shared.periods import period_range

_HEIGHT = 320
_LOOKS = {"plan": (palette.SOFT_INK, [6, 4]), "actual": (palette.COST, [1, 0])}


@dataclass(frozen=True)
class Course:
    """Money of each month on one basis (`plan` or `actual`), in order of the months."""

    basis: str
    months: Sequence[tuple[str, Decimal]]


def accumulate(course: Course) -> list[tuple[str, Decimal]]:
    """The sum up to the end of each month, from the first to the last with money."""
    if not course.months:
        return []
    known: dict[str, Decimal] = {}
    for period, amount in course.months:
        known[period] = EXACT.add(known.get(period, Decimal(0)), amount)
    total, sums = Decimal(0), []
    for period in period_range(min(known), max(known)):
        total = EXACT.add(total, known.get(period, Decimal(0)))
        sums.append((period, total))
    return sums


def payback_month(sums: Sequence[tuple[str, Decimal]]) -> str | None:
    """The month that ends an initiative's debt for good; None while it is never paid back."""
    if not any(total < 0 for _, total in sums) or not sums or sums[-1][1] < 0:
        return None
    found = None
    for (_, before), (period, after) in pairwise(sums):
        if before < 0 <= after:
            found = period
    return found


def cash_flow_chart(
    courses: Sequence[Course], currency: str, language: Language, subtitle: str
) -> Spec:
    """One line for each basis; a mark where it comes up through nothing for good."""
    title = word("cash-flows", language)
    sums = {course.basis: accumulate(course) for course in courses if course.months}
    if not sums:
        return no_data(title, subtitle, language)
    periods = sorted({period for line in sums.values() for period, _ in line})
    periods = list(period_range(periods[0], periods[-1]))
    labels = {basis: word(basis, language) for basis in _LOOKS if basis in sums}
    rows = [
        _row(period, labels[basis], total, currency, language)
        for basis in labels
        for period, total in sums[basis]
    ]
    x = alt.X("period:O", sort=periods, scale=alt.Scale(domain=periods), axis=month_axis(periods))
    axis = number_axis(amount_title(word("cumulative", language), currency, language), language)
    y = alt.Y("drawn:Q", scale=alt.Scale(nice=True), axis=axis)
    colour = alt.Color(
        "basis:N",
        sort=list(labels.values()),
        scale=alt.Scale(domain=list(labels.values()), range=[_LOOKS[b][0] for b in labels]),
        legend=legend(lines=True),
    )
    dash = alt.StrokeDash(
        "basis:N",
        sort=list(labels.values()),
        scale=alt.Scale(domain=list(labels.values()), range=[_LOOKS[b][1] for b in labels]),
    )
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(aria=False, interpolate="step-after", strokeWidth=2.4, point=len(rows) < 4)
        .encode(x=x, y=y, color=colour, strokeDash=dash, tooltip="tip:N")
    )
    marks = _marks(sums, labels, periods, language)
    layers = [zero_rule("y"), lines, *(_mark_layers(marks, x, y, colour) if marks else [])]
    return whole(alt.layer(*layers), title, subtitle, height=_HEIGHT, width=WIDTH)


def _marks(
    sums: dict[str, list[tuple[str, Decimal]]],
    labels: dict[str, str],
    periods: list[str],
    language: Language,
) -> list[dict[str, Any]]:
    """Where each basis is paid back, labelled where the labels do not cross each other's mark.

    A rising line leaves room above left of the earlier mark and below right of the later one; at
    the right edge it is the other way round.
    """
    paid = sorted(
        (periods.index(month), place, basis)
        for place, basis in enumerate(labels)
        if (month := payback_month(sums[basis])) is not None
    )
    at_the_edge = bool(paid) and paid[-1][0] * 4 >= len(periods) * 3
    marks = []
    for order, (at, place, basis) in enumerate(paid):
        is_later = bool(order) if len(paid) > 1 else place == 1
        below = is_later != (at_the_edge and len(paid) > 1)
        marks.append(
            {
                "period": periods[at],
                "drawn": 0.0,
                "basis": labels[basis],
                "label": word("payback", language, basis=labels[basis], month=periods[at]),
                "side": "left" if below or at * 4 < len(periods) else "right",
                "below": below,
            }
        )
    return marks


def _mark_layers(marks: list[dict[str, Any]], x: Any, y: Any, colour: Any) -> list[Any]:
    data = alt.Chart(alt.InlineData(values=marks))
    layers = [
        data.mark_point(aria=False, filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour)
    ]
    for side in ("left", "right"):
        for below in (False, True):
            chosen = data.transform_filter(
                f"datum.side === '{side}' && datum.below === {str(below).lower()}"
            )
            place: dict[str, Any] = {
                "align": side,
                "dx": 9 if side == "left" else -9,
                "dy": 15 if below else -13,
                "fontSize": 12,
            }
            layers += halo_text(chosen, {"x": x, "y": y, "text": "label:N"}, **place)
    return layers


def _row(
    period: str, basis: str, total: Decimal, currency: str, language: Language
) -> dict[str, Any]:
    return {
        "period": period,
        "basis": basis,
        "drawn": float(total),
        "amount": plain(total),
        "tip": f"{period} · {basis}: {money_text(total, currency, language)}",
        "label": short_money(total, currency, language),
    }
