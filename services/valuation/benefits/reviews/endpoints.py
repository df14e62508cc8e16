"""`/v1/post-implementation-reviews`: what came of a promise."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.answers import review_answer, review_summary, today
from services.valuation.benefits.reviews.domain import (
    check_changeable,
    check_extra_benefit,
    check_not_submitted,
)
from services.valuation.benefits.reviews.filling import ask_and_lock, fill_review
from services.valuation.benefits.reviews.workflow import move_due_day, new_review
from services.valuation.changes import read_patch, write_changes
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.run_costs.workflow import NOT_ASKED
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.days import Day
from shared.contracts.jobs import Page
from shared.contracts.valuation.reviews import (
    ReviewAnswer,
    ReviewPatch,
    ReviewRequest,
    ReviewSummary,
    State,
)
from shared.database import SessionDep, new_session
from shared.errors import Conflict, FieldError, RuleBroken
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview

SERVICE = "valuation"
PATH = "/v1/post-implementation-reviews"
TAG = "post-implementation-reviews"
NEVER_NULL = {"due_on", "lessons", "extra_benefits"}
EXPORT_COLUMNS = (
    "id", "initiative", "initiative_name", "due_on", "offset_months", "state", "overdue",
    "owner", "sponsor", "portfolio", "approved_at", "created_at", "updated_at",
)  # fmt: skip

router = new_router(PATH, TAG, [Needs("valuation:read")])


@router.get(
    "",
    summary="List post-implementation reviews",
    operation_id="list_reviews",
    responses=EXPORT_RESPONSES,
)
def list_reviews(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    initiative: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[State | None, Query()] = None,
    owner: Annotated[str | None, Query(max_length=500)] = None,
    sponsor: Annotated[str | None, Query(max_length=500)] = None,
    portfolio: Annotated[
        str | None, Query(max_length=2000, description="The tag `portfolio` of initiatives")
    ] = None,
    solution: Annotated[str | None, Query(max_length=200)] = None,
    due_from: Annotated[Day | None, Query(description="Due on this day or later")] = None,
    due_to: Annotated[Day | None, Query(description="Due on this day or earlier")] = None,
    due_after: Annotated[Day | None, Query(description="Due after this day")] = None,
    due_before: Annotated[Day | None, Query(description="Due before this day")] = None,
    overdue: Annotated[bool, Query(description="Only overdue ones")] = False,
) -> Page[ReviewSummary] | Any:
    """Ordered by due day unless sorted otherwise."""
    wanted = repository.Wanted(
        initiative=initiative,
        state=state,
        owner=owner,
        sponsor=sponsor,
        portfolio=portfolio,
        solution=solution,
        due_from=due_from,
        due_to=due_to,
        due_after=due_after,
        due_before=due_before,
        overdue_on=today() if overdue else None,
    )
    if export is not None:
        return export_rows(export, "reviews", EXPORT_COLUMNS, _exported(wanted, language))
    rows, cursor = list_page(
        session,
        repository.list_query(wanted),
        page,
        sortable={
            "due_on": PostImplementationReview.due_on,
            "initiative": Initiative.code,
            "state": PostImplementationReview.state,
            "created_at": PostImplementationReview.created_at,
        },
        default_sort="due_on",
        filters=vars(wanted),
        unique=PostImplementationReview.id,
    )
    return Page(items=[review_summary(row, language) for row in rows], next_cursor=cursor)


def _exported(wanted: repository.Wanted, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, repository.list_query(wanted)):
            summary = review_summary(row, language)
            yield [getattr(summary, column) for column in EXPORT_COLUMNS]


@router.post(
    "",
    summary="Schedule a review",
    operation_id="create_review",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_review(
    request: ReviewRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewAnswer:
    """One more beside those made by themselves; 409 `review_exists` for the same day."""
    named = initiatives.find_by_codes(session, [request.initiative])
    if request.initiative not in named:
        message = f"no initiative {request.initiative}"
        error = FieldError("/initiative", "unknown_code", message)
        raise RuleBroken(message, code="unknown_code", errors=[error])
    initiative = initiatives.get_initiative(session, named[request.initiative].id, lock=True)
    present = repository.find_of_initiatives(session, [initiative.id]).get(initiative.id, [])
    if any(review.due_on == request.due_on for review in present):
        raise Conflict("there is a review for that day", code="review_exists")
    review = new_review(initiative, request.due_on, owner=request.owner)
    session.add(review)
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "review", str(review.id), after=review.model_dump()
    )
    set_etag(response, review)
    return review_answer(session, review, initiative, language)


@router.get(
    "/{review_id:uuid}", summary="Read a review", operation_id="get_review", openapi_extra=COMPUTED
)
def get_review(
    review_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> ReviewAnswer:
    """One review with results, findings and actions."""
    review, initiative = repository.get_review(session, review_id)
    set_etag(response, review)
    return review_answer(session, review, initiative, language)


@router.patch(
    "/{review_id:uuid}",
    summary="Write into a review",
    operation_id="update_review",
    dependencies=[Needs("valuation:write")],
)
def update_review(
    review_id: UUID,
    patch: ReviewPatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> ReviewAnswer:
    """Lessons, extra benefits, judgement and so on, until approved (409 `review_approved`).

    Extra benefits are realised value, so not once submitted (409 `wrong_state`): return it first.
    """
    if "discount_rate" in patch.model_fields_set:
        (review, initiative), run_cost = ask_and_lock(session, review_id)
    else:
        review, initiative = repository.get_review(session, review_id, lock=True)
        run_cost = NOT_ASKED
    check_if_match(if_match, review)
    check_changeable(review.state)  # type: ignore[arg-type]
    if patch.extra_benefits is not None:
        check_not_submitted(review.state)  # type: ignore[arg-type]
    before = review.model_dump(include=set(ReviewPatch.model_fields))
    given = _given(patch)
    was_due_on, rate = review.due_on, review.discount_rate
    if write_changes(review, given):
        if review.due_on != was_due_on:
            move_due_day(review, review.due_on)
        if review.discount_rate != rate and review.state == "in_progress":
            fill_review(session, review, initiative, run_cost)
        session.add(review)
        session.flush()
        trail.record(
            session, caller, SERVICE, "update", "review", str(review_id),
            before=before, after=review.model_dump(include=set(ReviewPatch.model_fields)),
        )  # fmt: skip
    set_etag(response, review)
    return review_answer(session, review, initiative, language)


def _given(patch: ReviewPatch) -> dict[str, Any]:
    """What a patch sets, as the row keeps it."""
    given = read_patch(patch, never_null=NEVER_NULL)
    if patch.extra_benefits is not None:
        for position, benefit in enumerate(patch.extra_benefits):
            check_extra_benefit(position, benefit.monetary_value, benefit.currency, benefit.kind)
        given["extra_benefits"] = [
            benefit.model_dump(mode="json") for benefit in patch.extra_benefits
        ]
    if patch.judgement is not None:
        given["judgement"] = patch.judgement.model_dump(mode="json")
    return given


@router.delete(
    "/{review_id:uuid}",
    summary="Delete a scheduled review",
    operation_id="delete_review",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_review(
    review_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Only one that was asked for and not started; the others follow the day of going live."""
    review, _ = repository.get_review(session, review_id, lock=True)
    check_if_match(if_match, review)
    if review.state != "scheduled" or review.offset_months is not None:
        raise Conflict("it has begun, or go-live has made it", code="review_in_use")
    repository.delete_review(session, review)
    trail.record(
        session, caller, SERVICE, "delete", "review", str(review_id), before=review.model_dump()
    )
