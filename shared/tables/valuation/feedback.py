"""What people say of a solution: scores of satisfaction and of recommendation."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    day_column,
    id_column,
    instant_column,
    integer_column,
    one_of,
    text_column,
    version_column,
)


class Feedback(Table, table=True):
    """One answer, or `answers` equal ones; known by its natural key."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint(one_of("kind", "nps", "csat"), name="kind"),
        CheckConstraint(one_of("scale", "0-10", "1-5", "0-100"), name="scale"),
        CheckConstraint("(kind = 'nps') = (scale = '0-10')", name="scale_of_kind"),
        CheckConstraint("answers > 0", name="answers"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        Index("ix_feedback_solution_period", "solution", "period"),
        Index("ix_feedback_period_id", "period", "id"),
    )

    id: UUID = id_column()
    natural_key: str = code_column(unique=True)
    external_id: str | None = code_column(nullable=True)
    source: str = code_column()
    solution: str = code_column()
    consumer: str | None = code_column(nullable=True)
    period: str = code_column()
    on: date | None = day_column(nullable=True)
    kind: str = text_column()
    scale: str = text_column()
    score: Decimal = amount_column()
    answers: int = integer_column(default=1)
    comment: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()
