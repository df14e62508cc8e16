"""Every word that stands in a picture, in en and zh-CN."""

from services.valuation.charts.figures import Language

WORDS: dict[str, dict[Language, str]] = {
    "flow": {"en": "Where the IT money goes", "zh-CN": "IT 资金流向"},
    "cost-distribution": {"en": "How IT cost is distributed", "zh-CN": "IT 成本分布"},
    "cost-value": {"en": "Cost against value", "zh-CN": "成本与价值对照"},
    "kpi-attainment": {"en": "Value targets: how far we are", "zh-CN": "价值指标达成情况"},
    "pool": {"en": "Cost pools", "zh-CN": "成本池"},
    "resource": {"en": "Technology towers", "zh-CN": "技术资源塔"},
    "solution": {"en": "Solutions", "zh-CN": "解决方案"},
    "consumer": {"en": "Consumers", "zh-CN": "消费者"},
    "other": {"en": "Other", "zh-CN": "其他"},
    "unallocated": {"en": "Not allocated", "zh-CN": "未分摊"},
    "credits": {
        "en": "Credits, not drawn as ribbons ({count}): {total}. {largest}",
        "zh-CN": "贷项（未绘入流带）共 {count} 条，合计 {total}。{largest}",
    },
    "same_layer": {
        "en": "Flows inside a layer ({count}) are settled before this picture and not drawn.",
        "zh-CN": "同层内部的 {count} 条流转在此图之前已结清，未绘出。",
    },
    "subtitle": {
        "en": "{period} · {total} in total · run {run}",
        "zh-CN": "{period} · 合计 {total} · 核算批次 {run}",
    },
    "subtitle_plain": {"en": "{period} · {total} in total", "zh-CN": "{period} · 合计 {total}"},
    "cost_share": {"en": "Share of cost", "zh-CN": "成本占比"},
    "value_share": {"en": "Share of value", "zh-CN": "价值占比"},
    "attainment": {"en": "Attainment of target", "zh-CN": "目标达成率"},
    "target": {"en": "Target", "zh-CN": "目标"},
    "opex": {"en": "OpEx", "zh-CN": "运营支出"},
    "capex": {"en": "CapEx", "zh-CN": "资本支出"},
    "unknown_type": {"en": "Type not given", "zh-CN": "类型未注明"},
    "no_data": {"en": "No figures for this period", "zh-CN": "本期无数据"},
}


def word(key: str, language: Language, **values: object) -> str:
    """One wording with its values put in."""
    return WORDS[key][language].format(**values)
