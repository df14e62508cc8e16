"""Initiatives, what they promise and what they pay, on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from shared.contracts.days import Day
from shared.contracts.values import (
    Code,
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Instant,
    Label,
    Names,
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
NotNegative = Annotated[DecimalText, Field(ge=0)]
Percent = Annotated[DecimalText, Field(ge=0, le=100, examples=["60"])]
STATED_PATTERN = r"^-?[0-9]{1,20}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?$"
StatedText = Annotated[
    str, StringConstraints(pattern=STATED_PATTERN, max_length=44), Field(examples=["0.3641"])
]
StatedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Stated = Annotated[
    dict[StatedName, StatedText],
    Field(
        max_length=50,
        description="Figures as their source states them (`-3.50E-05` as well), kept digit by"
        " digit and never overwritten. Compared with ours: planned_cost, actual_cost,"
        " cost_variance, cost_variance_percent, planned_benefit, actual_benefit, benefit_variance,"
        " benefit_variance_percent, schedule_variance_days, schedule_variance_percent."
        " lifecycle_cost is judged beside planned_cost; other names are only kept.",
        examples=[{"planned_cost": "5.20", "cost_variance": "0.36", "lifecycle_cost": "15.3"}],
    ),
]
Offsets = Annotated[
    list[Annotated[int, Field(ge=1, le=60, strict=True)]],
    Field(min_length=1, max_length=6, examples=[[3, 6, 12]]),
]


class InitiativeRequest(Contract):
    """An initiative; a stage after `proposed` is only taken with `historic: true`.

    `review_offsets` are the months after go-live at which reviews are due. `planned_go_live_on`
    is the baseline that `go_live_on` is held against. `estimate_to_complete` is the money still
    needed, `percent_complete` how far the work is; earned value is made of either.
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
                    "planned_go_live_on": "2026-06-30",
                    "kind": "replacement",
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
    description: Text | None = None
    kind: Code | None = Field(default=None, examples=["maintenance"])
    planned_started_on: Day | None = None
    started_on: Day | None = None
    planned_go_live_on: Day | None = None
    closed_on: Day | None = None
    percent_complete: Percent | None = None
    estimate_to_complete: NotNegative | None = None
    stated: Stated = Field(default_factory=dict)


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
    description: Text | None = None
    kind: Code | None = None
    planned_started_on: Day | None = None
    started_on: Day | None = None
    planned_go_live_on: Day | None = None
    closed_on: Day | None = None
    percent_complete: Percent | None = None
    estimate_to_complete: NotNegative | None = None
    stated: dict[StatedName, StatedText | None] | None = Field(default=None, max_length=50)


class InitiativeAnswer(Contract):
    """An initiative as it is kept; `value_score` (0 to 100, null: not judged) ranks demand.

    The four sums are those of its cash flows, costs positive, null without any. `conflicts` names
    the stated figures that disagree with ours, `findings` what else is doubtful.
    """

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
    description: str | None
    kind: str | None
    planned_started_on: Day | None
    started_on: Day | None
    planned_go_live_on: Day | None
    closed_on: Day | None
    percent_complete: ExactText | None
    estimate_to_complete: ExactText | None
    stated: Stated
    planned_cost: ExactText | None
    actual_cost: ExactText | None
    planned_benefit: ExactText | None
    actual_benefit: ExactText | None
    conflicts: list[str]
    findings: list[str]
    created_by: str | None
    value_score: ExactText | None
    created_at: Instant
    updated_at: Instant
