"""The shipped KPI library: one pack for each of the five classes, in English and Chinese.

Codes start with `btim:`. A KPI with a formula needs the KPIs that the formula names; they lie in
the same library. Units: `%`, `money` (the reporting currency), `h`, `d`, `ms`, `pt`, `count`,
`ratio`. `source` says where the values usually come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.valuation.value_kpis.domain import (
    Aggregation,
    Dimension,
    Direction,
    KpiClass,
    Perspective,
    ValueRole,
)


@dataclass(frozen=True)
class Names:
    """A text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class PackKpi:
    """A KPI as it is shipped."""

    code: str
    names: Names
    definition: Names
    dimension: Dimension
    perspective: Perspective
    unit: str
    direction: Direction
    source: Names
    formula: str | None = None
    value_role: ValueRole | None = None
    aggregation: Aggregation = "mean"


@dataclass(frozen=True)
class Pack:
    """KPIs of one class that are loaded together."""

    name: str
    kpi_class: KpiClass
    names: Names
    kpis: Sequence[PackKpi]


_ALLOCATION = Names("published allocation runs", "已发布的分摊运行")
_LEDGER = Names("general ledger or ERP", "总账或ERP")
_SALES = Names("sales or CRM system", "销售或CRM系统")
_ITSM = Names("IT service management tickets", "ITSM工单")
_MONITORING = Names("monitoring", "监控系统")
_DELIVERY = Names("project and delivery tools", "项目与交付工具")
_SURVEY = Names("surveys", "问卷调查")
_PROCESS = Names("process or workflow system", "流程系统")
_HR = Names("human resources system", "人力资源系统")

_COST = Pack(
    "btim-cost",
    "cost",
    Names("Cost KPIs", "成本类指标"),
    (
        PackKpi(
            "btim:it-cost",
            Names("IT cost", "IT成本"),
            Names(
                "All IT cost of the period, capital and operating",
                "期间全部IT成本，含资本性与费用性",
            ),
            "financial",
            "financial",
            "money",
            "down",
            _ALLOCATION,
            aggregation="sum",
        ),
        PackKpi(
            "btim:revenue",
            Names("Revenue", "营业收入"),
            Names("Revenue of the company in the period", "公司期间营业收入"),
            "financial",
            "financial",
            "money",
            "up",
            _LEDGER,
            aggregation="sum",
        ),
        PackKpi(
            "btim:it-users",
            Names("IT users", "IT用户数"),
            Names("People who work with IT services", "使用IT服务的人数"),
            "business",
            "process",
            "count",
            "up",
            _HR,
            aggregation="last",
        ),
        PackKpi(
            "btim:cloud-cost",
            Names("Cloud cost", "云成本"),
            Names("Cost of cloud services in the period", "期间云服务成本"),
            "financial",
            "financial",
            "money",
            "down",
            _ALLOCATION,
            aggregation="sum",
        ),
        PackKpi(
            "btim:it-spend-share-of-revenue",
            Names("IT spend as share of revenue", "IT支出占收入比"),
            Names("IT cost for every hundred of revenue", "每百元收入对应的IT成本"),
            "financial",
            "financial",
            "%",
            "down",
            _LEDGER,
            formula='"btim:it-cost" / "btim:revenue" * 100',
        ),
        PackKpi(
            "btim:it-cost-per-user",
            Names("IT cost per user", "人均IT成本"),
            Names("IT cost divided by the people who use IT", "IT成本除以使用人数"),
            "financial",
            "financial",
            "money",
            "down",
            _ALLOCATION,
            formula='"btim:it-cost" / "btim:it-users"',
        ),
        PackKpi(
            "btim:unit-cost-above-benchmark",
            Names("Unit cost against benchmark", "单位成本与基准差异"),
            Names(
                "How far a solution's unit cost lies above its benchmark",
                "解决方案单位成本高出基准的幅度",
            ),
            "financial",
            "financial",
            "%",
            "down",
            _ALLOCATION,
        ),
        PackKpi(
            "btim:cloud-share-of-it-cost",
            Names("Cloud share of IT cost", "云成本占IT成本比"),
            Names("Cloud cost for every hundred of IT cost", "每百元IT成本中的云成本"),
            "strategic",
            "financial",
            "%",
            "up",
            _ALLOCATION,
            formula='"btim:cloud-cost" / "btim:it-cost" * 100',
        ),
        PackKpi(
            "btim:staff-share-of-it-cost",
            Names("Staff share of IT cost", "人力成本占IT成本比"),
            Names(
                "Internal and external people for every hundred of IT cost",
                "每百元IT成本中的内外部人力成本",
            ),
            "financial",
            "financial",
            "%",
            "down",
            _ALLOCATION,
        ),
        PackKpi(
            "btim:it-share-of-channel-cost",
            Names("IT share of channel cost", "IT成本占渠道成本比"),
            Names(
                "IT cost of a sales channel for every hundred of its whole cost",
                "销售渠道每百元总成本中的IT成本",
            ),
            "business",
            "financial",
            "%",
            "down",
            _ALLOCATION,
        ),
    ),
)

