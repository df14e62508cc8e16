"""Stage gates: what an initiative was worth each time it took a step."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from shared.tables.columns import (
    Table,
    amount_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    one_of,
    reference_column,
    text_column,
)
from shared.tables.valuation.initiatives import sum_column


class InitiativeGate(Table, table=True):
    """The value case of an initiative at the moment of a step, and how it compares."""

    __tablename__ = "initiative_gate"
    __table_args__ = (
        CheckConstraint(one_of("step", "approve", "start", "go-live", "close"), name="step"),
        CheckConstraint(one_of("verdict", "holds", "weaker", "broken"), name="verdict"),
        CheckConstraint(
            one_of("benefit_source", "cash_flows", "value_expectations", "none"),
            name="benefit_source",
        ),
        Index("ix_initiative_gate_initiative_id_at", "initiative_id", "at"),
    )

    id: UUID = id_column()
    initiative_id: UUID = reference_column("initiative.id", index=False)
    step: str = text_column()
    at: datetime = instant_column()
    by: str = text_column()
    reason: str | None = text_column(nullable=True)
    currency: str | None = text_column(nullable=True)
    discount_rate: Decimal | None = amount_column(nullable=True)
    planned_cost: Decimal | None = sum_column()
    planned_benefit: Decimal | None = sum_column()
    actual_cost: Decimal | None = sum_column()
    actual_benefit: Decimal | None = sum_column()
    benefit_source: str = text_column()
    roi_net: Decimal | None = sum_column()
    npv: Decimal | None = sum_column()
    promises: int = integer_column()
    expected_values: dict[str, Any] = json_column()
    verdict: str = text_column()
    because: list[str] = json_column(default=list)
