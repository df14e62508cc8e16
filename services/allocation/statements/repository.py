"""The SQL of statements and their lines."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from services.allocation.statements.billing import Bill, BillLine
from services.allocation.statements.domain import DRAFT, ISSUED
from shared.database import raw_connection
from shared.errors import NotFound
from shared.tables.allocation.statements import Statement, StatementLine

PATH = Statement.__table__.c.path  # type: ignore[attr-defined]
COPIED_BILLS = 500
LINE_COLUMNS = (
    "statement_id, position, kind, layer, code, names, driver, quantity, unit_price, amount,"
    " dispute_id"
)
LINE_TYPES = ["uuid", "int4", "text", "text", "text", "jsonb", "text"]
LINE_TYPES += ["numeric", "numeric", "numeric", "uuid"]


def seen_query(consumers: Sequence[str] | None) -> Select[Any]:
    """Statements that a caller may see: all, or issued ones of the subtrees it is bound to."""
    query = select(Statement)
    if consumers is None:
        return query
    return query.where(col(Statement.status) != DRAFT, under(consumers))


def under(codes: Sequence[str]) -> Any:
    """The condition that a statement's consumer is one of these or stands below one of them."""
    return PATH.overlap(cast(list(codes), ARRAY(String(collation="C"))))


def list_query(
    consumers: Sequence[str] | None,
    *,
    under_code: str | None = None,
    run: UUID | None = None,
    **equal: str | None,
) -> Select[Any]:
    """Statements that a caller may see, filtered."""
    query = seen_query(consumers)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(Statement, name) == value)
    if under_code is not None:
        query = query.where(under([under_code]))
    return query if run is None else query.where(col(Statement.run_id) == run)


def get_statement(session: Session, identifier: UUID, consumers: Sequence[str] | None) -> Statement:
    """One statement that the caller may see."""
    query = seen_query(consumers).where(col(Statement.id) == identifier)
    found: Statement | None = session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(f"statement {identifier}")
    return found


def lock_statement(session: Session, identifier: UUID) -> Statement:
    """One statement, held against other changes until the transaction ends."""
    found = session.get(Statement, identifier, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"statement {identifier}")
    return found


def list_lines(session: Session, statement: UUID) -> list[StatementLine]:
    """The lines of a statement in their order."""
    query = (
        select(StatementLine)
        .where(col(StatementLine.statement_id) == statement)
        .order_by(col(StatementLine.position))
    )
    return list(session.execute(query).scalars())


SUBTREES = """
with bill as (
    select distinct on (run_id, consumer) run_id, path, amount from statement
    where run_id = any(:runs) and (:drafts or status <> 'draft')
    order by run_id, consumer, revision desc
)
select bill.run_id, above.code, sum(bill.amount)
from bill cross join lateral unnest(bill.path) as above(code)
where above.code = any(:consumers) group by bill.run_id, above.code
"""


def subtree_amounts(
    session: Session, statements: Sequence[Statement], *, drafts: bool
) -> dict[tuple[UUID, str], Decimal]:
    """Per run and consumer of these statements, the run's bills of the consumer and all below.

    A consumer that a run has billed twice counts with its last bill.
    """
    bound = {
        "runs": list({one.run_id for one in statements}),
        "consumers": list({one.consumer for one in statements}),
        "drafts": drafts,
    }
    return {(row[0], row[1]): row[2] for row in session.execute(text(SUBTREES), bound)}


def totals(session: Session, listed: Select[Any]) -> list[Any]:
    """What the statements of a list add up to: rows of status, currency, count and sum."""
    found = listed.subquery()
    query = (
        select(found.c.status, found.c.currency, func.count(), func.sum(found.c.amount))
        .group_by(found.c.status, found.c.currency)
        .order_by(found.c.status, found.c.currency)
    )
    return list(session.execute(query))


def delete_other_drafts(session: Session, period: str, run: UUID) -> int:
    """Throw away the period's drafts of other runs; how many there were."""
    found = session.execute(
        text(
            "with gone as (delete from statement where period = :period and status = 'draft'"
            " and run_id <> :run returning 1) select count(*) from gone"
        ),
        {"period": period, "run": run},
    )
    return int(found.scalar_one())


def list_current(session: Session, period: str) -> list[Statement]:
    """The period's drafts and issued statements that no other has replaced."""
    query = select(Statement).where(
        col(Statement.period) == period, col(Statement.status).in_((DRAFT, ISSUED))
    )
    return list(session.execute(query).scalars())


def last_revisions(session: Session, period: str) -> dict[str, int]:
    """Per consumer of a period, the number of its last statement."""
    query = (
        select(col(Statement.consumer), func.max(col(Statement.revision)))
        .where(col(Statement.period) == period)
        .group_by(col(Statement.consumer))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_drafts(session: Session, period: str, run: UUID) -> list[Statement]:
    """The drafts of a run in the order of consumers, held until the transaction ends."""
    query = (
        select(Statement)
        .where(
            col(Statement.period) == period,
            col(Statement.run_id) == run,
            col(Statement.status) == DRAFT,
        )
        .order_by(col(Statement.consumer))
        .with_for_update()
    )
    return list(session.execute(query).scalars())


def lock_many(session: Session, identifiers: Collection[UUID]) -> dict[UUID, Statement]:
    """Statements by id, held against other changes until the transaction ends."""
    query = (
        select(Statement)
        .where(col(Statement.id).in_(identifiers))
        .order_by(col(Statement.id))
        .with_for_update()
    )
    return {one.id: one for one in session.execute(query).scalars()}


def add_statements(session: Session, made: Sequence[tuple[Statement, Bill]]) -> None:
    """Store statements with the lines of their bills, by binary COPY, some hundreds at a time."""
    session.add_all(statement for statement, _ in made)
    session.flush()
    copy_lines = f"copy statement_line ({LINE_COLUMNS}) from stdin (format binary)"
    for first in range(0, len(made), COPIED_BILLS):
        with raw_connection(session).cursor() as cursor, cursor.copy(copy_lines) as copy:
            copy.set_types(LINE_TYPES)
            for row, bill in made[first : first + COPIED_BILLS]:
                for position, line in enumerate(bill.lines, start=1):
                    copy.write_row(_row(row.id, position, line))


def _row(statement: UUID, position: int, line: BillLine) -> tuple[Any, ...]:
    return (
        statement,
        position,
        line.kind,
        line.layer,
        line.code,
        dict(line.names),
        line.driver,
        line.quantity,
        line.unit_price,
        line.amount,
        line.dispute,
    )
