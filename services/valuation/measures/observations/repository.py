"""The SQL of observations."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.valuation.kpis import Observation, ValueKpi

NaturalKey = tuple[UUID, str, datetime | None, str, str]


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert observations, so that two never add the same one."""
    advisory_locks.hold(session, "observation")


def natural_key(row: Observation) -> NaturalKey:
    """What an observation is known by."""
    return (row.kpi_id, row.period, row.at, row.source, row.link_key)


def find_by_kpis_and_periods(
    session: Session, kpi_ids: Iterable[UUID], periods: Iterable[str]
) -> dict[NaturalKey, Observation]:
    """All observations of these KPIs in these months."""
    query = select(Observation).where(
        col(Observation.kpi_id).in_(list(set(kpi_ids))),
        col(Observation.period).in_(list(set(periods))),
    )
    return {natural_key(row): row for row in session.execute(query).scalars()}


def get_observation(
    session: Session, observation_id: UUID, *, lock: bool = False
) -> tuple[Observation, str]:
    """One observation by its id, with the code of its KPI; `lock` until the end."""
    query = (
        select(Observation, col(ValueKpi.code))
        .join(ValueKpi, col(ValueKpi.id) == col(Observation.kpi_id))
        .where(col(Observation.id) == observation_id)
    )
    if lock:
        query = query.with_for_update(of=Observation)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"observation {observation_id}")
    return found[0], found[1]


def list_query(
    *,
    kpi: str | None,
    period: str | None,
    first: str | None,
    last: str | None,
    source: str | None,
    link_key: str | None,
) -> Any:
    """Observations with the codes of their KPIs, filtered; months are inclusive."""
    query: Any = select(Observation, col(ValueKpi.code)).join(
        ValueKpi, col(ValueKpi.id) == col(Observation.kpi_id)
    )
    equal = {
        col(ValueKpi.code): kpi,
        col(Observation.period): period,
        col(Observation.source): source,
        col(Observation.link_key): link_key,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if first is not None:
        query = query.where(col(Observation.period) >= first)
    if last is not None:
        query = query.where(col(Observation.period) <= last)
    return query


def walk(session: Session, query: Any) -> Iterator[Any]:
    """Every row of a filtered list, by KPI and month, read as it is needed."""
    ordered = query.order_by(col(ValueKpi.code), col(Observation.period), col(Observation.id))
    yield from session.execute(ordered.execution_options(yield_per=2000))


def list_of_kpis(
    session: Session, kpi_ids: Iterable[UUID], first: str, last: str, source: str | None = None
) -> Sequence[Row[Any]]:
    """(id, KPI code, period, value, link key) of some KPIs between two months, in order of time."""
    query = (
        select(
            col(Observation.id),
            col(ValueKpi.code),
            col(Observation.period),
            col(Observation.value),
            col(Observation.link_key),
        )
        .join(ValueKpi, col(ValueKpi.id) == col(Observation.kpi_id))
        .where(
            col(Observation.kpi_id).in_(list(kpi_ids)),
            col(Observation.period) >= first,
            col(Observation.period) <= last,
        )
        .order_by(col(Observation.period), col(Observation.at).nulls_first(), col(Observation.id))
    )
    if source is not None:
        query = query.where(col(Observation.source) == source)
    return session.execute(query).all()


def span_of_kpis(session: Session, kpi_ids: Iterable[UUID]) -> tuple[str, str] | None:
    """The first and last month in which some KPIs were observed."""
    query = select(func.min(col(Observation.period)), func.max(col(Observation.period))).where(
        col(Observation.kpi_id).in_(list(kpi_ids))
    )
    first, last = session.execute(query).one()
    return (first, last) if first is not None else None
