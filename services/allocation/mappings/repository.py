"""The SQL of mappings."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from services.allocation.engine.model import MappingSpec
from shared.database import new_session
from shared.errors import NotFound
from shared.tables.allocation.model import ModelMapping, ModelVersion

EXPORT_BATCH = 1_000


def get_mapping(session: Session, mapping_id: UUID) -> ModelMapping:
    """One mapping by its id."""
    found = session.get(ModelMapping, mapping_id)
    if found is None:
        raise NotFound(f"mapping {mapping_id}")
    return found


def mappings_of(session: Session, version_id: UUID) -> list[ModelMapping]:
    """Every mapping of a version, by code."""
    query = (
        select(ModelMapping)
        .where(col(ModelMapping.model_version_id) == version_id)
        .order_by(col(ModelMapping.code))
    )
    return list(session.execute(query).scalars())


def specs_of(session: Session, version_id: UUID) -> list[MappingSpec]:
    """Every mapping of a version as the engine takes it, by code."""
    return [spec_of_row(row) for row in mappings_of(session, version_id)]


def mappings_not_retired(session: Session) -> Iterator[MappingSpec]:
    """The mappings of every version that is open or published."""
    query = (
        select(ModelMapping)
        .join(ModelVersion, col(ModelVersion.id) == col(ModelMapping.model_version_id))
        .where(col(ModelVersion.status) != "retired")
        .order_by(col(ModelMapping.code))
    )
    for row in session.execute(query).scalars():
        yield spec_of_row(row)


def spec_of_row(row: ModelMapping) -> MappingSpec:
    """A stored mapping as the engine takes it."""
    return MappingSpec(
        code=row.code,
        stage=row.stage,
        method=row.method,
        target=row.target,
        source=row.source,
        priority=row.priority,
        portion=row.portion,
        driver=row.driver,
        capacity_driver=row.capacity_driver,
        rates=row.rates,
        floor=row.floor,
        cap=row.cap,
        on_zero=row.on_zero,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        note=row.note,
    )


def list_query(version_id: UUID, filters: dict[str, str | None]) -> Select[Any]:
    """The mappings of a version, filtered by equal values."""
    query = select(ModelMapping).where(col(ModelMapping.model_version_id) == version_id)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(ModelMapping, name) == value)
    return query


def read_all(version_id: UUID, filters: dict[str, str | None]) -> Iterator[ModelMapping]:
    """Every mapping of a filtered list in code order, read while it is written out."""
    with new_session() as session:
        query = list_query(version_id, filters).order_by(col(ModelMapping.code))
        yield from session.execute(query.execution_options(yield_per=EXPORT_BATCH)).scalars()
