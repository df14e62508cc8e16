"""`/v1/disputes`: complaints about bill lines, their decisions and corrections."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session, col

from services.allocation.disputes import repository, workflow
from services.allocation.disputes.answers import dispute_answers
from services.allocation.disputes.repository import DisputeFilter
from services.allocation.disputes.statistics import statistics_of
from services.allocation.disputes.workflow import Disputed
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.contracts.allocation.disputes import (
    CorrectionRequest,
    DisputeAnswer,
    DisputeRequest,
    DisputeStatistics,
    DisputeStep,
    Status,
)
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.etags import set_etag
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.statements import Dispute, Statement

router = new_router("/v1/disputes", "disputes", [Needs("allocation:read")])
WRITE = [Needs("allocation:write")]
APPROVE = [Needs("allocation:approve")]
SORTABLE = {
    "created_at": Dispute.created_at,
    "status": Dispute.status,
    "amount": Dispute.amount,
    "decided_at": Dispute.decided_at,
    "period": Statement.period,
    "consumer": Statement.consumer,
}


def _answer(
    session: Session, found: Disputed, caller: Caller, language: str, response: Response
) -> DisputeAnswer:
    set_etag(response, found[0])
    is_bound = caller.consumers is not None
    (answer,) = dispute_answers(session, [found], language, is_bound=is_bound)
    return answer


@router.post(
    "",
    summary="Dispute a line of a statement",
    operation_id="create_dispute",
    status_code=201,
    dependencies=[*WRITE, OWN_PART],
)
def create_dispute(
    asked: DisputeRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> DisputeAnswer:
    """Of an issued statement: 409 `statement_not_issued`, or `statement_corrected` when a newer one
    has replaced it. A caller bound to consumers disputes its own lines."""
    found = workflow.raise_dispute(session, caller, asked)
    return _answer(session, found, caller, language, response)


@router.get("", summary="List disputes", operation_id="list_disputes", dependencies=[OWN_PART])
def list_disputes(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    language: LanguageDep,
    status: Status | None = None,
    period: Period | None = None,
    consumer: Annotated[str | None, Query(max_length=200)] = None,
    statement: UUID | None = None,
    statement_line: UUID | None = None,
) -> Page[DisputeAnswer]:
    """Newest first unless sorted otherwise; the period is that of the statement."""
    wanted = DisputeFilter(status, period, consumer, statement, statement_line)
    rows, cursor = list_page(
        session,
        repository.list_query(caller.consumers, wanted),
        page,
        sortable=SORTABLE,
        default_sort="-created_at",
        filters={**vars(wanted), "consumers": caller.consumers},
        unique=col(Dispute.id),
    )
    found = [(row[0], row[1], row[2]) for row in rows]
    is_bound = caller.consumers is not None
    items = dispute_answers(session, found, language, is_bound=is_bound)
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/statistics",
    summary="How disputes go",
    operation_id="get_dispute_statistics",
    dependencies=[OWN_PART],
)
def get_statistics(
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    consumer: Annotated[str | None, Query(max_length=200)] = None,
) -> DisputeStatistics:
    """Counts by state, consumer, object and reason, amounts, days to a decision, share upheld;
    `from` and `to` are periods of statements, both included."""
    if first is not None and last is not None and first > last:
        message = "`from` is after `to`"
        error = FieldError("query:/from", "bad_range", message)
        raise RuleBroken(message, code="bad_range", errors=[error])
    wanted = DisputeFilter(consumer=consumer, from_period=first, to_period=last)
    rows = repository.list_for_statistics(session, caller.consumers, wanted)
    return statistics_of(rows, first, last, language)


@router.get(
    "/{dispute_id:uuid}",
    summary="Read a dispute",
    operation_id="get_dispute",
    openapi_extra=COMPUTED,
    dependencies=[OWN_PART],
)
def get_dispute(
    dispute_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> DisputeAnswer:
    """With the disputed line, the ways to its trace and explanation, and its correction."""
    found = repository.get_dispute(session, dispute_id, caller.consumers)
    return _answer(session, found, caller, language, response)


@router.post(
    "/{dispute_id:uuid}/review",
    summary="Take up a dispute",
    operation_id="review_dispute",
    dependencies=WRITE,
)
def review_dispute(
    dispute_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    step: DisputeStep | None = None,
) -> DisputeAnswer:
    """An open one; 409 `wrong_state` otherwise."""
    reason = step.reason if step else None
    found = workflow.take_step(session, caller, "review", dispute_id, reason)
    return _answer(session, found, caller, language, response)


@router.post(
    "/{dispute_id:uuid}/uphold",
    summary="Agree with a dispute",
    operation_id="uphold_dispute",
    dependencies=APPROVE,
)
def uphold_dispute(
    dispute_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    step: DisputeStep | None = None,
) -> DisputeAnswer:
    """One in review; 403 `four_eyes` for who raised it, when four eyes are asked for."""
    reason = step.reason if step else None
    found = workflow.take_step(session, caller, "uphold", dispute_id, reason)
    return _answer(session, found, caller, language, response)


@router.post(
    "/{dispute_id:uuid}/reject",
    summary="Disagree with a dispute",
    operation_id="reject_dispute",
    dependencies=APPROVE,
)
def reject_dispute(
    dispute_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    step: DisputeStep | None = None,
) -> DisputeAnswer:
    """One in review; 403 `four_eyes` for who raised it, when four eyes are asked for."""
    reason = step.reason if step else None
    found = workflow.take_step(session, caller, "reject", dispute_id, reason)
    return _answer(session, found, caller, language, response)


@router.post(
    "/{dispute_id:uuid}/correct",
    summary="Move the amount in the next open period",
    operation_id="correct_dispute",
    dependencies=APPROVE,
)
def correct_dispute(
    dispute_id: UUID,
    asked: CorrectionRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> DisputeAnswer:
    """An upheld one: the consumer gets -amount and the counterparty +amount in that period's run;
    the disputed statement stays. 422 for a counterparty that does not exist then."""
    found = workflow.correct(session, caller, dispute_id, asked)
    return _answer(session, found, caller, language, response)
