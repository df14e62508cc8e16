"""What valuation does when allocation publishes a run: reports, and new cost for open reviews."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.filling import ask_and_lock, fill_review
from services.valuation.reporting.report_schedules.workflow import order_published
from shared.contracts.jobs import EventEnvelope
from shared.foundation.received_events import on_event
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register

REFRESH_REVIEW = "refresh_review"


def run_published(session: Session, event: EventEnvelope) -> None:
    """Order the reports that wait for a run; fill anew every review in progress that has cost."""
    order_published(session, event)
    for review in repository.find_open_of_solutions(session):
        defer_job(
            session,
            service="valuation",
            kind=REFRESH_REVIEW,
            subject=f"service:{event.source}",
            resource_id=review.id,
            resource_href=href(f"/v1/post-implementation-reviews/{review.id}"),
            arguments={"run": event.resource_id},
        )


def refresh_review(context: JobContext) -> None:
    """Fill a review anew while it is in progress; what is submitted or approved stays."""
    (review, initiative), run_cost = ask_and_lock(context.session, context.resource_id)
    if review.state == "in_progress":
        fill_review(context.session, review, initiative, run_cost)
        review.version += 1


def _keep_as_it_is(_: Session, __: UUID, ___: dict[str, Any], ____: str) -> None:
    """A review that could not be filled anew keeps its earlier results."""


on_event("valuation", "run.published", run_published)
register(REFRESH_REVIEW, refresh_review, _keep_as_it_is)
