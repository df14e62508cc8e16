"""Post-implementation reviews on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from shared.contracts.days import Day
from shared.contracts.valuation.evaluations import Rate, RunCostNote
from shared.contracts.valuation.feedback import CsatFigure, NpsFigure
from shared.contracts.valuation.initiatives import BenefitKind, Category, Level
from shared.contracts.valuation.kpis import Direction, Unit
from shared.contracts.valuation.review_notes import ActionAnswer, FindingAnswer
from shared.contracts.valuation.variances import VarianceAnswer
from shared.contracts.values import (
    Code,
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Instant,
    Label,
    Names,
    Period,
    Text,
)

State = Literal["scheduled", "in_progress", "submitted", "approved"]
Verdict = Literal["exceeded", "met", "nearly_met", "partly_met", "not_met", "worse", "not_measured"]


class ReviewRequest(Contract):
    """A review beside those that go-live makes by itself."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"initiative": "crm-2026", "due_on": "2026-09-01"}]}
    )

    initiative: Code
    due_on: Day
    owner: Label | None = None


class ExtraBenefit(Contract):
    """Value nobody had promised; it counts as `realised_extra` of the value realisation.

    A monetary value needs its currency; a negative one is a `dis_benefit`.
    """

    text: Text = Field(min_length=1)
    kpi: Code | None = None
    monetary_value: DecimalText | None = None
    currency: Currency | None = None
    kind: BenefitKind | None = None


class Judgement(Contract):
    """What the reviewers say: was the decision right, and how good was following the benefits."""

    decision_right: Literal["yes", "partly", "no"] | None = None
    why: Text | None = None
    benefits_process: Text | None = None


class ReviewPatch(Contract):
    """What may be written into a review until it is approved (merge patch: null clears).

    With a `discount_rate` the decision is also judged by its net present value.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lessons": ["Train the branches before go-live."]}]}
    )

    due_on: Day | None = None
    owner: Label | None = None
    lessons: list[Text] | None = Field(default=None, max_length=200)
    extra_benefits: list[ExtraBenefit] | None = Field(default=None, max_length=200)
    discount_rate: Rate | None = None
    judgement: Judgement | None = None


class ReturnRequest(Contract):
    """Why a submitted review goes back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Name the source of the revenue figure."}]}
    )

    reason: Text = Field(min_length=1)


EvidenceAddress = Annotated[
    str, StringConstraints(max_length=2000, pattern=r'^(https?://|/v1/)[^\s<>"]*$')
]


