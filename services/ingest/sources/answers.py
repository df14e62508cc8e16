"""Sources and syncs as callers see them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.contracts.ingest.sources import (
    Schedule,
    SourceAnswer,
    SyncAnswer,
    SyncImport,
    SyncPageAnswer,
)
from shared.contracts.jobs import ProblemDocument
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.http.links import href
from shared.tables.ingest.sources import Source, SourceSync


def schedule_of(row: Source) -> Schedule | None:
    """The schedule of a source, if it has one."""
    if row.cron is None or row.timezone is None:
        return None
    return Schedule(cron=row.cron, timezone=row.timezone)


def source_answer(row: Source, language: str) -> SourceAnswer:
    """A source as it is; of secrets only the name."""
    fields = row.model_dump(
        include={
            "id", "code", "kind", "config", "secret_ref", "maps_to", "profile", "names", "active",
            "watermark", "next_at", "not_before", "last_success_at", "version",
        }
    )  # fmt: skip
    return SourceAnswer(
        **fields,
        schedule=schedule_of(row),
        name=name_in(row.names, language) or row.code,
        etag=etag_of(row.id, row.version),
    )


def sync_answer(row: SourceSync, source: Source, statuses: Mapping[UUID, str]) -> SyncAnswer:
    """A sync; `statuses` are those of its imports now."""
    return SyncAnswer(
        id=row.id,
        source=source.code,
        status=row.status,
        trigger=row.trigger,
        backfill=row.is_backfill,
        since=row.since,
        until=row.until,
        resumes=row.resumes,
        pages=row.pages,
        rows=row.rows_fetched,
        known=row.rows_known,
        total=row.rows_total,
        watermark_before=row.watermark_before,
        watermark_after=row.watermark_after,
        imports=[_import(made, statuses) for made in row.imports],
        problem=ProblemDocument(**row.problem) if row.problem else None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _import(made: Mapping[str, Any], statuses: Mapping[UUID, str]) -> SyncImport:
    identifier = UUID(made["id"]) if made["id"] else None
    status = statuses.get(identifier) if identifier else None
    return SyncImport(
        id=identifier,
        file=made.get("file"),
        status=status or made.get("status") or "queued",
        known=bool(made.get("known")),
    )


def page_answer(row: Any, source_id: UUID, sync_id: UUID) -> SyncPageAnswer:
    """A page without its bytes."""
    return SyncPageAnswer(
        number=row.number,
        rows=row.rows,
        bytes=row.raw_bytes,
        sha256=row.raw_sha256,
        watermark=row.watermark,
        fetched_at=row.fetched_at,
        href=href(f"/v1/sources/{source_id}/syncs/{sync_id}/pages/{row.number}"),
    )
