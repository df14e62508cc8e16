"""The SQL of cost objects."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.allocation.model import CostObject


def get_cost_object(session: Session, layer: str, object_id: UUID) -> CostObject:
    """One object of a layer by its id."""
    found = session.get(CostObject, object_id)
    if found is None or found.layer != layer:
        raise NotFound(f"{layer} {object_id}")
    return found


def find_by_codes(session: Session, layer: str, codes: Iterable[str]) -> dict[str, CostObject]:
    """The objects of a layer that have these codes."""
    query = select(CostObject).where(
        col(CostObject.layer) == layer, col(CostObject.code).in_(list(codes))
    )
    return {found.code: found for found in session.execute(query).scalars()}


def parents_of(session: Session, layer: str) -> dict[str, str | None]:
    """Every code of a layer with its parent's code."""
    query = select(col(CostObject.code), col(CostObject.parent)).where(
        col(CostObject.layer) == layer
    )
    return {code: parent for code, parent in session.execute(query)}


def list_query(layer: str, *, code: str | None, parent: str | None) -> Select[Any]:
    """The objects of a layer, filtered."""
    query = select(CostObject).where(col(CostObject.layer) == layer)
    if code is not None:
        query = query.where(col(CostObject.code) == code)
    if parent is not None:
        query = query.where(col(CostObject.parent) == parent)
    return query
