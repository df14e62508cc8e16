"""What every worker of valuation does for reviews by itself: say that they are due, once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from sqlmodel import Session

from services.valuation.benefits.review_notices import repository
from services.valuation.benefits.review_notices.domain import (
    Kind,
    Notice,
    Pace,
    Said,
    Watched,
    choose_notice,
    next_look,
)
from services.valuation.benefits.reviews.domain import State
from shared.clock import utc_now
from shared.database import in_transaction
from shared.events import outbox
from shared.http.links import href
from shared.jobs.chores import register
from shared.settings import get_settings
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAnnouncement

SERVICE = "valuation"
EVENT = "review.due"
REVIEWS_AT_ONCE, ROUNDS = 100, 5
SECONDS = 5.0


def announce_due_reviews(now: datetime | None = None) -> int:
    """Announce what is to be said today; answers how much it was.

    The rows of the reviews are held while their notices and events are written in the same
    transaction, so that of several workers one only speaks, and one that dies has said nothing.
    """
    said = 0
    for _ in range(ROUNDS):
        with in_transaction() as session:
            found = repository.lock_to_look_at(session, (now or utc_now()).date(), REVIEWS_AT_ONCE)
            said += _look_at(session, found, now or utc_now())
        if len(found) < REVIEWS_AT_ONCE:
            break
    return said


def settled_pace() -> Pace:
    """The pace that the settings say."""
    settings = get_settings()
    return Pace(
        reminder_days=tuple(settings.review_reminder_days),
        overdue_days=settings.review_overdue_days,
        overdue_times=settings.review_overdue_times,
        silent_days=settings.review_silent_days,
    )


def _look_at(session: Session, found: Sequence[repository.Found], now: datetime) -> int:
    pace, today, said = settled_pace(), now.date(), 0
    announced = repository.find_of_reviews(session, [review.id for review, _ in found])
    for review, initiative in found:
        watched = _watched(review, announced.get(review.id, ()))
        notice = choose_notice(watched, today, pace)
        if notice is not None:
            _announce(session, review, initiative, notice, now)
            said += 1
        review.next_notice_on = next_look(watched, today, pace)
        session.add(review)
    return said


def _watched(review: PostImplementationReview, announced: Sequence[ReviewAnnouncement]) -> Watched:
    return Watched(
        state=cast(State, review.state),
        due_on=review.due_on,
        set_on=(review.due_set_at or review.created_at).date(),
        said=[
            Said(cast(Kind, row.kind), row.created_at.date())
            for row in announced
            if row.due_on == review.due_on
        ],
    )


def _announce(
    session: Session,
    review: PostImplementationReview,
    initiative: Initiative,
    notice: Notice,
    now: datetime,
) -> None:
    session.add(
        ReviewAnnouncement(
            review_id=review.id,
            kind=notice.kind,
            planned_on=notice.planned_on,
            due_on=review.due_on,
            created_at=now,
        )
    )
    outbox.publish(
        session, SERVICE, EVENT, str(review.id), payload_of(review, initiative, notice, now.date())
    )


def payload_of(
    review: PostImplementationReview, initiative: Initiative, notice: Notice, today: date
) -> dict[str, object]:
    """What the event says; `kind` tells a reminder from the day itself and from lateness."""
    return {
        "kind": notice.kind,
        "review": str(review.id),
        "initiative": initiative.code,
        "initiative_names": dict(initiative.names),
        "due_on": review.due_on.isoformat(),
        "planned_on": notice.planned_on.isoformat(),
        "days_overdue": max(0, (today - review.due_on).days),
        "state": review.state,
        "owner": review.owner,
        "href": href(f"/v1/post-implementation-reviews/{review.id}"),
    }


register(SERVICE, "announce_due_reviews", SECONDS, announce_due_reviews)
