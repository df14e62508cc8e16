"""The SQL of post-implementation reviews."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction, ReviewFinding


def get_review(
    session: Session, review_id: UUID, *, lock: bool = False
) -> tuple[PostImplementationReview, Initiative]:
    """One review with its initiative; `lock` keeps others from changing it until the end."""
    review = session.get(PostImplementationReview, review_id, with_for_update=lock or None)
    if review is None:
        raise NotFound(f"post-implementation review {review_id}")
    return review, session.get_one(Initiative, review.initiative_id)


def find_of_initiatives(
    session: Session, ids: Iterable[UUID]
) -> dict[UUID, list[PostImplementationReview]]:
    """The reviews of initiatives, by the initiative's id."""
    query = select(PostImplementationReview).where(
        col(PostImplementationReview.initiative_id).in_(list(ids))
    )
    found: dict[UUID, list[PostImplementationReview]] = {}
    for review in session.execute(query).scalars():
        found.setdefault(review.initiative_id, []).append(review)
    return found


def list_query(
    *,
    initiative: str | None,
    state: str | None,
    owner: str | None,
    due_from: date | None,
    due_to: date | None,
    overdue_on: date | None,
) -> Any:
    """Reviews with their initiatives, filtered; `overdue_on` keeps those overdue on that day."""
    review = PostImplementationReview
    query: Any = select(review, Initiative).join(
        Initiative, col(Initiative.id) == col(review.initiative_id)
    )
    equal = {
        col(Initiative.code): initiative,
        col(review.state): state,
        col(review.owner): owner,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if due_from is not None:
        query = query.where(col(review.due_on) >= due_from)
    if due_to is not None:
        query = query.where(col(review.due_on) <= due_to)
    if overdue_on is not None:
        query = query.where(col(review.due_on) < overdue_on, col(review.state) != "approved")
    return query


def find_open_of_solutions(session: Session) -> list[PostImplementationReview]:
    """Reviews in progress whose initiative has a solution, so that its cost concerns them."""
    query = (
        select(PostImplementationReview)
        .join(Initiative, col(Initiative.id) == col(PostImplementationReview.initiative_id))
        .where(
            col(PostImplementationReview.state) == "in_progress",
            col(Initiative.solution).is_not(None),
        )
    )
    return list(session.execute(query).scalars())


def list_expected(
    session: Session, initiative_id: UUID
) -> list[tuple[ValueExpectation, ValueKpi | None]]:
    """What an initiative promises, with the KPIs, in the order in which it was promised."""
    query = (
        select(ValueExpectation, ValueKpi)
        .outerjoin(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueExpectation.initiative_id) == initiative_id)
        .order_by(col(ValueExpectation.id))
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def list_findings(session: Session, review_id: UUID) -> Sequence[ReviewFinding]:
    """The findings of a review in the order in which they were written."""
    query = select(ReviewFinding).where(col(ReviewFinding.review_id) == review_id)
    return session.execute(query.order_by(col(ReviewFinding.id))).scalars().all()


def list_actions(session: Session, review_id: UUID) -> Sequence[ReviewAction]:
    """The actions of a review in the order in which they were written."""
    query = select(ReviewAction).where(col(ReviewAction.review_id) == review_id)
    return session.execute(query.order_by(col(ReviewAction.id))).scalars().all()


def get_finding(session: Session, review_id: UUID, finding_id: UUID) -> ReviewFinding:
    """One finding of a review."""
    found = session.get(ReviewFinding, finding_id)
    if found is None or found.review_id != review_id:
        raise NotFound(f"finding {finding_id}")
    return found


def get_action(session: Session, review_id: UUID, action_id: UUID) -> ReviewAction:
    """One action of a review."""
    found = session.get(ReviewAction, action_id, with_for_update=True)
    if found is None or found.review_id != review_id:
        raise NotFound(f"action {action_id}")
    return found


def delete_review(session: Session, review: PostImplementationReview) -> None:
    """A scheduled review with whatever was noted on it."""
    for child in (ReviewAction, ReviewFinding):
        session.execute(delete(child).where(col(child.review_id) == review.id))
    session.delete(review)


def list_stakes(session: Session, equal: dict[str, str | None]) -> list[tuple[Any, Any]]:
    """(expectation with money, its initiative) of initiatives that were not rejected."""
    query: Any = (
        select(ValueExpectation, Initiative)
        .join(Initiative, col(Initiative.id) == col(ValueExpectation.initiative_id))
        .where(
            col(ValueExpectation.monetary_value).is_not(None),
            col(Initiative.stage) != "rejected",
        )
    )
    if equal["sponsor"] is not None:
        query = query.where(col(Initiative.sponsor) == equal["sponsor"])
    if equal["portfolio"] is not None:
        query = query.where(col(Initiative.tags).contains({"portfolio": equal["portfolio"]}))
    return [(row[0], row[1]) for row in session.execute(query)]


def newest_approved(session: Session) -> dict[UUID, PostImplementationReview]:
    """The approved review with the latest due day of each initiative that has one."""
    query = (
        select(PostImplementationReview)
        .where(col(PostImplementationReview.state) == "approved")
        .order_by(
            col(PostImplementationReview.initiative_id),
            col(PostImplementationReview.due_on),
            col(PostImplementationReview.approved_at),
        )
    )
    return {review.initiative_id: review for review in session.execute(query).scalars()}
