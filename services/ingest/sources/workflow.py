"""The job of a sync, and asking for one."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.sources import repository
from services.ingest.sources.loading import fail_own_imports, load
from services.ingest.sources.pulling import pull
from services.ingest.sources.watching import watch
from services.ingest.sources.watermarks import capped, from_bound, later, to_bound
from shared import metrics
from shared.audit import trail
from shared.clock import utc_now
from shared.database import in_transaction
from shared.errors import Conflict
from shared.events import outbox
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from shared.tables.ingest.sources import Source, SourceSync
from shared.tables.platform import Job

SERVICE = "ingest"
JOB_KIND = "source_sync"
RESUME_WITHIN = timedelta(hours=24)
LONGEST_NAP_SECONDS = 0.5
MOST_FRUITLESS = 5
PASSING_CODES = frozenset(
    {
        "database_busy", "host_not_allowed", "secret_missing", "source_answered_badly",
        "source_busy", "source_refused", "source_unreachable", "unavailable",
    }
)  # fmt: skip


def ask_for_sync(
    session: Session,
    source: Source,
    subject: str,
    *,
    since: str | None = None,
    until: str | None = None,
    trigger: str = "request",
) -> tuple[SourceSync, Job]:
    """Queue a sync of a source that the session holds; 409 `sync_running` while there is one.

    A plain sync goes on from the watermark. Where the last one broke with pages in hand, and
    asked for the same of the same config, it goes on with these.
    """
    if repository.find_open_sync(session, source.id) is not None:
        raise Conflict(f"{source.code} is being synced already", code="sync_running")
    is_backfill = since is not None or until is not None
    sync = SourceSync(
        source_id=source.id,
        source_version=source.version,
        trigger=trigger,
        is_backfill=is_backfill,
        since=from_bound(since) if is_backfill else source.watermark,
        until=to_bound(until),
        watermark_before=source.watermark,
        subject=subject,
        created_at=utc_now(),
    )
    broken = repository.find_broken_sync(session, source.id, utc_now() - RESUME_WITHIN)
    session.add(sync)
    session.flush()
    if broken is not None and _can_go_on(session, broken, sync):
        _resume(session, broken, sync)
    job = defer_job(
        session,
        service=SERVICE,
        kind=JOB_KIND,
        subject=subject,
        resource_id=sync.id,
        resource_href=href(f"/v1/sources/{source.id}/syncs/{sync.id}"),
    )
    return sync, job


def _resume(session: Session, broken: SourceSync, sync: SourceSync) -> None:
    sync.resumes = broken.id
    sync.cursor, sync.is_complete = broken.cursor, broken.is_complete
    sync.pages, sync.rows_fetched = broken.pages, broken.rows_fetched
    sync.rows_total, sync.watermark_after = broken.rows_total, broken.watermark_after
    sync.begun_at = broken.begun_at
    session.add(sync)
    repository.take_over_pages(session, broken, sync)


def _can_go_on(session: Session, broken: SourceSync, sync: SourceSync) -> bool:
    """Whether a sync may go on with the pages of a broken one.

    Not where the source itself has called the next page wrong, nor where several syncs have got
    no further: then the cursor may have lost its meaning, and all is fetched anew.
    """
    code = (broken.problem or {}).get("code")
    lasting = code is not None and code not in PASSING_CODES
    short_lived = bool((broken.cursor or {}).get("short_lived"))
    if lasting or short_lived or _asked_for(broken) != _asked_for(sync):
        return False
    return repository.fruitless_syncs(session, broken) < MOST_FRUITLESS


def _asked_for(sync: SourceSync) -> tuple[object, ...]:
    return (sync.source_version, sync.is_backfill, sync.since, sync.until)


def run_sync(context: JobContext) -> None:
    """Fetch and load: fetched pages outlive a break, loaded rows become visible at once."""
    with in_transaction() as session:
        sync = repository.get_sync(session, None, context.resource_id, for_update=True)
        source = repository.get_source(session, sync.source_id)
        sync.status = "running"
        sync.started_at = sync.started_at or utc_now()
        sync.begun_at = sync.begun_at or sync.started_at
        session.add(sync)
    if source.kind == "folder":
        watch(context, source, sync.id)
    else:
        pull(source, sync.id, context.progress, _pausing(context))
        load(context, source, sync.id)
    _finish(context.session, source.id, sync.id, context.subject)


def _finish(session: Session, source_id: UUID, sync_id: UUID, subject: str) -> None:
    session.flush()
    source = repository.get_source(session, source_id, for_update=True)
    session.refresh(source)
    sync = repository.get_sync(session, source_id, sync_id, for_update=True)
    session.refresh(sync)
    now = utc_now()
    if not sync.is_backfill:
        seen = capped(sync.watermark_after, sync.begun_at)
        sync.watermark_after = later(sync.watermark_before, seen)
        if source.version == sync.source_version:
            source.watermark = sync.watermark_after
    source.last_success_at = now
    source.not_before = None
    sync.status, sync.finished_at, sync.problem = "succeeded", now, None
    session.add(source)
    session.add(sync)
    _tell(session, source, sync, subject)


def fail_sync(session: Session, sync_id: UUID, problem: dict[str, Any], status: str) -> None:
    """Mark a sync as failed or cancelled; its pages wait for the next one."""
    sync = repository.get_sync(session, None, sync_id, for_update=True)
    session.refresh(sync)
    source = repository.get_source(session, sync.source_id)
    fail_own_imports(session, sync, problem, status)
    sync.status = "cancelled" if status == "cancelled" else "failed"
    sync.problem = problem or None
    sync.finished_at = utc_now()
    session.add(sync)
    _tell(session, source, sync, sync.subject)


register(JOB_KIND, run_sync, fail_sync)


def _tell(session: Session, source: Source, sync: SourceSync, subject: str) -> None:
    metrics.source_syncs.labels(metrics.source_label(source.code), sync.status).inc()
    payload = {"id": str(sync.id), "source": source.code, "status": sync.status}
    outbox.publish(session, SERVICE, "source.synced", str(sync.id), payload)
    details = {
        "source": source.code,
        "status": sync.status,
        "pages": sync.pages,
        "rows": sync.rows_fetched,
        "known": sync.rows_known,
        "imports": sync.imports,
        "watermark": sync.watermark_after,
        "problem": (sync.problem or {}).get("code"),
    }
    trail.record(session, subject, SERVICE, "sync", "source", str(source.id), details=details)


def _pausing(context: JobContext) -> Callable[[float], object]:
    """Waits in short naps, so that a cancelled sync does not wait to its end."""

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_NAP_SECONDS))
            context.progress(0.0)

    return pause
