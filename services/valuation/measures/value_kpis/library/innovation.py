"""The shipped innovation KPIs."""

from services.valuation.measures.value_kpis.library.kinds import (
    DELIVERY,
    SALES,
    Names,
    Pack,
    PackKpi,
)

INNOVATION = Pack(
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
            DELIVERY,
            aggregation="sum",
            level="strategy",
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
            level="strategy",
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
            DELIVERY,
            level="strategy",
        ),
        PackKpi(
            "btim:innovation-success-rate",
            Names("Success of innovation projects", "创新项目成功率"),
            Names(
                "Business innovation projects of every hundred that reached their goal",
                "每百个业务创新项目中达成目标的个数",
            ),
            "strategic",
            "learning",
            "%",
            "up",
            DELIVERY,
            level="strategy",
        ),
        PackKpi(
            "btim:new-business-revenue",
            Names("Revenue of new business", "新业务收入"),
            Names("Revenue of business lines that IT made possible", "由IT支撑的新业务线收入"),
            "strategic",
            "financial",
            "money",
            "up",
            SALES,
            level="strategy",
            value_role="revenue",
            aggregation="sum",
        ),
        PackKpi(
            "btim:new-business-share",
            Names("New business share of revenue", "新业务收入占比"),
            Names(
                "Revenue of new business lines for every hundred of revenue",
                "每百元收入中新业务线的收入",
            ),
            "strategic",
            "financial",
            "%",
            "up",
            SALES,
            level="strategy",
            formula='"btim:new-business-revenue" / "btim:revenue" * 100',
        ),
    ),
)
