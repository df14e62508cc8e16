"""Facts that are never overwritten: cost lines, driver quantities, exchange rates, tickets.

Each version of a row is live from the change `live_from` until the change `live_to` (null: still
live). `closed_by` names the import that ended it; the nil UUID stands for a push.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlmodel import Field

from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    text_column,
    version_column,
)

_LIVE = text("live_to is null")


def _row_id() -> Any:
    """A UUIDv7 that the database itself makes, because rows come by COPY and by statement."""
    return Field(
        default=None,
        sa_column=Column(UuidType, primary_key=True, server_default=text("uuidv7()")),
    )


def _import_id() -> Any:
    return Field(default=None, sa_column=Column(UuidType, nullable=True))


def _live_from() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


def _live_to() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=True))


class CostLine(Table, table=True):
    """One row of a ledger, bill or budget, exactly as received.

    `identity` is the hash of the external id, or of the row's content; `ordinal` tells equal rows
    of one file apart. It is a UUID only because that is the smallest type of 16 bytes.
    """

    __tablename__ = "cost_line"

    id: UUID = _row_id()
    identity: UUID = Field(sa_column=Column(UuidType, nullable=False))
    ordinal: int = integer_column(default=1)
    external_id: str | None = code_column(nullable=True)
    source: str = code_column()
    period: str = code_column()
    scenario: str = code_column()
    amount: Decimal = amount_column()
    currency: str = code_column()
    posted_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    cost_type: str | None = code_column(nullable=True)
    account: str | None = code_column(nullable=True)
    cost_center: str | None = code_column(nullable=True)
    vendor: str | None = code_column(nullable=True)
    document: str | None = code_column(nullable=True)
    description: str | None = code_column(nullable=True)
    asset: str | None = code_column(nullable=True)
    project: str | None = code_column(nullable=True)
    tags: dict[str, str] = json_column()
    fields: dict[str, str] = json_column()
    row_no: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    import_id: UUID | None = _import_id()
    live_from: int = _live_from()
    live_to: int | None = _live_to()
    closed_by: UUID | None = _import_id()

    __table_args__ = (
        Index(
            "uq_cost_line_live",
            "identity",
            "ordinal",
            "source",
            "scenario",
            unique=True,
            postgresql_where=_LIVE,
        ),
        Index("ix_cost_line_period_scenario_id", "period", "scenario", "id"),
        Index("ix_cost_line_import_id_row_no", "import_id", "row_no"),
        CheckConstraint("cost_type in ('opex', 'capex')", name="cost_type"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("live_to > live_from", name="live"),
    )


class Driver(Table, table=True):
    """Something that is measured or estimated per object, by which costs are shared."""

    __tablename__ = "driver"

    id: UUID = id_column()
    code: str = code_column()
    names: dict[str, str] = json_column()
    unit: str | None = text_column(nullable=True)
    basis: str = text_column(default="measured")
    measure: str | None = text_column(nullable=True)
    description: str | None = text_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)
    updated_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("basis in ('measured', 'estimated')", name="basis"),
        CheckConstraint("measure in ('kwh', 'co2e_embodied')", name="measure"),
    )


class DriverQuantity(Table, table=True):
    """How much of a driver falls on a target, or on a pair of source and target, in a period."""

    __tablename__ = "driver_quantity"

    id: UUID = _row_id()
    driver: str = code_column()
    period: str = code_column()
    scenario: str = code_column()
    source: str | None = code_column(nullable=True)
    target: str = code_column()
    quantity: Decimal = amount_column()
    row_no: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    import_id: UUID | None = _import_id()
    live_from: int = _live_from()
    live_to: int | None = _live_to()
    closed_by: UUID | None = _import_id()

    __table_args__ = (
        Index(
            "uq_driver_quantity_live",
            "driver",
            "period",
            "scenario",
            "target",
            "source",
            unique=True,
            postgresql_where=_LIVE,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_driver_quantity_period_scenario_driver", "period", "scenario", "driver"),
        Index("ix_driver_quantity_import_id", "import_id"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("live_to > live_from", name="live"),
    )


class ExchangeRate(Table, table=True):
    """One unit of `from_currency` costs `rate` units of `to_currency` in a period."""

    __tablename__ = "exchange_rate"

    id: UUID = _row_id()
    period: str = code_column()
    from_currency: str = code_column()
    to_currency: str = code_column()
    kind: str = text_column()
    rate: Decimal = amount_column()
    row_no: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    import_id: UUID | None = _import_id()
    live_from: int = _live_from()
    live_to: int | None = _live_to()
    closed_by: UUID | None = _import_id()

    __table_args__ = (
        Index(
            "uq_exchange_rate_live",
            "period",
            "from_currency",
            "to_currency",
            "kind",
            unique=True,
            postgresql_where=_LIVE,
        ),
        Index("ix_exchange_rate_import_id", "import_id"),
        CheckConstraint("kind in ('average', 'closing')", name="kind"),
        CheckConstraint("rate > 0", name="rate"),
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("live_to > live_from", name="live"),
    )


class Ticket(Table, table=True):
    """An incident, request or change of the service desk, as last reported."""

    __tablename__ = "ticket"

    id: UUID = _row_id()
    number: str = code_column()
    kind: str = code_column()
    period: str = Field(sa_column=Column(String(collation="C"), nullable=False))
    service: str | None = code_column(nullable=True)
    solution: str | None = code_column(nullable=True)
    consumer: str | None = code_column(nullable=True)
    opened_at: datetime = instant_column()
    resolved_at: datetime | None = instant_column(nullable=True)
    closed_at: datetime | None = instant_column(nullable=True)
    state: str | None = code_column(nullable=True)
    priority: str | None = code_column(nullable=True)
    category: str | None = code_column(nullable=True)
    assignment_group: str | None = code_column(nullable=True)
    sla_met: bool | None = None
    reopen_count: int = integer_column()
    row_no: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    import_id: UUID | None = _import_id()
    live_from: int = _live_from()
    live_to: int | None = _live_to()
    closed_by: UUID | None = _import_id()

    __table_args__ = (
        Index("uq_ticket_live", "number", unique=True, postgresql_where=_LIVE),
        Index("ix_ticket_opened_at", "opened_at"),
        Index("ix_ticket_import_id", "import_id"),
        CheckConstraint("reopen_count >= 0", name="reopen_count"),
        CheckConstraint("live_to > live_from", name="live"),
    )
