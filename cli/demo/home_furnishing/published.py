"""Every published figure of the furniture maker, with the call that computes it from the rows."""

from cli.demo.home_furnishing.asking import Figure
from cli.demo.home_furnishing.calendar import CASE_MONTH, FIRST_MONTH, LAST_YEAR

LEDGER = "ledger.csv, driver-quantities.csv"
SERIES = "observations.csv"
PROJECT = "value.json"
_CASE = f"from={CASE_MONTH}&to={CASE_MONTH}"
_YEAR = f"from={LAST_YEAR[0]}&to={LAST_YEAR[1]}"
_LAST = f"items[period={CASE_MONTH}].value"
_CHAIN = f"/v1/value-chain?period={CASE_MONTH}"
_PROGRAMME = "/v1/initiatives/{initiative:btim-programme}/evaluation?basis=actual"
_WAREHOUSE = "/v1/initiatives/{initiative:smart-warehouse-upgrade}"
_ONLINE = "items[code=channel/e-commerce].amount"
_SAVING = "results[kpi=procurement-saving-rate]"


def _cost(published: str, en: str, zh: str, path: str, read: str, expected: str) -> Figure:
    """What allocation says of the published runs and bills."""
    return Figure(published, en, zh, "allocation", path, read, expected, LEDGER)


def _value(
    published: str, en: str, zh: str, path: str, read: str, expected: str, rows: str
) -> Figure:
    return Figure(published, en, zh, "valuation", path, read, expected, rows)


def _month(published: str, en: str, zh: str, kpi: str, expected: str, rows: str = SERIES) -> Figure:
    """A KPI in the published month."""
    path = f"/v1/value-kpis/{{kpi:{kpi}}}/series?{_CASE}"
    return _value(published, en, zh, path, _LAST, expected, rows)


def _before(published: str, en: str, zh: str, kpi: str, period: str, expected: str) -> Figure:
    """A KPI in an earlier month."""
    path = f"/v1/value-kpis/{{kpi:{kpi}}}/series?from={period}&to={period}"
    return _value(published, en, zh, path, f"items[period={period}].value", expected, SERIES)


def _year(published: str, en: str, zh: str, kpi: str, expected: str) -> Figure:
    """What a KPI adds up to over the last year."""
    path = f"/v1/value-kpis/{{kpi:{kpi}}}/series?{_YEAR}"
    return _value(published, en, zh, path, "sum items.value", expected, SERIES)


def _review(published: str, en: str, zh: str, of: str, read: str, expected: str) -> Figure:
    """What the newest review of an initiative says."""
    path = f"/v1/post-implementation-reviews/{{review:{of}}}"
    return _value(published, en, zh, path, read, expected, f"{PROJECT}, {SERIES}")


