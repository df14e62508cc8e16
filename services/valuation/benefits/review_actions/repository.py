"""The SQL of actions across reviews."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from services.valuation.benefits.reviews.repository import within_days
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction

OPEN = ("open", "in_progress")


@dataclass(frozen=True)
class Wanted:
    """What a list of actions is filtered by; `overdue_on` keeps those overdue on that day."""

    state: str | None = None
    owner: str | None = None
    initiative: str | None = None
    review: UUID | None = None
    due_from: date | None = None
    due_to: date | None = None
    due_after: date | None = None
    due_before: date | None = None
    overdue_on: date | None = None


def list_query(wanted: Wanted) -> Any:
    """(action, initiative) of every review, filtered."""
    review = PostImplementationReview
    query: Any = (
        select(ReviewAction, Initiative)
        .join(review, col(review.id) == col(ReviewAction.review_id))
        .join(Initiative, col(Initiative.id) == col(review.initiative_id))
    )
    equal = {
        col(ReviewAction.state): wanted.state,
        col(ReviewAction.owner): wanted.owner,
        col(ReviewAction.review_id): wanted.review,
        col(Initiative.code): wanted.initiative,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.overdue_on is not None:
        query = query.where(col(ReviewAction.state).in_(OPEN))
        query = query.where(col(ReviewAction.due_on) < wanted.overdue_on)
    return within_days(query, col(ReviewAction.due_on), wanted)


def walk(session: Session, query: Any) -> Iterator[tuple[ReviewAction, Initiative]]:
    """Every row of a filtered list by due day, read as it is needed (inside a transaction)."""
    ordered = query.order_by(col(ReviewAction.due_on), col(ReviewAction.id))
    for row in session.execute(ordered.execution_options(yield_per=1000)):
        yield row[0], row[1]
