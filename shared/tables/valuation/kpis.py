"""What is measured: value KPIs and their observations."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric, UniqueConstraint
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    instant_column,
    json_column,
    one_of,
    reference_column,
    text_column,
    version_column,
)


class ValueKpi(Table, table=True):
    """A measure of value: what it is, which way is good, where it shall go."""

    __tablename__ = "value_kpi"
    __table_args__ = (
        CheckConstraint(
            one_of("kpi_class", "cost", "efficiency", "benefit", "quality", "innovation"),
            name="kpi_class",
        ),
        CheckConstraint(
            one_of("dimension", "financial", "business", "strategic"), name="dimension"
        ),
        CheckConstraint(
            one_of("perspective", "financial", "customer", "process", "learning"),
            name="perspective",
        ),
        CheckConstraint(one_of("direction", "up", "down"), name="direction"),
        CheckConstraint(one_of("value_role", "revenue", "saving", "use"), name="value_role"),
        CheckConstraint(
            one_of("aggregation", "mean", "sum", "last", "min", "max"), name="aggregation"
        ),
        CheckConstraint("weight > 0", name="weight"),
        Index("ix_value_kpi_links", "links", postgresql_using="gin"),
    )

    id: UUID = id_column()
    code: str = code_column(unique=True)
    names: dict[str, Any] = json_column()
    definition: dict[str, Any] | None = json_column(nullable=True)
    kpi_class: str = text_column()
    dimension: str | None = text_column(nullable=True)
    perspective: str | None = text_column(nullable=True)
    unit: str = text_column()
    direction: str = text_column()
    formula: str | None = text_column(nullable=True)
    value_role: str | None = text_column(nullable=True)
    aggregation: str = text_column()
    baseline: Decimal | None = amount_column(nullable=True)
    target: Decimal | None = amount_column(nullable=True)
    targets: list[dict[str, Any]] = json_column(default=list)
    links: list[dict[str, Any]] = json_column(default=list)
    owner: str | None = text_column(nullable=True)
    weight: Decimal = Field(
        default=Decimal(1), sa_column=Column(Numeric(38, 18), nullable=False, server_default="1")
    )
    source: dict[str, Any] | None = json_column(nullable=True)
    pack: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class Observation(Table, table=True):
    """One measured value of a KPI, for a period or an instant, by one source, of one thing."""

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint(
            "kpi_id",
            "period",
            "at",
            "source",
            "link_key",
            name="uq_observation_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_observation_period_id", "period", "id"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
    )

    id: UUID = id_column()
    kpi_id: UUID = reference_column("value_kpi.id", index=False)
    period: str = code_column()
    at: datetime | None = instant_column(nullable=True)
    value: Decimal = amount_column()
    source: str = code_column()
    link_key: str = code_column()
    link: dict[str, Any] | None = json_column(nullable=True)
    note: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()
