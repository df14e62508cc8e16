"""`/v1/review-actions`: what is to be done after reviews, across all of them."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.valuation.benefits.review_actions import repository
from services.valuation.benefits.reviews.answers import action_of_review, today
from shared.auth import Needs
from shared.contracts.days import Day
from shared.contracts.jobs import Page
from shared.contracts.valuation.review_notes import ActionState, ReviewActionAnswer
from shared.database import SessionDep, new_session
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import ReviewAction

EXPORT_COLUMNS = (
    "id", "review", "initiative", "initiative_name", "text", "owner", "due_on", "state",
    "overdue", "done_at", "note", "created_at",
)  # fmt: skip

router = new_router("/v1/review-actions", "review-actions", [Needs("valuation:read")])


@router.get(
    "",
    summary="List the actions of all reviews",
    operation_id="list_review_actions",
    responses=EXPORT_RESPONSES,
)
def list_review_actions(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    state: Annotated[ActionState | None, Query()] = None,
    owner: Annotated[str | None, Query(max_length=500)] = None,
    initiative: Annotated[str | None, Query(max_length=200)] = None,
    review: Annotated[UUID | None, Query()] = None,
    due_from: Annotated[Day | None, Query(description="Due on this day or later")] = None,
    due_to: Annotated[Day | None, Query(description="Due on this day or earlier")] = None,
    due_after: Annotated[Day | None, Query(description="Due after this day")] = None,
    due_before: Annotated[Day | None, Query(description="Due before this day")] = None,
    overdue: Annotated[bool, Query(description="Only open ones past their day")] = False,
) -> Page[ReviewActionAnswer] | Any:
    """Ordered by due day; an action is changed under its review's `/actions/{id}`."""
    wanted = repository.Wanted(
        state=state,
        owner=owner,
        initiative=initiative,
        review=review,
        due_from=due_from,
        due_to=due_to,
        due_after=due_after,
        due_before=due_before,
        overdue_on=today() if overdue else None,
    )
    if export is not None:
        return export_rows(export, "review-actions", EXPORT_COLUMNS, _exported(wanted, language))
    rows, cursor = list_page(
        session,
        repository.list_query(wanted),
        page,
        sortable={
            "due_on": ReviewAction.due_on,
            "state": ReviewAction.state,
            "owner": ReviewAction.owner,
            "initiative": Initiative.code,
            "created_at": ReviewAction.created_at,
        },
        default_sort="due_on",
        filters=vars(wanted),
        unique=ReviewAction.id,
    )
    items = [action_of_review(row[0], row[0].review_id, row[1], language) for row in rows]
    return Page(items=items, next_cursor=cursor)


def _exported(wanted: repository.Wanted, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for action, initiative in repository.walk(session, repository.list_query(wanted)):
            shown = action_of_review(action, action.review_id, initiative, language)
            yield [getattr(shown, column) for column in EXPORT_COLUMNS]
