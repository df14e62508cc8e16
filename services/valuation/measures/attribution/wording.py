"""What the figures say, in both languages: by rule, and never more than the design supports."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.valuation.measures.attribution.domain import Estimate
from services.valuation.measures.attribution.event_designs import (
    DifferenceInDifferences,
    InterruptedSeries,
)
from services.valuation.measures.attribution.findings import Association, CautionCode

Both = Mapping[str, str]

CAUTIONS: Mapping[CautionCode, Both] = {
    "small_sample": {
        "en": "There are few months; the figures may change much with a few more.",
        "zh-CN": "月份较少，再增加几个月结果可能明显变化。",
    },
    "gaps": {
        "en": "Months are missing in between and were left out.",
        "zh-CN": "期间有缺失的月份，已略去不计。",
    },
    "autocorrelation": {
        "en": "What the line leaves unexplained hangs together from month to month, so the true"
        " uncertainty is larger than the interval.",
        "zh-CN": "相邻月份的残差彼此相关，实际不确定性大于所列区间。",
    },
    "shared_trend": {
        "en": "Both have a trend over time, which alone makes them go together; look at the"
        " correlation of their changes.",
        "zh-CN": "两者都随时间呈趋势变化，仅此便会显得相关；请看月度变化量的相关系数。",
    },
    "shared_season": {
        "en": "Both have the same or the opposite yearly pattern, which alone makes them go"
        " together.",
        "zh-CN": "两者具有相同或相反的季节规律，仅此便会显得相关。",
    },
    "influential_point": {
        "en": "A single month carries much of the result.",
        "zh-CN": "个别月份对结果影响很大。",
    },
    "shared_inputs": {
        "en": "One of the two is computed from the other or from the same inputs, so part of this"
        " is arithmetic.",
        "zh-CN": "其中一个由另一个或相同输入计算得出，部分相关纯属算术关系。",
    },
    "units_differ": {
        "en": "The KPI and its control have different units, so their difference has no clear"
        " meaning.",
        "zh-CN": "指标与对照指标单位不同，二者之差含义不明。",
    },
    "trends_not_parallel": {
        "en": "Before the event the KPI and its control did not move in parallel, which this design"
        " needs.",
        "zh-CN": "事件之前指标与对照并不平行变化，而该方法以此为前提。",
    },
}


def say_association(found: Association) -> Both:
    """How closely both go together, and that this is no proof of cause."""
    if found.pearson.value is None or found.pearson.p_value is None:
        return {
            "en": "One of the two never changes in these months, so there is no association to"
            " measure.",
            "zh-CN": "这些月份中有一方始终不变，无从衡量相关关系。",
        }
    figures = (
        f"r = {_short(found.pearson.value)}, {_interval(found.pearson)},"
        f" {_chance(found.pearson.p_value)}, n = {len(found.points)}"
    )
    if not found.pearson.is_significant:
        return {
            "en": f"No association that chance could not also make ({figures}).",
            "zh-CN": f"未见可与偶然相区别的相关关系（{figures}）。",
        }
    together = found.pearson.value > 0
    return {
        "en": f"Both move {'in the same direction' if together else 'in opposite directions'}"
        f" ({figures}): association, not proof of cause.",
        "zh-CN": f"两者{'同向' if together else '反向'}变动（{figures}）："
        "这是相关关系，不能证明因果。",
    }


def say_best_lag(found: Association) -> Both | None:
    """The lead with the closest correlation, where it is not the same month."""
    lag = found.best_lag
    if lag is None or not lag.months or lag.pearson.value is None or lag.adjusted_p is None:
        return None
    figures = f"r = {_short(lag.pearson.value)}, {_chance(lag.adjusted_p)}"
    return {
        "en": f"They are closest when the KPI follows {lag.months}"
        f" {'month' if lag.months == 1 else 'months'} later ({figures} after allowing for all lags"
        " tried).",
        "zh-CN": f"滞后{lag.months}个月时最为密切（{figures}，已就所试各滞后期校正）。",
    }


def say_interruption(found: InterruptedSeries, event: str) -> Both:
    """How level and slope changed with the event."""
    level, slope = found.level_change, found.slope_change
    clear = level.is_significant or slope.is_significant
    return {
        "en": f"From {event} on the level changed by {_figures(level)} and the slope by"
        f" {_figures(slope)} a month. "
        + (
            "Without a control this supports an effect of the event but does not rule out"
            " whatever else happened then."
            if clear
            else "Neither can be told from chance."
        ),
        "zh-CN": f"自{event}起，水平变化{_figures(level)}，每月斜率变化{_figures(slope)}。"
        + (
            "没有对照，这支持事件有影响，但不能排除同期其他因素。"
            if clear
            else "两者都无法与偶然相区别。"
        ),
    }


def say_difference(found: DifferenceInDifferences, event: str, control: str) -> Both:
    """How much more the KPI changed than its control, and whether that may be called an effect."""
    effect = _figures(found.effect)
    if not found.effect.is_significant:
        english, chinese = "This cannot be told from chance.", "这无法与偶然相区别。"
    elif found.parallel_trend.holds:
        english = (
            "Before the event no different trend was seen, so this supports an effect of the event."
        )
        chinese = "事件之前未见不同趋势，因此支持事件确有影响。"
    else:
        english = "Before the event both already moved apart: association, not an effect."
        chinese = "事件之前两者已不平行：只能视为相关，不能视为影响。"
    return {
        "en": f"From {event} on the KPI changed by {effect} more than {control}. {english}",
        "zh-CN": f"自{event}起，指标比对照{control}多变化{effect}。{chinese}",
    }


def join_sentences(sentences: Sequence[Both | None]) -> dict[str, str]:
    """Sentences one after another in each language."""
    known = [each for each in sentences if each is not None]
    return {
        "en": " ".join(each["en"] for each in known),
        "zh-CN": "".join(each["zh-CN"] for each in known),
    }


def _figures(estimate: Estimate) -> str:
    if estimate.value is None or estimate.p_value is None:
        return "-"
    return f"{_short(estimate.value)} ({_interval(estimate)}, {_chance(estimate.p_value)})"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "95 %: -"
    return f"95 %: {_short(estimate.low)} … {_short(estimate.high)}"


def _short(value: Decimal) -> str:
    """Two decimals, or three significant digits where that is more."""
    places = max(2, 2 - value.adjusted()) if value else 2
    return f"{round(value, places):f}"


def _chance(p_value: Decimal) -> str:
    return "p < 0.0001" if p_value < Decimal("0.0001") else f"p = {round(p_value, 4):f}"
