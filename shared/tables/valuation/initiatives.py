"""What money is spent on: initiatives, their promises and their payments."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, Index, Numeric, UniqueConstraint, text
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


def sum_column() -> Any:
    """A sum of amounts, of any size; null where nothing was summed."""
    return Field(default=None, sa_column=Column(Numeric, nullable=True))


def _json_with_default(written: str) -> Any:
    """JSON that older writers leave to the database."""
    empty = dict if written == "{}" else list
    column: Column[Any] = Column(JSONB, nullable=False, server_default=text(f"'{written}'"))
    return Field(default_factory=made_by(empty), sa_column=column)


class Initiative(Table, table=True):
    """A project or change that money is spent on to make value, from demand to closed.

    The four sums follow its cash flows and, like `conflicts` and `findings`, are worked out
    whenever it or its cash flows change, so that lists can be filtered and sorted by them.
    """

    __tablename__ = "initiative"
    __table_args__ = (
        CheckConstraint(
            one_of("stage", "proposed", "approved", "in_delivery", "live", "closed", "rejected"),
            name="stage",
        ),
        CheckConstraint("strategic_fit between 0 and 100", name="strategic_fit"),
        CheckConstraint("business_impact between 0 and 100", name="business_impact"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("percent_complete between 0 and 100", name="percent_complete"),
        Index("ix_initiative_solution", "solution"),
        Index("ix_initiative_value_score", "value_score"),
        Index("ix_initiative_tags", "tags", postgresql_using="gin"),
    )

    id: UUID = id_column()
    code: str = code_column(unique=True)
    names: dict[str, Any] = json_column()
    solution: str | None = code_column(nullable=True)
    sponsor: str | None = text_column(nullable=True)
    value_chain_stage: str | None = text_column(nullable=True)
    stage: str = text_column()
    go_live_on: date | None = day_column(nullable=True)
    strategic_fit: Decimal | None = amount_column(nullable=True)
    business_impact: Decimal | None = amount_column(nullable=True)
    currency: str | None = text_column(nullable=True)
    tags: dict[str, Any] = json_column()
    review_offsets: list[int] = json_column(default=list)
    historic: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    value_score: Decimal | None = amount_column(nullable=True)
    description: str | None = text_column(nullable=True)
    kind: str | None = code_column(nullable=True)
    planned_started_on: date | None = day_column(nullable=True)
    started_on: date | None = day_column(nullable=True)
    planned_go_live_on: date | None = day_column(nullable=True)
    closed_on: date | None = day_column(nullable=True)
    percent_complete: Decimal | None = amount_column(nullable=True)
    estimate_to_complete: Decimal | None = amount_column(nullable=True)
    stated: dict[str, str] = _json_with_default("{}")
    planned_cost: Decimal | None = sum_column()
    actual_cost: Decimal | None = sum_column()
    planned_benefit: Decimal | None = sum_column()
    actual_benefit: Decimal | None = sum_column()
    conflicts: list[str] = _json_with_default("[]")
    findings: list[str] = _json_with_default("[]")
    created_by: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class ValueExpectation(Table, table=True):
    """What an initiative promises of one KPI (or in money) by a period."""

    __tablename__ = "value_expectation"
    __table_args__ = (
        UniqueConstraint(
            "initiative_id",
            "kpi_id",
            "level",
            "due_period",
            name="uq_value_expectation_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(one_of("level", "function", "operation", "strategy"), name="level"),
        CheckConstraint(
            one_of(
                "benefit_kind",
                "cashable",
                "non_cashable",
                "cost_avoidance",
                "non_financial",
                "dis_benefit",
            ),
            name="benefit_kind",
        ),
        CheckConstraint(
            "monetary_value is null or currency is not null", name="monetary_value_has_currency"
        ),
        CheckConstraint("kpi_id is not null or monetary_value is not null", name="something"),
    )

    id: UUID = id_column()
    initiative_id: UUID = reference_column("initiative.id")
    kpi_id: UUID | None = reference_column("value_kpi.id", nullable=True)
    level: str = text_column()
    baseline: Decimal | None = amount_column(nullable=True)
    target: Decimal | None = amount_column(nullable=True)
    due_period: str | None = code_column(nullable=True)
    monetary_value: Decimal | None = amount_column(nullable=True)
    currency: str | None = text_column(nullable=True)
    benefit_kind: str | None = text_column(nullable=True)
    owner: str | None = text_column(nullable=True)
    note: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class InitiativeCashFlow(Table, table=True):
    """One payment of an initiative, planned or actual; money out is negative."""

    __tablename__ = "initiative_cash_flow"
    __table_args__ = (
        UniqueConstraint("initiative_id", "natural_key"),
        Index("ix_initiative_cash_flow_paid_on_id", "paid_on", "id"),
        CheckConstraint(one_of("category", "investment", "run_cost", "benefit"), name="category"),
        CheckConstraint(one_of("basis", "plan", "actual"), name="basis"),
    )

    id: UUID = id_column()
    initiative_id: UUID = reference_column("initiative.id", index=False)
    natural_key: str = code_column()
    external_id: str | None = code_column(nullable=True)
    on: date = Field(sa_column=Column("paid_on", Date, nullable=False))
    amount: Decimal = amount_column()
    category: str = text_column()
    basis: str = text_column()
    note: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()
