"""Making the statements of a period from its published run, and issuing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from services.allocation.disputes.correction_repository import TOPIC, list_corrections
from services.allocation.disputes.domain import in_currency
from services.allocation.engine.result import RunResult
from services.allocation.runs.loaded import loaded_runs
from services.allocation.runs.repository import find_published, get_run, lock_publishing
from services.allocation.statements import repository
from services.allocation.statements.billing import Bill, Billing, OwnLine
from services.allocation.statements.domain import (
    CORRECTED,
    ISSUED,
    check_can_issue,
    check_run_speaks,
    statement_code,
)
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.currencies import minor_digits
from shared.errors import Conflict
from shared.events import outbox
from shared.ids import new_id
from shared.money import plain, to_units
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.statements import Statement

SERVICE = "allocation"
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Made:
    """What making a period's statements did."""

    run: AllocationRun
    total: Decimal
    statements: int
    created: int
    replaced: int


def get_published(session: Session, period: str) -> AllocationRun:
    """The run that speaks for a period; none takes its place until the transaction ends.

    Conflict `no_published_run` when there is none.
    """
    lock_publishing(session, period)
    run = find_published(session, period, "actual")
    if run is None:
        raise Conflict(f"no run of {period} is published", code="no_published_run")
    return run


def make_statements(session: Session, caller: Caller, period: str) -> Made:
    """One draft per consumer with a bill; for the same run again nothing changes.

    Drafts of another run are replaced; an issued statement stays, with a draft beside it that is
    to correct it (of nothing, when the consumer has no bill any more).
    """
    run = get_published(session, period)
    result = loaded_runs.get(session, run)
    billing = Billing(result, minor_digits(run.currency), _corrections(session, run, result))
    replaced = repository.delete_other_drafts(session, period, run.id)
    current = repository.list_current(session, period)
    done = {one.consumer for one in current if one.run_id == run.id}
    issued = {one.consumer: one for one in current if one.status == ISSUED}
    revisions = repository.last_revisions(session, period)
    bills = [bill for bill in billing.bills() if bill.consumer not in done]
    billed = set(billing.codes)
    bills += [_no_bill(one) for code, one in issued.items() if code not in billed | done]
    made = [
        (_draft(run, bill, issued.get(bill.consumer), revisions.get(bill.consumer, 0) + 1), bill)
        for bill in bills
    ]
    repository.add_statements(session, made)
    if made or replaced:
        details = {"run": str(run.id), "created": len(made), "replaced": replaced}
        trail.record(session, caller, SERVICE, "create", "statement", period, details=details)
    return Made(run, billing.total, len(done) + len(made), len(made), replaced)


def _corrections(session: Session, run: AllocationRun, result: RunResult) -> list[OwnLine]:
    """A line for each side of the corrections that the run took.

    The counterparty is not told whose dispute it was.
    """
    as_of = run.inputs_as_of.get(TOPIC, 0)
    moved = list_corrections(session, run.period, run.scenario, as_of)
    members = result.numbering.layers["consumer"].numbers
    lines = []
    taken, _ = in_currency(moved, run.currency, result.rates)
    for one in taken:
        names = {
            "en": f"Correction of {one.disputed_period}",
            "zh-CN": f"{one.disputed_period} 的更正",
        }
        for code, amount in one.sides():
            if code in members:
                units = to_units(amount, max(result.precision["cost"], 6))
                units //= 10 ** max(0, 6 - result.precision["cost"])
                dispute = one.dispute if code == one.consumer else None
                lines.append(OwnLine(members[code], "correction", units, names, dispute))
    return lines


def _no_bill(issued: Statement) -> Bill:
    """A bill of nothing for a consumer that had one and has none any more."""
    return Bill(issued.consumer, issued.path, issued.names, NOTHING, NOTHING, iter(()))


def _draft(run: AllocationRun, bill: Bill, issued: Statement | None, revision: int) -> Statement:
    return Statement(
        id=new_id(),
        code=statement_code(run.period, bill.consumer, revision),
        period=run.period,
        run_id=run.id,
        consumer=bill.consumer,
        path=list(bill.path),
        names=dict(bill.names),
        currency=run.currency,
        digits=minor_digits(run.currency),
        amount=bill.amount,
        run_amount=bill.run_amount,
        revision=revision,
        corrects=None if issued is None else issued.id,
        created_at=utc_now(),
    )


def issue_statement(session: Session, caller: Caller, identifier: UUID) -> Statement:
    """Make a draft final; the statement that it corrects is corrected from now on.

    Conflict `wrong_state` when it is no draft, `run_not_published` when its run was replaced.
    """
    period = repository.get_statement(session, identifier, None).period
    lock_publishing(session, period)
    row = repository.lock_statement(session, identifier)
    check_can_issue(row.status)
    check_run_speaks(published=get_run(session, row.run_id).published)
    _issue(session, caller, [row])
    return row


def issue_all(session: Session, caller: Caller, period: str) -> tuple[AllocationRun, int]:
    """Issue all drafts of a period's published run; how many there were."""
    run = get_published(session, period)
    drafts = repository.list_drafts(session, period, run.id)
    _issue(session, caller, drafts)
    return run, len(drafts)


def _issue(session: Session, caller: Caller, drafts: Sequence[Statement]) -> None:
    former = repository.lock_many(session, [one.corrects for one in drafts if one.corrects])
    for row in drafts:
        replaced = former.get(row.corrects) if row.corrects else None
        if replaced is not None:
            replaced.status, replaced.corrected_by = CORRECTED, row.id
            replaced.version += 1
            session.add(replaced)
    session.flush()
    now = utc_now()
    for row in drafts:
        row.status, row.issued_at, row.issued_by = ISSUED, now, caller.subject
        row.version += 1
        session.add(row)
        details = {"code": row.code, "corrects": str(row.corrects) if row.corrects else None}
        trail.record(session, caller, SERVICE, "issue", "statement", str(row.id), details=details)
        outbox.publish(session, SERVICE, "statement.issued", str(row.id), _payload(row))
    session.flush()


def _payload(row: Statement) -> dict[str, str | None]:
    return {
        "statement": str(row.id),
        "code": row.code,
        "period": row.period,
        "consumer": row.consumer,
        "currency": row.currency,
        "amount": plain(row.amount),
        "run": str(row.run_id),
        "corrects": str(row.corrects) if row.corrects else None,
    }
