"""The SQL of initiatives."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from services.valuation.investments.initiatives.filters import InitiativeFilter
from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.valuation.gates import InitiativeGate
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow, ValueExpectation
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction, ReviewFinding


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert initiatives, so that two never add the same code."""
    advisory_locks.hold(session, "initiative")


def get_initiative(session: Session, initiative_id: UUID, *, lock: bool = False) -> Initiative:
    """One initiative by its id; `lock` keeps others from changing it until the end."""
    found = session.get(Initiative, initiative_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"initiative {initiative_id}")
    return found


def find_by_codes(
    session: Session, codes: Iterable[str], *, lock: bool = False
) -> dict[str, Initiative]:
    """The initiatives that have these codes; `lock` keeps others from changing them."""
    wanted = list(set(codes))
    if not wanted:
        return {}
    query = select(Initiative).where(col(Initiative.code).in_(wanted)).order_by(col(Initiative.id))
    if lock:
        query = query.with_for_update()
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(wanted: InitiativeFilter) -> Any:
    """Initiatives that a caller asks for."""
    return narrow(select(Initiative), wanted)


def walk(session: Session, query: Any) -> Iterator[Initiative]:
    """Initiatives by code, read as they are needed (inside a transaction)."""
    ordered = query.order_by(col(Initiative.code)).execution_options(yield_per=2000)
    yield from session.execute(ordered).scalars()


def narrow(query: Any, wanted: InitiativeFilter) -> Any:
    """A query over initiatives, narrowed to those that a caller asks for."""
    for name, value in wanted.equal_fields().items():
        query = query.where(getattr(Initiative, name) == value)
    if wanted.tags:
        query = query.where(col(Initiative.tags).contains(dict(wanted.tags)))
    if wanted.conflict is not None:
        query = query.where(
            (func.jsonb_array_length(col(Initiative.conflicts)) > 0) == wanted.conflict
        )
    if wanted.finding is not None:
        query = query.where(col(Initiative.findings).contains([wanted.finding]))
    if wanted.over_budget is not None:
        over = col(Initiative.actual_cost) > col(Initiative.planned_cost)
        query = query.where(over if wanted.over_budget else over.is_not(True))
    return query


def sum_flows(session: Session, ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], Decimal]]:
    """Sums of the cash flows of initiatives by basis and category; nothing without cash flows."""
    flow = InitiativeCashFlow
    query = (
        select(col(flow.initiative_id), col(flow.basis), col(flow.category), func.sum(flow.amount))
        .where(col(flow.initiative_id).in_(list(ids)))
        .group_by(col(flow.initiative_id), col(flow.basis), col(flow.category))
    )
    sums: dict[UUID, dict[tuple[str, str], Decimal]] = {}
    for owner, basis, category, amount in session.execute(query):
        sums.setdefault(owner, {})[basis, category] = amount
    return sums


def has_started_reviews(session: Session, initiative_id: UUID) -> bool:
    """Whether a review of the initiative is more than scheduled; none starts until the end."""
    query = (
        select(col(PostImplementationReview.state))
        .where(col(PostImplementationReview.initiative_id) == initiative_id)
        .order_by(col(PostImplementationReview.id))
        .with_for_update()
    )
    return any(state != "scheduled" for state in session.execute(query).scalars())


def delete_initiative(session: Session, initiative: Initiative) -> None:
    """The initiative with its promises, cash flows and scheduled reviews."""
    reviews = select(col(PostImplementationReview.id)).where(
        col(PostImplementationReview.initiative_id) == initiative.id
    )
    for child in (ReviewAction, ReviewFinding):
        session.execute(delete(child).where(col(child.review_id).in_(reviews)))
    owned_tables = (PostImplementationReview, ValueExpectation, InitiativeCashFlow, InitiativeGate)
    for owned in owned_tables:
        session.execute(delete(owned).where(col(owned.initiative_id) == initiative.id))
    session.delete(initiative)
