"""Post-implementation reviews and realised value on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.valuation.days import Day
from shared.contracts.valuation.evaluations import RunCostNote
from shared.contracts.valuation.initiatives import BenefitKind, Level
from shared.contracts.values import (
    Code,
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Instant,
    Label,
    Period,
    Text,
)

State = Literal["scheduled", "in_progress", "submitted", "approved"]
ActionState = Literal["open", "in_progress", "done", "dropped"]
FindingKind = Literal["strength", "shortfall", "cause", "risk", "observation"]
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
    """Value nobody had promised."""

    text: Text = Field(min_length=1)
    kpi: Code | None = None
    monetary_value: DecimalText | None = None
    currency: Currency | None = None


class ReviewPatch(Contract):
    """What may be written into a review until it is approved (merge patch: null clears)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lessons": ["Train the branches before go-live."]}]}
    )

    due_on: Day | None = None
    owner: Label | None = None
    lessons: list[Text] | None = Field(default=None, max_length=200)
    extra_benefits: list[ExtraBenefit] | None = Field(default=None, max_length=200)


class ReturnRequest(Contract):
    """Why a submitted review goes back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Name the source of the revenue figure."}]}
    )

    reason: Text = Field(min_length=1)


class ReviewResult(Contract):
    """What came of one promise; `evidence` are the addresses of the figures behind it.

    attainment = (actual - baseline) / (target - baseline), null with `reason`: `no_actual`,
    `no_target`, `no_baseline`, `target_equals_baseline`. variance = actual - target.
    """

    expectation: UUID
    kpi: str | None
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
    evidence: list[str]


class FindingRequest(Contract):
    """Something the review found out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "strength", "level": "operation", "text": "Orders are entered once."}
            ]
        }
    )

    kind: FindingKind = "observation"
    level: Level | None = None
    kpi: Code | None = None
    text: Text = Field(min_length=1)


class FindingAnswer(Contract):
    """A finding as it is kept."""

    id: UUID
    etag: str
    kind: FindingKind
    level: Level | None
    kpi: str | None
    text: str
    created_by: str
    created_at: Instant


class ActionRequest(Contract):
    """What is to be done, by whom and until when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Connect the remaining branches.", "owner": "Li", "due_on": "2026-12-01"}
            ]
        }
    )

    text: Text = Field(min_length=1)
    owner: Label
    due_on: Day
    state: ActionState = "open"


class ActionPatch(Contract):
    """How an action stands; its text, owner and due day are fixed once the review is approved."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "done"}]})

    text: Text | None = Field(default=None, min_length=1)
    owner: Label | None = None
    due_on: Day | None = None
    state: ActionState | None = None
    note: Text | None = None


class ActionAnswer(Contract):
    """An action as it is kept."""

    id: UUID
    etag: str
    text: str
    owner: str
    due_on: Day
    state: ActionState
    overdue: bool
    done_at: Instant | None
    note: str | None
    created_at: Instant


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
    approved_at: Instant | None
    created_at: Instant
    updated_at: Instant


class ReviewAnswer(ReviewSummary):
    """A review with everything in it; results are filled at start and at submit."""

    results: list[ReviewResult]
    verdict_rule: str
    allocated_cost: RunCostNote | None
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


class RealisationGroup(Contract):
    """Expected and realised money of one group in one currency.

    expected = measured + unmeasured; rate = realised / measured (null: nothing measured yet).
    """

    group: str | None
    currency: str
    expectations: int
    expected: ExactText
    measured: ExactText
    unmeasured: ExactText
    realised: ExactText
    rate: ExactText | None


class RealisationAnswer(Contract):
    """Realised against expected value, from the newest approved review of each initiative."""

    totals: list[RealisationGroup]
    by_portfolio: list[RealisationGroup]
    by_sponsor: list[RealisationGroup]
    by_kind: list[RealisationGroup]
    initiatives: int
    reviews: int
