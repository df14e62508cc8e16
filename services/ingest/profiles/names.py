"""What sources call our fields, in several languages and systems."""

from collections.abc import Mapping, Sequence

# What sources call our fields, best first; names are compared folded and without punctuation.
NAMES: Mapping[str, Sequence[str]] = {
    "amount": (
        "amount", "net amount", "value", "cost", "total", "total amount", "billing amount",
        "effectivecost", "amount gbp", "amount in local currency", "dmbtr", "hsl", "tsl", "betrag",
        "金额", "成交额", "本币金额", "original appn balance", "sum", "amount in", "金額",
        "合計金額", "금액", "kwota", "сумма", "částka",
    ),
    "currency": (
        "currency", "cost cc", "billing currency", "billingcurrency", "currency code", "waers",
        "rtcur", "币种", "货币", "ccy", "währung", "通貨", "幣別", "통화", "devise", "waehrung",
        "moneda", "waluta", "валюта",
    ),
    "period": (
        "period", "month", "fiscal period", "期间", "会计期间", "billingperiodstart",
        "posting period", "buchungsperiode", "会計期間", "期別",
    ),
    "posted_on": (
        "posted on", "posting date", "paid date", "payment date", "date", "transaction date",
        "post date", "budat", "invoice date", "document date", "日期", "时间", "记账日期",
        "过账日期", "buchungsdatum", "chargeperiodstart", "日付", "取引日", "計上日", "過帳日期",
        "날짜", "일자", "거래일자", "дата",
    ),
    "cost_type": (
        "cost type", "type of expenditure", "capital revenue", "capex opex", "revenue capital",
        "成本类型",
    ),
    "account": (
        "account", "expenditure code", "gl account", "account code", "racct", "hkont",
        "cost element", "konto", "科目", "科目编码", "sub obj", "billingaccountid", "勘定科目",
        "會計科目", "계정", "계정과목",
    ),
    "cost_center": (
        "cost center", "cost centre", "service area", "department", "dept", "kostl", "rcntr",
        "成本中心", "部门", "kostenstelle", "directorate", "部門", "コストセンター", "부서",
        "원가중심점",
    ),
    "vendor": (
        "vendor", "supplier name", "supplier", "merchant name", "payee", "beneficiary", "lifnr",
        "供应商", "供应商名称", "kreditor", "providername", "vendor name", "manufacturer",
        "取引先", "取引先名", "仕入先", "供應商", "廠商", "거래처", "거래처명", "공급업체",
        "dostawca", "поставщик",
    ),
    "document": (
        "document", "trans no", "transaction number", "document number", "belnr", "voucher",
        "invoice number", "invoiceid", "凭证号", "belegnummer", "docnr", "伝票番号", "傳票號碼",
        "憑證號", "전표번호",
    ),
    "description": (
        "description", "text", "narrative", "details", "expenditure category",
        "expenditure catergory", "摘要", "说明", "sgtxt", "purpose", "chargedescription", "適用",
        "内容", "說明", "적요", "內容",
    ),
    "asset": ("asset", "asset number", "resourceid", "资产编号", "anln1"),
    "project": (
        "project", "project code", "wbs", "项目", "项目编号", "projekt", "プロジェクト", "專案",
        "프로젝트",
    ),
    "external_id": ("external id", "line id", "unique id", "unique identifier"),
    "tags": ("tags", "标签"),
    "driver": (
        "driver", "driver code", "动因", "driver name", "allocation driver", "treiber",
        "verteilungsschlussel", "inducteur", "分摊动因", "动因编码", "cle de repartition",
    ),
    "scenario": ("scenario", "场景", "version"),
    "source": ("source", "source code", "from object", "来源"),
    "target": (
        "target", "target code", "to object", "object", "consumer", "service area", "目标",
        "zielobjekt", "ziel", "cible", "目标编码", "对象", "object code", "cost object",
        "recipient",
    ),
    "quantity": (
        "quantity", "qty", "volume", "units", "number", "数量", "value", "weight", "menge",
        "anzahl", "quantite", "cantidad", "quantita", "数值", "用量", "count", "amount",
    ),
    "from": (
        "from", "from currency", "base", "base currency", "currency", "原币", "source currency",
        "von", "de", "von wahrung", "devise source", "源币种", "from ccy", "ccy from",
        "ukurs from", "fcurr",
    ),
    "to": (
        "to", "to currency", "quote", "quote currency", "target currency", "目标币种", "nach",
        "zu", "vers", "devise cible", "目标货币", "to ccy", "ccy to", "tcurr", "本位币",
    ),
    "kind": ("kind", "rate type", "ticket type", "task type", "sys class name", "type", "类型"),
    "rate": (
        "rate", "exchange rate", "汇率", "value", "obs value", "kurs", "wechselkurs", "taux",
        "taux de change", "tipo de cambio", "ukurs", "closing rate", "average rate", "折算汇率",
    ),
    "number": (
        "number", "ticket", "incident", "incident number", "ticket number", "工单号", "id",
        "sys id", "ticket id", "ticket no", "ticketnummer", "vorfall", "incident id", "issue key",
        "issue id", "case number", "case id", "numero de ticket", "numero", "编号", "工单编号",
        "事件编号", "单号",
    ),
    "service": (
        "service", "business service", "cmdb ci", "服务", "service name", "dienst",
        "betroffener service", "affected service", "业务服务", "服务名称", "system",
    ),
    "solution": ("solution", "application", "解决方案"),
    "consumer": (
        "consumer", "business unit", "department", "company", "使用部门", "requester department",
        "customer", "kunde", "abteilung", "client", "departement", "申请部门", "客户", "报修部门",
    ),
    "opened_at": (
        "opened at", "opened", "created", "created at", "sys created on", "打开时间", "open time",
        "opened date", "created date", "creation date", "date created", "reported date",
        "erstellt", "erstellt am", "eroffnet am", "date de creation", "ouvert le", "创建时间",
        "报告时间", "提交时间", "开始时间",
    ),
    "resolved_at": (
        "resolved at", "resolved", "解决时间", "resolved date", "resolution date", "date resolved",
        "gelost am", "resolu le", "date de resolution", "完成时间",
    ),
    "closed_at": (
        "closed at", "closed", "关闭时间", "close time", "closed date", "date closed",
        "geschlossen am", "geschlossen", "ferme le", "date de cloture", "结束时间", "关单时间",
    ),
    "updated_at": (
        "sys updated at", "sys updated on", "updated at", "updated", "更新时间", "last updated",
        "last modified", "date updated", "modified", "aktualisiert am", "geandert am", "修改时间",
        "最后更新时间",
    ),
    "state": (
        "state", "incident state", "status", "状态", "ticket status", "issue status", "zustand",
        "etat", "statut", "工单状态",
    ),
    "priority": ("priority", "优先级", "prio", "prioritat", "priorite", "urgency", "紧急程度"),
    "category": (
        "category", "类别", "kategorie", "categorie", "issue type", "subcategory", "类型", "分类",
        "问题类型",
    ),
    "assignment_group": (
        "assignment group", "group", "处理组", "assigned group", "support group", "team",
        "zustandige gruppe", "gruppe", "groupe d affectation", "assigned to group", "处理部门",
        "受理组",
    ),
    "sla_met": (
        "sla met", "made sla", "达标", "sla compliant", "within sla", "sla erfullt",
        "sla eingehalten", "是否达标", "sla达标",
    ),
    "reopen_count": (
        "reopen count", "reopened", "重开次数", "reopens", "times reopened", "wiedereroffnet",
        "重新打开次数",
    ),
    "duration": ("calendar duration", "duration", "处理时长"),
    "code": (
        "code", "consumer code", "asset code", "asset tag", "asset number", "ci number", "编码",
        "代码", "资产编号", "资产编码", "部门编码", "组织编码", "id", "unit", "sys id",
    ),
    "name": (
        "name", "title", "consumer name", "asset name", "display name", "名称", "资产名称",
        "部门名称", "组织名称", "bezeichnung", "nom", "nombre", "description", "desc", "unit name",
        "org name", "department name",
    ),
    "path": (
        "path", "full path", "org path", "organization path", "organisation path", "路径",
        "组织路径",
    ),
    **{
        f"level_{number}": (f"level {number}", f"l{number}", f"org level {number}",
                            f"hierarchy level {number}", f"{chinese}级部门", f"{chinese}级组织",
                            f"{chinese}级")
        for number, chinese in enumerate("一二三四五六七八九", start=1)
    },
    "class": (
        "class", "asset class", "ci class", "sys class name", "model category", "category", "type",
        "类别", "资产类别", "资产分类",
    ),
    "status": (
        "status", "install status", "operational status", "asset status", "state",
        "lifecycle stage", "状态", "资产状态",
    ),
    "serial_number": ("serial number", "serial no", "serial", "序列号"),
    "cost": (
        "cost", "purchase cost", "purchase price", "acquisition cost", "acquisition value",
        "original cost", "asset cost", "price", "原值", "资产原值", "采购金额", "购置成本",
    ),
    "residual_value": ("residual value", "salvage value", "scrap value", "残值"),
    "purchased_on": (
        "purchased on", "purchase date", "acquisition date", "capitalization date",
        "capitalised on", "in service date", "install date", "购置日期", "采购日期", "入账日期",
    ),
    "useful_life_months": (
        "useful life months", "life months", "useful life in months", "depreciation months",
        "折旧月数", "使用月数", "使用期限月",
    ),
    "useful_life_years": (
        "useful life years", "useful life", "life years", "useful life in years", "折旧年限",
        "使用年限",
    ),
    "capacity": ("capacity", "容量"),
    "utilisation_driver": ("utilisation driver", "utilization driver"),
    "kwh": ("kwh", "energy kwh", "monthly kwh", "kwh per month", "用电量"),
    "embodied_kgco2e": ("embodied kgco2e", "embodied carbon", "embodied co2e", "隐含碳"),
    "tower": ("tower", "it tower", "resource tower", "资源塔"),
    "kpi": ("kpi", "kpi code", "value kpi", "indicator", "metric", "指标", "指标编码"),
    "value": (
        "value", "observed value", "actual", "actual value", "measured value", "实际值", "值",
        "数值",
    ),
    "at": ("at", "measured at", "observed at", "timestamp", "测量时间"),
    "note": ("note", "notes", "remark", "remarks", "comment", "备注"),
    "pool": ("pool", "cost pool", "成本池"),
    "resource": ("resource",),
    "initiative": ("initiative", "initiative code", "project", "举措"),
    "names.en": ("names en", "name en", "english name", "英文名称"),
    "names.zh-CN": ("names zh cn", "name zh cn", "name zh", "chinese name", "中文名称"),
    "parent": (
        "parent", "parent code", "上级", "上级编码", "parent id", "parent unit", "ubergeordnet",
        "ubergeordnete einheit", "niveau superieur", "上级部门", "上级组织", "父级", "reports to",
    ),
    "valid_from": ("valid from", "生效期间"),
    "valid_to": ("valid to", "失效期间"),
    "owner": (
        "owner", "负责人", "manager", "head", "verantwortlich", "verantwortlicher", "responsable",
        "部门负责人", "responsible",
    ),
    "unit_driver": ("unit driver",),
    "value_chain_stage": ("value chain stage", "价值链环节"),
}  # fmt: skip
