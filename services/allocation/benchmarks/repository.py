"""The SQL of benchmarks."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from shared.database import new_session
from shared.errors import NotFound
from shared.tables.allocation.planning import Benchmark

Key = tuple[str | None, str | None, str | None, str, str | None, date]
"""What a benchmark is known by: layer, object, KPI, metric, source, day."""
EXPORT_BATCH = 1_000


def key_of(row: Any) -> Key:
    """The key of a benchmark, or of a request for one."""
    return (row.layer, row.object, row.kpi, row.metric, row.source, row.as_of)


def get_benchmark(session: Session, benchmark_id: UUID) -> Benchmark:
    """One benchmark by its id."""
    found = session.get(Benchmark, benchmark_id)
    if found is None:
        raise NotFound(f"benchmark {benchmark_id}")
    return found


def lock_benchmark(session: Session, benchmark_id: UUID) -> Benchmark:
    """One benchmark, held against other changes until the transaction ends."""
    found = session.get(Benchmark, benchmark_id, with_for_update=True)
    if found is None:
        raise NotFound(f"benchmark {benchmark_id}")
    return found


def find_benchmarks(session: Session, keys: Iterable[Key]) -> dict[Key, Benchmark]:
    """The benchmarks of these keys, held against other changes."""
    wanted = set(keys)
    if not wanted:
        return {}
    known_by = func.coalesce(col(Benchmark.object), col(Benchmark.kpi))
    query = (
        select(Benchmark)
        .where(known_by.in_({key[1] or key[2] for key in wanted}))
        .order_by(col(Benchmark.id))
        .with_for_update()
    )
    found = session.execute(query).scalars()
    return {key_of(row): row for row in found if key_of(row) in wanted}


def list_query(equal: Mapping[str, object], first: date | None, last: date | None) -> Select[Any]:
    """Benchmarks, filtered."""
    query = select(Benchmark)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(Benchmark, name) == value)
    if first is not None:
        query = query.where(col(Benchmark.as_of) >= first)
    return query if last is None else query.where(col(Benchmark.as_of) <= last)


def read_all(query: Select[Any]) -> Iterator[Benchmark]:
    """Every row of a filtered list, read while it is written out."""
    with new_session() as session:
        ordered = query.order_by(col(Benchmark.as_of), col(Benchmark.id))
        yield from session.execute(ordered.execution_options(yield_per=EXPORT_BATCH)).scalars()
