"""Why a solution counts as underused or not, in both languages."""

from collections.abc import Mapping
from decimal import Decimal

from services.valuation.overviews.views.domain import KpiSeen, Underuse
from services.valuation.reporting.charts.figures import Language, money_text, percent_text

_TEXTS: Mapping[Underuse, Mapping[str, str]] = {
    "underused": {
        "en": "Costs {cost}, at least the median of {middle}, and {kpi} has come {share} of the way"
        " to its target",
        "zh-CN": "成本{cost}，不低于中位数{middle}，而{kpi}仅达到目标的{share}",
    },
    "used": {
        "en": "{kpi} has come {share} of the way to its target",
        "zh-CN": "{kpi}已达到目标的{share}",
    },
    "cheap": {
        "en": "{kpi} has come {share} of the way to its target, but the cost of {cost} is below the"
        " median of {middle}",
        "zh-CN": "{kpi}达到目标的{share}，但成本{cost}低于中位数{middle}",
    },
    "no_use_kpi": {
        "en": "No KPI of use has a value, a baseline and a target",
        "zh-CN": "没有同时具备数值、基线和目标的使用类指标",
    },
}


def use_sentence(
    use: KpiSeen | None,
    verdict: Underuse,
    cost: Decimal,
    middle: Decimal,
    currency: str,
    language: str,
) -> str:
    """The rule of underuse with the figures that it looked at."""
    told: Language = "zh-CN" if language == "zh-CN" else "en"
    return _TEXTS[verdict][language].format(
        kpi=use.name if use else "",
        share=percent_text(use.attainment if use else None),
        cost=money_text(cost, currency, told),
        middle=money_text(middle, currency, told),
    )
