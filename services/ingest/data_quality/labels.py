"""What people read of data quality, in English and Chinese."""

from shared.contracts.values import name_in

NAMES: dict[str, dict[str, str]] = {
    "completeness": {"en": "Completeness", "zh-CN": "完整性"},
    "freshness": {"en": "Freshness", "zh-CN": "及时性"},
    "reject_share": {"en": "Rejected rows", "zh-CN": "拒收行占比"},
    "duplicates": {"en": "Duplicate rows", "zh-CN": "重复行占比"},
    "unmapped_share": {"en": "Unmapped money", "zh-CN": "未映射金额占比"},
    "sudden_changes": {"en": "Sudden changes", "zh-CN": "突变"},
    "double_purchases": {"en": "Possible double purchases", "zh-CN": "疑似重复采购"},
    "assets": {"en": "Possible double assets", "zh-CN": "疑似重复资产"},
    "rules": {"en": "Own rule", "zh-CN": "自定义规则"},
    "source": {"en": "The whole source", "zh-CN": "整个数据源"},
    "account": {"en": "Account", "zh-CN": "科目"},
    "cost_center": {"en": "Cost centre", "zh-CN": "成本中心"},
    "vendor": {"en": "Vendor", "zh-CN": "供应商"},
    "cost_type": {"en": "Cost type", "zh-CN": "成本类型"},
    "posted_on": {"en": "Posting date", "zh-CN": "记账日期"},
    "description": {"en": "Description", "zh-CN": "摘要"},
    "document": {"en": "Document", "zh-CN": "凭证"},
    "project": {"en": "Project", "zh-CN": "项目"},
    "asset": {"en": "Asset", "zh-CN": "资产"},
    "external_id": {"en": "External id", "zh-CN": "外部编号"},
    "tags": {"en": "Tags", "zh-CN": "标签"},
}
REASONS: dict[str, dict[str, str]] = {
    "nothing_came": {
        "en": "It sent lines for earlier periods and none for this one.",
        "zh-CN": "该数据源以往各期有数据，本期没有。",
    },
    "not_yet_over": {
        "en": "The period is not over; its data may still come.",
        "zh-CN": "本期尚未结束，数据可能仍会到达。",
    },
    "no_lines": {
        "en": "It has no cost lines here.",
        "zh-CN": "该数据源在此没有成本行。",
    },
    "no_imports": {
        "en": "Nothing was imported for this period; pushed lines are refused one by one.",
        "zh-CN": "本期没有文件导入；推送的行逐条校验。",
    },
    "backfilled": {
        "en": "The source delivered its first data only after this period.",
        "zh-CN": "该数据源在本期之后才首次交付数据。",
    },
    "allocation_unavailable": {
        "en": "The allocation service does not answer.",
        "zh-CN": "分摊服务没有响应。",
    },
    "no_published_model": {
        "en": "No model is published.",
        "zh-CN": "没有已发布的模型。",
    },
    "no_history": {
        "en": "There is no earlier period to compare with.",
        "zh-CN": "没有可比较的历史期间。",
    },
    "thin_history": {
        "en": "Fewer than three earlier periods: only what tripled, appeared or ended is shown.",
        "zh-CN": "历史期间少于三个：仅列出增至三倍、新出现或消失的项目。",
    },
    "outside_spread": {
        "en": "More than five times the usual spread away from the median.",
        "zh-CN": "与中位数的偏离超过通常离散度的五倍。",
    },
    "tripled": {
        "en": "At least three times, or at most a third of, what it was.",
        "zh-CN": "至少为以往的三倍，或至多为以往的三分之一。",
    },
    "appeared": {"en": "There was none before.", "zh-CN": "以往没有。"},
    "ended": {"en": "There is none any more.", "zh-CN": "现在没有了。"},
}


def label(key: str, language: str) -> str:
    """The name of a measure or field."""
    return name_in(NAMES.get(key, {"en": key}), language)


def sentence(reason: str | None, language: str) -> str | None:
    """Why something has no figure or was flagged."""
    return None if reason is None else name_in(REASONS[reason], language)
