"""`/v1/feedback/statistics`: the figures made of feedback."""

from typing import Annotated

from fastapi import Query

from services.valuation.measures.feedback.endpoints import CodeQuery
from services.valuation.measures.feedback.statistics import By, gather_by, load_counted, statistic
from shared.auth import Needs
from shared.contracts.valuation.feedback import FeedbackStatistics
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import RuleBroken
from shared.http.routing import new_router

router = new_router("/v1/feedback", "feedback", [Needs("valuation:read")])


@router.get(
    "/statistics",
    summary="Recommendation and satisfaction in figures",
    operation_id="get_feedback_statistics",
)
def get_feedback_statistics(
    session: SessionDep,
    solution: CodeQuery = None,
    consumer: CodeQuery = None,
    period: Annotated[Period | None, Query()] = None,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    by: Annotated[By, Query()] = "solution",
) -> FeedbackStatistics:
    """Net promoter score and satisfaction, whole and by solution, consumer or month."""
    if period is not None and (first is not None or last is not None):
        raise RuleBroken.at("query:/from", "bad_stretch", "give `period`, or `from` and `to`")
    equal = {"solution": solution, "consumer": consumer, "period": period}
    counted = load_counted(session, equal, first, last)
    return FeedbackStatistics(
        by=by,
        solution=solution,
        consumer=consumer,
        period=period,
        first=first,
        last=last,
        total=statistic(None, counted),
        items=gather_by(counted, by),
    )
