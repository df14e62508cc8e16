"""The SQL of plan against actual: pairs of a plan and an actual, summed by group."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Numeric,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on
from sqlmodel import Session, col

from services.valuation.investments.initiatives.filters import InitiativeFilter
from services.valuation.investments.initiatives.repository import narrow
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow, ValueExpectation
from shared.tables.valuation.kpis import Observation, ValueKpi

AMOUNTS = {
    "cost": (col(Initiative.planned_cost), col(Initiative.actual_cost)),
    "benefit": (col(Initiative.planned_benefit), col(Initiative.actual_benefit)),
}
SEPARATOR = "\x1f"


def _group_of(group_by: str) -> Any:
    if group_by == "all":
        return cast(null(), String)
    if group_by == "portfolio" or group_by.startswith("tags."):
        return col(Initiative.tags)[group_by.removeprefix("tags.")].astext
    return cast(getattr(Initiative, group_by), String)


def pairs_of_money(measure: str, group_by: str, wanted: InitiativeFilter) -> Any:
    """Every initiative with its planned and actual cost (or benefit)."""
    planned, actual = AMOUNTS[measure]
    group, unit = _group_of(group_by), col(Initiative.currency)
    query: Any = select(
        _key(group, unit),
        group.label("group"),
        unit.label("unit"),
        planned.label("planned"),
        actual.label("actual"),
        (func.jsonb_array_length(col(Initiative.conflicts)) > 0).label("in_conflict"),
        literal(measure == "cost").label("less_is_good"),
    )
    return narrow(query, wanted).subquery()


def pairs_of_kpi(kpi: str, group_by: str, wanted: InitiativeFilter) -> Any:
    """Every promise of this KPI with its target and what was measured of its initiative."""
    group, unit = _group_of(group_by), col(ValueKpi.unit)
    measured = (
        select(_joined_month())
        .where(
            col(Observation.kpi_id) == col(ValueKpi.id),
            col(Observation.link_key) == literal("initiative:").concat(col(Initiative.code)),
        )
        .group_by(col(Observation.period))
        .order_by(col(Observation.period).desc())
        .limit(1)
        .correlate(ValueKpi, Initiative)
        .scalar_subquery()
    )
    query: Any = (
        select(
            _key(group, unit),
            group.label("group"),
            unit.label("unit"),
            col(ValueExpectation.target).label("planned"),
            measured.label("actual"),
            (func.jsonb_array_length(col(Initiative.conflicts)) > 0).label("in_conflict"),
            (col(ValueKpi.direction) == "down").label("less_is_good"),
        )
        .join(ValueExpectation, col(ValueExpectation.initiative_id) == col(Initiative.id))
        .join(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueKpi.code) == kpi)
    )
    return narrow(query, wanted).subquery()


def _joined_month() -> ColumnElement[Any]:
    """The observations of one month as one value, by the KPI's own aggregation."""
    value, how = col(Observation.value), col(ValueKpi.aggregation)
    newest = func.array_agg(aggregate_order_by(value, col(Observation.updated_at).desc()))
    return case(
        (how == "sum", func.sum(value)),
        (how == "min", func.min(value)),
        (how == "max", func.max(value)),
        (how == "last", newest[1]),
        else_=func.avg(value),
    )


def _key(group: Any, unit: Any) -> ColumnElement[Any]:
    """One text for a group and its unit; a missing one is not the empty one."""
    parts = [
        case((part.is_(None), ""), else_=literal("=").concat(cast(part, String)))
        for part in (group, unit)
    ]
    return parts[0].concat(SEPARATOR).concat(parts[1]).collate("C").label("key")


def totals_query(pairs: Any, over_percent: Decimal) -> Any:
    """The pairs summed by group and unit, as a query that can be paged."""
    planned, actual = pairs.c.planned, pairs.c.actual
    both = and_(planned.is_not(None), actual.is_not(None))
    over = and_(both, actual > planned)
    beyond = (actual - planned) * 100 > func.abs(planned) * cast(over_percent, Numeric)
    count = func.count()
    summed = (
        select(
            pairs.c.key,
            pairs.c.group,
            pairs.c.unit,
            count.label("initiatives"),
            count.filter(planned.is_(None)).label("without_plan"),
            count.filter(actual.is_(None)).label("without_actual"),
            func.sum(planned).label("planned"),
            func.sum(actual).label("actual"),
            count.filter(both).label("compared"),
            func.sum(planned).filter(both).label("compared_planned"),
            func.sum(actual).filter(both).label("compared_actual"),
            count.filter(over).label("over_budget"),
            count.filter(and_(over, beyond)).label("over_budget_beyond"),
            count.filter(pairs.c.in_conflict).label("conflicts"),
            func.bool_and(pairs.c.less_is_good).label("less_is_good"),
        )
        .group_by(pairs.c.key, pairs.c.group, pairs.c.unit)
        .subquery()
    )
    return select(*summed.c), summed


def list_pairs(
    session: Session, pairs: Any, keys: Sequence[str]
) -> dict[str, list[tuple[Decimal, Decimal]]]:
    """(planned, actual) of the groups with these keys, where both are above zero."""
    query = select(pairs.c.key, pairs.c.planned, pairs.c.actual).where(
        pairs.c.key.in_(list(keys)), pairs.c.planned > 0, pairs.c.actual > 0
    )
    found: dict[str, list[tuple[Decimal, Decimal]]] = {key: [] for key in keys}
    for key, planned, actual in session.execute(query):
        found[key].append((planned, actual))
    return found


def sum_costs_until(session: Session, initiative_id: UUID, day: date) -> dict[str, Decimal]:
    """Cost (positive) by basis of all cash flows on or before a day; nothing without any."""
    flow = InitiativeCashFlow
    query = (
        select(col(flow.basis), -func.sum(col(flow.amount)))
        .where(
            col(flow.initiative_id) == initiative_id,
            col(flow.category) != "benefit",
            col(flow.on) <= day,
        )
        .group_by(col(flow.basis))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_promises(session: Session, initiative_id: UUID) -> list[tuple[ValueExpectation, ValueKpi]]:
    """The promises of an initiative that name a KPI, with it."""
    query = (
        select(ValueExpectation, ValueKpi)
        .join(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueExpectation.initiative_id) == initiative_id)
        .order_by(col(ValueExpectation.id))
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def find_measured(
    session: Session, kpi_ids: Sequence[UUID], links: Sequence[str]
) -> Mapping[UUID, tuple[str, Decimal]]:
    """The newest month and value of each KPI, of the first of `links` that has any."""
    if not kpi_ids:
        return {}
    rank = case({link: place for place, link in enumerate(links)}, value=Observation.link_key)
    query = (
        select(col(Observation.kpi_id), col(Observation.period), _joined_month())
        .join(ValueKpi, col(ValueKpi.id) == col(Observation.kpi_id))
        .where(
            col(Observation.kpi_id).in_(list(kpi_ids)),
            or_(*(col(Observation.link_key) == link for link in links)),
        )
        .group_by(
            col(Observation.kpi_id),
            col(Observation.link_key),
            col(Observation.period),
            col(ValueKpi.aggregation),
        )
        .ext(distinct_on(col(Observation.kpi_id)))
        .order_by(col(Observation.kpi_id), rank, col(Observation.period).desc())
    )
    return {kpi: (period, value) for kpi, period, value in session.execute(query)}