_EFFICIENCY = Pack(
    "btim-efficiency",
    "efficiency",
    Names("Efficiency KPIs", "效率类指标"),
    (
        PackKpi(
            "btim:response-time",
            Names("System response time", "系统响应时间"),
            Names("Mean time a user waits for an answer", "用户等待响应的平均时间"),
            "business",
            "process",
            "ms",
            "down",
            _MONITORING,
        ),
        PackKpi(
            "btim:mttr",
            Names("Mean time to restore", "平均修复时间"),
            Names(
                "Mean hours from opening to resolution of an incident",
                "事件从开启到解决的平均小时数",
            ),
            "business",
            "process",
            "h",
            "down",
            _ITSM,
        ),
        PackKpi(
            "btim:resource-utilisation",
            Names("Resource utilisation", "资源利用率"),
            Names("Used share of the capacity that was paid for", "已付费容量的使用比例"),
            "financial",
            "process",
            "%",
            "up",
            _MONITORING,
        ),
        PackKpi(
            "btim:delivery-cycle-time",
            Names("Delivery cycle time", "交付周期"),
            Names("Days from the accepted demand to its use", "从需求受理到投入使用的天数"),
            "business",
            "process",
            "d",
            "down",
            _DELIVERY,
        ),
        PackKpi(
            "btim:process-time",
            Names("Process time", "流程时长"),
            Names("Hours a business process takes from end to end", "业务流程端到端所需小时数"),
            "business",
            "process",
            "h",
            "down",
            _PROCESS,
        ),
        PackKpi(
            "btim:error-rate",
            Names("Error and rework rate", "差错返工率"),
            Names("Cases with an error or rework of every hundred", "每百件中出现差错或返工的件数"),
            "business",
            "process",
            "%",
            "down",
            _PROCESS,
        ),
        PackKpi(
            "btim:output-per-head",
            Names("Output per head", "人均产出"),
            Names("Finished units per person in the period", "期间每人完成的数量"),
            "business",
            "process",
            "count",
            "up",
            _PROCESS,
        ),
    ),
)

_BENEFIT = Pack(
    "btim-benefit",
    "benefit",
    Names("Benefit KPIs", "效益类指标"),
    (
        PackKpi(
            "btim:it-driven-revenue",
            Names("Revenue made through IT", "IT带动的收入"),
            Names("Revenue that came through the solution", "经由该解决方案实现的收入"),
            "financial",
            "customer",
            "money",
            "up",
            _SALES,
            value_role="revenue",
            aggregation="sum",
        ),
        PackKpi(
            "btim:it-driven-revenue-share",
            Names("Share of revenue made through IT", "IT带动收入占比"),
            Names(
                "Revenue through IT for every hundred of revenue",
                "每百元收入中由IT带动的部分",
            ),
            "financial",
            "customer",
            "%",
            "up",
            _SALES,
            formula='"btim:it-driven-revenue" / "btim:revenue" * 100',
        ),
        PackKpi(
            "btim:cost-reduced",
            Names("Cost reduced", "降低的成本"),
            Names("Cost that no longer arises because of IT", "因IT而不再发生的成本"),
            "financial",
            "financial",
            "money",
            "up",
            _LEDGER,
            value_role="saving",
            aggregation="sum",
        ),
        PackKpi(
            "btim:revenue-per-10k-of-it",
            Names("Revenue per 10,000 of IT cost", "每万元IT投入带来的收入"),
            Names("Revenue for every 10,000 spent on IT", "每投入一万元IT成本对应的收入"),
            "financial",
            "financial",
            "money",
            "up",
            _LEDGER,
            formula='"btim:revenue" / "btim:it-cost" * 10000',
        ),
        PackKpi(
            "btim:conversion-rate",
            Names("Conversion rate", "转化率"),
            Names("Orders for every hundred visits or leads", "每百次访问或线索产生的订单"),
            "business",
            "customer",
            "%",
            "up",
            _SALES,
        ),
        PackKpi(
            "btim:basket-value",
            Names("Basket value", "客单价"),
            Names("Mean value of an order", "订单平均金额"),
            "business",
            "customer",
            "money",
            "up",
            _SALES,
        ),
        PackKpi(
            "btim:repurchase-rate",
            Names("Repurchase rate", "复购率"),
            Names("Customers of every hundred who buy again", "每百名客户中再次购买的人数"),
            "business",
            "customer",
            "%",
            "up",
            _SALES,
        ),
    ),
)

