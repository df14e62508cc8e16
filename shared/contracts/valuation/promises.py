"""What initiatives promise, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

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


class ValueExpectationRequest(Contract):
    """A promise: a KPI with its target, or an amount of money, or both.

    Known by kpi, level and due period within its initiative. `due_months_after_go_live` in place
    of `due_period` counts from the month of going live (planned or actual) as it is set now.
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
    due_months_after_go_live: Annotated[int, Field(ge=0, le=120, strict=True)] | None = None
    monetary_value: DecimalText | None = None
    currency: Currency | None = None
    benefit_kind: BenefitKind | None = None
    owner: Label | None = None
    note: Text | None = None


class ValueExpectationOfInitiative(ValueExpectationRequest):
    """A promise that names its initiative, so that one call brings those of many."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"initiative": "crm-2026", "kpi": "mttr", "level": "operation", "target": "8"}
            ]
        }
    )

    initiative: Code = Field(examples=["crm-2026"])


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
