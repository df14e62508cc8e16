"""The SQL of value expectations."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.initiatives import ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

NaturalKey = tuple[UUID | None, str, str | None]


def natural_key(row: ValueExpectation) -> NaturalKey:
    """What an expectation is known by within its initiative."""
    return (row.kpi_id, row.level, row.due_period)


def find_of_initiative(session: Session, initiative_id: UUID) -> dict[NaturalKey, ValueExpectation]:
    """All expectations of an initiative."""
    query = select(ValueExpectation).where(col(ValueExpectation.initiative_id) == initiative_id)
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
