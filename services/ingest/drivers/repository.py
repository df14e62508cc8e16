"""The SQL of drivers."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.ingest.facts import Driver, DriverQuantity


def get_driver(session: Session, driver_id: UUID) -> Driver:
    """One driver by its id."""
    found = session.get(Driver, driver_id)
    if found is None:
        raise NotFound(f"driver {driver_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, Driver]:
    """The drivers that have these codes."""
    query = select(Driver).where(col(Driver.code).in_(list(codes)))
    return {found.code: found for found in session.execute(query).scalars()}


def has_quantities(session: Session, code: str) -> bool:
    """Whether any quantity, live or not, names the driver."""
    query = select(exists().where(col(DriverQuantity.driver) == code))
    return bool(session.execute(query).scalar_one())


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Drivers with these values."""
    query = select(Driver)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Driver, name) == value)
    return query
