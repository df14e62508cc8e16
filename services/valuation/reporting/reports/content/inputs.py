"""Everything a report is made from, as plain values; amounts are exact Decimals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from services.valuation.reporting.charts.flow_graph import FlowLink, FlowNode


@dataclass(frozen=True)
class Unconverted:
    """Lines set aside because their currency had no rate."""

    currency: str
    amount: Decimal
    lines: int


@dataclass(frozen=True)
class RunFacts:
    """One allocation run: what it took in, where that went, and the hashes that prove it.

    input = consumers + retained + unallocated + residual; input = lines - out_of_scope.
    """

    id: str
    period: str
    scenario: str
    currency: str
    model_version: str
    fingerprint: str
    output_hash: str
    finished_at: datetime
    lines: Decimal
    out_of_scope: Decimal
    input: Decimal
    consumers: Decimal
    retained: Decimal
    unallocated: Decimal
    residual: Decimal
    unconverted: tuple[Unconverted, ...] = ()
    accuracy: Mapping[str, Decimal] = field(default_factory=dict)
    stale: bool = False


@dataclass(frozen=True)
class Consumed:
    """What a consumer has of one solution (or directly of a tower or pool)."""

    layer: str
    code: str
    name: str
    amount: Decimal


@dataclass(frozen=True)
class CostRow:
    """One object of a view with its cost; `parts` splits it by cost type where that is known.

    The code is empty for money that belongs to no object yet (lines without a pool).
    """

    layer: str
    code: str
    name: str
    amount: Decimal
    parts: tuple[tuple[str, Decimal], ...] = ()
    budget: Decimal | None = None
    variance: Decimal | None = None
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    consumed: tuple[Consumed, ...] = ()


@dataclass(frozen=True)
class ReconciliationStep:
    """One equation of a run: labelled amounts on both sides and what is left between them."""

    name: str
    left: tuple[tuple[str, Decimal], ...]
    right: tuple[tuple[str, Decimal], ...]
    difference: Decimal
    currency: str


@dataclass(frozen=True)
class UnallocatedRow:
    """Money that could not move: where it stays, why, and whom it concerns."""

    layer: str
    code: str | None
    name: str
    reason: str
    amount: Decimal
    owner: str | None = None
    since: str | None = None


@dataclass(frozen=True)
class MonthRun:
    """The published run that speaks for one month of a course."""

    id: str
    period: str
    output_hash: str
    fingerprint: str
    finished_at: datetime


@dataclass(frozen=True)
class MonthRow:
    """One object with its cost of each month, in the order of the months."""

    code: str
    name: str
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True)
class MonthlyCosts:
    """The cost of consumers month by month; a month without a published run is left out."""

    runs: tuple[MonthRun, ...] = ()
    rows: tuple[MonthRow, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class CostFacts:
    """The cost side of a report: one run and its views."""

    run: RunFacts
    pools: tuple[CostRow, ...]
    towers: tuple[CostRow, ...]
    solutions: tuple[CostRow, ...]
    consumers: tuple[CostRow, ...]
    flow_nodes: tuple[FlowNode, ...] = ()
    flow_links: tuple[FlowLink, ...] = ()
    reconciliation: tuple[ReconciliationStep, ...] = ()
    unallocated: tuple[UnallocatedRow, ...] = ()
    months: MonthlyCosts | None = None


@dataclass(frozen=True)
class KpiFacts:
    """A value KPI with its newest figure up to the period; `attainment` 1 is the target reached."""

    id: str
    code: str
    name: str
    kpi_class: str
    unit: str
    direction: str
    baseline: Decimal | None = None
    target: Decimal | None = None
    actual: Decimal | None = None
    measured_in: str | None = None
    attainment: Decimal | None = None


@dataclass(frozen=True)
class Benefit:
    """A promise of one initiative: what shall change by when, and what it is worth."""

    kpi: str
    level: str
    baseline: Decimal | None
    target: Decimal | None
    due_period: str | None
    monetary_value: Decimal | None
    currency: str | None
    benefit_kind: str


@dataclass(frozen=True)
class NamedFigure:
    """One figure of an evaluation with the name of its formula; None comes with a reason."""

    name: str
    value: Decimal | None
    reason: str | None = None


@dataclass(frozen=True)
class InitiativeFacts:
    """An initiative with its promises, what came of them, and the evaluation of its plan.

    `realised` is what its newest approved review found, `received` the benefit payments on
    record; both by currency.
    """

    id: str
    code: str
    name: str
    state: str
    solution: str | None = None
    go_live_on: date | None = None
    benefits: tuple[Benefit, ...] = ()
    realised: tuple[tuple[str, Decimal], ...] = ()
    received: tuple[tuple[str, Decimal], ...] = ()
    figures: tuple[NamedFigure, ...] = ()


@dataclass(frozen=True)
class ReviewResult:
    """One target of a review and what was measured."""

    kpi: str
    level: str
    baseline: Decimal | None
    target: Decimal | None
    actual: Decimal | None
    attainment: Decimal | None
    verdict: str | None
    unit: str = ""


@dataclass(frozen=True)
class ReviewFacts:
    """A post-implementation review."""

    id: str
    initiative: str
    state: str
    due_on: date
    overdue: bool
    results: tuple[ReviewResult, ...] = ()
    lessons: str = ""


@dataclass(frozen=True)
class ValueFacts:
    """The value side of a report, up to the end of its period."""

    kpis: tuple[KpiFacts, ...] = ()
    initiatives: tuple[InitiativeFacts, ...] = ()
    reviews: tuple[ReviewFacts, ...] = ()
    newest_at: datetime | None = None
