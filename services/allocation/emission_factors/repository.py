"""The SQL of emission factors: versions that are live from one change to another."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, tuple_
from sqlmodel import Session, col

from services.allocation.emission_factors.domain import Factor
from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.allocation.emissions import EmissionFactor

Key = tuple[str, str, str, str]
"""Region, scope, basis, valid_from."""
KEY = tuple_(
    col(EmissionFactor.region),
    col(EmissionFactor.scope),
    col(EmissionFactor.basis),
    col(EmissionFactor.valid_from),
)


def hold_factors(session: Session) -> None:
    """One change of the factors at a time, so that they commit in the order of their numbers."""
    advisory_locks.hold(session, "emission factors")


def next_change(session: Session) -> int:
    """The number of this change; to be taken under the lock."""
    return int(session.execute(text("select nextval('change_number')")).scalar_one())


def last_change(session: Session) -> int:
    """The number of the last change of any factor."""
    newest = func.max(func.greatest(EmissionFactor.live_from, EmissionFactor.live_to))
    return int(session.execute(select(func.coalesce(newest, 0))).scalar_one())


def get_factor(session: Session, factor_id: UUID) -> EmissionFactor:
    """One factor that still holds."""
    found = session.get(EmissionFactor, factor_id)
    if found is None or found.live_to is not None:
        raise NotFound(f"emission factor {factor_id}")
    return found


def find_factors(session: Session, keys: Sequence[Key]) -> dict[Key, EmissionFactor]:
    """The live factors under these keys."""
    query = select(EmissionFactor).where(col(EmissionFactor.live_to).is_(None), KEY.in_(keys))
    rows = session.execute(query).scalars()
    return {(row.region, row.scope, row.basis, row.valid_from): row for row in rows}


def list_query(filters: dict[str, str | None], period: str | None) -> Select[Any]:
    """The live factors, filtered by equal values; `period` keeps those begun by then."""
    query = select(EmissionFactor).where(col(EmissionFactor.live_to).is_(None))
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(EmissionFactor, name) == value)
    if period is not None:
        query = query.where(col(EmissionFactor.valid_from) <= period)
    return query


def list_factors(session: Session, basis: str, period: str, as_of: int) -> list[Factor]:
    """The factors of a basis that had begun by a month, as they were after a change."""
    live_to = col(EmissionFactor.live_to)
    query = (
        select(EmissionFactor)
        .where(
            col(EmissionFactor.basis) == basis,
            col(EmissionFactor.valid_from) <= period,
            col(EmissionFactor.live_from) <= as_of,
            or_(live_to.is_(None), live_to > as_of),
        )
        .order_by(col(EmissionFactor.region), col(EmissionFactor.scope))
    )
    return [
        Factor(row.code, row.region, row.scope, row.valid_from, row.kg_per_kwh)
        for row in session.execute(query).scalars()
    ]
