"""Tables of the reports: what was ordered, what came of it, and where the file lies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    UniqueConstraint,
    Uuid,
)
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


class Report(Table, table=True):
    """One ordered report; it changes once, when it is finished, failed or cancelled.

    `inputs_sha256` is the hash over all that the report was made from: reports of one type,
    format and language with equal inputs have equal `sha256` too. Reports of a schedule carry its
    code and the `occasion` (due time or run) that they were ordered for, one report for each.
    """

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("format in ('xlsx', 'pdf', 'csv', 'json', 'html')", name="format"),
        CheckConstraint("language in ('en', 'zh-CN')", name="language"),
        CheckConstraint("status in ('queued', 'succeeded', 'failed', 'cancelled')", name="status"),
        CheckConstraint(
            "(status = 'succeeded') = (file_id is not null)", name="finished_has_a_file"
        ),
        Index("ix_report_period", "period", "type"),
        Index("ix_report_created_at", "created_at", "id"),
        Index("ix_report_schedule", "schedule_id", "created_at"),
        UniqueConstraint("schedule_id", "occasion"),
    )

    id: UUID = id_column()
    type: str = text_column()
    period: str = code_column()
    format: str = text_column()
    language: str = text_column()
    parameters: dict[str, Any] = json_column()
    status: str = text_column()
    subject: str = text_column()
    run_id: UUID | None = Field(default=None, sa_column=Column(Uuid, nullable=True))
    inputs_sha256: str | None = text_column(nullable=True)
    file_id: UUID | None = reference_column("stored_file.id", nullable=True)
    file_name: str | None = text_column(nullable=True)
    media_type: str | None = text_column(nullable=True)
    sha256: str | None = text_column(nullable=True)
    bytes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    problem: dict[str, Any] | None = json_column(nullable=True)
    created_at: datetime = instant_column()
    finished_at: datetime | None = instant_column(nullable=True)
    schedule_id: UUID | None = Field(
        default=None,
        sa_column=Column(
            Uuid, ForeignKey("report_schedule.id", ondelete="SET NULL"), nullable=True
        ),
    )
    schedule: str | None = code_column(nullable=True)
    occasion: str | None = text_column(nullable=True)
    webhook_id: UUID | None = Field(default=None, sa_column=Column(Uuid, nullable=True))
    version: int = version_column()
