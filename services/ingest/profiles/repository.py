"""The SQL of profiles."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.ingest.imports import ImportProfile
from shared.tables.ingest.profiles import ImportProfileVersion


def get_profile(session: Session, profile_id: UUID, *, lock: bool = False) -> ImportProfile:
    """One profile by its id; locked by those who change it, so that versions are counted once."""
    found = session.get(ImportProfile, profile_id, with_for_update=lock)
    if found is None:
        raise NotFound(f"profile {profile_id}")
    return found


def find_by_codes(
    session: Session, codes: Iterable[str], *, lock: bool = False
) -> dict[str, ImportProfile]:
    """The profiles that have these codes, locked in the order of their codes when asked."""
    query = select(ImportProfile).where(col(ImportProfile.code).in_(list(codes)))
    if lock:
        query = query.order_by(col(ImportProfile.code)).with_for_update()
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Profiles with these values."""
    query = select(ImportProfile)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(ImportProfile, name) == value)
    return query


def keep_version(session: Session, row: ImportProfile, subject: str) -> None:
    """Keep the rules of a profile as they are now, under their version."""
    session.flush()
    session.add(
        ImportProfileVersion(
            profile_id=row.id,
            version=row.version,
            code=row.code,
            kind=row.kind,
            rules=row.rules,
            subject=subject,
            created_at=row.updated_at,
        )
    )


def versions_query(profile_id: UUID, version: int | None = None) -> Select[Any]:
    """All versions of a profile, or one, also of a deleted profile."""
    query = select(ImportProfileVersion).where(col(ImportProfileVersion.profile_id) == profile_id)
    if version is not None:
        query = query.where(col(ImportProfileVersion.version) == version)
    return query


def has_versions(session: Session, profile_id: UUID) -> bool:
    """Whether there ever was a profile with this id."""
    return session.execute(versions_query(profile_id).limit(1)).first() is not None
