"""Budgets and their alerts on the wire."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.allocation.objects import Layer
from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.values import Code, Contract, DecimalText, ExactText, Instant, Label, Period

CostType = Literal["opex", "capex"]
AlertState = Literal["open", "acknowledged", "resolved"]
MAX_THRESHOLDS = 10
LARGEST_THRESHOLD = 100_000
EXAMPLE: dict[str, Any] = {
    "layer": "consumer",
    "object": "EAST",
    "period": "2026-01",
    "amount": "12000.00",
    "currency": "EUR",
    "thresholds": ["80", "100"],
}
Thresholds = Annotated[
    list[DecimalText],
    Field(
        min_length=1,
        max_length=MAX_THRESHOLDS,
        description="Percentages of the amount; an alert is raised once an amount is beyond one",
    ),
]


def _check_thresholds(thresholds: list[Decimal]) -> None:
    for threshold in thresholds:
        if not 0 < threshold <= LARGEST_THRESHOLD:
            raise ValueError(f"a threshold is more than 0 and at most {LARGEST_THRESHOLD} per cent")
        if threshold != round(threshold, 3):
            raise ValueError("a threshold has at most three decimals")
    if len(set(thresholds)) < len(thresholds):
        raise ValueError("each threshold stands once")


class BudgetRequest(Contract):
    """What an object, with all below it, may cost in a period.

    Known by layer, object, period, currency and cost type (pools only; without one it is for
    both). Budgets are never converted: they speak to runs of their own currency.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    layer: Layer
    object: Code
    period: Period
    currency: KnownCurrency
    cost_type: CostType | None = None
    amount: DecimalText
    thresholds: Thresholds = Field(default_factory=lambda: [Decimal(100)])
    note: Label | None = None

    @model_validator(mode="after")
    def _is_a_budget(self) -> "BudgetRequest":
        if self.amount < 0:
            raise ValueError("a budget is not negative")
        if self.cost_type is not None and self.layer != "pool":
            raise ValueError("only pools have budgets of one cost type")
        _check_thresholds(self.thresholds)
        return self


class BudgetPatch(Contract):
    """A merge patch: what is given replaces what is there; what a budget is known by stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"amount": "12500.00"}]}
    )

    amount: DecimalText | None = None
    thresholds: Thresholds | None = None
    note: Label | None = None

    @model_validator(mode="after")
    def _is_a_budget(self) -> "BudgetPatch":
        if self.amount is not None and self.amount < 0:
            raise ValueError("a budget is not negative")
        _check_thresholds(self.thresholds or [])
        return self


class BudgetAnswer(Contract):
    """A budget as it is."""

    id: UUID
    layer: Layer
    object: str
    period: str
    currency: str
    cost_type: CostType | None
    amount: ExactText
    thresholds: list[ExactText]
    note: str | None
    updated_at: Instant
    etag: str


class AcknowledgeRequest(Contract):
    """A word on what will be done about it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"note": "Licences were paid ahead."}]}
    )

    note: Label | None = None


class BudgetAlertAnswer(Contract):
    """A published run went beyond `threshold` per cent of a budget; `share` is of the budget.

    `resolved` says that a later run, or a larger budget, has brought it back.
    """

    id: UUID
    budget: UUID
    layer: Layer
    object: str
    name: str
    period: str
    currency: str
    cost_type: CostType | None
    threshold: ExactText
    run: UUID
    amount: ExactText
    budget_amount: ExactText
    share: ExactText | None
    state: AlertState
    raised_at: Instant
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    note: str | None
    resolved_at: Instant | None
    etag: str
