"""The SQL of the value chain: its stages, and what KPIs and initiatives say of them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.value_chain import ValueChainStage


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert stages, so that two never add the same code."""
    advisory_locks.hold(session, "value_chain_stage")


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, ValueChainStage]:
    """The stages that have these codes."""
    query = select(ValueChainStage).where(col(ValueChainStage.code).in_(list(set(codes))))
    return {row.code: row for row in session.execute(query).scalars()}


def get_stage(session: Session, stage_id: UUID, *, lock: bool = False) -> ValueChainStage:
    """One stage by its id; `lock` keeps others from changing it until the end."""
    found = session.get(ValueChainStage, stage_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"value chain stage {stage_id}")
    return found


def list_query(code: str | None, q: str | None) -> Any:
    """Stages by code, and by a part of code or name."""
    query: Any = select(ValueChainStage)
    if code is not None:
        query = query.where(col(ValueChainStage.code) == code)
    if q is not None:
        names = [col(ValueChainStage.names)[language].astext for language in ("en", "zh-CN")]
        wanted = [column.icontains(q, autoescape=True) for column in names]
        query = query.where(or_(col(ValueChainStage.code).icontains(q, autoescape=True), *wanted))
    return query


def list_all(session: Session) -> Sequence[ValueChainStage]:
    """Every stage in its order."""
    query = select(ValueChainStage).order_by(
        col(ValueChainStage.position), col(ValueChainStage.code)
    )
    return session.execute(query).scalars().all()


def list_revenue_kpis(session: Session) -> Sequence[ValueKpi]:
    """The KPIs that say what is earned, in order of code."""
    query = (
        select(ValueKpi).where(col(ValueKpi.value_role) == "revenue").order_by(col(ValueKpi.code))
    )
    return session.execute(query).scalars().all()


def places_of_initiatives(session: Session) -> Sequence[tuple[str, str | None, str | None]]:
    """(code, stage, solution) of every initiative that was not rejected."""
    query = select(
        col(Initiative.code), col(Initiative.value_chain_stage), col(Initiative.solution)
    ).where(col(Initiative.stage) != "rejected")
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