class ManualResultRequest(Contract):
    """What somebody found out where no observation says it, with its source.

    With `expectation` it stands for that promise as long as nothing is measured of it: level,
    unit and direction are the promise's, baseline and target unless given here. Without, `level`
    and a name (`kpi` or `names`) are needed, and the result stands beside the promises. Where a
    KPI is named, name, unit and direction are the KPI's.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "level": "function",
                    "names": {"en": "Modules in use", "zh-CN": "已启用模块"},
                    "unit": "%",
                    "baseline": "0",
                    "target": "100",
                    "actual": "92",
                    "source": "Acceptance protocol of 3 March",
                }
            ]
        }
    )

    expectation: UUID | None = None
    kpi: Code | None = None
    names: Names | None = None
    level: Level | None = None
    unit: Unit | None = None
    direction: Direction = "up"
    baseline: DecimalText | None = None
    target: DecimalText | None = None
    actual: DecimalText = Field(examples=["92"])
    period: Period | None = None
    source: Label = Field(examples=["Acceptance protocol of 3 March"])
    evidence: list[EvidenceAddress] = Field(default_factory=list, max_length=20)


class ReviewResult(Contract):
    """What came of one promise; `evidence` are the addresses of the figures behind it.

    attainment = (actual - baseline) / (target - baseline), null with `reason`: `no_actual`,
    `no_target`, `no_baseline`, `target_equals_baseline`. variance = actual - target. `name` is
    the KPI's, or that of what was looked at by hand. `manual`: entered with `source`, under `id`.
    """

    id: UUID | None
    expectation: UUID | None
    kpi: str | None
    name: str | None
    level: Level
    unit: str | None
    direction: Literal["up", "down"]
    baseline: ExactText | None
    target: ExactText | None
    actual: ExactText | None
    actual_period: Period | None
    attainment: ExactText | None
    reason: str | None
    variance: ExactText | None
    favourable: bool | None
    verdict: Verdict
    monetary_value: ExactText | None
    currency: str | None
    benefit_kind: BenefitKind | None
    realised_value: ExactText | None
    manual: bool
    source: str | None
    evidence: list[str]


class LevelSummary(Contract):
    """The results of one level; `attainment` is the mean of those that have one."""

    level: Level
    results: int
    measured: int
    met: int
    attainment: ExactText | None


class CostLine(VarianceAnswer):
    """Planned and actual money of one category up to the end of the months looked at.

    Costs are positive. A positive variance is good news: cost = planned - actual, benefit =
    actual - planned; `cost` is investment and run cost together.
    """

    category: Category | Literal["cost"]


class ReviewCost(Contract):
    """What it cost against its plan, by category and in sum.

    The actual run cost is the solution's allocated cost in months with a published run
    (`allocated_run_cost` of it), else what was entered.
    """

    currency: str | None
    until: Period
    lines: list[CostLine]
    allocated_run_cost: ExactText | None
    evidence: list[str]


class DecidedFigure(Contract):
    """One named figure by plan, by what has happened, and by that with the rest of the plan."""

    plan: ExactText | None
    actual: ExactText | None
    outlook: ExactText | None
    reason: str | None


class ReviewDecision(Contract):
    """Was the decision right? The evaluation run again with what has happened since.

    `outlook` takes the actual cash flows up to the months looked at and the planned ones after.
    """

    verdict: Literal["confirmed", "weaker", "not_confirmed", "not_judgeable"]
    rule: str
    discount_rate: ExactText | None
    figures: dict[str, DecidedFigure]
    evidence: list[str]


class UseResult(Contract):
    """How far an output is used: a KPI with `value_role: use` of the initiative or its solution."""

    kpi: str
    name: str
    unit: str
    direction: Direction
    baseline: ExactText | None
    target: ExactText | None
    actual: ExactText | None
    actual_period: Period | None
    attainment: ExactText | None
    reason: str | None
    verdict: Verdict
    evidence: list[str]


class ReviewSatisfaction(Contract):
    """What users of the solution said in the months looked at; null where nobody was asked."""

    solution: str
    first: Period = Field(alias="from")
    last: Period = Field(alias="to")
    nps: NpsFigure
    csat: CsatFigure
    evidence: list[str]


class ReviewSummary(Contract):
    """A review in a list."""

    id: UUID
    etag: str
    initiative: str
    initiative_name: str
    due_on: Day
    offset_months: int | None
    state: State
    overdue: bool
    owner: str | None
    sponsor: str | None
    portfolio: str | None
    approved_at: Instant | None
    created_at: Instant
    updated_at: Instant


class ReviewAnswer(ReviewSummary):
    """A review with everything in it; results are filled at start, refresh and submit."""

    results: list[ReviewResult]
    levels: list[LevelSummary]
    verdict_rule: str
    allocated_cost: RunCostNote | None
    cost: ReviewCost | None
    decision: ReviewDecision | None
    adoption: list[UseResult]
    satisfaction: ReviewSatisfaction | None
    discount_rate: ExactText | None
    judgement: Judgement | None
    filled_at: Instant | None
    findings: list[FindingAnswer]
    actions: list[ActionAnswer]
    lessons: list[str]
    extra_benefits: list[ExtraBenefit]
    started_by: str | None
    submitted_by: str | None
    submitted_at: Instant | None
    approved_by: str | None
    returned_reason: str | None


class AnnouncementAnswer(Contract):
    """A notice of a review, sent as event `review.due` with this `kind` in its payload.

    By default: reminders 14 and 3 days before, `due` on the day, `overdue` 7, 14, 21 and 28 days
    after while it is not approved. Each is sent once, on `planned_on` or the first day after it
    on which a worker runs; missed reminders are left out. A review whose day was more than 31
    days past when that day was set is history and never announced.
    """

    id: UUID
    kind: Literal["reminder", "due", "overdue"]
    planned_on: Day
    due_on: Day
    created_at: Instant
