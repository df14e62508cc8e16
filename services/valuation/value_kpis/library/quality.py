"""The shipped quality KPIs."""

from services.valuation.value_kpis.library.kinds import (
    ALLOCATION,
    DELIVERY,
    ITSM,
    MONITORING,
    PROCESS,
    SURVEY,
    Names,
    Pack,
    PackKpi,
)

QUALITY = Pack(
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
            SURVEY,
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
            SURVEY,
        ),
        PackKpi(
            "btim:design-pass-rate",
            Names("Design pass rate", "设计一次通过率"),
            Names("Designs of every hundred accepted at once", "每百份设计中一次通过的份数"),
            "business",
            "process",
            "%",
            "up",
            PROCESS,
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
            ITSM,
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
            MONITORING,
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
            ALLOCATION,
        ),
        PackKpi(
            "btim:module-coverage",
            Names("Module coverage", "功能模块覆盖率"),
            Names("Delivered modules in use of every hundred", "每百个已交付模块中投入使用的个数"),
            "business",
            "process",
            "%",
            "up",
            DELIVERY,
            value_role="use",
        ),
    ),
)
