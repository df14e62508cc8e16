"""Figures of data quality that are dear to count, and the rules of users with their results."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    big_integer_column,
    code_column,
    id_column,
    instant_column,
    json_column,
    text_column,
    version_column,
)


class QualityFigures(Table, table=True):
    """What was counted of a period's lines after the change `change_number`, by source."""

    __tablename__ = "quality_figures"

    period: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    scenario: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    topic: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    change_number: int = big_integer_column()
    content: dict[str, Any] = json_column()
    counted_at: datetime = instant_column(now=True)

    __table_args__ = (CheckConstraint("topic in ('lines', 'pools')", name="topic"),)


class QualityRule(Table, table=True):
    """What a user holds the lines of every source to; a breach is `value operator threshold`."""

    __tablename__ = "quality_rule"

    id: UUID = id_column()
    code: str = code_column()
    names: dict[str, str] = json_column()
    scope: str = text_column(default="cost_lines")
    scenario: str = code_column()
    selector: dict[str, Any] = json_column()
    measure: str = text_column()
    field: str | None = text_column(nullable=True)
    currency: str | None = text_column(nullable=True)
    operator: str = text_column()
    threshold: Decimal = amount_column()
    severity: str = text_column(default="warning")
    active: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("scope = 'cost_lines'", name="scope"),
        CheckConstraint(
            "measure in ('count', 'amount', 'share', 'amount_share', 'missing_share', 'change',"
            " 'count_change')",
            name="measure",
        ),
        CheckConstraint("(measure = 'missing_share') = (field is not null)", name="field"),
        CheckConstraint("operator in ('gt', 'gte', 'lt', 'lte')", name="operator"),
        CheckConstraint("severity in ('info', 'warning', 'critical')", name="severity"),
    )


class QualityResult(Table, table=True):
    """What a rule found for a source in a period; a new row whenever that differs from the last.

    `value` is null where there is nothing to measure; that is no breach.
    """

    __tablename__ = "quality_result"

    id: UUID = id_column()
    rule_id: UUID = Field(
        sa_column=Column(
            UuidType, ForeignKey("quality_rule.id", ondelete="CASCADE"), nullable=False
        )
    )
    period: str = code_column()
    scenario: str = code_column()
    source: str = code_column()
    currency: str | None = text_column(nullable=True)
    value: Decimal | None = Field(default=None, sa_column=Column(Numeric, nullable=True))
    operator: str = text_column()
    threshold: Decimal = amount_column()
    severity: str = text_column()
    breached: bool = Field(sa_column=Column(Boolean, nullable=False))
    change_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    evaluated_at: datetime = instant_column(now=True)

    __table_args__ = (
        Index("ix_quality_result_rule_id_period_id", "rule_id", "period", "id"),
        Index("ix_quality_result_period_scenario_id", "period", "scenario", "id"),
        CheckConstraint("not breached or value is not null", name="breached"),
    )


class QualityEvaluation(Table, table=True):
    """After which change of a period its rules were last evaluated, and which rules these were."""

    __tablename__ = "quality_evaluation"

    period: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    scenario: str = Field(sa_column=Column(String(collation="C"), primary_key=True))
    change_number: int = big_integer_column()
    rules: str = text_column()
    evaluated_at: datetime = instant_column(now=True)
