"""Disputes as callers see them, with the ways to the figures behind the disputed line."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from services.allocation.disputes import correction_repository
from services.allocation.disputes.workflow import Disputed
from services.allocation.runs.answers import made
from shared.contracts.allocation.disputes import (
    CorrectionAnswer,
    DisputeAnswer,
    DisputedLine,
)
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.http.links import href
from shared.tables.allocation.statements import Correction, Statement, StatementLine


def dispute_answers(
    session: Session, rows: Sequence[Disputed], language: str, *, is_bound: bool
) -> list[DisputeAnswer]:
    """Disputes with their corrections; a caller bound to consumers is not told who bears them."""
    found = correction_repository.find_of_disputes(session, [row[0].id for row in rows])
    return [
        _answer(row, _correction(found.get(row[0].id), is_bound=is_bound), language) for row in rows
    ]


def _answer(row: Disputed, correction: CorrectionAnswer | None, language: str) -> DisputeAnswer:
    dispute, line, statement = row
    return made(
        DisputeAnswer,
        id=dispute.id,
        status=dispute.status,
        statement_line=line.id,
        statement=statement.id,
        statement_code=statement.code,
        period=statement.period,
        run=statement.run_id,
        consumer=statement.consumer,
        name=name_in(statement.names, language) or statement.consumer,
        line=_line(line, language),
        reason=dispute.reason,
        amount=dispute.amount,
        currency=statement.currency,
        raised_by=dispute.raised_by,
        created_at=dispute.created_at,
        reviewed_by=dispute.reviewed_by,
        reviewed_at=dispute.reviewed_at,
        decided_by=dispute.decided_by,
        decided_at=dispute.decided_at,
        decision_reason=dispute.decision_reason,
        correction=correction,
        etag=etag_of(dispute.id, dispute.version),
        **_ways(line, statement),
    )


def _line(line: StatementLine, language: str) -> DisputedLine:
    return made(
        DisputedLine,
        kind=line.kind,
        layer=line.layer,
        code=line.code,
        name=name_in(line.names, language) or line.code,
        solution=line.code if line.layer == "solution" else None,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.amount,
    )


def _correction(found: Correction | None, *, is_bound: bool) -> CorrectionAnswer | None:
    if found is None:
        return None
    fields = {name: getattr(found, name) for name in CorrectionAnswer.model_fields}
    hidden = {"counterparty": None, "note": None} if is_bound else {}
    return made(CorrectionAnswer, **fields | hidden)


def _ways(line: StatementLine, statement: Statement) -> dict[str, Any]:
    """Where to look at what the line is made of."""
    run = f"/v1/runs/{statement.run_id}"
    billed = {"layer": "consumer", "code": statement.consumer}
    flows = urlencode({"source": line.code, "target": statement.consumer})
    return {
        "trace": href(f"{run}/trace?{urlencode(billed | {'to': 'line'})}"),
        "explanation": href(f"{run}/explain?{urlencode(billed)}"),
        "flows": href(f"{run}/flows?{flows}") if line.kind == "charge" else None,
    }
