"""Spending of months, stacked by what it went to; the largest by name, the rest as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.drawings.axes import (
    WIDTH,
    amount_title,
    month_axis,
    no_data,
    number_axis,
    whole,
    zero_rule,
)
from services.valuation.reporting.charts.figures import Language, money_text, short_money
from services.valuation.reporting.charts.label_width import distinct_labels
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from shared.money import add_exactly, plain

_MOST = 9
_LABEL_EM = 16.0
_HEIGHT = 340


@dataclass(frozen=True)
class Stream:
    """One object with its cost of each month, in the order of the months."""

    name: str
    amounts: tuple[Decimal, ...]

    @property
    def size(self) -> Decimal:
        """How much it is seen: credits count like charges."""
        return add_exactly([abs(amount) for amount in self.amounts])


def merged_streams(streams: Sequence[Stream], other: str, most: int = _MOST) -> list[Stream]:
    """The largest streams in order and one for the rest, which loses nothing of any month."""
    ordered = sorted(streams, key=lambda stream: (-stream.size, stream.name))
    if len(ordered) <= most + 1:
        return ordered
    rest = ordered[most:]
    sums = tuple(add_exactly(list(month)) for month in zip(*(s.amounts for s in rest), strict=True))
    return [*ordered[:most], Stream(f"{other} ({len(rest)})", sums)]


def trend_chart(
    months: Sequence[str],
    streams: Sequence[Stream],
    currency: str,
    language: Language,
    layer: str,
    subtitle: str,
) -> Spec:
    """Columns of months; the sum stands on each where there is room, credits hang below zero."""
    title = word("spend-trend", language, layer=word(layer, language))
    if not months or not streams:
        return no_data(title, subtitle, language)
    shown = merged_streams(streams, word("other", language))
    names = distinct_labels([stream.name for stream in shown], _LABEL_EM)
    merged = len(shown) < len(streams)
    colours = [
        palette.OTHER if merged and place == len(shown) - 1 else palette.category_colour(place)
        for place in range(len(shown))
    ]
    rows = [
        _row(period, name, place, stream.amounts[at], currency, language)
        for place, (name, stream) in enumerate(zip(names, shown, strict=True))
        for at, period in enumerate(months)
    ]
    x = alt.X("period:O", sort=list(months), axis=month_axis(months))
    axis = number_axis(amount_title(word("cost", language), currency, language), language)
    y = alt.Y("drawn:Q", stack="zero", scale=alt.Scale(nice=True), axis=axis)
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(aria=False, size=min(60.0, 0.86 * WIDTH / len(months)))
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "name:N",
                sort=names,
                scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title=None, orient="right", labelLimit=240, rowPadding=5),
            ),
            order=alt.Order("place:Q"),
            tooltip="tip:N",
        )
    )
    layers = [bars, zero_rule("y")]
    if len(months) <= 12:
        layers.append(_sums(months, shown, x, currency, language))
    return whole(alt.layer(*layers), title, subtitle, height=_HEIGHT, width=WIDTH)


def _sums(
    months: Sequence[str], streams: Sequence[Stream], x: Any, currency: str, language: Language
) -> Any:
    rows = []
    for at, period in enumerate(months):
        amounts = [stream.amounts[at] for stream in streams]
        top = add_exactly([amount for amount in amounts if amount > 0])
        total = add_exactly(amounts)
        label = short_money(total, currency, language).replace(f"{currency} ", "")
        rows.append({"period": period, "top": float(top), "amount": plain(total), "label": label})
    data = alt.Chart(alt.InlineData(values=rows))
    text = data.mark_text(aria=False, dy=-8, fontSize=11, color=palette.INK)
    return text.encode(x=x, y=alt.Y("top:Q"), text="label:N")


def _row(
    period: str, name: str, place: int, amount: Decimal, currency: str, language: Language
) -> dict[str, Any]:
    return {
        "period": period,
        "name": name,
        "place": place,
        "drawn": float(amount),
        "amount": plain(amount),
        "tip": f"{period} · {name}: {money_text(amount, currency, language)}",
    }
