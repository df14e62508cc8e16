"""What the value chain says in words, in both languages."""

from collections.abc import Mapping
from decimal import Decimal

from services.valuation.overviews.value_chain.domain import StageFigures
from services.valuation.reporting.charts.figures import percent_text

PART_LABELS: Mapping[str, Mapping[str, str]] = {
    "solutions_without_stage": {
        "en": "Solutions without a stage",
        "zh-CN": "未划入价值链环节的解决方案",
    },
    "consumers_directly": {
        "en": "Charged to consumers without a solution",
        "zh-CN": "未经解决方案直接计入使用方",
    },
    "retained_elsewhere": {
        "en": "Retained before a solution was reached",
        "zh-CN": "到达解决方案之前留存",
    },
    "unallocated_elsewhere": {
        "en": "Not allocated before a solution was reached",
        "zh-CN": "到达解决方案之前未能分摊",
    },
    "residual": {"en": "Residual of rounding", "zh-CN": "舍入差额"},
}
UNASSIGNED = {"en": "no stage", "zh-CN": "未划入环节"}
RULE = {
    "en": (
        "Cost: the cost of a stage's solutions in the published runs, each less what it passed on"
        " to other solutions; a solution without a stage has its nearest parent's. Value: KPIs"
        " with value_role revenue linked to the stage; where there is none, those linked to its"
        " solutions or initiatives. A KPI of several stages counts by observations linked to each."
        " Shares are of the whole input of the runs and of all value counted."
    ),
    "zh-CN": (
        "成本：已发布分摊运行中该环节各解决方案的成本，扣除其转给其他解决方案的部分；"
        "解决方案未标环节时取最近上级的环节。价值：value_role为revenue且关联到该环节的指标；"
        "没有时取关联到该环节解决方案或举措的指标。涉及多个环节的指标按关联到各环节的观测值计。"
        "占比以分摊运行的全部投入和全部已计价值为基数。"
    ),
}
_TEXTS = {
    "both": {
        "en": "{name}: {cost} of cost, {value} of revenue",
        "zh-CN": "{name}：占成本{cost}，占营收{value}",
    },
    "cost": {
        "en": "{name}: {cost} of cost, revenue not known",
        "zh-CN": "{name}：占成本{cost}，营收未知",
    },
    "value": {
        "en": "{name}: {value} of revenue, without cost",
        "zh-CN": "{name}：占营收{value}，无成本",
    },
    "neither": {"en": "{name}: no cost, revenue not known", "zh-CN": "{name}：无成本，营收未知"},
}


def stage_sentence(name: str, figures: StageFigures, language: str) -> str:
    """Both shares in one sentence: `Design: 32 % of cost, 45 % of revenue`."""
    has_cost = bool(figures.cost) and figures.cost_share is not None
    has_value = figures.value_share is not None
    key = {(True, True): "both", (True, False): "cost", (False, True): "value"}.get(
        (has_cost, has_value), "neither"
    )
    return _TEXTS[key][language].format(
        name=name,
        cost=_percent(figures.cost_share, language),
        value=_percent(figures.value_share, language),
    )


def _percent(share: Decimal | None, language: str) -> str:
    """Whole per cents where they are exact, else one digit."""
    if share is None:
        return "–"
    whole = not (share * 100) % 1
    text = percent_text(share, 0 if whole else 1)
    return text.replace("%", " %") if language == "en" else text
