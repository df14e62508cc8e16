"""The shipped innovation KPIs."""

from services.valuation.value_kpis.library.kinds import DELIVERY, Names, Pack, PackKpi

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
            DELIVERY,
        ),
    ),
)
