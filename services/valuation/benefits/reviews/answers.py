"""Reviews as callers see them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.domain import is_overdue
from services.valuation.benefits.reviews.shown import (
    shown_adoption,
    shown_cost,
    shown_decision,
    shown_results,
    shown_run_cost,
    shown_satisfaction,
    sum_levels,
)
from services.valuation.measures.value_kpis.domain import VERDICT_RULE
from shared.clock import utc_now
from shared.contracts.valuation.review_notes import (
    ActionAnswer,
    FindingAnswer,
    ReviewActionAnswer,
)
from shared.contracts.valuation.reviews import ReviewAnswer, ReviewSummary
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction, ReviewFinding


def today() -> date:
    """The day by which reviews and actions are overdue (UTC)."""
    return utc_now().date()


def _summary(review: Any, initiative: Any, language: str) -> dict[str, Any]:
    return {
        "id": review.id,
        "etag": etag_of(review.id, review.version),
        "initiative": initiative.code,
        "initiative_name": name_in(initiative.names, language),
        "due_on": review.due_on,
        "offset_months": review.offset_months,
        "state": review.state,
        "overdue": is_overdue(review.state, review.due_on, today()),
        "owner": review.owner,
        "sponsor": initiative.sponsor,
        "portfolio": initiative.tags.get("portfolio"),
        "approved_at": review.approved_at,
        "created_at": review.created_at,
        "updated_at": review.updated_at,
    }


def review_summary(row: repository.ListedReview, language: str) -> ReviewSummary:
    """A review in a list, from a row of `repository.list_query`."""
    return ReviewSummary(**_summary(row, row, language))


def review_answer(
    session: Session, review: PostImplementationReview, initiative: Initiative, language: str
) -> ReviewAnswer:
    """A review with everything in it."""
    return ReviewAnswer(
        **_summary(review, initiative, language),
        results=shown_results(review.results, language),
        levels=sum_levels(review.results),
        verdict_rule=VERDICT_RULE[language],
        allocated_cost=shown_run_cost(review.allocated_cost, initiative, language),
        cost=shown_cost(review.cost),
        decision=shown_decision(review.decision, language),
        adoption=shown_adoption(review.adoption, language),
        satisfaction=shown_satisfaction(review.satisfaction),
        discount_rate=review.discount_rate,
        judgement=review.judgement,
        filled_at=review.filled_at,
        findings=[finding_answer(row) for row in repository.list_findings(session, review.id)],
        actions=[action_answer(row) for row in repository.list_actions(session, review.id)],
        lessons=review.lessons,
        extra_benefits=review.extra_benefits,
        started_by=review.started_by,
        submitted_by=review.submitted_by,
        submitted_at=review.submitted_at,
        approved_by=review.approved_by,
        returned_reason=review.returned_reason,
    )


def finding_answer(row: ReviewFinding) -> FindingAnswer:
    """A finding as callers see it."""
    return FindingAnswer(
        **row.model_dump(exclude={"version", "review_id", "updated_at"}),
        etag=etag_of(row.id, row.version),
    )


def action_answer(row: ReviewAction) -> ActionAnswer:
    """An action as callers see it."""
    return ActionAnswer(**_action(row))


def action_of_review(
    row: ReviewAction, review_id: UUID, initiative: Initiative, language: str
) -> ReviewActionAnswer:
    """An action in the list across reviews."""
    return ReviewActionAnswer(
        **_action(row),
        review=review_id,
        initiative=initiative.code,
        initiative_name=name_in(initiative.names, language),
    )


def _action(row: ReviewAction) -> dict[str, Any]:
    """An open action is overdue from the day after it was due."""
    is_open = row.state in {"open", "in_progress"}
    return row.model_dump(exclude={"version", "review_id", "updated_at"}) | {
        "etag": etag_of(row.id, row.version),
        "overdue": is_open and row.due_on < today(),
    }
