"""What came of it: post-implementation reviews with findings, actions and announcements."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    day_column,
    id_column,
    instant_column,
    json_column,
    made_by,
    one_of,
    reference_column,
    text_column,
    version_column,
)


class PostImplementationReview(Table, table=True):
    """A look back at what an initiative promised; never changes once approved (trigger).

    `next_notice_on` is the next day on which there is something to announce; null asks for
    planning, so whoever moves `due_on` clears it. `due_set_at`: when `due_on` was last set.
    """

    __tablename__ = "post_implementation_review"
    __table_args__ = (
        UniqueConstraint("initiative_id", "offset_months"),
        CheckConstraint(
            one_of("state", "scheduled", "in_progress", "submitted", "approved"), name="state"
        ),
        Index("ix_post_implementation_review_due_on", "due_on", "id"),
        Index(
            "ix_post_implementation_review_next_notice_on",
            "next_notice_on",
            postgresql_where=text("state <> 'approved'"),
        ),
    )

    id: UUID = id_column()
    initiative_id: UUID = reference_column("initiative.id", index=False)
    due_on: date = day_column()
    due_set_at: datetime | None = instant_column(nullable=True)
    next_notice_on: date | None = day_column(nullable=True)
    offset_months: int | None = Field(default=None)
    state: str = text_column()
    owner: str | None = text_column(nullable=True)
    results: list[dict[str, Any]] = json_column(default=list)
    manual_results: list[dict[str, Any]] = Field(
        default_factory=made_by(list),
        sa_column=Column(JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
    )
    allocated_cost: dict[str, Any] | None = json_column(nullable=True)
    cost: dict[str, Any] | None = json_column(nullable=True)
    decision: dict[str, Any] | None = json_column(nullable=True)
    adoption: list[dict[str, Any]] | None = json_column(nullable=True)
    satisfaction: dict[str, Any] | None = json_column(nullable=True)
    discount_rate: Decimal | None = amount_column(nullable=True)
    judgement: dict[str, Any] | None = json_column(nullable=True)
    filled_at: datetime | None = instant_column(nullable=True)
    lessons: list[str] = json_column(default=list)
    extra_benefits: list[dict[str, Any]] = json_column(default=list)
    started_by: str | None = text_column(nullable=True)
    submitted_by: str | None = text_column(nullable=True)
    submitted_at: datetime | None = instant_column(nullable=True)
    approved_by: str | None = text_column(nullable=True)
    approved_at: datetime | None = instant_column(nullable=True)
    returned_reason: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class ReviewFinding(Table, table=True):
    """Something a review found out; fixed once the review is approved."""

    __tablename__ = "review_finding"
    __table_args__ = (
        CheckConstraint(
            one_of("kind", "strength", "shortfall", "cause", "risk", "observation"), name="kind"
        ),
    )

    id: UUID = id_column()
    review_id: UUID = reference_column("post_implementation_review.id")
    kind: str = text_column()
    level: str | None = text_column(nullable=True)
    kpi: str | None = code_column(nullable=True)
    text: str = text_column()
    created_by: str = text_column()
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class ReviewAction(Table, table=True):
    """What is to be done after a review; its state is followed beyond the review's approval."""

    __tablename__ = "review_action"
    __table_args__ = (
        CheckConstraint(one_of("state", "open", "in_progress", "done", "dropped"), name="state"),
        Index("ix_review_action_state", "state", "due_on"),
    )

    id: UUID = id_column()
    review_id: UUID = reference_column("post_implementation_review.id")
    text: str = text_column()
    owner: str = text_column()
    due_on: date = day_column()
    state: str = text_column()
    done_at: datetime | None = instant_column(nullable=True)
    note: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class ReviewAnnouncement(Table, table=True):
    """One thing announced of a review; written with its event, so that it is announced once."""

    __tablename__ = "review_announcement"
    __table_args__ = (
        UniqueConstraint("review_id", "kind", "due_on", "planned_on"),
        CheckConstraint(one_of("kind", "reminder", "due", "overdue"), name="kind"),
    )

    id: UUID = id_column()
    review_id: UUID = Field(
        sa_column=Column(
            UuidType,
            ForeignKey("post_implementation_review.id", ondelete="CASCADE"),
            nullable=False,
        )
    )
    kind: str = text_column()
    planned_on: date = day_column()
    due_on: date = day_column()
    created_at: datetime = instant_column()
