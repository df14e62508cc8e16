"""`/v1/post-implementation-reviews/{id}/announcements`: what was said of a review, and when."""

from uuid import UUID

from services.valuation.benefits.review_notices import (
    repository,
    workflow,  # noqa: F401 - its import adds the chore of announcing
)
from services.valuation.benefits.reviews import repository as reviews
from services.valuation.benefits.reviews.endpoints import PATH, TAG
from shared.auth import Needs
from shared.contracts.jobs import Page
from shared.contracts.valuation.reviews import AnnouncementAnswer
from shared.database import SessionDep
from shared.http.routing import new_router

router = new_router(PATH, TAG, [Needs("valuation:read")])


@router.get(
    "/{review_id:uuid}/announcements",
    summary="List what was announced of a review",
    operation_id="list_review_announcements",
)
def list_review_announcements(review_id: UUID, session: SessionDep) -> Page[AnnouncementAnswer]:
    """Reminders, the day itself and lateness, in the order of their events, all on one page."""
    reviews.get_review(session, review_id)
    rows = repository.list_of_review(session, review_id)
    return Page(items=[AnnouncementAnswer(**row.model_dump(exclude={"review_id"})) for row in rows])
