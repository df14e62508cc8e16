"""Doubts about an initiative in the words of both languages."""

from collections.abc import Mapping

FINDINGS: Mapping[str, Mapping[str, str]] = {
    "no_cost": {
        "en": "Neither a planned nor an actual cost is known.",
        "zh-CN": "计划成本和实际成本均未知。",
    },
    "lifecycle_cost_questionable": {
        "en": "The stated lifecycle cost is more than four times the planned cost.",
        "zh-CN": "声明的全生命周期成本超过计划成本的四倍。",
    },
    "lifecycle_cost_below_plan": {
        "en": "The stated lifecycle cost is below the planned cost.",
        "zh-CN": "声明的全生命周期成本低于计划成本。",
    },
    "ends_before_start": {
        "en": "It went live before it started.",
        "zh-CN": "上线日期早于开始日期。",
    },
    "planned_end_before_start": {
        "en": "It was planned to go live before it starts.",
        "zh-CN": "计划上线日期早于开始日期。",
    },
}

EARNED: Mapping[str, Mapping[str, str]] = {
    "bac": {"en": "Budget at completion", "zh-CN": "完工预算"},
    "pv": {"en": "Planned value", "zh-CN": "计划价值"},
    "ac": {"en": "Actual cost", "zh-CN": "实际成本"},
    "percent_complete": {"en": "Percent complete", "zh-CN": "完成百分比"},
    "ev": {"en": "Earned value", "zh-CN": "挣值"},
    "sv": {"en": "Schedule variance", "zh-CN": "进度偏差"},
    "cv": {"en": "Cost variance", "zh-CN": "成本偏差"},
    "spi": {"en": "Schedule performance index", "zh-CN": "进度绩效指数"},
    "cpi": {"en": "Cost performance index", "zh-CN": "成本绩效指数"},
    "eac": {"en": "Estimate at completion", "zh-CN": "完工估算"},
    "etc": {"en": "Estimate to complete", "zh-CN": "完工尚需估算"},
    "vac": {"en": "Variance at completion", "zh-CN": "完工偏差"},
}

EARNED_REASONS: Mapping[str, Mapping[str, str]] = {
    "no_plan": {"en": "No cost is planned.", "zh-CN": "没有计划成本。"},
    "no_actual": {"en": "No actual cost is known.", "zh-CN": "没有实际成本。"},
    "no_progress": {
        "en": "Nothing says how far the work is: give percent_complete or estimate_to_complete.",
        "zh-CN": "缺少进度：请提供percent_complete或estimate_to_complete。",
    },
    "nothing_planned_yet": {
        "en": "Nothing was planned to be spent until this day.",
        "zh-CN": "截至该日没有计划支出。",
    },
    "nothing_spent_yet": {
        "en": "Nothing was spent until this day.",
        "zh-CN": "截至该日没有实际支出。",
    },
    "nothing_earned_yet": {"en": "Nothing is done yet.", "zh-CN": "尚无完成的工作。"},
}
