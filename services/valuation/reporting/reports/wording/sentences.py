"""The narrative's sentences in en and zh-CN; `{gaps}` are filled with linked figures."""

from services.valuation.reporting.charts.figures import Language

SENTENCES: dict[str, dict[Language, str]] = {
    "total": {
        "en": "In {period} {input} of IT cost was recorded; {consumers} of it ({share}) reached "
        "consumers.",
        "zh-CN": "{period} 共归集 IT 成本 {input}，其中 {consumers}（{share}）已分摊至消费者。",
    },
    "unallocated_some": {
        "en": "{amount} ({share}) could not be allocated; most of it because: {reason}.",
        "zh-CN": "{amount}（{share}）尚未分摊，首要原因：{reason}。",
    },
    "unallocated_none": {
        "en": "Nothing stayed unallocated.",
        "zh-CN": "全部成本均已分摊，无未分摊余额。",
    },
    "retained_some": {
        "en": "{amount} was kept back on purpose by retaining mappings.",
        "zh-CN": "{amount} 按保留规则留存，未向下分摊。",
    },
    "out_of_scope_some": {
        "en": "{amount} of the imported lines is not IT and was left out of scope.",
        "zh-CN": "导入明细中有 {amount} 不属于 IT 支出，未纳入范围。",
    },
    "unconverted_some": {
        "en": "{count} lines in {currency} ({amount}) were set aside for want of an exchange rate.",
        "zh-CN": "{count} 条 {currency} 明细（{amount}）因缺少汇率暂未纳入。",
    },
    "residual_some": {
        "en": "Converting currencies left a rounding difference of {amount}, shown apart.",
        "zh-CN": "币种折算产生舍入差额 {amount}，单独列示。",
    },
    "largest_pool": {
        "en": "The largest cost pool is {name} with {amount} ({share}).",
        "zh-CN": "最大的成本池是 {name}，{amount}（占 {share}）。",
    },
    "largest_tower": {
        "en": "The most costly technology tower is {name} with {amount} ({share}).",
        "zh-CN": "成本最高的技术资源塔是 {name}，{amount}（占 {share}）。",
    },
    "largest_solution": {
        "en": "The most costly solution is {name} with {amount} ({share}).",
        "zh-CN": "成本最高的解决方案是 {name}，{amount}（占 {share}）。",
    },
    "largest_consumer": {
        "en": "The largest consumer is {name} with {amount} ({share}); the first three together "
        "take {three}.",
        "zh-CN": "最大的消费者是 {name}，{amount}（占 {share}）；前三名合计占 {three}。",
    },
    "single_consumer": {
        "en": "The largest consumer is {name} with {amount} ({share}).",
        "zh-CN": "最大的消费者是 {name}，{amount}（占 {share}）。",
    },
    "capex_share": {
        "en": "Capital spending makes {share} of the cost ({amount}).",
        "zh-CN": "资本性支出占成本的 {share}（{amount}）。",
    },
    "over_budget": {
        "en": "{name} is {amount} above its budget.",
        "zh-CN": "{name} 超出预算 {amount}。",
    },
    "stage": {
        "en": "{stage}: {cost} of IT cost, {revenue} of revenue.",
        "zh-CN": "{stage}环节 IT 投入占比 {cost}，贡献营收占比 {revenue}。",
    },
    "stage_cost": {
        "en": "{stage}: {cost} of IT cost.",
        "zh-CN": "{stage}环节 IT 投入占比 {cost}。",
    },
    "stage_cost_only": {
        "en": "{stage}: {cost} of IT cost; no revenue KPI is linked to it, so its share of value "
        "cannot be told.",
        "zh-CN": "{stage}环节 IT 投入占比 {cost}；未关联营收指标，价值占比无法给出。",
    },
    "stage_revenue_only": {
        "en": "{stage}: {revenue} of revenue; no solution of this stage received cost.",
        "zh-CN": "{stage}环节贡献营收占比 {revenue}；该环节没有解决方案承担成本。",
    },
    "no_stages": {
        "en": "No solution carries a value-chain stage yet; give solutions a stage to see cost "
        "against value along the chain.",
        "zh-CN": "尚无解决方案标注价值链环节；为解决方案标注环节后，可按价值链对照成本与价值。",
    },
    "no_revenue": {
        "en": "No revenue KPI with a figure for this period is linked to a stage or a solution; "
        "cost is shown, its share of value is not guessed.",
        "zh-CN": "本期没有关联到环节或解决方案的营收指标数据；仅列示成本，不推测价值占比。",
    },
    "mixed_revenue": {
        "en": "Revenue KPIs come in different units ({units}); they are not added up.",
        "zh-CN": "营收指标计量单位不一（{units}），不予合计。",
    },
    "kpis_met": {
        "en": "{met} of {measured} value KPIs with a target have reached it.",
        "zh-CN": "有目标且有数据的 {measured} 个价值指标中，{met} 个已达标。",
    },
    "kpis_unmeasured": {
        "en": "{count} KPIs have no observation up to this period.",
        "zh-CN": "{count} 个指标截至本期没有观测值。",
    },
    "no_kpis": {
        "en": "No value KPI is defined yet.",
        "zh-CN": "尚未定义价值指标。",
    },
    "best_kpi": {
        "en": "Best: {name} at {attainment} of its way from baseline to target.",
        "zh-CN": "表现最好：{name}，由基线到目标的达成率为 {attainment}。",
    },
    "worst_kpi": {
        "en": "Furthest behind: {name} at {attainment}.",
        "zh-CN": "差距最大：{name}，达成率为 {attainment}。",
    },
    "benefit": {
        "en": "Initiatives were expected to bring {expected}; approved reviews found {realised} "
        "realised.",
        "zh-CN": "各举措预期收益合计 {expected}，经批准的评估确认已实现 {realised}。",
    },
    "benefit_expected_only": {
        "en": "Initiatives were expected to bring {expected}; no approved review has measured yet "
        "what came of it.",
        "zh-CN": "各举措预期收益合计 {expected}；尚无经批准的评估确认实现情况。",
    },
    "benefit_received": {
        "en": "Benefit payments of {received} are on record.",
        "zh-CN": "已入账的收益合计 {received}。",
    },
    "no_benefit": {
        "en": "No initiative carries a benefit in money yet.",
        "zh-CN": "尚无以金额计量的举措收益。",
    },
    "reviews_state": {
        "en": "{count} post-implementation reviews: {approved} approved, {open} open, {overdue} "
        "overdue.",
        "zh-CN": "上线后评估共 {count} 项：已批准 {approved} 项，未完成 {open} 项，"
        "逾期 {overdue} 项。",
    },
    "no_reviews": {
        "en": "No post-implementation review is due or done up to this period.",
        "zh-CN": "截至本期没有到期或已完成的上线后评估。",
    },
    "review_result": {
        "en": "{initiative}, {kpi}: target {target}, result {actual} ({attainment}).",
        "zh-CN": "{initiative} · {kpi}：目标 {target}，实际 {actual}（达成率 {attainment}）。",
    },
    "reconciled": {
        "en": "All {count} reconciliation steps close with a difference of exactly zero.",
        "zh-CN": "{count} 个对账步骤的差额均为零。",
    },
    "not_reconciled": {
        "en": "Reconciliation step {step} does not close: difference {amount}.",
        "zh-CN": "对账步骤 {step} 不平：差额 {amount}。",
    },
    "accuracy": {
        "en": "{measured} of the cost was assigned directly or by measured drivers, {estimated} "
        "by estimates, {fallback} evenly for want of better.",
        "zh-CN": "{measured} 的成本按直接归属或实测动因分摊，{estimated} 按估算分摊，"
        "{fallback} 为兜底平均分摊。",
    },
    "stale": {
        "en": "Newer inputs exist than this run has seen.",
        "zh-CN": "该批次之后又有新的输入数据。",
    },
    "consumption_elsewhere": {
        "en": "Who consumes what is not listed here; {where} lists it.",
        "zh-CN": "消费明细未在此列出，可查 {where}。",
    },
    "months_missing": {
        "en": "No run is published for {months}; these months are left out.",
        "zh-CN": "{months} 没有已发布的批次，未列入。",
    },
    "several_runs": {
        "en": "This report covers {count} periods; each has its own run, listed under sources.",
        "zh-CN": "本报告涵盖 {count} 个期间，各期批次列于数据来源。",
    },
}
