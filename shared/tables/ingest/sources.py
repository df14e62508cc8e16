"""Sources, their syncs, the pages these have fetched, and what a source has sent last."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    big_integer_column,
    bytes_column,
    code_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)

KINDS = ("servicenow", "odata", "rest", "sql", "folder")


class Source(Table, table=True):
    """A system that facts are fetched from.

    `next_at` is when the schedule wants the next sync; `not_before` is until when the source has
    asked for patience. `watermark` is up to where everything was fetched and loaded.
    """

    __tablename__ = "source"

    id: UUID = id_column()
    code: str = code_column(unique=True)
    kind: str = text_column()
    names: dict[str, Any] = json_column()
    config: dict[str, Any] = json_column()
    secret_ref: str | None = text_column(nullable=True)
    cron: str | None = text_column(nullable=True)
    timezone: str | None = text_column(nullable=True)
    maps_to: str = text_column()
    profile: str | None = code_column(nullable=True)
    active: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))
    watermark: str | None = text_column(nullable=True)
    next_at: datetime | None = instant_column(nullable=True)
    not_before: datetime | None = instant_column(nullable=True)
    last_success_at: datetime | None = instant_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("(cron is null) = (timezone is null)", name="schedule"),
        Index("ix_source_next_at", "next_at", postgresql_where=text("next_at is not null")),
    )


class SourceSync(Table, table=True):
    """One run over a source. At most one of a source is queued or running.

    `cursor` is where the next page begins; `is_complete` says that the last page is in. `resumes`
    is the broken sync whose pages this one has taken over; `begun_at` is when the first of all
    these pages was asked for.
    """

    __tablename__ = "source_sync"

    id: UUID = id_column()
    source_id: UUID = reference_column("source.id")
    source_version: int = integer_column()
    status: str = text_column(default="queued")
    trigger: str = text_column(default="request")
    is_backfill: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    since: str | None = text_column(nullable=True)
    until: str | None = text_column(nullable=True)
    resumes: UUID | None = reference_column("source_sync.id", nullable=True, index=False)
    cursor: dict[str, Any] | None = json_column(nullable=True)
    is_complete: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    pages: int = integer_column()
    rows_fetched: int = big_integer_column()
    rows_known: int = big_integer_column()
    rows_total: int | None = big_integer_column(nullable=True, default=None)
    watermark_before: str | None = text_column(nullable=True)
    watermark_after: str | None = text_column(nullable=True)
    imports: list[dict[str, Any]] = json_column(default=list)
    problem: dict[str, Any] | None = json_column(nullable=True)
    subject: str = text_column()
    begun_at: datetime | None = instant_column(nullable=True)
    created_at: datetime = instant_column(now=True)
    started_at: datetime | None = instant_column(nullable=True)
    finished_at: datetime | None = instant_column(nullable=True)

    __table_args__ = (
        CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
        ),
        CheckConstraint("trigger in ('request', 'schedule')", name="trigger"),
        Index(
            "uq_source_sync_running",
            "source_id",
            unique=True,
            postgresql_where=text("status in ('queued', 'running')"),
        ),
    )


class SourcePage(Table, table=True):
    """One page as it was received (gzip), and its rows as NDJSON (gzip) until they are loaded.

    `hashes` and `keys` hold 16 bytes a row: of all its cells, and of its key (empty: no key).
    """

    __tablename__ = "source_page"

    sync_id: UUID = Field(
        sa_column=Column(
            UuidType, ForeignKey("source_sync.id", ondelete="CASCADE"), primary_key=True
        )
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    rows: int = integer_column()
    raw: bytes = bytes_column()
    raw_bytes: int = big_integer_column()
    raw_sha256: str = text_column()
    lines: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    hashes: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    keys: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    key_columns: list[str] = json_column(default=list)
    watermark: str | None = text_column(nullable=True)
    fetched_at: datetime = instant_column(now=True)

    __table_args__ = (Index("ix_source_page_fetched_at", "fetched_at"),)


class SourceMemory(Table, table=True):
    """The rows of the last loaded sync, by their hashes, so that unchanged ones are not sent again.

    It holds only while the import still stands and `basis` (how rows are read) is the same.
    """

    __tablename__ = "source_memory"

    source_id: UUID = Field(
        sa_column=Column(UuidType, ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    )
    basis: str = text_column()
    import_id: UUID | None = reference_column("data_import.id", nullable=True, index=False)
    hashes: bytes = bytes_column()
