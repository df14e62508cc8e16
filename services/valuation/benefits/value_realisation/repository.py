"""The SQL of realised value: promises of money, and reviews that speak of them."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

Promise = tuple[ValueExpectation, Initiative, ValueKpi | None]
Look = tuple[PostImplementationReview, Initiative]


def list_promises(session: Session, portfolio: str | None, sponsor: str | None) -> list[Promise]:
    """(expectation with money, its initiative, its KPI) of initiatives that were not rejected."""
    query: Any = (
        select(ValueExpectation, Initiative, ValueKpi)
        .join(Initiative, col(Initiative.id) == col(ValueExpectation.initiative_id))
        .outerjoin(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueExpectation.monetary_value).is_not(None))
    )
    rows = session.execute(_filtered(query, portfolio, sponsor))
    return [(row[0], row[1], row[2]) for row in rows]


def list_reviews(session: Session, portfolio: str | None, sponsor: str | None) -> list[Look]:
    """Every review with its initiative, by due day."""
    review = PostImplementationReview
    query: Any = select(review, Initiative).join(
        Initiative, col(Initiative.id) == col(review.initiative_id)
    )
    ordered = _filtered(query, portfolio, sponsor).order_by(
        col(review.due_on), col(review.approved_at), col(review.id)
    )
    return [(row[0], row[1]) for row in session.execute(ordered)]


def classes_of_kpis(session: Session) -> dict[str, str]:
    """The class of every KPI by its code."""
    rows = session.execute(select(col(ValueKpi.code), col(ValueKpi.kpi_class)))
    return {row[0]: row[1] for row in rows}


def _filtered(query: Any, portfolio: str | None, sponsor: str | None) -> Any:
    query = query.where(col(Initiative.stage) != "rejected")
    if sponsor is not None:
        query = query.where(col(Initiative.sponsor) == sponsor)
    if portfolio is not None:
        query = query.where(col(Initiative.tags).contains({"portfolio": portfolio}))
    return query
