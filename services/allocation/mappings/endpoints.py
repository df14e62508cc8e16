"""`/v1/mappings`: reading any version, writing the open draft."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from services.allocation.mappings import changes, drafting, repository
from services.allocation.mappings.answers import EXPORT_COLUMNS, answer, export_cells
from services.allocation.model_versions import repository as versions
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.allocation.mappings import (
    MappingAnswer,
    MappingPatch,
    MappingRequest,
    Method,
    Stage,
)
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.database import SessionDep, discard
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.model import ModelMapping

SERVICE = "allocation"
WRITE = [Needs("allocation:write")]
SORTABLE = {
    name: getattr(ModelMapping, name)
    for name in ("code", "stage", "priority", "method", "updated_at")
}
DryRun = Annotated[bool, Query(description="Say what would happen, keep nothing")]
VersionQuery = Annotated[
    str | None,
    Query(
        max_length=50,
        description="`draft`, `published` or an id; by default the draft, else the published one",
        examples=["draft"],
    ),
]


async def _into_draft(
    model_version: Annotated[
        Literal["draft"] | None, Query(description="Written is the draft and nothing else")
    ] = None,
) -> None:
    """Takes what readers say of the version, as long as it is the draft."""


INTO_DRAFT = [*WRITE, Depends(_into_draft)]
router = new_router("/v1/mappings", "mappings", [Needs("allocation:read")])


@router.get(
    "",
    summary="List mappings",
    operation_id="list_mappings",
    response_model=Page[MappingAnswer],
    responses=EXPORT_RESPONSES,
)
def list_mappings(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    model_version: VersionQuery = None,
    code: Annotated[str | None, Query(max_length=200)] = None,
    stage: Stage | None = None,
    method: Method | None = None,
    driver: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[MappingAnswer] | Response:
    """The mappings of one version; empty when there is no such version."""
    version = versions.find_version(session, model_version)
    if version is None:
        return Page(items=[])
    filters: dict[str, str | None] = {
        "code": code,
        "stage": stage,
        "method": method,
        "driver": driver,
    }
    if export is not None:
        cells = export_cells(repository.read_all(version.id, filters))
        return export_rows(export, "mappings", EXPORT_COLUMNS, cells)
    rows, cursor = list_page(
        session,
        repository.list_query(version.id, filters),
        page,
        sortable=SORTABLE,
        default_sort="code",
        filters={"model_version": version.id, **filters},
        unique=ModelMapping.id,
    )
    return Page(items=[answer(row) for row in rows], next_cursor=cursor)


@router.get("/{mapping_id:uuid}", summary="Read a mapping", operation_id="get_mapping")
def get_mapping(mapping_id: UUID, session: SessionDep, response: Response) -> MappingAnswer:
    """One mapping of any version; its ETag is needed to change it."""
    row = repository.get_mapping(session, mapping_id)
    set_etag(response, row)
    return answer(row)


@router.post(
    "",
    summary="Add a mapping",
    operation_id="create_mapping",
    status_code=201,
    dependencies=INTO_DRAFT,
)
def create_mapping(
    request: MappingRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    dry_run: DryRun = False,
) -> MappingAnswer:
    """Into the open draft, which is made if there is none; 409 `code_taken` when it exists."""
    versions.lock_model(session)
    changes.check_one(session, request)
    draft = drafting.open_draft(session, caller)
    known = {row.code for row in repository.mappings_of(session, draft.id)}
    if request.code in known:
        raise Conflict(f"the draft has a mapping {request.code}", code="code_taken")
    row = drafting.new_row(draft, request)
    session.add(row)
    session.flush()
    versions.note_author(session, draft, caller.subject)
    after = row.model_dump()
    trail.record(session, caller, SERVICE, "create", "mapping", str(row.id), after=after)
    if dry_run:
        discard(session)
    set_etag(response, row)
    return answer(row)


@router.put(
    "/{mapping_id:uuid}",
    summary="Replace a mapping",
    operation_id="replace_mapping",
    dependencies=WRITE,
)
def replace_mapping(
    mapping_id: UUID,
    request: MappingRequest,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
    dry_run: DryRun = False,
) -> MappingAnswer:
    """The whole mapping; 409 `version_frozen` outside a draft."""
    row = drafting.lock_mapping(session, mapping_id)
    check_if_match(if_match, row)
    drafting.change_mapping(session, caller, row, request)
    if dry_run:
        discard(session)
    set_etag(response, row)
    return answer(row)


@router.patch(
    "/{mapping_id:uuid}",
    summary="Change a mapping",
    operation_id="update_mapping",
    dependencies=WRITE,
)
def update_mapping(
    mapping_id: UUID,
    patch: MappingPatch,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
    dry_run: DryRun = False,
) -> MappingAnswer:
    """A merge patch; 409 `version_frozen` outside a draft."""
    row = drafting.lock_mapping(session, mapping_id)
    check_if_match(if_match, row)
    drafting.change_mapping(session, caller, row, changes.patched(row, patch))
    if dry_run:
        discard(session)
    set_etag(response, row)
    return answer(row)


@router.delete(
    "/{mapping_id:uuid}",
    summary="Delete a mapping",
    operation_id="delete_mapping",
    status_code=204,
    dependencies=WRITE,
)
def delete_mapping(
    mapping_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    dry_run: DryRun = False,
) -> None:
    """Only from a draft; 409 `version_frozen` otherwise."""
    row = drafting.lock_mapping(session, mapping_id)
    check_if_match(if_match, row)
    draft = versions.get_version(session, row.model_version_id)
    session.delete(row)
    versions.note_author(session, draft, caller.subject)
    before = row.model_dump()
    trail.record(session, caller, SERVICE, "delete", "mapping", str(row.id), before=before)
    if dry_run:
        discard(session)


@router.post(
    "/bulk",
    summary="Add or change many mappings",
    operation_id="bulk_mappings",
    dependencies=INTO_DRAFT,
)
def bulk_mappings(
    request: BulkRequest[MappingRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code into the open draft, which is made if there is none."""
    versions.lock_model(session)
    items = changes.check_all(session, read_items(MappingRequest, request.items))
    if all(isinstance(item, Problem) for item in items):
        return apply_items(session, items, how, _never)
    draft = drafting.open_draft(session, caller)
    known = {row.code: row for row in repository.mappings_of(session, draft.id)}

    def apply_one(item: MappingRequest) -> Outcome:
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = drafting.new_row(draft, item)
            session.add(row)
            return "created", row.id
        if not changes.apply(row, item):
            return "unchanged", row.id
        if row not in session.new:
            row.version += 1
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply_one)
    statuses = [result.status for result in done.results]
    if "created" in statuses or "updated" in statuses:
        versions.note_author(session, draft, caller.subject)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", "mapping", str(draft.id), details=details)
    return done


def _never(item: MappingRequest) -> Outcome:
    raise AssertionError(f"{item.code} was refused before")
