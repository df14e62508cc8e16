"""Statements with their lines, disputes of lines, and the corrections that came of them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from shared.ids import new_id
from shared.tables.allocation.model import PERIOD_FORM
from shared.tables.columns import (
    Table,
    amount_column,
    code_column,
    id_column,
    instant_column,
    integer_column,
    json_column,
    made_by,
    reference_column,
    text_column,
    version_column,
)


class Statement(Table, table=True):
    """What one consumer is billed for a period, out of one run; never changes once issued.

    `path` are the codes from the root of the run's tree of consumers down to this one. `corrects`
    names the issued statement that this one is to replace, `corrected_by` the one that did.
    """

    __tablename__ = "statement"

    id: UUID = id_column()
    code: str = code_column(unique=True)
    status: str = text_column(default="draft")
    period: str = code_column()
    run_id: UUID = reference_column("allocation_run.id")
    consumer: str = code_column()
    path: list[str] = Field(
        default_factory=made_by(list),
        sa_column=Column(ARRAY(String(collation="C")), nullable=False),
    )
    names: dict[str, str] = json_column()
    currency: str = text_column()
    digits: int = integer_column(default=2)
    amount: Decimal = amount_column()
    run_amount: Decimal = amount_column()
    revision: int = integer_column(default=1)
    corrects: UUID | None = reference_column("statement.id", nullable=True)
    corrected_by: UUID | None = reference_column("statement.id", nullable=True)
    issued_at: datetime | None = instant_column(nullable=True)
    issued_by: str | None = text_column(nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("period", "consumer", "revision"),
        Index(
            "uq_statement_draft",
            "period",
            "consumer",
            unique=True,
            postgresql_where=text("status = 'draft'"),
        ),
        Index(
            "uq_statement_issued",
            "period",
            "consumer",
            unique=True,
            postgresql_where=text("status = 'issued'"),
        ),
        Index("ix_statement_path", "path", postgresql_using="gin"),
        CheckConstraint(f"period {PERIOD_FORM}", name="period"),
        CheckConstraint("status in ('draft', 'issued', 'corrected')", name="status"),
        CheckConstraint("(status = 'draft') = (issued_at is null)", name="issued_at"),
        CheckConstraint("(status = 'corrected') = (corrected_by is not null)", name="corrected_by"),
        CheckConstraint("digits between 0 and 6 and amount = round(amount, digits)", name="amount"),
        CheckConstraint("revision > 0", name="revision"),
    )


class StatementLine(Table, table=True):
    """One charge of a bill, or what a consumer got as an amount of its own.

    `layer` and `code` name the object that the charge comes from; `driver` and `quantity` are
    what it was charged by. The amounts of a statement's lines add up to the statement's amount.
    """

    __tablename__ = "statement_line"

    id: UUID = Field(
        default_factory=made_by(new_id),
        sa_column=Column(UuidType, primary_key=True, server_default=text("uuidv7()")),
    )
    statement_id: UUID = Field(
        sa_column=Column(UuidType, ForeignKey("statement.id", ondelete="CASCADE"), nullable=False)
    )
    position: int = integer_column()
    kind: str = text_column(default="charge")
    layer: str = text_column()
    code: str = code_column()
    names: dict[str, str] = json_column()
    driver: str | None = code_column(nullable=True)
    quantity: Decimal | None = amount_column(nullable=True)
    unit_price: Decimal | None = amount_column(nullable=True)
    amount: Decimal = amount_column()
    dispute_id: UUID | None = Field(default=None, sa_column=Column(UuidType, nullable=True))

    __table_args__ = (
        UniqueConstraint("statement_id", "position"),
        CheckConstraint("kind in ('charge', 'correction', 'own')", name="kind"),
        CheckConstraint("layer in ('pool', 'resource', 'solution', 'consumer')", name="layer"),
        CheckConstraint("(kind = 'charge') = (layer <> 'consumer')", name="kind_of_layer"),
    )


class Dispute(Table, table=True):
    """A complaint about one line of an issued statement, and what became of it."""

    __tablename__ = "dispute"

    id: UUID = id_column()
    statement_line_id: UUID = reference_column("statement_line.id")
    status: str = text_column(default="open")
    reason: str = text_column()
    amount: Decimal = amount_column()
    raised_by: str = text_column()
    created_at: datetime = instant_column(now=True)
    reviewed_by: str | None = text_column(nullable=True)
    reviewed_at: datetime | None = instant_column(nullable=True)
    decided_by: str | None = text_column(nullable=True)
    decided_at: datetime | None = instant_column(nullable=True)
    decision_reason: str | None = text_column(nullable=True)
    version: int = version_column()

    __table_args__ = (
        CheckConstraint(
            "status in ('open', 'in_review', 'upheld', 'rejected', 'corrected')", name="status"
        ),
        CheckConstraint("(status = 'open') = (reviewed_at is null)", name="reviewed_at"),
        CheckConstraint(
            "(status in ('open', 'in_review')) = (decided_at is null)", name="decided_at"
        ),
    )


class Correction(Table, table=True):
    """What an upheld dispute moves in a later period: `amount` from consumer to counterparty.

    One row is both amounts, so they cannot fail to cancel out. `number` counts corrections; those
    of one period commit in the order of their numbers.
    """

    __tablename__ = "correction"

    id: UUID = id_column()
    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True),
    )
    dispute_id: UUID = reference_column("dispute.id", index=False)
    disputed_period: str = code_column()
    period: str = code_column()
    consumer: str = code_column()
    counterparty: str = code_column()
    currency: str = text_column()
    amount: Decimal = amount_column()
    note: str | None = text_column(nullable=True)
    made_by: str = text_column()
    created_at: datetime = instant_column(now=True)

    __table_args__ = (
        UniqueConstraint("dispute_id"),
        Index("ix_correction_period_number", "period", "number"),
        CheckConstraint(f"period {PERIOD_FORM}", name="period"),
        CheckConstraint("period > disputed_period", name="later_period"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("consumer <> counterparty", name="two_sides"),
    )
