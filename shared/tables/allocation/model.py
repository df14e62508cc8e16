"""What allocation works with: cost objects of four layers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, String, UniqueConstraint
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    json_column,
    text_column,
    version_column,
)


class CostObject(Table, table=True):
    """A pool, resource, solution or consumer; every layer is a tree of codes."""

    __tablename__ = "cost_object"

    id: UUID = id_column()
    layer: str = text_column()
    code: str = code_column()
    names: dict[str, str] = json_column()
    parent: str | None = code_column(nullable=True)
    tags: dict[str, str] = json_column()
    attributes: dict[str, Any] = json_column()
    standard: str | None = text_column(nullable=True)
    valid_from: str | None = text_column(nullable=True)
    valid_to: str | None = text_column(nullable=True)
    owner: str | None = text_column(nullable=True)
    unit_driver: str | None = code_column(nullable=True)
    capacity_driver: str | None = code_column(nullable=True)
    value_chain_stage: str | None = Field(default=None, sa_column=Column(String(collation="C")))
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("layer", "code"),
        Index("ix_cost_object_layer_parent", "layer", "parent"),
        CheckConstraint("layer in ('pool', 'resource', 'solution', 'consumer')", name="layer"),
    )
