"""Statements as callers see them, in their language."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from services.allocation.runs.answers import made
from services.allocation.statements import repository
from shared.auth import Caller
from shared.contracts.allocation.statements import (
    StatementAnswer,
    StatementLineAnswer,
    StatementSummary,
)
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.tables.allocation.statements import Statement, StatementLine


def summaries(
    session: Session, rows: Sequence[Statement], caller: Caller, language: str
) -> list[StatementSummary]:
    """Bills without their lines."""
    sums = repository.subtree_amounts(session, rows, drafts=caller.consumers is None)
    return [
        made(StatementSummary, **_fields(row, sums[row.run_id, row.consumer], language))
        for row in rows
    ]


def whole(session: Session, row: Statement, caller: Caller, language: str) -> StatementAnswer:
    """A bill with its lines."""
    sums = repository.subtree_amounts(session, [row], drafts=caller.consumers is None)
    lines = [line_answer(line, language) for line in repository.list_lines(session, row.id)]
    subtree = sums[row.run_id, row.consumer]
    return made(StatementAnswer, **_fields(row, subtree, language), lines=lines)


def _fields(row: Statement, subtree: Decimal, language: str) -> dict[str, object]:
    return {
        "id": row.id,
        "code": row.code,
        "status": row.status,
        "period": row.period,
        "run": row.run_id,
        "consumer": row.consumer,
        "name": name_in(row.names, language) or row.consumer,
        "currency": row.currency,
        "amount": row.amount,
        "run_amount": row.run_amount,
        "subtree_amount": subtree,
        "revision": row.revision,
        "corrects": row.corrects,
        "corrected_by": row.corrected_by,
        "issued_at": row.issued_at,
        "issued_by": row.issued_by,
        "created_at": row.created_at,
        "etag": etag_of(row.id, row.version),
    }


def line_answer(line: StatementLine, language: str) -> StatementLineAnswer:
    """One line of a bill."""
    dispute: UUID | None = line.dispute_id
    return made(
        StatementLineAnswer,
        id=line.id,
        position=line.position,
        kind=line.kind,
        layer=line.layer,
        code=line.code,
        name=name_in(line.names, language) or line.code,
        solution=line.code if line.layer == "solution" else None,
        driver=line.driver,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.amount,
        dispute=dispute,
    )
