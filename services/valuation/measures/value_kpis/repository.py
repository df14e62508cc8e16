"""The SQL of value KPIs."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.valuation.initiatives import ValueExpectation
from shared.tables.valuation.kpis import Observation, ValueKpi


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert KPIs, so that two never add the same code."""
    advisory_locks.hold(session, "value_kpi")


def get_value_kpi(session: Session, kpi_id: UUID, *, lock: bool = False) -> ValueKpi:
    """One KPI by its id; `lock` keeps others from changing it until the end."""
    found = session.get(ValueKpi, kpi_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"value KPI {kpi_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, ValueKpi]:
    """The KPIs that have these codes."""
    wanted = list(set(codes))
    if not wanted:
        return {}
    query = select(ValueKpi).where(col(ValueKpi.code).in_(wanted))
    return {found.code: found for found in session.execute(query).scalars()}


def find_formulas(session: Session, codes: Iterable[str]) -> list[tuple[str, str, str | None]]:
    """(code, unit, formula) of the KPIs that have these codes."""
    query = select(col(ValueKpi.code), col(ValueKpi.unit), col(ValueKpi.formula)).where(
        col(ValueKpi.code).in_(list(codes))
    )
    return [(code, unit, formula) for code, unit, formula in session.execute(query)]


def formulas_with(session: Session, text_part: str) -> list[str]:
    """The formulas in which this text stands."""
    query = select(col(ValueKpi.formula)).where(
        col(ValueKpi.formula).contains(text_part, autoescape=True)
    )
    return [formula for formula in session.execute(query).scalars() if formula is not None]


def walk(session: Session, query: Any) -> Iterator[ValueKpi]:
    """Every KPI of a filtered list by code, read as it is needed."""
    ordered = query.order_by(col(ValueKpi.code))
    yield from session.execute(ordered.execution_options(yield_per=1000)).scalars()


def list_query(equal: dict[str, str | None], link: dict[str, str] | None, q: str | None) -> Any:
    """KPIs filtered by equal fields, by a link they carry, and by a part of code or name."""
    query: Any = select(ValueKpi)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(ValueKpi, name) == value)
    if link is not None:
        query = query.where(col(ValueKpi.links).contains([link]))
    if q is not None:
        part = f"%{_escaped(q)}%"
        names = [col(ValueKpi.names)[language].astext for language in ("en", "zh-CN")]
        found = [column.ilike(part, escape="\\") for column in (col(ValueKpi.code), *names)]
        query = query.where(or_(*found))
    return query


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def is_used(session: Session, kpi_id: UUID) -> bool:
    """Whether observations or value expectations name the KPI."""
    observed = select(col(Observation.id)).where(col(Observation.kpi_id) == kpi_id).limit(1)
    promised = (
        select(col(ValueExpectation.id)).where(col(ValueExpectation.kpi_id) == kpi_id).limit(1)
    )
    return any(session.execute(query).first() is not None for query in (observed, promised))
