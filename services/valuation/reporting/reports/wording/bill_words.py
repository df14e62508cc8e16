"""Words of the consumer statement in en and zh-CN."""

from services.valuation.reporting.charts.figures import Language

TERMS: dict[str, dict[Language, str]] = {
    "title.consumer-statement": {"en": "Consumer statement", "zh-CN": "消费者账单"},
    "bill": {"en": "The bill", "zh-CN": "账单明细"},
    "origins": {"en": "Where it comes from", "zh-CN": "成本来源"},
    "course": {"en": "Month by month", "zh-CN": "逐月走势"},
    "complaints": {"en": "Disputes", "zh-CN": "争议"},
    "bill_lines": {"en": "Lines of the bill", "zh-CN": "账单行"},
    "bill_origins": {"en": "Cost pools behind the bill", "zh-CN": "账单背后的成本池"},
    "bill_months": {"en": "Cost by month", "zh-CN": "逐月成本"},
    "bill_complaints": {"en": "Disputed lines", "zh-CN": "有争议的账单行"},
    "line": {"en": "Line", "zh-CN": "账单行"},
    "kind": {"en": "Kind", "zh-CN": "类别"},
    "driver": {"en": "Driver", "zh-CN": "动因"},
    "unit_price": {"en": "Unit price ({currency})", "zh-CN": "单价（{currency}）"},
    "share_of_bill": {"en": "Share of the bill", "zh-CN": "占账单比例"},
    "month": {"en": "Month", "zh-CN": "月份"},
    "change": {"en": "Change on the month before", "zh-CN": "环比"},
    "raised_by": {"en": "Raised by", "zh-CN": "提出人"},
    "decision": {"en": "Decision", "zh-CN": "处理意见"},
    "explanation": {"en": "The explanation of this amount", "zh-CN": "金额说明"},
    "statement": {"en": "Statement", "zh-CN": "账单编号"},
    "issued_at": {"en": "Issued", "zh-CN": "签发时间"},
    "line_kind.charge": {"en": "charge", "zh-CN": "费用"},
    "line_kind.correction": {"en": "correction", "zh-CN": "更正"},
    "line_kind.own": {"en": "own cost", "zh-CN": "自有成本"},
    "line_kind.below": {"en": "consumer below", "zh-CN": "下级消费者"},
    "line_kind.rest": {"en": "further lines", "zh-CN": "其他明细"},
    "own_amount": {"en": "Own cost of the consumer", "zh-CN": "消费者自有成本"},
    "other_pools": {"en": "Other pools", "zh-CN": "其他成本池"},
    "dispute.open": {"en": "open", "zh-CN": "待处理"},
    "dispute.in_review": {"en": "in review", "zh-CN": "复核中"},
    "dispute.upheld": {"en": "upheld", "zh-CN": "成立"},
    "dispute.rejected": {"en": "rejected", "zh-CN": "驳回"},
    "dispute.corrected": {"en": "corrected", "zh-CN": "已更正"},
    "origin.rate_difference": {"en": "price against cost", "zh-CN": "费率差异"},
}

SENTENCES: dict[str, dict[Language, str]] = {
    "bill_issued": {
        "en": "{name} is billed {amount} for {period} by statement {code}, issued on {day}.",
        "zh-CN": "{period}，{name} 应承担 {amount}，依据账单 {code}，签发日期 {day}。",
    },
    "bill_of_run": {
        "en": "{name} cost {amount} in {period}; no statement was issued, the figures are those "
        "of the allocation run.",
        "zh-CN": "{period}，{name} 承担成本 {amount}；尚未签发账单，数据取自分摊批次。",
    },
    "bill_nothing": {
        "en": "{name} bears no cost in {period}.",
        "zh-CN": "{period}，{name} 没有承担成本。",
    },
    "bill_rounding": {
        "en": "The run gave {run_amount}; bills are rounded to the smallest coin, sums are kept.",
        "zh-CN": "批次金额为 {run_amount}；账单按最小货币单位取整，总额不变。",
    },
    "bill_below": {
        "en": "{name} with all below it bears {amount} in {period}: {own} of its own and {below} "
        "of the consumers directly below it ({count}).",
        "zh-CN": "{period}，{name} 及其下级合计承担 {amount}：本级 {own}，"
        "直接下级（{count} 个）共 {below}。",
    },
    "bill_own_issued": {
        "en": "Its own part is statement {code}, issued on {day}.",
        "zh-CN": "其中本级部分依据账单 {code}，签发日期 {day}。",
    },
    "bill_unbilled": {
        "en": "Where no statement was issued, the figures are those of the allocation run.",
        "zh-CN": "尚未签发账单的部分，数据取自分摊批次。",
    },
    "bill_largest": {
        "en": "The largest line is {line} with {amount} ({share}).",
        "zh-CN": "最大的一项是 {line}，{amount}（占 {share}）。",
    },
    "bill_change": {
        "en": "That is {amount} ({share}) more than in {month}.",
        "zh-CN": "较 {month} 增加 {amount}（{share}）。",
    },
    "bill_change_down": {
        "en": "That is {amount} ({share}) less than in {month}.",
        "zh-CN": "较 {month} 减少 {amount}（{share}）。",
    },
    "bill_same": {
        "en": "That is as much as in {month}.",
        "zh-CN": "与 {month} 持平。",
    },
    "bill_origin": {
        "en": "Most of it goes back to {pool}: {amount} ({share}).",
        "zh-CN": "主要来自 {pool}：{amount}（{share}）。",
    },
    "bill_why": {
        "en": "{where} says step by step how it came about.",
        "zh-CN": "{where}逐步说明其由来。",
    },
    "complaints_none": {
        "en": "No line of this bill is disputed.",
        "zh-CN": "该账单没有争议。",
    },
    "complaints_some": {
        "en": "Disputed lines: {count}, still open: {open}, over {amount} in all.",
        "zh-CN": "共 {count} 项争议，其中 {open} 项未结，涉及金额合计 {amount}。",
    },
}
