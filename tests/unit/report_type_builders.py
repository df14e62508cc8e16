"""Small documents of every type of report, made from plain facts."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from services.valuation.benefits.value_realisation.bias import measure_bias
from services.valuation.benefits.value_realisation.domain import Realisation
from services.valuation.overviews.carbon.domain import Footprint
from services.valuation.reporting.reports.content.analysis.facts import (
    AnalysisFacts,
    JudgedFigure,
    JudgedInitiative,
    KpiCourse,
    RealisedGroup,
    SolutionLine,
)
from services.valuation.reporting.reports.content.carbon.facts import (
    CarbonFacts,
    CarbonTotal,
)
from services.valuation.reporting.reports.content.compliance.facts import (
    ActionCount,
    Approval,
    ComplianceFacts,
    TrailEvent,
)
from services.valuation.reporting.reports.content.inputs import (
    MonthlyCosts,
    MonthRow,
    MonthRun,
    ValueFacts,
)
from services.valuation.reporting.reports.content.quality.facts import (
    ImportFacts,
    QualityFacts,
    SourceMeasure,
    UnallocatedMonth,
)
from services.valuation.reporting.reports.content.report_inputs import ReportInputs
from services.valuation.reporting.reports.content.reports import write_document
from services.valuation.reporting.reports.content.statement.facts import (
    BillLine,
    Complaint,
    MonthAmount,
    Origin,
    StatementFacts,
)
from services.valuation.reporting.reports.document import Document
from tests.unit.report_builders import LINKS, RUN_ID, some_chain, some_costs, some_values

AT = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
BEFORE = MonthRun("0193a2f4-7c1e-7b54-9d3f-2f1f0f7a9b09", "2025-12", "11" * 32, "22" * 32, AT)
NOW = MonthRun(RUN_ID, "2026-01", "cd" * 32, "ab" * 32, AT)
LONG_NAME = "华东大区上海浦东新区家居体验旗舰门店（含设计服务中心与售后维修网点）"


def a_statement() -> StatementFacts:
    """219,134.27 in two lines, one of them with a quantity; one line is disputed."""
    return StatementFacts(
        consumer="SHOP",
        name=LONG_NAME,
        currency="CNY",
        amount=Decimal("219134.27"),
        lines=(
            BillLine("charge", "solution", "DESIGN", "智能设计", Decimal("218880.11")),
            BillLine(
                "charge", "solution", "SCM", "供应链协同", Decimal("254.16"), "seats",
                Decimal(12), Decimal("21.18"),
            ),
        ),
        statement_id="0193a2f4-7c1e-7b54-9d3f-2f1f0f7a9b31",
        statement_code="2026-01/SHOP/1",
        issued_at=AT,
        run_amount=Decimal("219134.270618"),
        months=(MonthAmount(BEFORE, Decimal(213000)), MonthAmount(NOW, Decimal("219134.27"))),
        origins=(Origin("SW", "软件", "object", Decimal("219134.270618")),),
        traced=Decimal("219134.270618"),
        complaints=(
            Complaint("d1", "供应链协同", "席位统计有误", "open", Decimal(100), "门店经理", ""),
        ),
        newest_at=AT,
    )  # fmt: skip


def an_analysis() -> AnalysisFacts:
    """One initiative with a plan of three times its cost and no result; two solutions."""
    return AnalysisFacts(
        discount_rate=Decimal("0.08"),
        judged=(
            JudgedInitiative(
                "i1", "WMS", "智能仓储改造", "CNY",
                (JudgedFigure("roi_net", Decimal(3), None, None, "no_cash_flows"),
                 JudgedFigure("npv", Decimal("46115702.48"), None, None, "no_cash_flows")),
            ),
        ),
        realised=(
            RealisedGroup(
                "kind",
                Realisation("cashable", "CNY", Decimal(12), Decimal(10), Decimal(2), Decimal(8),
                            Decimal(3), Decimal("0.8"), 4),
            ),
        ),
        bias=measure_bias([Decimal(share) / 10 for share in range(1, 10)]),
        courses=(KpiCourse("MTTR", Decimal(36), "2025-12"),),
        solutions=(
            SolutionLine("DESIGN", "设计服务", Decimal(304), Decimal("0.32"), "design",
                         (("CNY", Decimal(45000000)),), Decimal("148026.31"), None, None, None),
            SolutionLine("SCM", "供应链协同", Decimal(646), Decimal("0.68"), None, (), None,
                         Decimal("0.2"), Decimal(-20), True),
        ),
    )  # fmt: skip


def a_quality() -> QualityFacts:
    """Unallocated fell from 70 to 50; one source rejects too many rows."""
    return QualityFacts(
        months=(
            UnallocatedMonth(BEFORE, "CNY", Decimal(900), Decimal(70)),
            UnallocatedMonth(NOW, "CNY", Decimal(1000), Decimal(50)),
        ),
        status="bad",
        measures=(
            SourceMeasure("erp", "reject_share", "share", Decimal("0.143"), "bad"),
            SourceMeasure("erp", "freshness", "days", Decimal("3.5"), "good"),
        ),
        rows=(("erp", 12),),
        imports=(ImportFacts("m1", "总账.csv", "erp", "ledger", "succeeded", 14, 2, 0, AT),),
        newest_at=AT,
    )


def a_carbon() -> CarbonFacts:
    """31,250.5 kWh, all of it of two consumers."""
    return CarbonFacts(
        "location",
        (
            CarbonTotal("kwh", Decimal("31250.5"), Decimal("31250.5"), Decimal(0)),
            CarbonTotal("co2e_operational", Decimal("17822.16"), Decimal("17822.16"), Decimal(0)),
        ),
        {
            "consumer": (
                a_footprint("SHOPS", LONG_NAME, "900.10", "30000.5", "17109.27"),
                a_footprint("WEB", "电商渠道", "49.90", "1250", "712.89"),
            )
        },
    )


def a_footprint(code: str, name: str, cost: str, kwh: str, operational: str) -> Footprint:
    """A consumer with energy and operational carbon; embodied carbon was not measured."""
    measures = {
        "kwh": Decimal(kwh), "co2e_operational": Decimal(operational), "co2e_embodied": None,
    }  # fmt: skip
    return Footprint(code, name, Decimal(cost), measures, None, None)


def a_compliance() -> ComplianceFacts:
    """Two decisions: one by other eyes, one on own work."""
    publish = TrailEvent("e1", AT, "allocation", "李审批", "publish", "run", RUN_ID)
    approve = TrailEvent("e2", AT, "valuation", "王编制", "approve", "review", "r1")
    return ComplianceFacts(
        counts=(
            ActionCount("allocation", "李审批", "publish", "run", 1),
            ActionCount("valuation", "王编制", "approve", "review", 1),
        ),
        approvals=(Approval(publish, ("张三",), "four"), Approval(approve, ("王编制",), "two")),
        books=(publish,),
        events=(("ingest", 0), ("allocation", 1), ("valuation", 1)),
        newest_at=AT,
    )


def some_months() -> MonthlyCosts:
    """Two consumers over two months."""
    rows = (
        MonthRow("SHOPS", LONG_NAME, (Decimal("800.05"), Decimal("900.10"))),
        MonthRow("WEB", "电商渠道", (Decimal("49.95"), Decimal("49.90"))),
    )
    return MonthlyCosts((BEFORE, NOW), rows, ("2025-11",))


def inputs_of(kind: str, language: str = "zh-CN") -> ReportInputs:
    """What a report of this type is made from."""
    cost, value, nothing = some_costs(), some_values(), ValueFacts()
    base = ReportInputs("2026-01", language, cost, value, "ef" * 32, chain=some_chain())
    return {
        "cost-value-distribution": base,
        "it-spend-overview": replace(base, cost=replace(cost, months=some_months()), value=nothing),
        "consumer-statement": replace(base, value=nothing, statement=a_statement()),
        "post-implementation-review": replace(base, cost=None),
        "value-analysis": replace(base, analysis=an_analysis()),
        "unallocated-and-data-quality": replace(base, value=nothing, quality=a_quality()),
        "carbon": replace(base, value=nothing, carbon=a_carbon()),
        "compliance": replace(base, cost=None, value=nothing, compliance=a_compliance()),
    }[kind]


@cache
def document_of(kind: str, language: str = "zh-CN") -> Document:
    """The report of this type."""
    return write_document(kind, inputs_of(kind, language), LINKS)