_QUALITY = Pack(
    "btim-quality",
    "quality",
    Names("Quality KPIs", "质量类指标"),
    (
        PackKpi(
            "btim:csat",
            Names("User satisfaction", "用户满意度"),
            Names("Mean answer of users, 0 to 100", "用户评分均值，0至100"),
            "business",
            "customer",
            "pt",
            "up",
            _SURVEY,
        ),
        PackKpi(
            "btim:nps",
            Names("Net promoter score", "净推荐值"),
            Names(
                "Promoters less detractors of every hundred answers", "每百份答卷中推荐者减贬损者"
            ),
            "business",
            "customer",
            "pt",
            "up",
            _SURVEY,
        ),
        PackKpi(
            "btim:design-pass-rate",
            Names("Design pass rate", "设计一次通过率"),
            Names("Designs of every hundred accepted at once", "每百份设计中一次通过的份数"),
            "business",
            "process",
            "%",
            "up",
            _PROCESS,
        ),
        PackKpi(
            "btim:sla-met",
            Names("Service levels met", "SLA达成率"),
            Names(
                "Tickets of every hundred within their agreed time",
                "每百个工单中按约定时间完成的个数",
            ),
            "business",
            "customer",
            "%",
            "up",
            _ITSM,
        ),
        PackKpi(
            "btim:availability",
            Names("Availability", "可用率"),
            Names(
                "Share of the agreed time in which the service was usable",
                "约定时间内服务可用的比例",
            ),
            "business",
            "customer",
            "%",
            "up",
            _MONITORING,
        ),
        PackKpi(
            "btim:measured-allocation-share",
            Names("Allocation accuracy", "分摊准确率"),
            Names(
                "Share of cost whose every step was direct or by a measured driver",
                "每一步均为直接归集或按实测动因分摊的成本比例",
            ),
            "financial",
            "financial",
            "%",
            "up",
            _ALLOCATION,
        ),
        PackKpi(
            "btim:module-coverage",
            Names("Module coverage", "功能模块覆盖率"),
            Names("Delivered modules in use of every hundred", "每百个已交付模块中投入使用的个数"),
            "business",
            "process",
            "%",
            "up",
            _DELIVERY,
            value_role="use",
        ),
    ),
)

_INNOVATION = Pack(
    "btim-innovation",
    "innovation",
    Names("Innovation KPIs", "创新类指标"),
    (
        PackKpi(
            "btim:new-technologies",
            Names("New technologies in use", "新技术应用数"),
            Names(
                "Technologies first put to productive use in the period", "期间首次投产的技术数量"
            ),
            "strategic",
            "learning",
            "count",
            "up",
            _DELIVERY,
            aggregation="sum",
        ),
        PackKpi(
            "btim:patents",
            Names("Patents", "专利数"),
            Names("Patents filed with the help of IT solutions", "借助IT解决方案申请的专利"),
            "strategic",
            "learning",
            "count",
            "up",
            Names("legal department", "法务部门"),
            aggregation="sum",
        ),
        PackKpi(
            "btim:time-to-market",
            Names("Time to market", "新品上市周期"),
            Names(
                "Days from the idea of a product to its first sale", "从产品构想到首次销售的天数"
            ),
            "strategic",
            "learning",
            "d",
            "down",
            _DELIVERY,
        ),
    ),
)

PACKS: Mapping[str, Pack] = {
    pack.name: pack for pack in (_COST, _EFFICIENCY, _BENEFIT, _QUALITY, _INNOVATION)
}
