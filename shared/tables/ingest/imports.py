"""Imports, their rejected rows, and profiles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, UniqueConstraint, text
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    big_integer_column,
    code_column,
    id_column,
    instant_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)


class DataImport(Table, table=True):
    """One uploaded file and what became of every row of it.

    The same bytes with the same kind, source and parameters exist once among imports that have
    not failed and were not reverted.
    """

    __tablename__ = "data_import"

    id: UUID = id_column()
    kind: str = text_column()
    status: str = text_column(default="queued")
    file_id: UUID = reference_column("stored_file.id", index=False)
    file_name: str = text_column()
    sha256: str = text_column()
    bytes: int = big_integer_column()
    source: str = code_column()
    scenario: str = code_column()
    period: str | None = text_column(nullable=True)
    profile: str | None = code_column(nullable=True)
    profile_version: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    replace_mode: str = text_column(default="none")
    restate: str | None = text_column(nullable=True)
    parameters: dict[str, Any] = json_column()
    parameters_hash: str = text_column()
    retry_of: UUID | None = reference_column("data_import.id", nullable=True)
    rows_received: int = big_integer_column()
    rows_accepted: int = big_integer_column()
    rows_rejected: int = big_integer_column()
    rows_duplicate: int = big_integer_column()
    rows_unreadable_amount: int = big_integer_column()
    amounts: list[dict[str, Any]] = json_column(default=list)
    periods: list[str] = json_column(default=list)
    superseded: dict[str, Any] = json_column()
    detected: dict[str, Any] = json_column()
    problem: dict[str, Any] | None = json_column(nullable=True)
    reverted_reason: str | None = text_column(nullable=True)
    subject: str = text_column()
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        Index(
            "uq_data_import_same_file",
            "sha256",
            "kind",
            "source",
            "parameters_hash",
            unique=True,
            postgresql_where=text("status not in ('failed', 'reverted')"),
        ),
        CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'reverted')", name="status"
        ),
        CheckConstraint("replace_mode in ('none', 'billing_period')", name="replace_mode"),
        CheckConstraint(
            "status <> 'succeeded' or rows_received ="
            " rows_accepted + rows_rejected + rows_duplicate",
            name="every_row_accounted_for",
        ),
    )


class ImportReject(Table, table=True):
    """One thing that is wrong with one row; a row may have several."""

    __tablename__ = "import_reject"

    import_id: UUID = Field(sa_column=Column(UuidType, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    row_no: int = big_integer_column()
    column_name: str | None = text_column(nullable=True)
    code: str = text_column()
    message: str = text_column()
    raw: str = text_column()
    cells: dict[str, Any] | None = json_column(nullable=True)

    __table_args__ = (Index("ix_import_reject_import_id_row_no", "import_id", "row_no"),)


class ImportClaim(Table, table=True):
    """An import that reports a row which another import, or a push, has brought already.

    The import in the row's own `import_id` claims it without an entry here. Pushed rows that are
    reported again by a push carry the nil UUID: a push is never reverted.
    """

    __tablename__ = "import_claim"

    import_id: UUID = Field(sa_column=Column(UuidType, primary_key=True))
    row_id: UUID = Field(sa_column=Column(UuidType, primary_key=True, index=True))


class ImportProfile(Table, table=True):
    """How the columns of a source become our fields."""

    __tablename__ = "import_profile"

    id: UUID = id_column()
    code: str = code_column()
    kind: str = text_column()
    rules: dict[str, Any] = json_column()
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (UniqueConstraint("code"),)


class PeriodChange(Table, table=True):
    """The number of the last change of a period's facts.

    A writer locks the rows of its periods in order, then takes a number from the sequence
    `change_number`, so the changes of one period commit in the order of their numbers.
    """

    __tablename__ = "period_change"

    period: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    scenario: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    topic: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    last_change: int = big_integer_column()

    __table_args__ = (
        CheckConstraint(
            "topic in ('cost_lines', 'driver_quantities', 'exchange_rates', 'tickets', 'assets')",
            name="topic",
        ),
    )
