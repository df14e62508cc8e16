"""Tables of the value side: KPIs and observations, initiatives, promises, cash flows, reviews."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, Index, UniqueConstraint, text
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    instant_column,
    json_column,
    reference_column,
    text_column,
    version_column,
)


def day_column(*, nullable: bool = False) -> Any:
    """A calendar day."""
    default = None if nullable else ...
    return Field(default=default, sa_column=Column(Date, nullable=nullable))


def _one_of(column: str, *values: str) -> str:
    written = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({written})"


class ValueKpi(Table, table=True):
    """A measure of value: what it is, which way is good, where it shall go."""

    __tablename__ = "value_kpi"
    __table_args__ = (
        CheckConstraint(
            _one_of("kpi_class", "cost", "efficiency", "benefit", "quality", "innovation"),
            name="kpi_class",
        ),
        CheckConstraint(
            _one_of("dimension", "financial", "business", "strategic"), name="dimension"
        ),
        CheckConstraint(
            _one_of("perspective", "financial", "customer", "process", "learning"),
            name="perspective",
        ),
        CheckConstraint(_one_of("direction", "up", "down"), name="direction"),
        CheckConstraint(_one_of("value_role", "revenue", "saving", "use"), name="value_role"),
        CheckConstraint(
            _one_of("aggregation", "mean", "sum", "last", "min", "max"), name="aggregation"
        ),
        Index("ix_value_kpi_links", "links", postgresql_using="gin"),
    )

    id: UUID = id_column()
    code: str = code_column(unique=True)
    names: dict[str, Any] = json_column()
    definition: dict[str, Any] | None = json_column(nullable=True)
    kpi_class: str = text_column()
    dimension: str | None = text_column(nullable=True)
    perspective: str | None = text_column(nullable=True)
    unit: str = text_column()
    direction: str = text_column()
    formula: str | None = text_column(nullable=True)
    value_role: str | None = text_column(nullable=True)
    aggregation: str = text_column()
    baseline: Decimal | None = amount_column(nullable=True)
    target: Decimal | None = amount_column(nullable=True)
    targets: list[dict[str, Any]] = json_column(default=list)
    links: list[dict[str, Any]] = json_column(default=list)
    owner: str | None = text_column(nullable=True)
    source: dict[str, Any] | None = json_column(nullable=True)
    pack: str | None = text_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class Observation(Table, table=True):
    """One measured value of a KPI, for a period or an instant, by one source, of one thing."""

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint(
            "kpi_id",
            "period",
            "at",
            "source",
            "link_key",
            name="uq_observation_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
    )

    id: UUID = id_column()
    kpi_id: UUID = reference_column("value_kpi.id", index=False)
    period: str = code_column()
    at: datetime | None = instant_column(nullable=True)
    value: Decimal = amount_column()
    source: str = code_column()
    link_key: str = code_column()
    link: dict[str, Any] | None = json_column(nullable=True)
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    version: int = version_column()


class Initiative(Table, table=True):
    """A project or change that money is spent on to make value, from demand to closed."""

    __tablename__ = "initiative"
    __table_args__ = (
        CheckConstraint(
            _one_of("stage", "proposed", "approved", "in_delivery", "live", "closed", "rejected"),
            name="stage",
        ),
        CheckConstraint("strategic_fit between 0 and 100", name="strategic_fit"),
        CheckConstraint("business_impact between 0 and 100", name="business_impact"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_initiative_solution", "solution"),
        Index("ix_initiative_value_score", "value_score"),
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
        CheckConstraint(_one_of("level", "function", "operation", "strategy"), name="level"),
        CheckConstraint(
            _one_of(
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
        CheckConstraint(_one_of("category", "investment", "run_cost", "benefit"), name="category"),
        CheckConstraint(_one_of("basis", "plan", "actual"), name="basis"),
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


class PostImplementationReview(Table, table=True):
    """A look back at what an initiative promised; never changes once approved (trigger)."""

    __tablename__ = "post_implementation_review"
    __table_args__ = (
        UniqueConstraint("initiative_id", "offset_months"),
        CheckConstraint(
            _one_of("state", "scheduled", "in_progress", "submitted", "approved"), name="state"
        ),
        Index("ix_post_implementation_review_due_on", "due_on", "id"),
    )

    id: UUID = id_column()
    initiative_id: UUID = reference_column("initiative.id", index=False)
    due_on: date = day_column()
    offset_months: int | None = Field(default=None)
    state: str = text_column()
    owner: str | None = text_column(nullable=True)
    results: list[dict[str, Any]] = json_column(default=list)
    allocated_cost: dict[str, Any] | None = json_column(nullable=True)
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
            _one_of("kind", "strength", "shortfall", "cause", "risk", "observation"), name="kind"
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
        CheckConstraint(_one_of("state", "open", "in_progress", "done", "dropped"), name="state"),
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