FIGURES = (
    _value("32 %", "design's share of IT cost", "设计环节IT投入占比",
           _CHAIN, "items[code=design].cost_share", "0.32", LEDGER),
    _value("45 %", "design's share of revenue", "设计环节贡献营收占比",
           _CHAIN, "items[code=design].value_share", "0.45", SERIES),
    _value("20 million", "invested in the smart warehouse", "智能仓储改造投资2000万元",
           _WAREHOUSE, "actual_cost", "20000000", PROJECT),
    _review("4.2", "inventory turns a year before", "改造前库存周转率（次/年）",
            "smart-warehouse-upgrade", "results[kpi=inventory-turns].baseline", "4.2"),
    _review("6.8", "inventory turns a year after", "改造后库存周转率（次/年）",
            "smart-warehouse-upgrade", "results[kpi=inventory-turns].actual", "6.8"),
    _value("two years", "until the smart warehouse has paid back", "智能仓储两年内收回成本（月）",
           f"{_WAREHOUSE}/evaluation?basis=actual&run_cost=cash_flows",
           "figures.payback_months.value", "24.00", PROJECT),
    _value("5 million", "invested in the CRM upgrade", "CRM系统升级投入500万元",
           "/v1/initiatives/{initiative:crm-upgrade}", "actual_cost", "5000000", PROJECT),
    _review("15 %", "customers who buy again, before", "升级前客户复购率",
            "crm-upgrade", "results[kpi=btim:repurchase-rate].baseline", "15"),
    _review("28 %", "customers who buy again, after", "升级后客户复购率",
            "crm-upgrade", "results[kpi=btim:repurchase-rate].actual", "28"),
    _year("80 million", "revenue added in a year by CRM", "CRM年增营收8000万元",
          "btim:crm-extra-revenue", "80000000"),
    _value("90 %", "strategic fit of the digital store", "数字化门店战略匹配度",
           "/v1/initiatives/{initiative:digital-store-rollout}", "strategic_fit", "90", PROJECT),
    _month("500", "new stores carried by it", "支撑新开门店数",
           "new-stores", "500", "driver-quantities.csv"),
    _review("45 days", "to develop a new product, before", "此前新品研发周期（天）",
            "ai-design-tools", "results[kpi=new-product-days].baseline", "45"),
    _review("28 days", "to develop a new product, after", "新品研发周期（天）",
            "ai-design-tools", "results[kpi=new-product-days].actual", "28"),
    _year("3 million", "cost of samples saved in a year", "年节省打样成本300万元",
          "sample-cost-saved", "3000000"),
    _month("15 %", "rise of equipment use", "设备利用率提升", "equipment-utilisation-gain", "15"),
    _month("200,000", "pieces added to a year's output", "年产能增加20万件",
           "output-added", "200000"),
    _month("22 %", "rise of the basket value", "客单价提升", "basket-value-gain", "22"),
    _month("18 points", "rise of conversion in stores", "转化率提高18个百分点",
           "store-conversion-gain", "18"),
    _value("120 million", "IT investment of three years", "三年累计IT投资1.2亿元",
           _PROGRAMME, "figures.roi_gross.inputs.cost", "120000000", PROJECT),
    _value("480 million", "revenue it brought", "带动营收增长4.8亿元",
           _PROGRAMME, "figures.roi_gross.inputs.benefit", "480000000", PROJECT),
    _value("400 %", "overall return: benefit over cost", "整体ROI（收益/投入）",
           _PROGRAMME, "figures.roi_gross.value", "4.00", PROJECT),
    _value("(300 %)", "the same, net: (benefit - cost) / cost", "同一数据的净ROI",
           _PROGRAMME, "figures.roi_net.value", "3.00", PROJECT),
    _review("three months", "after go-live the review is due", "上线3个月后评估",
            "supply-chain-collaboration", "offset_months", "3"),
    _review("18 %", "cost saved in the supply chain", "供应链项目实际降本率",
            "supply-chain-collaboration", f"{_SAVING}.actual", "18"),
    _review("3 points", "more than was expected", "超预期3个百分点",
            "supply-chain-collaboration", f"{_SAVING}.variance", "3"),
    _review("(exceeded)", "the verdict on it", "评估结论：超预期",
            "supply-chain-collaboration", f"{_SAVING}.verdict", "exceeded"),
    _value("0.73", "use of design tools against signing rate", "设计工具使用量与签单率相关性",
           "/v1/value-kpis/{kpi:store-signing-rate}/attribution?kpi=design-tool-use",
           "pearson.value", "0.73", SERIES),
    _cost("1.2 million", "IT cost of the e-commerce channel in the month", "电商渠道当月IT投入",
          f"/v1/views/consumers?period={CASE_MONTH}&level=2", _ONLINE, "1200000"),
    _cost("12 x 1.2 million", "the same over a year", "电商渠道全年IT投入（月均120万元）",
          f"/v1/views/consumers?{_YEAR}&level=2", _ONLINE, "14400000"),
    _month("8 %", "of the channel's cost is IT", "占渠道总成本",
           "online-channel-it-share", "8.00", f"{LEDGER}, {SERIES}"),
    _before("12 %", "whole-house share of revenue three years ago", "三年前全屋定制营收占比",
            "whole-house-share", "2022-05", "12"),
    _month("35 %", "whole-house share of revenue now", "全屋定制营收占比",
           "whole-house-share", "35"),
    _month("23 points", "more than three years ago", "三年提升23个百分点",
           "whole-house-gain", "23"),
    _cost("65 %", "allocation accuracy before", "此前IT成本分摊准确率",
          f"/v1/runs/{{run:{FIRST_MONTH}}}", "accuracy.measured_share", "0.65"),
    _cost("92 %", "allocation accuracy after", "IT成本分摊准确率",
          f"/v1/runs/{{run:{CASE_MONTH}}}", "accuracy.measured_share", "0.92"),
    _cost("(10)", "disputes about the bills of the first month", "首月账单质疑次数",
          f"/v1/disputes/statistics?from={FIRST_MONTH}&to={FIRST_MONTH}", "disputes", "10"),
    _cost("- 80 %", "disputes about the bills of the published month", "质疑次数下降80%",
          f"/v1/disputes/statistics?from={CASE_MONTH}&to={CASE_MONTH}", "disputes", "2"),
    _cost("55 %", "of IT cost was hardware", "传统结构：硬件占比55%",
          f"/v1/views/finance?period={FIRST_MONTH}&level=1",
          "sum items[code=btim:hardware].share", "0.55"),
    _cost("20 %", "of IT cost was services", "传统结构：服务占比20%",
          f"/v1/views/finance?period={FIRST_MONTH}&level=1",
          "sum items[code=btim:services].share", "0.20"),
    _cost("68 %", "of IT cost is software and services", "软件+服务占比68%",
          f"/v1/views/finance?period={CASE_MONTH}&level=1",
          "sum items[code=btim:software|btim:services].share", "0.68"),
    _review("3", "customers a designer served a day, before", "此前设计师日均服务客户数",
            "ai-design-tools", "results[kpi=customers-per-designer].baseline", "3"),
    _review("7", "customers a designer serves a day, after", "设计师日均服务客户数",
            "ai-design-tools", "results[kpi=customers-per-designer].actual", "7"),
    _year("50,000", "orders added in a year", "年新增订单5万单", "orders-by-design-tools", "50000"),
    _year("12 million", "production waste avoided in a year", "减少生产浪费1200万元/年",
          "production-waste-saved", "12000000"),
    _review("25 days", "to deliver an order, before", "此前订单交付周期（天）",
            "mes-and-scheduling", "results[kpi=delivery-days].baseline", "25"),
    _review("18 days", "to deliver an order, after", "订单交付周期（天）",
            "mes-and-scheduling", "results[kpi=delivery-days].actual", "18"),
    _month("2.3 times", "the former conversion of online advertising", "线上广告转化率提升2.3倍",
           "ad-conversion-factor", "2.3"),
    _month("- 35 %", "cost of winning a customer", "获客成本降低35%",
           "acquisition-cost-change", "-35"),
    _month("25 %", "less cloud cost per core hour", "云计算成本降低25%",
           "cloud-saving", "25", LEDGER),
    _month("- 70 %", "hours spent on cost reports", "RPA使人工工时减少70%",
           "report-hours-change", "-70"),
    _before("60", "people in IT before", "此前IT人员数", "it-staff", "2022-05", "60"),
    _month("120", "people in IT", "IT人员数", "it-staff", "120"),
    _month("80 %", "of them are certified", "通过专业认证的成员比例", "certified-share", "80"),
    Figure("2,000+", "IT resources in the catalogue", "资产目录中的IT资源数", "ingest",
           "/v1/imports/{import:assets}", "rows.accepted", "2140", "assets.csv"),
)  # fmt: skip
