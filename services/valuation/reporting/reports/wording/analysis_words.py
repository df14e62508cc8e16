"""Words of the value analysis in en and zh-CN."""

from services.valuation.reporting.charts.figures import Language

TERMS: dict[str, dict[Language, str]] = {
    "title.value-analysis": {"en": "Value analysis", "zh-CN": "价值分析报告"},
    "kpis_by_class": {"en": "KPIs by class", "zh-CN": "各类价值指标"},
    "judged": {"en": "Initiatives: plan against actual", "zh-CN": "举措：计划与实际"},
    "realisation": {"en": "Value realisation", "zh-CN": "价值实现率"},
    "solutions_value": {"en": "Solutions: cost beside value", "zh-CN": "解决方案：成本与价值"},
    "class_summary": {"en": "Attainment by class", "zh-CN": "各类达成情况"},
    "class_kpis": {"en": "KPIs of class {what}", "zh-CN": "{what}类指标"},
    "judged_figures": {"en": "Named figures", "zh-CN": "指标口径"},
    "realisation_by": {"en": "Promised and realised in money", "zh-CN": "承诺与实现金额"},
    "solution_list": {
        "en": "Cost, value and use by solution",
        "zh-CN": "各解决方案成本、价值与使用",
    },
    "count": {"en": "KPIs", "zh-CN": "指标数"},
    "measured": {"en": "Measured", "zh-CN": "已测量"},
    "met": {"en": "Target reached", "zh-CN": "已达标"},
    "mean_attainment": {"en": "Median attainment", "zh-CN": "达成率中位数"},
    "previous": {"en": "Figure before", "zh-CN": "上期数值"},
    "trend": {"en": "Trend", "zh-CN": "趋势"},
    "trend.better": {"en": "better", "zh-CN": "向好"},
    "trend.worse": {"en": "worse", "zh-CN": "变差"},
    "trend.same": {"en": "unchanged", "zh-CN": "持平"},
    "plan": {"en": "Plan", "zh-CN": "计划"},
    "actual_figure": {"en": "Actual", "zh-CN": "实际"},
    "why_missing": {"en": "Why a figure is missing", "zh-CN": "缺少数值的原因"},
    "by": {"en": "By", "zh-CN": "维度"},
    "group": {"en": "Group", "zh-CN": "分组"},
    "by.portfolio": {"en": "portfolio", "zh-CN": "项目组合"},
    "by.sponsor": {"en": "sponsor", "zh-CN": "发起人"},
    "by.kind": {"en": "kind of benefit", "zh-CN": "收益类型"},
    "not_named": {"en": "not named", "zh-CN": "未注明"},
    "rate": {"en": "Realised of measured", "zh-CN": "实现率"},
    "realised_extra": {"en": "Beyond every promise", "zh-CN": "承诺之外的收益"},
    "unmeasured": {"en": "Not measured yet", "zh-CN": "尚未测量"},
    "cost_column": {"en": "Cost ({currency})", "zh-CN": "成本（{currency}）"},
    "use": {"en": "Use against target", "zh-CN": "使用达成率"},
    "value_kpi": {"en": "Value KPI", "zh-CN": "价值指标"},
    "value_figure": {"en": "Value", "zh-CN": "价值"},
    "value_per_cost": {"en": "Value per unit of cost", "zh-CN": "单位成本价值"},
    "underused": {"en": "Underused", "zh-CN": "使用不足"},
    "underused.yes": {"en": "underused", "zh-CN": "使用不足"},
    "reason_of.no_cash_flows": {"en": "no cash flows", "zh-CN": "没有现金流"},
    "reason_of.no_cost": {"en": "no cost", "zh-CN": "没有成本"},
    "reason_of.no_benefit": {"en": "no benefit", "zh-CN": "没有收益"},
    "reason_of.no_sign_change": {"en": "never changes sign", "zh-CN": "现金流符号不变"},
    "reason_of.several_roots": {"en": "several solutions", "zh-CN": "存在多个解"},
    "reason_of.never_pays_back": {"en": "never pays back", "zh-CN": "无法回本"},
    "reason_of.no_real_root": {"en": "no solution", "zh-CN": "无实数解"},
    "reason_of.no_dates": {"en": "payments without days", "zh-CN": "现金流没有日期"},
    "reason_of.no_duration": {"en": "no time passes", "zh-CN": "期限为零"},
    "reason_of.no_discount_rate": {"en": "no discount rate", "zh-CN": "未给折现率"},
}

SENTENCES: dict[str, dict[Language, str]] = {
    "class_attained": {
        "en": "{class_name}: {met} of {measured} measured KPIs have reached their target; the "
        "median attainment is {median}.",
        "zh-CN": "{class_name}类：已测量的 {measured} 个指标中 {"
        "met} 个达标，达成率中位数 {median}。",
    },
    "class_unmeasured": {
        "en": "{class_name}: none of the {count} KPIs has a target and a figure.",
        "zh-CN": "{class_name}类：{count} 个指标均缺少目标或数据。",
    },
    "discounted": {
        "en": "Net present values are discounted at {rate} a year; {gross} is benefit / cost, "
        "{net} is (benefit - cost) / cost.",
        "zh-CN": "净现值按年折现率 {rate} 计算；{gross} 为收益 ÷ 成本，"
        "{net} 为（收益 − 成本）÷ 成本。",
    },
    "judged_best": {
        "en": "Highest planned return: {name} with roi_net {value}.",
        "zh-CN": "计划回报最高：{name}，roi_net 为 {value}。",
    },
    "judged_ahead": {
        "en": "{name}: roi_net {actual} so far against {plan} planned.",
        "zh-CN": "{name}：roi_net 迄今为 {actual}，计划为 {plan}。",
    },
    "judged_none": {
        "en": "No initiative has cash flows yet.",
        "zh-CN": "尚无举措录入现金流。",
    },
    "realised_rate": {
        "en": "Of {measured} whose result was measured, {realised} ({rate}) came true; "
        "{unmeasured} is not measured yet.",
        "zh-CN": "已测量的承诺收益 {measured} 中实现 {realised}（{"
        "rate}）；另有 {unmeasured} 尚未测量。",
    },
    "realised_nothing": {
        "en": "No promise in money has been measured by an approved review yet.",
        "zh-CN": "尚无经批准的评估测量过以金额计的承诺。",
    },
    "realised_extra": {
        "en": "Beyond every promise, reviews found {extra}.",
        "zh-CN": "评估另发现承诺之外的收益 {extra}。",
    },
    "bias_known": {
        "en": "In the middle case a promise reached {median} of what was expected; eight in ten "
        "lie between {low} and {high} (promises measured: {count}).",
        "zh-CN": "承诺实现程度的中位数为 {median}，八成介于 {low} 与 {high} 之间"
        "（已测量 {count} 项承诺）。",
    },
    "bias_unknown": {
        "en": "How far promises are off is not told yet: measured {count}, needed {least}.",
        "zh-CN": "尚不能判断承诺的偏差：已测量 {count} 项，至少需要 {least} 项。",
    },
    "underused_some": {
        "en": "Solutions that cost much and are used little ({count}): {names}.",
        "zh-CN": "{count} 个解决方案成本高而使用少：{names}。",
    },
    "underused_none": {
        "en": "No solution with a use KPI costs much and is used little.",
        "zh-CN": "有使用指标的解决方案中，没有成本高而使用少的。",
    },
    "value_best": {
        "en": "Most value for its cost: {name}, {ratio} of value for each unit of cost.",
        "zh-CN": "单位成本价值最高：{name}，每单位成本带来 {ratio} 的价值。",
    },
}
