"""The SQL of the view of solutions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import Observation, ValueKpi

SOLUTION_KEYS = "solution:"


def list_kpis_of_solutions(session: Session, first: str, last: str) -> Sequence[ValueKpi]:
    """The KPIs that are linked to solutions, or were observed of them between two months."""
    observed = (
        select(col(Observation.kpi_id))
        .where(
            col(Observation.link_key).startswith(SOLUTION_KEYS, autoescape=True),
            col(Observation.period) >= first,
            col(Observation.period) <= last,
        )
        .distinct()
    )
    linked = col(ValueKpi.links).contains([{"layer": "solution"}])
    query = (
        select(ValueKpi).where(linked | col(ValueKpi.id).in_(observed)).order_by(col(ValueKpi.code))
    )
    return session.execute(query).scalars().all()


def initiatives_by_solution(session: Session) -> dict[str, list[str]]:
    """The codes of initiatives that were not rejected, by their solutions."""
    query = (
        select(col(Initiative.solution), col(Initiative.code))
        .where(col(Initiative.stage) != "rejected", col(Initiative.solution).is_not(None))
        .order_by(col(Initiative.code))
    )
    found: dict[str, list[str]] = {}
    for solution, code in session.execute(query):
        found.setdefault(solution, []).append(code)
    return found
