"""`/v1/sources/{id}/syncs`: fetch what is new, fetch a range again, see what became of it."""

import gzip
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from sqlmodel import Session

from services.ingest.sources import repository
from services.ingest.sources.answers import page_answer, sync_answer
from services.ingest.sources.pulling import connect, settings_of
from services.ingest.sources.watching import look
from services.ingest.sources.workflow import ask_for_sync
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.ingest.sources import (
    SourceTestAnswer,
    SyncAnswer,
    SyncPageAnswer,
    SyncRequest,
    SyncStatus,
)
from shared.contracts.jobs import Accepted, Page, Wait
from shared.database import SessionDep, new_session
from shared.http.routing import STORES_NOTHING, new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.sources import Source, SourcePage, SourceSync

SERVICE = "ingest"
router = new_router("/v1/sources/{source_id:uuid}", "sources", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]
SourceId = Annotated[UUID, Path()]
SyncId = Annotated[UUID, Path()]


@router.post(
    "/test",
    summary="Look whether a source answers",
    operation_id="test_source",
    dependencies=WRITE,
    openapi_extra=STORES_NOTHING,
)
def test_source(source_id: SourceId) -> SourceTestAnswer:
    """Reaches for the source at once, without patience; stores nothing.

    422 `source_refused`, `host_not_allowed`, `path_not_allowed`, `secret_missing`; 503
    `source_unreachable`, `source_busy`, `source_answered_badly`.
    """
    with new_session() as session:  # nothing of the database is held while the source is asked
        source = repository.get_source(session, source_id)
    if source.kind == "folder":
        found = look(source)
    else:
        connector = connect(settings_of(source, lambda _: False))
        try:
            found = connector.check()
        finally:
            connector.close()
    return SourceTestAnswer(
        reachable=True,
        authorised=True,
        columns=list(found.columns),
        rows=found.rows,
        total=found.total,
        notes=list(found.notes),
    )


@router.post(
    "/syncs",
    summary="Fetch from a source",
    operation_id="create_sync",
    status_code=202,
    responses={200: {"model": SyncAnswer, "description": "The finished sync, with `wait`"}},
    dependencies=WRITE,
)
def create_sync(
    source_id: SourceId,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    request: SyncRequest | None = None,
    wait: Wait = None,
) -> Accepted:
    """What is new since the last sync; with `from` or `to` that range again.

    409 `sync_running` while the source is being synced. Goes on where a broken sync stopped.
    """
    asked = request or SyncRequest()
    source = repository.get_source(session, source_id, for_update=True)
    sync, job = ask_for_sync(session, source, caller.subject, since=asked.since, until=asked.until)
    details = {"sync": str(sync.id), "from": sync.since, "to": sync.until}
    trail.record(session, caller, SERVICE, "start_sync", "source", str(source.id), details=details)
    return accept(response, job)


@router.get("/syncs", summary="List the syncs of a source", operation_id="list_syncs")
def list_syncs(
    source_id: SourceId,
    session: SessionDep,
    page: PageQueryDep,
    status: Annotated[SyncStatus | None, Query()] = None,
) -> Page[SyncAnswer]:
    """Newest first unless sorted otherwise."""
    source = repository.get_source(session, source_id)
    rows, cursor = list_page(
        session,
        repository.syncs_query(source_id, status),
        page,
        sortable={"id": SourceSync.id, "created_at": SourceSync.created_at},
        default_sort="-id",
        filters={"source": str(source_id), "status": status},
        unique=SourceSync.id,
    )
    return Page(items=_answers(session, source, rows), next_cursor=cursor)


@router.get("/syncs/{sync_id:uuid}", summary="Read a sync", operation_id="get_sync")
def get_sync(source_id: SourceId, sync_id: SyncId, session: SessionDep) -> SyncAnswer:
    """How far a sync is, or what it has brought."""
    source = repository.get_source(session, source_id)
    return _answers(session, source, [repository.get_sync(session, source_id, sync_id)])[0]


@router.get(
    "/syncs/{sync_id:uuid}/pages",
    summary="List the pages of a sync",
    operation_id="list_sync_pages",
)
def list_pages(
    source_id: SourceId, sync_id: SyncId, session: SessionDep, page: PageQueryDep
) -> Page[SyncPageAnswer]:
    """What the source has sent, page by page, as long as it is kept."""
    repository.get_sync(session, source_id, sync_id)
    rows, cursor = list_page(
        session,
        repository.pages_query(sync_id),
        page,
        sortable={"number": SourcePage.number},
        default_sort="number",
        filters={"sync": str(sync_id)},
        unique=SourcePage.number,
    )
    items = [page_answer(row, source_id, sync_id) for row in rows]
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/syncs/{sync_id:uuid}/pages/{number}",
    summary="Read a page as it was received",
    operation_id="get_sync_page",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes"}},
)
def get_page(
    source_id: SourceId,
    sync_id: SyncId,
    number: Annotated[int, Path(ge=1, le=2_000_000_000)],
    session: SessionDep,
) -> Response:
    """The bytes that the source has sent."""
    repository.get_sync(session, source_id, sync_id)
    raw = gzip.decompress(repository.get_raw_page(session, sync_id, number))
    return Response(raw, media_type="application/octet-stream")


def _answers(session: Session, source: Source, rows: list[SourceSync]) -> list[SyncAnswer]:
    ids = [UUID(made["id"]) for row in rows for made in row.imports if made["id"]]
    statuses = repository.import_statuses(session, ids)
    return [sync_answer(row, source, statuses) for row in rows]
