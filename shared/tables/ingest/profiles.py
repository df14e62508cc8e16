"""Earlier and present rules of profiles: what an import of some day was read by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    text_column,
)


class ImportProfileVersion(Table, table=True):
    """The rules of a profile as they were from one change to the next; never changed or deleted.

    The profile is named by its id without a foreign key: its versions outlive it, because imports
    that ran with it do.
    """

    __tablename__ = "import_profile_version"

    id: UUID = id_column()
    profile_id: UUID = Field(sa_column=Column(UuidType, nullable=False))
    version: int = integer_column(default=1)
    code: str = code_column()
    kind: str = text_column()
    rules: dict[str, Any] = json_column()
    subject: str | None = text_column(nullable=True)
    created_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("profile_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )
