"""Figures and the reasons why one is undefined, in the words of both languages."""

from collections.abc import Mapping

Texts = Mapping[str, Mapping[str, str]]

FIGURES: Texts = {
    "roi_net": {"en": "Net return on investment", "zh-CN": "净投资回报率"},
    "roi_gross": {"en": "Gross return on investment", "zh-CN": "毛投资回报率"},
    "roi_npv": {"en": "Discounted return on investment", "zh-CN": "折现投资回报率"},
    "bcr": {"en": "Benefit-cost ratio", "zh-CN": "效益成本比"},
    "npv": {"en": "Net present value", "zh-CN": "净现值"},
    "irr": {"en": "Internal rate of return (periods)", "zh-CN": "内部收益率（按期）"},
    "xirr": {"en": "Internal rate of return (days)", "zh-CN": "内部收益率（按日）"},
    "mirr": {"en": "Modified internal rate of return", "zh-CN": "修正内部收益率"},
    "payback_months": {"en": "Payback in months", "zh-CN": "投资回收期（月）"},
    "discounted_payback_months": {
        "en": "Discounted payback in months",
        "zh-CN": "动态投资回收期（月）",
    },
    "tco": {"en": "Total cost of ownership", "zh-CN": "总拥有成本"},
    "equivalent_annual_cost": {"en": "Equivalent annual cost", "zh-CN": "等额年成本"},
}

REASONS: Texts = {
    "no_cost": {"en": "There is no cost to compare with.", "zh-CN": "没有可比较的成本。"},
    "no_discount_rate": {"en": "No discount rate was given.", "zh-CN": "未给出折现率。"},
    "no_sign_change": {
        "en": "The cash flows never change sign, so no rate makes them worth nothing.",
        "zh-CN": "现金流没有正负变化，因此不存在使净现值为零的利率。",
    },
    "several_roots": {
        "en": "Several rates make the net present value 0; all are listed.",
        "zh-CN": "有多个利率使净现值为零，已全部列出。",
    },
    "no_real_root": {
        "en": "No rate above -100 % makes the net present value 0.",
        "zh-CN": "不存在大于-100%且使净现值为零的利率。",
    },
    "too_many_sign_changes": {
        "en": "The cash flows change sign too often for a rate to mean anything.",
        "zh-CN": "现金流正负变化过于频繁，收益率没有意义。",
    },
    "dated_flows_have_xirr": {
        "en": "These cash flows are judged by days; see xirr.",
        "zh-CN": "这些现金流按日期评估，请看xirr。",
    },
    "no_dates": {
        "en": "Not every cash flow has a day.",
        "zh-CN": "并非每笔现金流都有日期。",
    },
    "never_pays_back": {
        "en": "The running sum of the cash flows never reaches 0.",
        "zh-CN": "累计现金流始终未达到零。",
    },
    "benefit_below_cost": {
        "en": "Later costs outweigh all benefits, so it does not pay back.",
        "zh-CN": "后续成本超过全部效益，因此无法收回投资。",
    },
    "no_duration": {
        "en": "All cash flows fall into one moment.",
        "zh-CN": "全部现金流发生在同一时点。",
    },
    "out_of_range": {
        "en": "The figure is too large to be shown.",
        "zh-CN": "数值过大，无法显示。",
    },
    "no_break_even": {
        "en": "No value of this assumption alone brings it to 0.",
        "zh-CN": "单独改变该假设无法达到盈亏平衡。",
    },
}

FINANCIAL_RULE: Mapping[str, str] = {
    "en": "50 x benefit / cost, between 0 and 100: 50 breaks even, 100 earns twice its cost",
    "zh-CN": "50×效益÷成本，取值0至100：50为盈亏平衡，100为效益达到成本的两倍",
}


def in_language(texts: Texts, key: str | None, language: str) -> str | None:
    """The text of a key in the caller's language; None for no key."""
    if key is None:
        return None
    return texts[key][language]
