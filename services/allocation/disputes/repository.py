"""The SQL of disputes: always with the line and the statement that they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlmodel import Session, col

from services.allocation.statements.repository import under
from shared.errors import NotFound
from shared.tables.allocation.statements import Correction, Dispute, Statement, StatementLine


@dataclass(frozen=True)
class DisputeFilter:
    """What a list of disputes is narrowed to; periods are those of the statements."""

    status: str | None = None
    period: str | None = None
    consumer: str | None = None
    statement: UUID | None = None
    statement_line: UUID | None = None
    from_period: str | None = None
    to_period: str | None = None


DISPUTED: Any = (
    select(Dispute, StatementLine, Statement)
    .join(StatementLine, col(StatementLine.id) == col(Dispute.statement_line_id))
    .join(Statement, col(Statement.id) == col(StatementLine.statement_id))
)


def list_query(consumers: Sequence[str] | None, wanted: DisputeFilter) -> Select[Any]:
    """Disputes that a caller may see, filtered: rows of dispute, line and statement."""
    return _narrowed(DISPUTED, consumers, wanted)


def _narrowed(
    query: Select[Any], consumers: Sequence[str] | None, wanted: DisputeFilter
) -> Select[Any]:
    if consumers is not None:
        query = query.where(under(consumers))
    for column, value in (
        (Dispute.status, wanted.status),
        (Dispute.statement_line_id, wanted.statement_line),
        (Statement.period, wanted.period),
        (Statement.consumer, wanted.consumer),
        (Statement.id, wanted.statement),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.from_period is not None:
        query = query.where(col(Statement.period) >= wanted.from_period)
    if wanted.to_period is not None:
        query = query.where(col(Statement.period) <= wanted.to_period)
    return query


def get_dispute(
    session: Session, identifier: UUID, consumers: Sequence[str] | None
) -> tuple[Dispute, StatementLine, Statement]:
    """A dispute that the caller may see, with its line and statement."""
    query = list_query(consumers, DisputeFilter()).where(col(Dispute.id) == identifier)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"dispute {identifier}")
    return found[0], found[1], found[2]


def lock_dispute(session: Session, identifier: UUID) -> None:
    """Hold a dispute against other changes until the transaction ends."""
    session.execute(select(col(Dispute.id)).where(col(Dispute.id) == identifier).with_for_update())


def find_line(
    session: Session, line: UUID, consumers: Sequence[str] | None
) -> tuple[StatementLine, Statement] | None:
    """A line with its statement, if the caller may see it."""
    query = (
        select(StatementLine, Statement)
        .join(Statement, col(Statement.id) == col(StatementLine.statement_id))
        .where(col(StatementLine.id) == line)
        .with_for_update(read=True, of=Statement)
    )
    if consumers is not None:
        query = query.where(col(Statement.status) != "draft", under(consumers))
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


class Counted(Row[Any]):
    """What statistics read of one dispute."""

    status: str
    reason: str
    amount: Decimal
    moved: Decimal | None
    currency: str
    consumer: str
    consumer_names: dict[str, str]
    layer: str
    code: str
    names: dict[str, str]
    created_at: datetime
    decided_at: datetime | None


def list_for_statistics(
    session: Session, consumers: Sequence[str] | None, wanted: DisputeFilter
) -> Sequence[Counted]:
    """One row per dispute with what statistics need."""
    query: Any = (
        select(
            col(Dispute.status),
            col(Dispute.reason),
            col(Dispute.amount),
            col(Correction.amount).label("moved"),
            col(Statement.currency),
            col(Statement.consumer),
            col(Statement.names).label("consumer_names"),
            col(StatementLine.layer),
            col(StatementLine.code),
            col(StatementLine.names),
            col(Dispute.created_at),
            col(Dispute.decided_at),
        )
        .join(StatementLine, col(StatementLine.id) == col(Dispute.statement_line_id))
        .join(Statement, col(Statement.id) == col(StatementLine.statement_id))
        .outerjoin(Correction, col(Correction.dispute_id) == col(Dispute.id))
    )
    rows: Sequence[Any] = session.execute(_narrowed(query, consumers, wanted)).all()
    return rows
