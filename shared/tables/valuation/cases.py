"""What went well and is told to others: success cases made from approved reviews."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)


class SuccessCase(Table, table=True):
    """A story over the figures of an approved review; the figures stay as they were then."""

    __tablename__ = "success_case"
    __table_args__ = (
        Index("ix_success_case_tags", "tags", postgresql_using="gin"),
        Index("ix_success_case_kpis", "kpis", postgresql_using="gin"),
    )

    id: UUID = id_column()
    code: str = code_column(unique=True)
    review_id: UUID = reference_column("post_implementation_review.id")
    initiative: str = code_column(index=True)
    initiative_names: dict[str, Any] = json_column()
    solution: str | None = code_column(nullable=True)
    value_chain_stage: str | None = code_column(nullable=True)
    names: dict[str, Any] = json_column()
    summary: dict[str, Any] | None = json_column(nullable=True)
    story: dict[str, Any] = json_column()
    tags: dict[str, Any] = json_column()
    kpis: list[str] = json_column(default=list)
    published: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    figures: dict[str, Any] = json_column()
    created_by: str = text_column()
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()
