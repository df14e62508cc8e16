"""A small company's costs and values, from which the report tests write reports."""

from datetime import UTC, date, datetime
from decimal import Decimal

from services.valuation.overviews.value_chain.domain import join_stages
from services.valuation.reporting.charts.flow_graph import FlowLink, FlowNode
from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from services.valuation.reporting.reports.content.inputs import (
    Benefit,
    Consumed,
    CostFacts,
    CostRow,
    InitiativeFacts,
    KpiFacts,
    NamedFigure,
    ReconciliationStep,
    ReviewFacts,
    ReviewResult,
    RunFacts,
    UnallocatedRow,
    Unconverted,
    ValueFacts,
)
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.report_inputs import ReportInputs
from services.valuation.reporting.reports.content.reports import write_document
from services.valuation.reporting.reports.document import Document

RUN_ID = "0193a2f4-7c1e-7b54-9d3f-2f1f0f7a9b10"
LINKS = Links("/allocation", "/valuation", RUN_ID)
FINISHED = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def a_run(**changes: object) -> RunFacts:
    """1,000 of cost: 950 reach consumers, 50 stay."""
    facts: dict[str, object] = {
        "id": RUN_ID,
        "period": "2026-01",
        "scenario": "actual",
        "currency": "CNY",
        "model_version": "0193a2f4-0000-7b54-9d3f-2f1f0f7a9b11",
        "fingerprint": "ab" * 32,
        "output_hash": "cd" * 32,
        "finished_at": FINISHED,
        "lines": Decimal("1500"),
        "out_of_scope": Decimal("500"),
        "input": Decimal("1000"),
        "consumers": Decimal("950"),
        "retained": Decimal(0),
        "unallocated": Decimal("50"),
        "residual": Decimal(0),
        "unconverted": (Unconverted("USD", Decimal("14.97651418586"), 999),),
        "accuracy": {
            "measured_share": Decimal("0.6"),
            "estimated_share": Decimal("0.3"),
            "fallback_share": Decimal("0.05"),
            "unallocated_share": Decimal("0.05"),
        },
    }
    return RunFacts(**{**facts, **changes})  # type: ignore[arg-type]


def some_costs(consumer_name: str = "直营门店", **run: object) -> CostFacts:
    """Two pools, one tower, two solutions, two consumers; 50 of the tower stay unallocated."""
    return CostFacts(
        run=a_run(**run),
        pools=(
            CostRow("pool", "SW", "软件", Decimal(700), (("opex", Decimal(700)),)),
            CostRow("pool", "HW", "硬件", Decimal(300), (("capex", Decimal(300)),), Decimal(250)),
        ),
        towers=(CostRow("resource", "APP", "应用", Decimal(1000)),),
        solutions=(
            CostRow("solution", "DESIGN", "设计服务", Decimal("304")),
            CostRow("solution", "SCM", "供应链协同", Decimal("646")),
        ),
        consumers=(
            CostRow(
                "consumer",
                "SHOPS",
                consumer_name,
                Decimal("900.10"),
                consumed=(
                    Consumed("solution", "DESIGN", "设计服务", Decimal("254.10")),
                    Consumed("solution", "SCM", "供应链协同", Decimal("646")),
                ),
            ),
            CostRow("consumer", "WEB", "电商渠道", Decimal("49.90")),
        ),
        flow_nodes=(
            FlowNode("pool:SW", "pool", "软件", Decimal(700)),
            FlowNode("pool:HW", "pool", "硬件", Decimal(300)),
            FlowNode("resource:APP", "resource", "应用", Decimal(1000)),
            FlowNode("solution:DESIGN", "solution", "设计服务", Decimal(304)),
            FlowNode("consumer:SHOPS", "consumer", consumer_name, Decimal(950)),
            FlowNode("unallocated", "unallocated", "未分摊", Decimal(50)),
        ),
        flow_links=(
            FlowLink("pool:SW", "resource:APP", Decimal(700)),
            FlowLink("pool:HW", "resource:APP", Decimal(300)),
            FlowLink("resource:APP", "solution:DESIGN", Decimal(950)),
            FlowLink("solution:DESIGN", "consumer:SHOPS", Decimal(950)),
            FlowLink("resource:APP", "unallocated", Decimal(50)),
        ),
        reconciliation=(
            ReconciliationStep(
                "lines",
                (("lines", Decimal(1500)),),
                (("out of scope", Decimal(500)), ("input", Decimal(1000))),
                Decimal(0),
                "CNY",
            ),
        ),
        unallocated=(UnallocatedRow("resource", "APP", "应用", "no_driver", Decimal(50)),),
    )


def some_values() -> ValueFacts:
    """Revenue of two stages, one KPI with a target, one initiative, one overdue review."""
    return ValueFacts(
        kpis=(
            KpiFacts(
                "k1",
                "REV-DESIGN",
                "REV-DESIGN",
                "benefit",
                "CNY",
                "up",
                actual=Decimal(45000000),
                measured_in="2026-01",
            ),
            KpiFacts(
                "k3",
                "MTTR",
                "平均恢复时长",
                "efficiency",
                "h",
                "down",
                Decimal(48),
                Decimal(24),
                Decimal(30),
                "2026-01",
                Decimal("0.75"),
            ),
        ),
        initiatives=(
            InitiativeFacts(
                "i1",
                "WMS",
                "智能仓储改造",
                "live",
                "SCM",
                date(2025, 10, 1),
                (
                    Benefit(
                        "MTTR",
                        "operation",
                        Decimal(48),
                        Decimal(24),
                        "2026-01",
                        Decimal("12000000"),
                        "CNY",
                        "cashable",
                    ),
                ),
                (("CNY", Decimal("8000000")),),
                (),
                (NamedFigure("roi_net", Decimal("3")), NamedFigure("irr", None, "no_sign_change")),
            ),
        ),
        reviews=(
            ReviewFacts(
                "r1",
                "智能仓储改造",
                "in_progress",
                date(2026, 1, 1),
                True,
                (
                    ReviewResult(
                        "MTTR",
                        "operation",
                        Decimal(48),
                        Decimal(24),
                        Decimal(30),
                        Decimal("0.75"),
                        "partly_met",
                    ),
                ),
            ),
        ),
        newest_at=FINISHED,
    )


_STAGE_COSTS = {"sales": Decimal(530), "design": Decimal(320), None: Decimal(150)}
_STAGE_NAMES = {"design": "设计", "sales": "销售"}


def some_chain() -> ChainFacts:
    """Two stages with 45 and 55 million of revenue, and what is of no stage."""
    values = {"design": Decimal(45000000), "sales": Decimal(55000000)}
    stages = tuple(join_stages(_STAGE_COSTS, values).values())
    return ChainFacts(stages, _STAGE_NAMES, "CNY")


def a_chain_without_revenue(*mixed_units: str) -> ChainFacts:
    """The same costs; KPIs speak of no revenue, or of some that cannot be added up."""
    stages = tuple(join_stages(_STAGE_COSTS, {}).values())
    return ChainFacts(stages, _STAGE_NAMES, None, mixed_units)


def a_document(
    language: str = "zh-CN",
    cost: CostFacts | None = None,
    value: ValueFacts | None = None,
    chain: ChainFacts | None = None,
) -> Document:
    """The monthly report of this company."""
    inputs = ReportInputs(
        "2026-01",
        language,
        cost or some_costs(),
        value or some_values(),
        "ef" * 32,
        chain=chain or some_chain(),
    )
    return write_document("cost-value-distribution", inputs, LINKS)
