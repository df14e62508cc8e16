"""Making reviews when something goes live."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.domain import add_months
from shared.clock import utc_now
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview


def schedule_reviews(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Each initiative with a day of going live has one review for each of its offsets.

    Reviews not yet started move with that day, and fall away with it or with their offset;
    started ones stay. Doing it again changes nothing.
    """
    ids = [each.id for each in initiatives]
    present = repository.find_of_initiatives(session, ids, lock=True)
    for initiative in initiatives:
        reviews = {
            review.offset_months: review
            for review in present.get(initiative.id, [])
            if review.offset_months is not None
        }
        wanted = _wanted(initiative)
        for offset, due_on in wanted.items():
            _schedule(session, initiative, reviews.get(offset), offset, due_on)
        for offset, review in reviews.items():
            if offset not in wanted and review.state == "scheduled":
                repository.delete_review(session, review)


def _wanted(initiative: Initiative) -> dict[int, date]:
    if initiative.go_live_on is None or initiative.stage == "rejected":
        return {}
    day = initiative.go_live_on
    return {offset: add_months(day, offset) for offset in initiative.review_offsets}


def _schedule(
    session: Session,
    initiative: Initiative,
    review: PostImplementationReview | None,
    offset: int,
    due_on: date,
) -> None:
    if review is None:
        session.add(new_review(initiative, due_on, offset_months=offset))
    elif review.state == "scheduled" and review.due_on != due_on:
        move_due_day(review, due_on)
        review.version += 1
        review.updated_at = utc_now()
        session.add(review)


def move_due_day(review: PostImplementationReview, due_on: date) -> None:
    """Set another due day; its notices are planned anew."""
    review.due_on = due_on
    review.due_set_at = utc_now()
    review.next_notice_on = None


def new_review(
    initiative: Initiative,
    due_on: date,
    *,
    offset_months: int | None = None,
    owner: str | None = None,
) -> PostImplementationReview:
    """A scheduled review; its owner is the sponsor unless somebody else is named."""
    now = utc_now()
    return PostImplementationReview(
        initiative_id=initiative.id,
        due_on=due_on,
        due_set_at=now,
        offset_months=offset_months,
        state="scheduled",
        owner=owner or initiative.sponsor,
        created_at=now,
        updated_at=now,
    )
