"""Words of the compliance report in en and zh-CN."""

from services.valuation.reporting.charts.figures import Language

TERMS: dict[str, dict[Language, str]] = {
    "title.compliance": {
        "en": "Who changed, approved and saw what",
        "zh-CN": "变更、审批与查阅合规报告",
    },
    "activity": {"en": "What was done in the month", "zh-CN": "本月操作"},
    "approvals": {"en": "Approvals and four eyes", "zh-CN": "审批与四眼原则"},
    "books": {"en": "The books of the period", "zh-CN": "期间账务"},
    "access": {"en": "Keys, subscriptions and reports", "zh-CN": "密钥、订阅与报告"},
    "action_counts": {"en": "Commands by caller", "zh-CN": "各调用方操作次数"},
    "approval_list": {"en": "Decisions", "zh-CN": "审批记录"},
    "book_events": {
        "en": "Closings, runs, publications, bills",
        "zh-CN": "关账、批次、发布与账单",
    },
    "model_events": {"en": "Model versions", "zh-CN": "模型版本"},
    "key_events": {"en": "Keys and subscriptions", "zh-CN": "密钥与订阅"},
    "read_events": {"en": "Exports and looks into the trail", "zh-CN": "导出与审计记录查阅"},
    "removal_events": {
        "en": "Personal data and old data removed",
        "zh-CN": "个人数据与到期数据清除",
    },
    "file_events": {"en": "Reports ordered and fetched", "zh-CN": "报告订购与下载"},
    "at": {"en": "When (UTC)", "zh-CN": "时间（UTC）"},
    "service": {"en": "Service", "zh-CN": "服务"},
    "subject": {"en": "Caller", "zh-CN": "调用方"},
    "action": {"en": "Action", "zh-CN": "操作"},
    "resource": {"en": "Resource", "zh-CN": "对象"},
    "resource_id": {"en": "Id", "zh-CN": "标识"},
    "times": {"en": "Times", "zh-CN": "次数"},
    "authors": {"en": "Authors", "zh-CN": "编制人"},
    "eyes": {"en": "Four eyes", "zh-CN": "四眼原则"},
    "eyes.four": {"en": "kept", "zh-CN": "符合"},
    "eyes.two": {"en": "decided on own work", "zh-CN": "审批自己的工作"},
    "eyes.unknown": {"en": "no author on record", "zh-CN": "无编制人记录"},
}

SENTENCES: dict[str, dict[Language, str]] = {
    "trail_count": {
        "en": "Commands written down in {period}: {count}, by {subjects} callers.",
        "zh-CN": "{period} 共记录 {count} 次操作，涉及 {subjects} 个调用方。",
    },
    "trail_empty": {
        "en": "The service {service} wrote down no command in {period}.",
        "zh-CN": "服务 {service} 在 {period} 没有操作记录。",
    },
    "trail_reading": {
        "en": "Of reading alone, fetched reports, exported files and looks into the audit trail "
        "are written down; the table of exports shows them by day.",
        "zh-CN": "读取操作中，下载报告、导出文件和查阅审计记录会被记录，并按日列于导出表。",
    },
    "trail_own": {
        "en": "Orders and fetches of compliance reports are left out, so that looking does not "
        "change the report.",
        "zh-CN": "合规报告自身的订购与下载不计入，以免查阅改变内容。",
    },
    "trail_busiest": {
        "en": "Most was done by {subject}: {count} commands.",
        "zh-CN": "操作最多的是 {subject}：{count} 次。",
    },
    "eyes_kept": {
        "en": "{count} decisions; in {kept} of them somebody else than the authors decided.",
        "zh-CN": "共 {count} 项审批，其中 {kept} 项由编制人以外的人作出。",
    },
    "eyes_broken": {
        "en": "{subject} decided on own work: {action} {resource} on {day}.",
        "zh-CN": "{subject} 审批了自己的工作：{day} {action} {resource}。",
    },
    "eyes_unknown": {
        "en": "For {count} decisions no author is on record.",
        "zh-CN": "{count} 项审批没有编制人记录。",
    },
    "no_decisions": {
        "en": "Nothing was approved, published or issued in the month.",
        "zh-CN": "本月没有审批、发布或签发。",
    },
    "books_state": {
        "en": "Steps for this period: {closings} closings, {reopenings} reopenings, {published} "
        "publications of runs.",
        "zh-CN": "与本期间相关：关账 {closings} 次，重新打开 {reopeni"
        "ngs} 次，发布批次 {published} 次。",
    },
    "books_none": {
        "en": "Nothing is written down about this period.",
        "zh-CN": "没有关于该期间的记录。",
    },
    "keys_made": {
        "en": "API keys made: {count}, revoked: {revoked}.",
        "zh-CN": "新建 API 密钥 {count} 个，吊销 {revoked} 个。",
    },
    "data_removed": {
        "en": "Purges of personal data: {purges}; removals of old data: {old}.",
        "zh-CN": "个人数据清除 {purges} 次，到期数据清除 {old} 次。",
    },
    "files_seen": {
        "en": "Reports ordered: {ordered}, files fetched: {fetched}.",
        "zh-CN": "订购报告 {ordered} 份，下载文件 {fetched} 次。",
    },
}
