"""The SQL that reads cost lines."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, literal, select, text
from sqlmodel import Session, col

from services.ingest.cost_lines.identity import identity_of_external_id
from shared.errors import NotFound
from shared.tables.ingest.facts import CostLine


def find_live(
    session: Session, source: str, scenario: str, external_ids: list[str]
) -> dict[str, UUID]:
    """The live lines of a source by external id, looked up by the identity that it makes."""
    identities = [UUID(identity_of_external_id(one)) for one in external_ids]
    query = select(col(CostLine.external_id), col(CostLine.id)).where(
        col(CostLine.identity) == any_(literal(identities, ARRAY(Uuid))),
        col(CostLine.ordinal) == 1,
        col(CostLine.source) == source,
        col(CostLine.scenario) == scenario,
        col(CostLine.live_to).is_(None),
    )
    return {name: identifier for name, identifier in session.execute(query) if name is not None}


def get_cost_line(session: Session, line_id: UUID) -> CostLine:
    """One version of a line by its id."""
    found = session.get(CostLine, line_id)
    if found is None:
        raise NotFound(f"cost line {line_id}")
    return found


def list_query(
    filters: Mapping[str, Any], tags: Mapping[str, str], fields: Mapping[str, str], *, live: bool
) -> Select[Any]:
    """The lines with these values."""
    query = select(CostLine)
    if live:
        query = query.where(col(CostLine.live_to).is_(None))
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(CostLine, name) == value)
    for name, value in tags.items():
        query = query.where(col(CostLine.tags)[name].astext == value)
    for name, value in fields.items():
        query = query.where(col(CostLine.fields)[name].astext == value)
    return query


def stream(session: Session, query: Select[Any]) -> Iterator[CostLine]:
    """All lines of a query in the order in which they came, read piece by piece."""
    ordered = query.order_by(col(CostLine.id)).execution_options(yield_per=2_000)
    return iter(session.execute(ordered).scalars())


def imports_of(session: Session, line: CostLine) -> list[UUID]:
    """The imports, not reverted, that report a line."""
    found = session.execute(
        text(
            "select id from data_import where status <> 'reverted' and (id = :own or id in"
            " (select import_id from import_claim where row_id = :line)) order by id"
        ),
        {"own": line.import_id, "line": line.id},
    )
    return list(found.scalars())
