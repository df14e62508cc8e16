"""`/v1/sources`: systems that facts are fetched from."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import ValidationError
from sqlmodel import Session

from services.ingest.sources import repository
from services.ingest.sources.answers import source_answer
from services.ingest.sources.changes import apply, new_row, patched, state_of
from services.ingest.sources.checking import checked
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.imports import ImportKind
from shared.contracts.ingest.sources import SourceAnswer, SourceKind, SourcePatch, SourceRequest
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.language import LanguageDep
from shared.http.problems import field_errors
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.sources import Source

SERVICE = "ingest"
router = new_router("/v1/sources", "sources", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]
SourceId = Annotated[UUID, Path()]


@router.get("", summary="List sources", operation_id="list_sources")
def list_sources(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[SourceKind | None, Query()] = None,
    maps_to: Annotated[ImportKind | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
) -> Page[SourceAnswer]:
    """Ordered by code unless sorted otherwise."""
    filters = {"code": code, "kind": kind, "maps_to": maps_to, "active": active}
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable={"code": Source.code, "kind": Source.kind, "updated_at": Source.updated_at},
        default_sort="code",
        filters=filters,
        unique=Source.id,
    )
    return Page(items=[source_answer(row, language) for row in rows], next_cursor=cursor)


@router.get(
    "/{source_id:uuid}", summary="Read a source", operation_id="get_source", openapi_extra=COMPUTED
)
def get_source(
    source_id: SourceId, session: SessionDep, language: LanguageDep, response: Response
) -> SourceAnswer:
    """One source; its ETag is needed to change it."""
    row = repository.get_source(session, source_id)
    set_etag(response, row)
    return source_answer(row, language)


@router.post(
    "",
    summary="Add a source",
    operation_id="create_source",
    status_code=201,
    dependencies=WRITE,
)
def create_source(
    request: SourceRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> SourceAnswer:
    """409 `code_taken`; 422 `invalid`, `bad_cron`, `secret_not_allowed`, `not_a_select`.

    Whether the source may be called and answers is not looked at: its `/test` does that.
    """
    config = checked(session, request)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"{request.code} exists", code="code_taken")
    row = new_row(request, config)
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "create", "source", str(row.id), after=state_of(row))
    set_etag(response, row)
    return source_answer(row, language)


@router.put(
    "/{source_id:uuid}",
    summary="Replace a source",
    operation_id="replace_source",
    dependencies=WRITE,
)
def replace_source(
    source_id: SourceId,
    request: SourceRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> SourceAnswer:
    """All of a source but its code. Where other rows are meant, the next sync fetches all."""
    row = repository.get_source(session, source_id, for_update=True)
    check_if_match(if_match, row)
    _change(session, caller, row, request, "replace")
    set_etag(response, row)
    return source_answer(row, language)


@router.patch(
    "/{source_id:uuid}",
    summary="Change a source",
    operation_id="update_source",
    dependencies=WRITE,
)
def update_source(
    source_id: SourceId,
    patch: SourcePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> SourceAnswer:
    """A merge patch: what is null goes, what is not named stays."""
    row = repository.get_source(session, source_id, for_update=True)
    check_if_match(if_match, row)
    try:
        request = SourceRequest.model_validate(patched(row, patch))
    except ValidationError as error:
        found = field_errors([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
        raise RuleBroken("the patch is not valid", code="invalid", errors=found) from error
    _change(session, caller, row, request, "update")
    set_etag(response, row)
    return source_answer(row, language)


def _change(
    session: Session, caller: Caller, row: Source, request: SourceRequest, action: str
) -> None:
    if request.code != row.code:
        error = FieldError("/code", "code_is_fixed", f"the code stays {row.code}")
        raise RuleBroken(
            "the code of a source does not change", code="code_is_fixed", errors=[error]
        )
    config, before = checked(session, request), state_of(row)
    if apply(row, request, config):
        row.version += 1
    session.add(row)
    trail.record(
        session, caller, SERVICE, action, "source", str(row.id), before=before, after=state_of(row)
    )


@router.delete(
    "/{source_id:uuid}",
    summary="Delete a source",
    operation_id="delete_source",
    status_code=204,
    dependencies=WRITE,
)
def delete_source(
    source_id: SourceId, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """With its syncs and raw pages; its imports stay. 409 `sync_running` while it is synced."""
    row = repository.get_source(session, source_id, for_update=True)
    check_if_match(if_match, row)
    if repository.find_open_sync(session, row.id) is not None:
        raise Conflict(f"{row.code} is being synced", code="sync_running")
    trail.record(session, caller, SERVICE, "delete", "source", str(row.id), before=state_of(row))
    repository.delete_source(session, row)


@router.post(
    "/bulk",
    summary="Add or change many sources",
    operation_id="bulk_sources",
    dependencies=WRITE,
)
def bulk_sources(
    request: BulkRequest[SourceRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; each item has its own result."""
    items = read_items(SourceRequest, request.items)
    codes = [item.code for item in items if not isinstance(item, Problem)]
    known = repository.find_by_codes(session, codes)

    def apply_one(item: SourceRequest) -> Outcome:
        config = checked(session, item)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = new_row(item, config)
            session.add(row)
            return "created", row.id
        if not apply(row, item, config):
            return "unchanged", row.id
        if row not in session.new:
            row.version += 1
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply_one)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", "source", "", details=details)
    return done
