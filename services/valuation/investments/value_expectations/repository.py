"""The SQL of value expectations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

NaturalKey = tuple[UUID, UUID | None, str, str | None]


def natural_key(row: ValueExpectation) -> NaturalKey:
    """What an expectation is known by."""
    return (row.initiative_id, row.kpi_id, row.level, row.due_period)


def find_of_initiatives(
    session: Session, initiative_ids: Iterable[UUID]
) -> dict[NaturalKey, ValueExpectation]:
    """All expectations of these initiatives."""
    query = select(ValueExpectation).where(
        col(ValueExpectation.initiative_id).in_(list(set(initiative_ids)))
    )
    found = session.execute(query.order_by(col(ValueExpectation.id))).scalars()
    return {natural_key(row): row for row in found}


def get_expectation(
    session: Session, initiative_id: UUID, expectation_id: UUID
) -> tuple[ValueExpectation, str | None]:
    """One expectation of an initiative, with the code of its KPI."""
    found = session.execute(
        list_query(initiative_id).where(col(ValueExpectation.id) == expectation_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"value expectation {expectation_id}")
    return found[0], found[1]


def list_query(initiative_id: UUID) -> Any:
    """Expectations of an initiative with the codes of their KPIs."""
    return (
        select(ValueExpectation, col(ValueKpi.code))
        .outerjoin(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueExpectation.initiative_id) == initiative_id)
    )


def list_all_query(initiative: str | None, kpi: str | None, equal: Mapping[str, str | None]) -> Any:
    """All expectations with the codes of their KPIs and initiatives, filtered."""
    query: Any = (
        select(ValueExpectation, col(ValueKpi.code), col(Initiative.code))
        .outerjoin(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .join(Initiative, col(Initiative.id) == col(ValueExpectation.initiative_id))
    )
    if initiative is not None:
        query = query.where(col(Initiative.code) == initiative)
    if kpi is not None:
        query = query.where(col(ValueKpi.code) == kpi)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(ValueExpectation, name) == value)
    return query


def walk_all(session: Session, query: Any) -> Iterator[tuple[ValueExpectation, str | None, str]]:
    """Expectations with the codes of their KPIs and initiatives, read as they are needed."""
    ordered = query.order_by(col(ValueExpectation.id)).execution_options(yield_per=2000)
    for row in session.execute(ordered):
        yield row[0], row[1], row[2]
