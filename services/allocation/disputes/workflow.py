"""Raising a dispute, deciding it, and moving its amount in a later period."""

from uuid import UUID

from sqlmodel import Session

from services.allocation.disputes import correction_repository as corrections
from services.allocation.disputes import repository
from services.allocation.disputes.domain import (
    IN_REVIEW,
    check_amount,
    check_within_line,
    state_after,
)
from services.allocation.statements.domain import ISSUED
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.disputes import CorrectionRequest, DisputeRequest
from shared.errors import Conflict, FieldError, RuleBroken
from shared.events import outbox
from shared.four_eyes import check_other_eyes
from shared.tables.allocation.statements import Correction, Dispute, Statement, StatementLine

SERVICE = "allocation"
Disputed = tuple[Dispute, StatementLine, Statement]


def raise_dispute(session: Session, caller: Caller, asked: DisputeRequest) -> Disputed:
    """Complain about a line of an issued statement; bound callers about their own.

    RuleBroken `unknown_code` for a line that the caller cannot see. Conflict
    `statement_not_issued` for a draft's, `statement_corrected` when a newer statement replaced it.
    """
    found = repository.find_line(session, asked.statement_line, caller.consumers)
    if found is None:
        message = f"there is no statement line {asked.statement_line}"
        error = FieldError("/statement_line", "unknown_code", message)
        raise RuleBroken(message, code="unknown_code", errors=[error])
    line, statement = found
    _check_is_issued(statement)
    if asked.amount is not None:
        check_amount(asked.amount, statement.digits)
    dispute = Dispute(
        statement_line_id=line.id,
        reason=asked.reason,
        amount=line.amount if asked.amount is None else asked.amount,
        raised_by=caller.subject,
        created_at=utc_now(),
    )
    session.add(dispute)
    session.flush()
    after = dispute.model_dump(mode="json")
    trail.record(session, caller, SERVICE, "create", "dispute", str(dispute.id), after=after)
    _tell(session, dispute, statement, None)
    return dispute, line, statement


def _check_is_issued(statement: Statement) -> None:
    if statement.status == ISSUED:
        return
    if statement.corrected_by is not None:
        message = f"{statement.code} was replaced by a newer statement; look at that one"
        raise Conflict(message, code="statement_corrected")
    message = f"{statement.code} is a draft; only what is issued can be disputed"
    raise Conflict(message, code="statement_not_issued")


def take_step(
    session: Session, caller: Caller, action: str, identifier: UUID, reason: str | None
) -> Disputed:
    """Review, uphold or reject. Conflict `wrong_state`, Forbidden `four_eyes`."""
    dispute, line, statement = _held(session, identifier)
    former = _move_on(caller, action, dispute)
    if dispute.status == IN_REVIEW:
        dispute.reviewed_by, dispute.reviewed_at = caller.subject, utc_now()
    else:
        dispute.decided_by, dispute.decided_at = caller.subject, utc_now()
        dispute.decision_reason = reason
    session.add(dispute)
    session.flush()
    details = {"from": former, "to": dispute.status, "reason": reason}
    trail.record(session, caller, SERVICE, action, "dispute", str(identifier), details=details)
    _tell(session, dispute, statement, former)
    return dispute, line, statement


def correct(
    session: Session, caller: Caller, identifier: UUID, asked: CorrectionRequest
) -> Disputed:
    """Move the amount from the consumer to the counterparty in the next open period's runs.

    The statement stays as it is. Runs of that period which are there already are stale from now.
    """
    dispute, line, statement = _held(session, identifier)
    former = _move_on(caller, "correct", dispute)
    amount = dispute.amount if asked.amount is None else asked.amount
    check_amount(amount, statement.digits)
    period = corrections.hold_next_open_period(session, statement.period)
    _check_sides(session, statement.consumer, asked.counterparty, period)
    check_within_line(line.amount, corrections.corrected_amount(session, line.id), amount)
    correction = Correction(
        dispute_id=dispute.id,
        disputed_period=statement.period,
        period=period,
        consumer=statement.consumer,
        counterparty=asked.counterparty,
        currency=statement.currency,
        amount=amount,
        note=asked.note,
        made_by=caller.subject,
        created_at=utc_now(),
    )
    session.add_all([dispute, correction])
    session.flush()
    details = {"from": former, "to": dispute.status}
    after = correction.model_dump(mode="json", exclude={"number"})
    trail.record(
        session,
        caller,
        SERVICE,
        "correct",
        "dispute",
        str(identifier),
        details=details,
        after=after,
    )
    _tell(session, dispute, statement, former)
    return dispute, line, statement


def _held(session: Session, identifier: UUID) -> Disputed:
    repository.lock_dispute(session, identifier)
    return repository.get_dispute(session, identifier, None)


def _move_on(caller: Caller, action: str, dispute: Dispute) -> str:
    """Set the state that the action leads to; gives the one before."""
    former = dispute.status
    reached = state_after(action, former)
    if action != "review":
        check_other_eyes(caller, (dispute.raised_by, dispute.decided_by))
    dispute.status = reached
    dispute.version += 1
    return former


def _check_sides(session: Session, consumer: str, counterparty: str, period: str) -> None:
    if counterparty == consumer:
        message = "the counterparty is another consumer than the one who is billed"
        raise _refused_counterparty("same_consumer", message)
    is_valid = corrections.is_valid_consumer(session, counterparty, period)
    if is_valid is None:
        raise _refused_counterparty("unknown_code", f"there is no consumer {counterparty}")
    if not is_valid:
        message = f"{counterparty} is not valid in {period}"
        raise _refused_counterparty("not_valid_in_period", message)
    if not corrections.is_valid_consumer(session, consumer, period):
        message = f"{consumer} is not valid in {period}, the next open period"
        raise Conflict(message, code="consumer_not_valid")


def _refused_counterparty(code: str, message: str) -> RuleBroken:
    return RuleBroken.at("/counterparty", code, message)


def _tell(session: Session, dispute: Dispute, statement: Statement, former: str | None) -> None:
    payload = {
        "dispute": str(dispute.id),
        "status": dispute.status,
        "former_status": former,
        "statement": str(statement.id),
        "statement_line": str(dispute.statement_line_id),
        "period": statement.period,
        "consumer": statement.consumer,
    }
    outbox.publish(session, SERVICE, "dispute.changed", str(dispute.id), payload)
