"""What figures are held against: budgets with their alerts, and benchmarks."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Numeric, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    instant_column,
    made_by,
    reference_column,
    text_column,
    version_column,
)

LAYERS = "in ('pool', 'resource', 'solution', 'consumer')"
PERIOD_FORM = "~ '^[0-9]{4}-(0[1-9]|1[0-2])$'"


def _percent() -> Any:
    return Numeric(9, 3)


class Budget(Table, table=True):
    """What an object, with all below it, may cost in a period; in one currency, never converted.

    `thresholds` are percentages of the amount beyond which an alert is raised. Only pools may
    have budgets of one cost type.
    """

    __tablename__ = "budget"

    id: UUID = id_column()
    layer: str = text_column()
    object: str = code_column()
    period: str = code_column()
    currency: str = text_column()
    cost_type: str | None = text_column(nullable=True)
    amount: Decimal = amount_column()
    thresholds: list[Decimal] = Field(
        default_factory=made_by(list), sa_column=Column(ARRAY(_percent()), nullable=False)
    )
    note: str | None = text_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        Index(
            "uq_budget_natural_key",
            "layer",
            "object",
            "period",
            "currency",
            "cost_type",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_budget_period", "period", "layer", "currency"),
        CheckConstraint(f"layer {LAYERS}", name="layer"),
        CheckConstraint(f"period {PERIOD_FORM}", name="period"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("cost_type in ('opex', 'capex')", name="cost_type"),
        CheckConstraint("cost_type is null or layer = 'pool'", name="cost_type_of_pools"),
    )


class BudgetAlert(Table, table=True):
    """A published run went beyond a threshold of a budget; at most one per budget and threshold.

    It is resolved when a later run, or a larger budget, brings the amount back below.
    """

    __tablename__ = "budget_alert"

    id: UUID = id_column()
    budget_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("budget.id", ondelete="CASCADE"), nullable=False)
    )
    threshold: Decimal = Field(sa_column=Column(_percent(), nullable=False))
    layer: str = text_column()
    object: str = code_column()
    period: str = code_column()
    currency: str = text_column()
    cost_type: str | None = text_column(nullable=True)
    run_id: UUID = reference_column("allocation_run.id")
    amount: Decimal = amount_column()
    budget_amount: Decimal = amount_column()
    state: str = text_column(default="open")
    raised_at: datetime = instant_column(now=True)
    acknowledged_at: datetime | None = instant_column(nullable=True)
    acknowledged_by: str | None = text_column(nullable=True)
    note: str | None = text_column(nullable=True)
    resolved_at: datetime | None = instant_column(nullable=True)
    version: int = version_column()

    __table_args__ = (
        Index("uq_budget_alert_budget_id_threshold", "budget_id", "threshold", unique=True),
        Index("ix_budget_alert_period", "period", "layer", "object"),
        CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint(f"layer {LAYERS}", name="layer"),
        CheckConstraint(
            "(acknowledged_at is null) = (acknowledged_by is null)", name="acknowledged"
        ),
        CheckConstraint("(state = 'resolved') = (resolved_at is not null)", name="resolved"),
    )


class Benchmark(Table, table=True):
    """What others reach: quartiles of a metric of an object, or of a KPI, as of a day."""

    __tablename__ = "benchmark"

    id: UUID = id_column()
    layer: str | None = text_column(nullable=True)
    object: str | None = code_column(nullable=True)
    kpi: str | None = code_column(nullable=True)
    metric: str = code_column()
    p25: Decimal = amount_column()
    median: Decimal = amount_column()
    p75: Decimal = amount_column()
    currency: str | None = text_column(nullable=True)
    source: str | None = code_column(nullable=True)
    as_of: date = Field(sa_column=Column(Date, nullable=False))
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        Index(
            "uq_benchmark_natural_key",
            "layer",
            "object",
            "kpi",
            "metric",
            "source",
            "as_of",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_benchmark_kpi", "kpi", "metric", "as_of"),
        CheckConstraint(f"layer {LAYERS}", name="layer"),
        CheckConstraint("(layer is null) = (object is null)", name="object_has_a_layer"),
        CheckConstraint("(object is null) <> (kpi is null)", name="object_or_kpi"),
        CheckConstraint("p25 <= median and median <= p75", name="quartiles"),
    )
