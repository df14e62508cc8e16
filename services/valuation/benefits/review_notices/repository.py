"""The SQL of announcements."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAnnouncement

Found = tuple[PostImplementationReview, Initiative]


def lock_to_look_at(session: Session, today: date, most: int) -> list[Found]:
    """Open reviews to look at today, held; those that another worker holds are its own."""
    review = PostImplementationReview
    query: Any = (
        select(review, Initiative)
        .join(Initiative, col(Initiative.id) == col(review.initiative_id))
        .where(
            col(review.state) != "approved",
            or_(col(review.next_notice_on).is_(None), col(review.next_notice_on) <= today),
        )
        .order_by(col(review.next_notice_on), col(review.id))
        .limit(most)
        .with_for_update(skip_locked=True, of=review)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def find_of_reviews(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[ReviewAnnouncement]]:
    """What was announced of reviews, by the review's id."""
    query = select(ReviewAnnouncement).where(col(ReviewAnnouncement.review_id).in_(list(ids)))
    found: dict[UUID, list[ReviewAnnouncement]] = {}
    for row in session.execute(query).scalars():
        found.setdefault(row.review_id, []).append(row)
    return found


def list_of_review(session: Session, review_id: UUID) -> Sequence[ReviewAnnouncement]:
    """What was announced of a review, in that order."""
    query = select(ReviewAnnouncement).where(col(ReviewAnnouncement.review_id) == review_id)
    return session.execute(query.order_by(col(ReviewAnnouncement.id))).scalars().all()
