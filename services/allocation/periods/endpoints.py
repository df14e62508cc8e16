"""`/v1/periods`: which months are closed, closing and reopening them."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from sqlmodel import Session

from services.allocation.cost_objects.repository import hold_calendar
from services.allocation.periods import repository
from services.allocation.periods.domain import CLOSED, OPEN, check_can_close, check_can_reopen
from shared.audit import trail
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.allocation.periods import CloseRequest, PeriodAnswer, ReopenRequest
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep, discard
from shared.four_eyes import check_other_eyes
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.postgres.period_locks import hold_exclusively
from shared.tables.allocation.model import AccountingPeriod

SERVICE = "allocation"
APPROVE = [Needs("allocation:approve")]
PeriodPath = Annotated[Period, Path(description="A month", examples=["2026-01"])]
router = new_router("/v1/periods", "periods", [Needs("allocation:read")])


def _answer(row: Any, caller: Caller) -> PeriodAnswer:
    """A bound caller sees the calendar, not what was written about it."""
    shown = {name: getattr(row, name) for name in PeriodAnswer.model_fields}
    return PeriodAnswer(**shown if caller.consumers is None else shown | {"reason": None})


@router.get("", summary="List periods", operation_id="list_periods", dependencies=[OWN_PART])
def list_periods(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    code: Annotated[Period | None, Query(description="One month")] = None,
    status: Annotated[Literal["open", "closed"] | None, Query()] = None,
) -> Page[PeriodAnswer]:
    """Months that have lines or have been closed; any other month is open too."""
    listed = repository.list_periods(code=code, status=status)
    rows, cursor = list_page(
        session,
        listed.query,
        page,
        sortable={"period": listed.period, "status": listed.status},
        default_sort="period",
        filters={"code": code, "status": status},
        unique=listed.period,
    )
    return Page(items=[_answer(row, caller) for row in rows], next_cursor=cursor)


@router.get(
    "/{period}", summary="Read a period", operation_id="get_period", dependencies=[OWN_PART]
)
def get_period(period: PeriodPath, session: SessionDep, caller: CallerDep) -> PeriodAnswer:
    """Any month; one that was never closed is open."""
    row = repository.find_period(session, period)
    return _answer(row or AccountingPeriod(period=period), caller)


@router.post(
    "/{period}/close", summary="Close a period", operation_id="close_period", dependencies=APPROVE
)
def close_period(
    period: PeriodPath,
    session: SessionDep,
    caller: CallerDep,
    request: CloseRequest | None = None,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> PeriodAnswer:
    """Waits for writes under way; afterwards only restatements with a reason come in."""
    row = _held(session, caller, period)
    check_can_close(row.status, period)
    row.status, row.closed_at, row.closed_by = CLOSED, utc_now(), caller.subject
    row.reason = request.reason if request else None
    _keep(session, caller, "close", row)
    if dry_run:
        discard(session)
    return _answer(row, caller)


@router.post(
    "/{period}/reopen",
    summary="Reopen a period",
    operation_id="reopen_period",
    dependencies=APPROVE,
)
def reopen_period(
    period: PeriodPath, request: ReopenRequest, session: SessionDep, caller: CallerDep
) -> PeriodAnswer:
    """With a reason; 409 `period_open` when it is not closed.

    403 `four_eyes` for who closed it, when four eyes are asked for.
    """
    row = _held(session, caller, period)
    check_can_reopen(row.status, period)
    check_other_eyes(caller, [row.closed_by])
    row.status, row.reopened_at, row.reopened_by = OPEN, utc_now(), caller.subject
    row.reason = request.reason
    _keep(session, caller, "reopen", row)
    return _answer(row, caller)


def _held(session: Session, caller: Caller, period: str) -> AccountingPeriod:
    """The month, with every writer of it kept out until the transaction ends."""
    hold_calendar(session)
    hold_exclusively(session, period)
    return repository.find_period(session, period) or AccountingPeriod(period=period)


def _keep(session: Session, caller: Caller, action: str, row: AccountingPeriod) -> None:
    session.add(row)
    session.flush()
    details = {"status": row.status, "reason": row.reason}
    trail.record(session, caller, SERVICE, action, "period", row.period, details=details)
