"""The SQL of imports and their rejects."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlmodel import Session, col

from services.ingest.changes.repository import copy_csv, copy_rows
from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.ingest.imports import DataImport, ImportReject
from shared.tables.platform import Job

REJECT_COLUMNS = ("number", "row_no", "column_name", "code", "message", "raw", "cells")
_REFUSED_COLUMNS = ("import_id", "number", "row_no", "column_name", "code", "message", "raw")
#: The temporary table of what another service has refused.
ANSWERS = "answer_refused"


def hold_file(session: Session, *parts: str) -> None:
    """Let one upload of the same file with the same parameters at a time through."""
    advisory_locks.hold(session, "import:" + ":".join(parts))


def find_same(
    session: Session, sha256: str, kind: str, source: str, parameters_hash: str
) -> DataImport | None:
    """The import of the same bytes, kind, source and parameters that has not failed."""
    query = select(DataImport).where(
        col(DataImport.sha256) == sha256,
        col(DataImport.kind) == kind,
        col(DataImport.source) == source,
        col(DataImport.parameters_hash) == parameters_hash,
        col(DataImport.status).not_in(["failed", "reverted"]),
    )
    return session.execute(query).scalars().first()


def live_retries(session: Session, import_id: UUID) -> list[DataImport]:
    """The imports of corrected rows of an import that have not failed and were not reverted."""
    query = select(DataImport).where(
        col(DataImport.retry_of) == import_id,
        col(DataImport.status).not_in(["failed", "reverted"]),
    )
    return list(session.execute(query).scalars())


def unfinished_job(session: Session, import_id: UUID) -> Job | None:
    """The job that still works on an import, if it has one of its own."""
    query = select(Job).where(
        col(Job.resource_id) == str(import_id), col(Job.finished_at).is_(None)
    )
    return session.execute(query).scalars().first()


def get_import(session: Session, import_id: UUID, *, for_update: bool = False) -> DataImport:
    """One import by its id."""
    found = session.get(DataImport, import_id, with_for_update=for_update)
    if found is None:
        raise NotFound(f"import {import_id}")
    return found


def list_query(filters: Mapping[str, Any]) -> Select[Any]:
    """Imports with these values."""
    query = select(DataImport)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(DataImport, name) == value)
    return query


def with_rows_of(query: Select[Any], period: str) -> Select[Any]:
    """Of these imports those that brought rows of a month."""
    return query.where(col(DataImport.periods).contains([period]))


def mark_running(connection: Any, import_id: UUID) -> None:
    """Say at once that the import has begun."""
    connection.execute(
        text("update data_import set status = 'running' where id = :id and status = 'queued'"),
        {"id": import_id},
    )


def keep_rejects(session: Session, import_id: UUID, pieces: Iterator[bytes]) -> None:
    """Store the rejects of an import; those of an earlier attempt go."""
    session.execute(text("delete from import_reject where import_id = :id"), {"id": import_id})
    session.execute(
        text(
            "drop table if exists reject_draft; create temporary table reject_draft"
            " (number integer, row_no bigint, column_name text, code text, message text, raw text,"
            " cells jsonb) on commit drop"
        )
    )
    copy_csv(session, "reject_draft", REJECT_COLUMNS, pieces)
    session.execute(
        text(
            "insert into import_reject (import_id, number, row_no, column_name, code, message,"
            " raw, cells) select :id, number, row_no, column_name, code, message,"
            " coalesce(raw, ''), cells from reject_draft"
        ),
        {"id": import_id},
    )


def add_refused(
    session: Session,
    import_id: UUID,
    after: int,
    table: str,
    columns: Mapping[str, str],
    messages: Mapping[str, str],
) -> None:
    """Add as rejects the rows of a temporary table with row_no, code and raw.

    The rows of `answer_refused` have columns and messages of their own.
    """
    session.execute(
        text(f"insert into import_reject ({', '.join(_REFUSED_COLUMNS)}) {_refused_sql(table)}"),
        _refused_binds(import_id, after, columns, messages),
    )


def refused_rows(
    session: Session,
    import_id: UUID,
    after: int,
    table: str,
    columns: Mapping[str, str],
    messages: Mapping[str, str],
) -> Iterator[tuple[Any, ...]]:
    """The rejects that `add_refused` would add, for `keep_refused` in a session of its own."""
    binds = _refused_binds(import_id, after, columns, messages)
    return (tuple(row) for row in session.execute(text(_refused_sql(table)), binds))


def keep_refused(session: Session, rows: Iterator[tuple[Any, ...]]) -> None:
    """Add rejects read by another session."""
    copy_rows(session, "import_reject", _REFUSED_COLUMNS, rows)


def _refused_sql(table: str) -> str:
    told = (
        "cast(:columns as jsonb) ->> code, code, coalesce(cast(:messages as jsonb) ->> code, code)"
    )
    if table == ANSWERS:
        told = "column_name, code, message"
    return (
        "select cast(:id as uuid), :after + row_number() over (order by row_no), row_no,"
        f" {told}, coalesce(raw, '') from {table}"
    )


def _refused_binds(
    import_id: UUID, after: int, columns: Mapping[str, str], messages: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "id": import_id,
        "after": after,
        "columns": json.dumps(columns),
        "messages": json.dumps(messages),
    }


def rejects_query(import_id: UUID, code: str | None = None) -> Select[Any]:
    """The rejects of an import."""
    query = select(ImportReject).where(col(ImportReject.import_id) == import_id)
    return query if code is None else query.where(col(ImportReject.code) == code)


def all_rejects(session: Session, import_id: UUID) -> Iterator[ImportReject]:
    """All rejects in the order of their rows, read piece by piece."""
    query = rejects_query(import_id).order_by(col(ImportReject.row_no), col(ImportReject.number))
    return iter(session.execute(query.execution_options(yield_per=2_000)).scalars())


def rejects_by_row(session: Session, import_id: UUID) -> Iterator[ImportReject]:
    """All rejects in the order of the file, those of one row together, read piece by piece."""
    query = rejects_query(import_id).order_by(col(ImportReject.row_no), col(ImportReject.number))
    return iter(session.execute(query.execution_options(yield_per=2_000)).scalars())


def reject_reasons(session: Session, import_id: UUID) -> list[tuple[str, int]]:
    """How often each thing was wrong with the rows of an import."""
    query = (
        select(col(ImportReject.code), func.count())
        .where(col(ImportReject.import_id) == import_id)
        .group_by(col(ImportReject.code))
    )
    return [(code, count) for code, count in session.execute(query)]


def rejected_row_numbers(session: Session, import_id: UUID, rows: list[int]) -> set[int]:
    """Which of these rows were rejected."""
    query = select(col(ImportReject.row_no)).where(
        col(ImportReject.import_id) == import_id, col(ImportReject.row_no).in_(rows)
    )
    return set(session.execute(query).scalars())


def old_files(session: Session, days: int, most: int) -> list[UUID]:
    """Uploads of finished imports that are older than so many days and still have their bytes."""
    found = session.execute(
        text(
            "select f.id from stored_file f where f.removed_at is null"
            " and f.created_at < now() - :days * interval '1 day'"
            " and exists (select 1 from data_import i where i.file_id = f.id)"
            " and not exists (select 1 from data_import i where i.file_id = f.id"
            " and i.status in ('queued', 'running')) order by f.id limit :most"
        ),
        {"days": days, "most": most},
    )
    return list(found.scalars())


def remove_old_rejects(session: Session, days: int, most: int) -> int:
    """Rejected rows of old imports; how many there were stays with the import."""
    done = session.execute(
        text(
            "delete from import_reject where (import_id, number) in ("
            " select r.import_id, r.number from import_reject r join data_import i"
            " on i.id = r.import_id where i.finished_at < now() - :days * interval '1 day'"
            " limit :most)"
        ),
        {"days": days, "most": most},
    )
    return int(getattr(done, "rowcount", 0))
