"""Initiatives, what they promise and what they pay, on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from shared.contracts.valuation.days import Day
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
    TagKey,
    Tags,
    TagValue,
    Text,
)

Stage = Literal["proposed", "approved", "in_delivery", "live", "closed", "rejected"]
Level = Literal["function", "operation", "strategy"]
BenefitKind = Literal["cashable", "non_cashable", "cost_avoidance", "non_financial", "dis_benefit"]
Category = Literal["investment", "run_cost", "benefit"]
Basis = Literal["plan", "actual"]
Score = Annotated[DecimalText, Field(ge=0, le=100, examples=["80"])]
Offsets = Annotated[
    list[Annotated[int, Field(ge=1, le=60, strict=True)]],
    Field(min_length=1, max_length=6, examples=[[3, 6, 12]]),
]


class InitiativeRequest(Contract):
    """An initiative; a stage after `proposed` is only taken with `historic: true`.

    `review_offsets` are the months after go-live at which reviews are due.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "crm-2026",
                    "names": {"en": "New CRM", "zh-CN": "新CRM系统"},
                    "solution": "CRM",
                    "sponsor": "Head of sales",
                    "strategic_fit": "80",
                    "business_impact": "90",
                    "currency": "CNY",
                    "tags": {"portfolio": "growth"},
                }
            ]
        }
    )

    code: Code = Field(examples=["crm-2026"])
    names: Names = Field(examples=[{"en": "New CRM", "zh-CN": "新CRM系统"}])
    solution: Code | None = Field(default=None, examples=["CRM"])
    sponsor: Label | None = None
    value_chain_stage: Code | None = None
    stage: Stage = "proposed"
    historic: StrictBool = False
    go_live_on: Day | None = None
    strategic_fit: Score | None = None
    business_impact: Score | None = None
    currency: Currency | None = None
    review_offsets: Offsets | None = None
    tags: Tags = Field(default_factory=dict)


class InitiativePatch(Contract):
    """What may change of an initiative (merge patch: null clears); stages change by their steps."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"go_live_on": "2026-03-01"}]})

    names: Names | None = None
    solution: Code | None = None
    sponsor: Label | None = None
    value_chain_stage: Code | None = None
    go_live_on: Day | None = None
    strategic_fit: Score | None = None
    business_impact: Score | None = None
    currency: Currency | None = None
    review_offsets: Offsets | None = None
    tags: dict[TagKey, TagValue | None] | None = Field(default=None, max_length=200)


class InitiativeAnswer(Contract):
    """An initiative as it is kept; `value_score` (0 to 100, null: not judged) ranks demand."""

    id: UUID
    etag: str
    code: str
    name: str
    names: dict[str, str]
    solution: str | None
    sponsor: str | None
    value_chain_stage: str | None
    stage: Stage
    historic: bool
    go_live_on: Day | None
    strategic_fit: ExactText | None
    business_impact: ExactText | None
    currency: str | None
    review_offsets: list[int]
    tags: Tags
    value_score: ExactText | None
    created_at: Instant
    updated_at: Instant


class GoLiveRequest(Contract):
    """The day of going live; without it the day already set, else today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"go_live_on": "2026-03-01"}]})

    go_live_on: Day | None = None


class StepRequest(Contract):
    """Why a step is taken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Pays back within two years."}]}
    )

    reason: Text | None = None


class ValueExpectationRequest(Contract):
    """A promise: a KPI with its target, or an amount of money, or both.

    Known by kpi, level and due period within its initiative.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kpi": "mttr",
                    "level": "operation",
                    "baseline": "12.5",
                    "target": "8",
                    "due_period": "2026-06",
                    "monetary_value": "240000",
                    "currency": "CNY",
                    "benefit_kind": "cost_avoidance",
                }
            ]
        }
    )

    kpi: Code | None = Field(default=None, examples=["mttr"])
    level: Level = Field(examples=["operation"])
    baseline: DecimalText | None = None
    target: DecimalText | None = None
    due_period: Period | None = None
    monetary_value: DecimalText | None = None
    currency: Currency | None = None
    benefit_kind: BenefitKind | None = None
    owner: Label | None = None
    note: Text | None = None


class ValueExpectationPatch(Contract):
    """What may change of a promise (merge patch: null clears a field)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"target": "7.5"}]})

    baseline: DecimalText | None = None
    target: DecimalText | None = None
    monetary_value: DecimalText | None = None
    currency: Currency | None = None
    benefit_kind: BenefitKind | None = None
    owner: Label | None = None
    note: Text | None = None


class ValueExpectationAnswer(Contract):
    """A promise as it is kept."""

    id: UUID
    etag: str
    initiative: str
    kpi: str | None
    level: Level
    baseline: ExactText | None
    target: ExactText | None
    due_period: Period | None
    monetary_value: ExactText | None
    currency: str | None
    benefit_kind: BenefitKind | None
    owner: str | None
    note: str | None
    created_at: Instant
    updated_at: Instant


class CashFlowRequest(Contract):
    """A payment of an initiative; out is negative.

    Known by `external_id`; without one by its content and its place among equal rows of the
    same request, so that the same request twice adds nothing.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "inv-1",
                    "on": "2026-01-15",
                    "amount": "-5000000",
                    "category": "investment",
                    "basis": "plan",
                }
            ]
        }
    )

    external_id: Code | None = None
    on: Day
    amount: DecimalText = Field(examples=["-20000000"])
    category: Category
    basis: Basis = "plan"
    note: Text | None = None


class CashFlowAnswer(Contract):
    """A payment as it is kept."""

    id: UUID
    etag: str
    external_id: str | None
    on: Day
    amount: ExactText
    category: Category
    basis: Basis
    note: str | None
    created_at: Instant
    updated_at: Instant
