"""Words of the report on open ends and data quality in en and zh-CN."""

from services.valuation.reporting.charts.figures import Language

TERMS: dict[str, dict[Language, str]] = {
    "title.unallocated-and-data-quality": {
        "en": "Unallocated cost and data quality",
        "zh-CN": "未分摊与数据质量报告",
    },
    "open_ends": {"en": "What could not be allocated", "zh-CN": "未分摊成本"},
    "incoming": {"en": "How good the data is", "zh-CN": "数据质量"},
    "imports": {"en": "Imports and rejected rows", "zh-CN": "导入与退回"},
    "unallocated_course": {"en": "Unallocated by month", "zh-CN": "逐月未分摊"},
    "unallocated_owners": {"en": "Not allocated, by owner", "zh-CN": "未分摊金额（按责任人）"},
    "no_owner": {"en": "no owner named", "zh-CN": "未指定责任人"},
    "age": {"en": "Age in months", "zh-CN": "账龄（月）"},
    "input_column": {"en": "Cost taken in ({currency})", "zh-CN": "归集成本（{currency}）"},
    "sources_quality": {"en": "Figures of each source", "zh-CN": "各数据源质量"},
    "breaches": {"en": "Rules that were broken", "zh-CN": "触发的质量规则"},
    "import_list": {"en": "Imports of the period", "zh-CN": "本期导入"},
    "rule": {"en": "Rule", "zh-CN": "规则"},
    "severity": {"en": "Severity", "zh-CN": "严重程度"},
    "threshold": {"en": "Limit", "zh-CN": "阈值"},
    "file": {"en": "File", "zh-CN": "文件"},
    "import_kind": {"en": "Kind", "zh-CN": "类型"},
    "rows": {"en": "Rows", "zh-CN": "行数"},
    "rejected": {"en": "Rejected", "zh-CN": "退回"},
    "duplicates": {"en": "Duplicates", "zh-CN": "重复"},
    "rejected_share": {"en": "Share rejected", "zh-CN": "退回比例"},
    "received_at": {"en": "Received", "zh-CN": "接收时间"},
    "all_sources": {"en": "all sources", "zh-CN": "全部数据源"},
    "quality.good": {"en": "good", "zh-CN": "良好"},
    "quality.warning": {"en": "warning", "zh-CN": "需关注"},
    "quality.bad": {"en": "bad", "zh-CN": "较差"},
    "measure.completeness": {"en": "Completeness", "zh-CN": "完整性"},
    "measure.freshness": {"en": "Freshness (days)", "zh-CN": "及时性（天）"},
    "measure.reject_share": {"en": "Rejected", "zh-CN": "退回比例"},
    "measure.duplicates": {"en": "Duplicates", "zh-CN": "重复比例"},
    "measure.unmapped_share": {"en": "Unmapped", "zh-CN": "未映射比例"},
    "measure.sudden_changes": {"en": "Sudden changes", "zh-CN": "突变项"},
    "measure.double_purchases": {"en": "Possible double purchases", "zh-CN": "疑似重复采购"},
    "severity.info": {"en": "info", "zh-CN": "提示"},
    "severity.warning": {"en": "warning", "zh-CN": "警告"},
    "severity.critical": {"en": "critical", "zh-CN": "严重"},
    "import.succeeded": {"en": "finished", "zh-CN": "已完成"},
    "import.finished": {"en": "finished", "zh-CN": "已完成"},
    "import.failed": {"en": "failed", "zh-CN": "失败"},
    "import.reverted": {"en": "taken back", "zh-CN": "已撤回"},
}

SENTENCES: dict[str, dict[Language, str]] = {
    "no_run": {
        "en": "No run of {period} is published; what stayed unallocated cannot be told.",
        "zh-CN": "{period} 没有已发布的批次，无法说明未分摊情况。",
    },
    "oldest_open": {
        "en": "The oldest open amount has stayed since {since}: {name}.",
        "zh-CN": "最早的未分摊余额自 {since} 起：{name}。",
    },
    "open_more": {
        "en": "That is {amount} more than in {month}.",
        "zh-CN": "较 {month} 增加 {amount}。",
    },
    "open_less": {
        "en": "That is {amount} less than in {month}.",
        "zh-CN": "较 {month} 减少 {amount}。",
    },
    "quality_state": {
        "en": "Sources of data: {count}. As a whole the data is {state}; bad figures: {bad}, in "
        "need of attention: {warning}.",
        "zh-CN": "{count} 个数据源总体{state}；{bad} 项指标较差，{warning} 项需关注。",
    },
    "quality_none": {
        "en": "No data has come in for {period}.",
        "zh-CN": "{period} 没有数据进入。",
    },
    "quality_bad": {
        "en": "{source}: {measure} is {value}.",
        "zh-CN": "{source}：{measure}为 {value}。",
    },
    "rules_broken": {
        "en": "Quality rules of the company's own that were broken: {count}.",
        "zh-CN": "触发了 {count} 条自定义质量规则。",
    },
    "imports_state": {
        "en": "Imports for the period: {count}, with {rows} rows; rejected: {rejected} ({share}).",
        "zh-CN": "本期 {count} 次导入共 {rows} 行，退回 {rejected} 行（{share}）。",
    },
    "imports_none": {
        "en": "No file was imported for the period.",
        "zh-CN": "本期没有导入文件。",
    },
}
