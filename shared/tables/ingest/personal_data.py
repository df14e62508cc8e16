"""Which fields hold personal data, and what was purged of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, LargeBinary, UniqueConstraint
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


class PersonalDataField(Table, table=True):
    """A field whose values tell of persons."""

    __tablename__ = "personal_data_field"

    id: UUID = id_column()
    collection: str = code_column()
    field: str = code_column()
    category: str = text_column()
    names: dict[str, str] = json_column()
    note: str | None = text_column(nullable=True)
    version: int = version_column()

    __table_args__ = (
        UniqueConstraint("collection", "field"),
        CheckConstraint("collection in ('tickets', 'cost_lines', 'assets')", name="collection"),
        CheckConstraint(
            "category in ('name', 'email', 'phone', 'employee_id', 'other')", name="category"
        ),
    )


class PersonalDataPurge(Table, table=True):
    """What was to be taken out, by keyed hashes, and how often it was found where.

    The values themselves lie here encrypted until the job has ended, and nowhere afterwards.
    """

    __tablename__ = "personal_data_purge"

    id: UUID = id_column()
    status: str = text_column(default="queued")
    value_hashes: list[str] = json_column(default=list)
    sealed_values: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    contains: bool = Field(sa_column=Column(Boolean, nullable=False))
    dry_run: bool = Field(sa_column=Column(Boolean, nullable=False))
    reason: str = text_column()
    subject: str = text_column()
    replaced: dict[str, int] = json_column()
    left_alone: dict[str, int] = json_column()
    problem: dict[str, Any] | None = json_column(nullable=True)
    created_at: datetime = instant_column(now=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        CheckConstraint("status in ('queued', 'succeeded', 'failed', 'cancelled')", name="status"),
        CheckConstraint("status = 'queued' or sealed_values is null", name="values_are_forgotten"),
    )
