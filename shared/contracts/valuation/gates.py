"""Steps of an initiative and its stage gates on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.days import Day
from shared.contracts.values import Contract, DecimalText, ExactText, Instant, Text

GateStep = Literal["approve", "start", "go-live", "close"]
Verdict = Literal["holds", "weaker", "broken"]
BenefitSource = Literal["cash_flows", "value_expectations", "none"]
Because = Literal[
    "benefit_below_cost", "net_value_lower", "expected_value_lower", "promise_withdrawn"
]


class StepRequest(Contract):
    """Why a step is taken; with a rate its gate notes the net present value of the plan."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Pays back within two years."}]}
    )

    reason: Text | None = None
    discount_rate: Annotated[DecimalText, Field(gt=-1, le=1000, examples=["0.08"])] | None = None


class StartRequest(StepRequest):
    """The day on which delivery began; without it the day already set, else today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"started_on": "2026-01-05"}]})

    started_on: Day | None = None


class GoLiveRequest(StepRequest):
    """The day of going live; without it the day already set, else today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"go_live_on": "2026-03-01"}]})

    go_live_on: Day | None = None


class CloseRequest(StepRequest):
    """The day of closing; without it the day already set, else today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closed_on": "2027-03-01"}]})

    closed_on: Day | None = None


class ExpectedValue(Contract):
    """Money promised in one currency; promises of drawbacks lower it."""

    currency: str
    amount: ExactText


class GateChange(Contract):
    """What changed since the gate before: new less old, null where either is not known."""

    planned_cost: ExactText | None
    planned_benefit: ExactText | None
    net: ExactText | None
    roi_net: ExactText | None
    expected_values: list[ExpectedValue]


class GateAnswer(Contract):
    """The value case at a step, held against the one at approval.

    `broken`: the planned benefit is below the planned cost, and was not when it was approved
    (where both were known then).
    `weaker`: benefit less cost is lower than at approval, less money is expected, a promise with
    a number was withdrawn, or the plan does not pay for itself. `holds`: none of these.
    `planned_benefit` is that of the cash flows, or else what is promised in the initiative's
    currency (`benefit_source`); `npv` is that of the planned cash flows by days.
    """

    id: UUID
    initiative: str
    step: GateStep
    at: Instant
    by: str
    reason: str | None
    currency: str | None
    discount_rate: ExactText | None
    planned_cost: ExactText | None
    planned_benefit: ExactText | None
    actual_cost: ExactText | None
    actual_benefit: ExactText | None
    benefit_source: BenefitSource
    roi_net: ExactText | None
    npv: ExactText | None
    promises: int
    expected_values: list[ExpectedValue]
    verdict: Verdict
    because: list[Because]
    explanation: str
    change: GateChange | None
