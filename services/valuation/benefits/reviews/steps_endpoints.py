"""`/v1/post-implementation-reviews/{id}/start|submit|approve|return`: the states of a review."""

from typing import Any
from uuid import UUID

from fastapi import Response
from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.answers import review_answer
from services.valuation.benefits.reviews.domain import (
    Step,
    check_fillable,
    take_step,
)
from services.valuation.benefits.reviews.endpoints import PATH, SERVICE, TAG
from services.valuation.benefits.reviews.filling import ask_and_lock, fill_review
from services.valuation.changes import write_changes
from services.valuation.investments.run_costs.domain import RunCost
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.valuation.reviews import ReturnRequest, ReviewAnswer
from shared.database import SessionDep
from shared.events import outbox
from shared.four_eyes import authors_of, check_other_eyes
from shared.http.etags import set_etag
from shared.http.language import LanguageDep
from shared.http.links import href
from shared.http.routing import new_router
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview

router = new_router(PATH, TAG, [Needs("valuation:read")])
PARTS = ("review_result", "finding", "action")


def _take(
    session: Session,
    caller: Caller,
    found: tuple[PostImplementationReview, Initiative],
    step: Step,
    run_cost: RunCost | None = None,
    **more: Any,
) -> None:
    """Take a step, filling the review anew when a run cost is given."""
    review, initiative = found
    before = review.state
    after = take_step(review.state, step)  # type: ignore[arg-type]
    if run_cost is not None:
        fill_review(session, review, initiative, run_cost)
    write_changes(review, {"state": after, **more})
    session.add(review)
    session.flush()
    trail.record(
        session, caller, SERVICE, step, "review", str(review.id),
        before={"state": before},
        after={"state": after, "results_sha256": trail.sha256_of(review.results)},
    )  # fmt: skip


def _answer(
    session: Session,
    found: tuple[PostImplementationReview, Initiative],
    language: str,
    response: Response,
) -> ReviewAnswer:
    set_etag(response, found[0])
    return review_answer(session, *found, language)


@router.post(
    "/{review_id:uuid}/start",
    summary="Start a review",
    operation_id="start_review",
    dependencies=[Needs("valuation:write")],
)
def start_review(
    review_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """Fills the results from expectations, observations and allocated cost."""
    found, run_cost = ask_and_lock(session, review_id)
    _take(session, caller, found, "start", run_cost, started_by=caller.subject)
    return _answer(session, found, language, response)


@router.post(
    "/{review_id:uuid}/refresh",
    summary="Fill a review anew",
    operation_id="refresh_review",
    dependencies=[Needs("valuation:write")],
)
def refresh_review(
    review_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """What is known now, while it is in progress (409 `wrong_state`, `review_approved`)."""
    found, run_cost = ask_and_lock(session, review_id)
    review, initiative = found
    check_fillable(review.state)  # type: ignore[arg-type]
    fill_review(session, review, initiative, run_cost)
    review.version += 1
    session.flush()
    trail.record(
        session, caller, SERVICE, "refresh", "review", str(review_id),
        after={"results_sha256": trail.sha256_of(review.results)},
    )  # fmt: skip
    return _answer(session, found, language, response)


@router.post(
    "/{review_id:uuid}/submit",
    summary="Submit a review for approval",
    operation_id="submit_review",
    dependencies=[Needs("valuation:write")],
)
def submit_review(
    review_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """Fills the results once more, as they are then approved."""
    found, run_cost = ask_and_lock(session, review_id)
    _take(
        session, caller, found, "submit", run_cost,
        submitted_by=caller.subject, submitted_at=utc_now(), returned_reason=None,
    )  # fmt: skip
    return _answer(session, found, language, response)


@router.post(
    "/{review_id:uuid}/approve",
    summary="Approve a review",
    operation_id="approve_review",
    dependencies=[Needs("valuation:approve")],
)
def approve_review(
    review_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """From then on it never changes. 403 `four_eyes` for who ever wrote in it, if so set."""
    found = repository.get_review(session, review_id, lock=True)
    review, initiative = found
    take_step(review.state, "approve")  # type: ignore[arg-type]
    check_other_eyes(caller, authors_of(session, "review", str(review_id), PARTS))
    _take(session, caller, found, "approve", approved_by=caller.subject, approved_at=utc_now())
    outbox.publish(
        session, SERVICE, "review.approved", str(review.id),
        {
            "review": str(review.id),
            "initiative": initiative.code,
            "due_on": review.due_on.isoformat(),
            "href": href(f"{PATH}/{review.id}"),
        },
    )  # fmt: skip
    return _answer(session, found, language, response)


@router.post(
    "/{review_id:uuid}/return",
    summary="Return a submitted review",
    operation_id="return_review",
    dependencies=[Needs("valuation:approve")],
)
def return_review(
    review_id: UUID,
    request: ReturnRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """Back to in_progress, with the reason."""
    found = repository.get_review(session, review_id, lock=True)
    found[0].next_notice_on = None  # whoever wrote it is told again if it is due
    _take(session, caller, found, "return", returned_reason=request.reason)
    return _answer(session, found, language, response)
