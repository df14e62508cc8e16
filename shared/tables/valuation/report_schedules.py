"""Report schedules: which report comes by itself, when or on which event, and who is told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Uuid, text
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    code_column,
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)


class ReportSchedule(Table, table=True):
    """A standing order of a report; due by `cron` in the local time of `timezone`, or on `event`.

    `next_due_at` is set while it is enabled and has a cron. `problem` is why the last order could
    not even be given; why a report was not made stands on the report.
    """

    __tablename__ = "report_schedule"
    __table_args__ = (
        CheckConstraint("(cron is null) <> (event is null)", name="cron_or_event"),
        CheckConstraint(one_of("event", "run.published"), name="event"),
        CheckConstraint(one_of("period", "previous", "on_publish"), name="period"),
        CheckConstraint("period = 'previous' or event is not null", name="period_of_event"),
        CheckConstraint(one_of("format", "xlsx", "pdf", "csv", "json", "html"), name="format"),
        CheckConstraint(one_of("language", "en", "zh-CN"), name="language"),
        CheckConstraint("next_due_at is null or (enabled and cron is not null)", name="next_due"),
        Index(
            "ix_report_schedule_next_due_at",
            "next_due_at",
            postgresql_where=text("next_due_at is not null"),
        ),
        Index(
            "ix_report_schedule_event",
            "event",
            postgresql_where=text("event is not null and enabled"),
        ),
    )

    id: UUID = id_column()
    code: str = code_column(unique=True)
    names: dict[str, Any] = json_column()
    type: str = text_column()
    format: str = text_column()
    language: str = text_column()
    period: str = text_column()
    cron: str | None = text_column(nullable=True)
    event: str | None = text_column(nullable=True)
    timezone: str = text_column()
    parameters: dict[str, Any] = json_column()
    webhook: str | None = text_column(nullable=True)
    webhook_id: UUID | None = Field(
        default=None,
        sa_column=Column(Uuid, ForeignKey("webhook.id", ondelete="SET NULL"), nullable=True),
    )
    enabled: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))
    next_due_at: datetime | None = instant_column(nullable=True)
    problem: dict[str, Any] | None = json_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)
