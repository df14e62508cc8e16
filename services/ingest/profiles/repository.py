"""The SQL of profiles."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.ingest.imports import ImportProfile


def get_profile(session: Session, profile_id: UUID) -> ImportProfile:
    """One profile by its id."""
    found = session.get(ImportProfile, profile_id)
    if found is None:
        raise NotFound(f"profile {profile_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, ImportProfile]:
    """The profiles that have these codes."""
    query = select(ImportProfile).where(col(ImportProfile.code).in_(list(codes)))
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Profiles with these values."""
    query = select(ImportProfile)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(ImportProfile, name) == value)
    return query
