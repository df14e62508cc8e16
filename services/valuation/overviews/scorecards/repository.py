"""The SQL of scorecards."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shared.tables.valuation.kpis import Observation, ValueKpi


def list_kpis(session: Session) -> Sequence[ValueKpi]:
    """Every KPI in order of code."""
    return session.execute(select(ValueKpi).order_by(col(ValueKpi.code))).scalars().all()


def observed_of(session: Session, link_keys: Collection[str], first: str, last: str) -> set[UUID]:
    """The KPIs that have observations linked to one of these things between two months."""
    query = (
        select(col(Observation.kpi_id))
        .where(
            col(Observation.link_key).in_(list(link_keys)),
            col(Observation.period) >= first,
            col(Observation.period) <= last,
        )
        .distinct()
    )
    return set(session.execute(query).scalars())
