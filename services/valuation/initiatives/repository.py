"""The SQL of initiatives."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, text
from sqlmodel import Session, col

from services.valuation.initiatives.domain import Promise
from shared.errors import NotFound
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow, ValueExpectation
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction, ReviewFinding

ONE_WRITER = "valuation.initiative"


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert initiatives, so that two never add the same code."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": ONE_WRITER}
    )


def get_initiative(session: Session, initiative_id: UUID, *, lock: bool = False) -> Initiative:
    """One initiative by its id; `lock` keeps others from changing it until the end."""
    found = session.get(Initiative, initiative_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"initiative {initiative_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, Initiative]:
    """The initiatives that have these codes."""
    wanted = list(set(codes))
    if not wanted:
        return {}
    query = select(Initiative).where(col(Initiative.code).in_(wanted))
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(equal: dict[str, str | None], tags: dict[str, str]) -> Any:
    """Initiatives filtered by equal fields and tags."""
    query: Any = select(Initiative)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(Initiative, name) == value)
    if tags:
        query = query.where(col(Initiative.tags).contains(tags))
    return query


def list_promises(session: Session, initiative_id: UUID) -> list[Promise]:
    """What is promised of an initiative, as far as a number can fail it."""
    query = select(col(ValueExpectation.target), col(ValueExpectation.monetary_value)).where(
        col(ValueExpectation.initiative_id) == initiative_id
    )
    return [Promise(row[0], row[1]) for row in session.execute(query)]


def sum_plans(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[Decimal, Decimal]]:
    """(cost, benefit) of the planned cash flows of initiatives; none for those without a plan."""
    flow = InitiativeCashFlow
    is_benefit = col(flow.category) == "benefit"
    query = (
        select(
            col(flow.initiative_id),
            -func.sum(case((is_benefit, Decimal(0)), else_=col(flow.amount))),
            func.sum(case((is_benefit, col(flow.amount)), else_=Decimal(0))),
        )
        .where(col(flow.initiative_id).in_(list(ids)), col(flow.basis) == "plan")
        .group_by(col(flow.initiative_id))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def has_started_reviews(session: Session, initiative_id: UUID) -> bool:
    """Whether a review of the initiative is more than scheduled."""
    query = (
        select(col(PostImplementationReview.id))
        .where(
            col(PostImplementationReview.initiative_id) == initiative_id,
            col(PostImplementationReview.state) != "scheduled",
        )
        .limit(1)
    )
    return session.execute(query).first() is not None


def delete_initiative(session: Session, initiative: Initiative) -> None:
    """The initiative with its promises, cash flows and scheduled reviews."""
    reviews = select(col(PostImplementationReview.id)).where(
        col(PostImplementationReview.initiative_id) == initiative.id
    )
    for child in (ReviewAction, ReviewFinding):
        session.execute(delete(child).where(col(child.review_id).in_(reviews)))
    for owned in (PostImplementationReview, ValueExpectation, InitiativeCashFlow):
        session.execute(delete(owned).where(col(owned.initiative_id) == initiative.id))
    session.delete(initiative)
