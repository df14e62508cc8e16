"""The model: cost objects of four layers, mappings in versions, accounting periods."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    json_column,
    made_by,
    reference_column,
    text_column,
    version_column,
)

PERIOD_FORM = "~ '^[0-9]{4}-(0[1-9]|1[0-2])$'"
VALIDITY = (
    f"(valid_from is null or valid_from {PERIOD_FORM})"
    f" and (valid_to is null or valid_to {PERIOD_FORM})"
    " and (valid_from is null or valid_to is null or valid_from <= valid_to)"
)


class CostObject(Table, table=True):
    """A pool, resource, solution or consumer; every layer is a tree of codes."""

    __tablename__ = "cost_object"

    id: UUID = id_column()
    layer: str = text_column()
    code: str = code_column()
    names: dict[str, str] = json_column()
    descriptions: dict[str, str] = json_column()
    parent: str | None = code_column(nullable=True)
    tags: dict[str, str] = json_column()
    attributes: dict[str, Any] = json_column()
    standard: str | None = text_column(nullable=True)
    valid_from: str | None = text_column(nullable=True)
    valid_to: str | None = text_column(nullable=True)
    owner: str | None = text_column(nullable=True)
    unit_driver: str | None = code_column(nullable=True)
    capacity_driver: str | None = code_column(nullable=True)
    value_chain_stage: str | None = code_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("layer", "code"),
        ForeignKeyConstraint(
            ["layer", "parent"],
            ["cost_object.layer", "cost_object.code"],
            name="fk_cost_object_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_cost_object_layer_parent", "layer", "parent"),
        Index("ix_cost_object_tags", "tags", postgresql_using="gin"),
        CheckConstraint("layer in ('pool', 'resource', 'solution', 'consumer')", name="layer"),
        CheckConstraint("parent <> code", name="parent"),
        CheckConstraint(VALIDITY, name="validity"),
    )


class ModelVersion(Table, table=True):
    """Mappings and stage settings under one number; frozen once it is no draft any more."""

    __tablename__ = "model_version"

    id: UUID = id_column()
    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True),
    )
    status: str = text_column(default="draft")
    is_open: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))
    base_id: UUID | None = reference_column("model_version.id", nullable=True, index=False)
    stages: dict[str, Any] = json_column()
    note: str | None = text_column(nullable=True)
    authors: list[str] = Field(
        default_factory=made_by(list), sa_column=Column(ARRAY(String), nullable=False)
    )
    created_at: datetime = instant_column(now=True)
    submitted_by: str | None = text_column(nullable=True)
    submitted_at: datetime | None = instant_column(nullable=True)
    approved_by: str | None = text_column(nullable=True)
    approved_at: datetime | None = instant_column(nullable=True)
    published_by: str | None = text_column(nullable=True)
    published_at: datetime | None = instant_column(nullable=True)
    retired_at: datetime | None = instant_column(nullable=True)
    version: int = version_column()

    __table_args__ = (
        CheckConstraint(
            "status in ('draft', 'in_review', 'approved', 'published', 'retired')", name="status"
        ),
        CheckConstraint("is_open = (status in ('draft', 'in_review', 'approved'))", name="is_open"),
        Index("uq_model_version_open", "is_open", unique=True, postgresql_where=text("is_open")),
        Index(
            "uq_model_version_published",
            "status",
            unique=True,
            postgresql_where=text("status = 'published'"),
        ),
    )


class ModelMapping(Table, table=True):
    """Which money goes where in one version; a trigger refuses changes outside a draft."""

    __tablename__ = "mapping"

    id: UUID = id_column()
    model_version_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("model_version.id", ondelete="CASCADE"), nullable=False)
    )
    code: str = code_column()
    stage: str = text_column()
    priority: int = Field(default=100, sa_column=Column(Integer, nullable=False))
    portion: Decimal = Field(
        default=Decimal(100), sa_column=Column(Numeric(15, 12), nullable=False)
    )
    source: dict[str, Any] = json_column()
    method: str = text_column()
    target: dict[str, Any] = json_column()
    driver: str | None = code_column(nullable=True)
    capacity_driver: str | None = code_column(nullable=True)
    rates: dict[str, Any] | None = json_column(nullable=True)
    floor: dict[str, Any] | None = json_column(nullable=True)
    cap: dict[str, Any] | None = json_column(nullable=True)
    on_zero: str = text_column(default="unallocated")
    valid_from: str | None = text_column(nullable=True)
    valid_to: str | None = text_column(nullable=True)
    note: str | None = text_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("model_version_id", "code"),
        CheckConstraint(
            "stage in ('line_to_pool', 'pool_to_resource', 'pool_to_solution', 'pool_to_consumer',"
            " 'resource_to_resource', 'resource_to_solution', 'resource_to_consumer',"
            " 'solution_to_solution', 'solution_to_consumer')",
            name="stage",
        ),
        CheckConstraint(
            "method in ('direct', 'even', 'fixed', 'driver', 'rate', 'capacity')", name="method"
        ),
        CheckConstraint("on_zero in ('unallocated', 'next', 'even')", name="on_zero"),
        CheckConstraint("portion > 0 and portion <= 100", name="portion"),
        CheckConstraint(VALIDITY, name="validity"),
    )


class AccountingPeriod(Table, table=True):
    """A month that has been closed at least once; a month without a row is open."""

    __tablename__ = "accounting_period"

    period: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    status: str = text_column(default="open")
    closed_at: datetime | None = instant_column(nullable=True)
    closed_by: str | None = text_column(nullable=True)
    reopened_at: datetime | None = instant_column(nullable=True)
    reopened_by: str | None = text_column(nullable=True)
    reason: str | None = text_column(nullable=True)

    __table_args__ = (
        CheckConstraint(f"period {PERIOD_FORM}", name="period"),
        CheckConstraint("status in ('open', 'closed')", name="status"),
    )
