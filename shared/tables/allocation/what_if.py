"""What was tried on finished runs and kept; what two runs were found to differ by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    bytes_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)


class Simulation(Table, table=True):
    """Changes that were tried on a run, and their effect; written once.

    `totals` and `items` hold decimals as text; an item names its object in all languages.
    """

    __tablename__ = "simulation"

    id: UUID = id_column()
    run_id: UUID = reference_column("allocation_run.id", index=False)
    name: str | None = text_column(nullable=True)
    measure: str = text_column()
    changes: list[dict[str, Any]] = json_column(default=list)
    totals: dict[str, Any] = json_column()
    items: list[dict[str, Any]] = json_column(default=list)
    changed: int = integer_column()
    subject: str = text_column()
    version: int = version_column()
    created_at: datetime = instant_column(now=True)

    __table_args__ = (
        Index("ix_simulation_run_id_id", "run_id", "id"),
        CheckConstraint("changed >= 0", name="changed"),
        CheckConstraint(
            "measure in ('cost', 'kwh', 'co2e_operational', 'co2e_embodied')", name="measure"
        ),
    )


class Comparison(Table, table=True):
    """Two finished runs and what made the figures of `base_id` those of `run_id`; written once.

    `summary` holds what its chunks do not: totals, decimals and the factors that differ.
    """

    __tablename__ = "comparison"

    id: UUID = id_column()
    run_id: UUID = reference_column("allocation_run.id", index=False)
    base_id: UUID = reference_column("allocation_run.id", index=False)
    method: str = text_column()
    status: str = text_column(default="queued")
    summary: dict[str, Any] = json_column()
    problem: dict[str, Any] | None = json_column(nullable=True)
    subject: str = text_column()
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        Index("ix_comparison_run_id_base_id", "run_id", "base_id"),
        CheckConstraint("method in ('sequence', 'shapley')", name="method"),
        CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
        ),
    )


class ComparisonChunk(Table, table=True):
    """A piece of a comparison's figures, object by object: Parquet, written once."""

    __tablename__ = "comparison_chunk"

    comparison_id: UUID = Field(
        sa_column=Column(
            UuidType, ForeignKey("comparison.id", ondelete="CASCADE"), primary_key=True
        )
    )
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: bytes = bytes_column()
