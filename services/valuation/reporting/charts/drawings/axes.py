"""Axes of all charts: short numbers with their unit, months that never overlap, lists of names."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.label_width import em_width, shorten
from services.valuation.reporting.charts.style import Spec, title_of, with_house_style
from services.valuation.reporting.charts.units import unit_words
from services.valuation.reporting.charts.wording import word

WIDTH = 640
_MONTH_PIXELS = 52
_PIXELS_PER_EM = 12.6
_TITLE_EM = 18.0
_SHORT: dict[Language, str] = {
    "en": (
        "abs(datum.value) >= 1e9 ? format(datum.value / 1e9, '~g') + 'B'"
        " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, '~g') + 'M'"
        " : abs(datum.value) >= 1e4 ? format(datum.value / 1e3, '~g') + 'K'"
        " : format(datum.value, '~r')"
    ),
    "zh-CN": (
        "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, '~g') + '亿'"
        " : abs(datum.value) >= 1e4 ? format(datum.value / 1e4, '~g') + '万'"
        " : format(datum.value, '~r')"
    ),
}
_PERCENT = "format(datum.value, '.0%')"


def number_axis(title: str, language: Language, *, percent: bool = False, ticks: int = 6) -> Any:
    """An axis of numbers that says its unit; large ones are shortened as people say them."""
    return alt.Axis(
        title=title or None,
        labelExpr=_PERCENT if percent else _SHORT[language],
        tickCount=ticks,
        domain=False,
        ticks=False,
        labelPadding=6,
        titlePadding=8,
        labelFlush=False,
    )


def month_axis(months: Sequence[str], width: int = WIDTH) -> Any:
    """An axis of months; of many only so many are written as fit side by side."""
    most = max(width // _MONTH_PIXELS, 1)
    step = -(-len(months) // most) or 1
    return alt.Axis(
        title=None,
        values=list(months[::step]),
        labelAngle=0,
        labelOverlap=False,
        domainColor=palette.RULE,
        ticks=False,
        labelPadding=8,
        grid=False,
    )


def name_axis(least_pixels: float = 0.0) -> Any:
    """An axis of names, each in full; `least_pixels` lines several panels up."""
    return alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        grid=False,
        labelLimit=340,
        labelPadding=8,
        labelColor=palette.INK,
        labelFontSize=13,
        labelOverlap=False,
        minExtent=least_pixels,
    )


def pixels_of(text: str) -> float:
    """How wide a label of the usual size becomes at most."""
    return em_width(text) * _PIXELS_PER_EM


def amount_title(words: str, unit: str, language: Language) -> str:
    """`Cost (CNY)`, in Chinese with its own brackets; long names are shortened, units never."""
    words, unit = shorten(words, _TITLE_EM), unit_words(unit, language)
    if not unit:
        return words
    return f"{words} ({unit})" if language == "en" else f"{words}（{unit}）"


def legend(*, lines: bool = False) -> Any:
    """A legend above the picture, three entries a row; lines show their dashes."""
    looks: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 500} if lines else {}
    return alt.Legend(
        title=None,
        orient="top",
        direction="horizontal",
        columns=3,
        labelLimit=260,
        columnPadding=18,
        offset=18,
        **looks,
    )


def halo_text(chart: Any, channels: dict[str, Any], **looks: Any) -> list[Any]:
    """Text that stays legible on lines: a broad white outline below it."""
    outline = {"stroke": palette.PAPER, "strokeWidth": 3.5, "strokeJoin": "round"}
    marks = (
        chart.mark_text(aria=False, **looks, **outline),
        chart.mark_text(aria=False, color=palette.INK, **looks),
    )
    return [mark.encode(**channels) for mark in marks]


def zero_rule(axis: str = "x") -> Any:
    """A quiet line at nothing."""
    data = alt.InlineData(values=[{"at": 0}])
    rule = alt.Chart(data).mark_rule(aria=False, color=palette.SOFT_INK, strokeWidth=1)
    return rule.encode(x="at:Q") if axis == "x" else rule.encode(y="at:Q")


def no_data(title: str, subtitle: str, language: Language) -> Spec:
    """A picture that says that there is nothing to draw."""
    data = alt.InlineData(values=[{"label": word("no_data", language)}])
    chart = alt.Chart(data).mark_text(aria=False, color=palette.SOFT_INK, fontSize=14)
    return whole(chart.encode(text="label:N"), title, subtitle, height=60)


def whole(chart: Any, title: str, subtitle: str, *, height: int, width: int = WIDTH) -> Spec:
    """The finished specification with title, description and house style."""
    sized = chart.properties(width=width, height=height, title=title_of(title, subtitle))
    spec: Spec = sized.to_dict()
    spec["description"] = f"{title}. {subtitle}"
    return with_house_style(spec)
