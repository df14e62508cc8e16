"""The SQL of cash flows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow


def find_by_keys(
    session: Session, initiative_ids: Iterable[UUID], keys: Iterable[str]
) -> dict[tuple[UUID, str], InitiativeCashFlow]:
    """The cash flows of initiatives that have these natural keys."""
    query = select(InitiativeCashFlow).where(
        col(InitiativeCashFlow.initiative_id).in_(list(set(initiative_ids))),
        col(InitiativeCashFlow.natural_key).in_(list(set(keys))),
    )
    found = session.execute(query).scalars()
    return {(row.initiative_id, row.natural_key): row for row in found}


def get_cash_flow(session: Session, initiative_id: UUID, cash_flow_id: UUID) -> InitiativeCashFlow:
    """One cash flow of an initiative."""
    found = session.get(InitiativeCashFlow, cash_flow_id)
    if found is None or found.initiative_id != initiative_id:
        raise NotFound(f"cash flow {cash_flow_id}")
    return found


def list_query(initiative_id: UUID, basis: str | None, category: str | None) -> Any:
    """The cash flows of an initiative, filtered."""
    query: Any = select(InitiativeCashFlow).where(
        col(InitiativeCashFlow.initiative_id) == initiative_id
    )
    if basis is not None:
        query = query.where(col(InitiativeCashFlow.basis) == basis)
    if category is not None:
        query = query.where(col(InitiativeCashFlow.category) == category)
    return query


def list_in_order(session: Session, query: Any) -> list[InitiativeCashFlow]:
    """Cash flows by day."""
    return list(session.execute(_by_day(query)).scalars())


def list_all_query(initiative: str | None, equal: Mapping[str, str | None]) -> Any:
    """The cash flows of all initiatives with their codes, filtered by equal fields."""
    query: Any = select(InitiativeCashFlow, col(Initiative.code)).join(
        Initiative, col(Initiative.id) == col(InitiativeCashFlow.initiative_id)
    )
    if initiative is not None:
        query = query.where(col(Initiative.code) == initiative)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(InitiativeCashFlow, name) == value)
    return query


def sum_by_day(
    session: Session, initiative_id: UUID, basis: str
) -> list[tuple[date, Any, Decimal]]:
    """(day, category, amount) of an initiative's cash flows of one basis, by day."""
    flow = InitiativeCashFlow
    query = (
        select(col(flow.on), col(flow.category), func.sum(col(flow.amount)))
        .where(col(flow.initiative_id) == initiative_id, col(flow.basis) == basis)
        .group_by(col(flow.on), col(flow.category))
        .order_by(col(flow.on), col(flow.category))
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query).all()]


def walk(session: Session, query: Any) -> Iterator[InitiativeCashFlow]:
    """Cash flows by day, read as they are needed (inside a transaction)."""
    yield from session.execute(_by_day(query).execution_options(yield_per=2000)).scalars()


def walk_all(session: Session, query: Any) -> Iterator[tuple[InitiativeCashFlow, str]]:
    """Cash flows and the codes of their initiatives by day, read as they are needed."""
    for row in session.execute(_by_day(query).execution_options(yield_per=2000)):
        yield row[0], row[1]


def _by_day(query: Any) -> Any:
    return query.order_by(col(InitiativeCashFlow.on), col(InitiativeCashFlow.id))
