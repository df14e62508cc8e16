"""The SQL of comparisons."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, text
from sqlmodel import Session, col

from shared.database import at_once
from shared.errors import NotFound
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Comparison, ComparisonChunk


def get_comparison(session: Session, comparison_id: UUID) -> Comparison:
    """One comparison by its id."""
    found = session.get(Comparison, comparison_id)
    if found is None:
        raise NotFound(f"comparison {comparison_id}")
    return found


def list_query(
    run: UUID | None, base: UUID | None, method: str | None, status: str | None
) -> Select[Any]:
    """Comparisons, filtered."""
    query = select(Comparison)
    for column, value in (
        (Comparison.run_id, run),
        (Comparison.base_id, base),
        (Comparison.method, method),
        (Comparison.status, status),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    return query


def find_finished(session: Session, run: UUID, base: UUID, method: str) -> Comparison | None:
    """A comparison of the same two runs that has its figures already."""
    query = list_query(run, base, method, "succeeded").order_by(col(Comparison.id)).limit(1)
    return session.execute(query).scalar_one_or_none()


def find_run(session: Session, run_id: UUID) -> AllocationRun | None:
    """A run by its id."""
    return session.get(AllocationRun, run_id)


def runs_of(session: Session, comparisons: Sequence[Comparison]) -> dict[UUID, AllocationRun]:
    """Every run that these comparisons compare."""
    ids = {one.run_id for one in comparisons} | {one.base_id for one in comparisons}
    query = select(AllocationRun).where(col(AllocationRun.id).in_(ids))
    return {run.id: run for run in session.execute(query).scalars()}


def list_holdings(
    session: Session, run_id: UUID, measures: Sequence[str]
) -> Iterable[tuple[str, str, str | None, int]]:
    """What every object of a run held: (measure, layer, code, units); the lines have no code."""
    rows = session.execute(
        text(
            "select measure, layer, code, own + received from run_balance"
            " where run_id = :run and measure = any(:measures)"
        ),
        {"run": run_id, "measures": list(measures)},
    )
    return ((measure, layer, code, int(units)) for measure, layer, code, units in rows)


def mark_running(comparison_id: UUID) -> None:
    """Show at once, outside the job's transaction, that the comparison has begun."""
    statement = text(
        "update comparison set status = 'running' where id = :id and status = 'queued'"
    )
    with at_once() as connection:
        connection.execute(statement, {"id": comparison_id})


def replace_chunks(session: Session, comparison_id: UUID, chunks: Iterable[bytes]) -> None:
    """Store the figures of a comparison; a job that is repeated writes what it wrote before."""
    mine = col(ComparisonChunk.comparison_id) == comparison_id
    session.execute(delete(ComparisonChunk).where(mine))
    for position, content in enumerate(chunks):
        session.add(
            ComparisonChunk(comparison_id=comparison_id, position=position, content=content)
        )


def read_chunks_of(session: Session, comparison_id: UUID) -> list[bytes]:
    """The stored figures of a comparison, in order."""
    query = (
        select(col(ComparisonChunk.content))
        .where(col(ComparisonChunk.comparison_id) == comparison_id)
        .order_by(col(ComparisonChunk.position))
    )
    return [bytes(content) for content in session.execute(query).scalars()]
