"""`/v1/model-versions`: drafts, reviews, publishing, differences."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session

from services.allocation.model_versions import repository
from services.allocation.model_versions.comparing import compare_versions
from services.allocation.model_versions.domain import check_is_draft, check_stage_setting
from services.allocation.model_versions.steps import take_step
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.allocation.model_versions import (
    Decision,
    ModelVersionAnswer,
    ModelVersionPatch,
    ModelVersionRequest,
    Status,
    VersionDiff,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep, discard
from shared.errors import Conflict, NotFound
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.model import ModelVersion

SERVICE = "allocation"
WRITE = [Needs("allocation:write")]
APPROVE = [Needs("allocation:approve")]
SORTABLE = {"number": ModelVersion.number, "created_at": ModelVersion.created_at}
router = new_router("/v1/model-versions", "model-versions", [Needs("allocation:read")])


def answers(session: Session, rows: list[ModelVersion]) -> list[ModelVersionAnswer]:
    """Versions as callers see them."""
    counts = repository.mapping_counts(session, [row.id for row in rows])
    return [
        ModelVersionAnswer.model_validate(
            row.model_dump(exclude={"version", "is_open", "base_id"})
            | {
                "base": row.base_id,
                "mappings": counts.get(row.id, 0),
                "etag": etag_of(row.id, row.version),
            }
        )
        for row in rows
    ]


def _answer(session: Session, row: ModelVersion, response: Response) -> ModelVersionAnswer:
    set_etag(response, row)
    (answer,) = answers(session, [row])
    return answer


@router.get("", summary="List model versions", operation_id="list_model_versions")
def list_model_versions(
    session: SessionDep,
    page: PageQueryDep,
    status: Annotated[Status | None, Query()] = None,
) -> Page[ModelVersionAnswer]:
    """Newest first unless sorted otherwise."""
    rows, cursor = list_page(
        session,
        repository.list_query(status=status),
        page,
        sortable=SORTABLE,
        default_sort="-number",
        filters={"status": status},
        unique=ModelVersion.id,
    )
    return Page(items=answers(session, rows), next_cursor=cursor)


@router.get("/{version_id:uuid}", summary="Read a model version", operation_id="get_model_version")
def get_model_version(
    version_id: UUID, session: SessionDep, response: Response
) -> ModelVersionAnswer:
    """One version; its mappings are listed with `/v1/mappings?model_version=`."""
    return _answer(session, repository.get_version(session, version_id), response)


@router.post(
    "",
    summary="Open a draft",
    operation_id="create_model_version",
    status_code=201,
    dependencies=WRITE,
)
def create_model_version(
    request: ModelVersionRequest, session: SessionDep, caller: CallerDep, response: Response
) -> ModelVersionAnswer:
    """With the mappings and settings of its base; 409 `draft_exists` while another is open."""
    repository.lock_model(session)
    if repository.find_open(session) is not None:
        raise Conflict("there is an open version already", code="draft_exists")
    base = None
    if request.base is not None:
        base = repository.find_version(session, request.base)
        if base is None:
            raise NotFound(f"there is no {request.base} version")
    draft = repository.add_draft(session, caller.subject, base, request.note)
    after = draft.model_dump()
    trail.record(session, caller, SERVICE, "create", "model_version", str(draft.id), after=after)
    return _answer(session, draft, response)


@router.patch(
    "/{version_id:uuid}",
    summary="Change a draft's settings",
    operation_id="update_model_version",
    dependencies=WRITE,
)
def update_model_version(
    version_id: UUID,
    patch: ModelVersionPatch,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> ModelVersionAnswer:
    """A merge patch of note and same-layer stages; 409 `version_frozen` outside a draft."""
    repository.lock_model(session)
    row = repository.get_version(session, version_id)
    check_if_match(if_match, row)
    check_is_draft(row.status)
    before = row.model_dump()
    given = patch.model_fields_set
    if "note" in given:
        row.note = patch.note
    if "stages" in given:
        row.stages = _merged_stages(row.stages, patch)
    repository.note_author(session, row, caller.subject)
    session.flush()
    after = row.model_dump()
    trail.record(
        session, caller, SERVICE, "update", "model_version", str(row.id), before=before, after=after
    )
    return _answer(session, row, response)


def _merged_stages(before: dict[str, Any], patch: ModelVersionPatch) -> dict[str, Any]:
    if patch.stages is None:
        return {}
    after = dict(before)
    for stage, setting in patch.stages.items():
        if setting is None:
            after.pop(stage, None)
            continue
        check_stage_setting(stage, setting.solve, setting.order, setting.self_use)
        after[stage] = setting.model_dump()
    return after


@router.delete(
    "/{version_id:uuid}",
    summary="Throw a draft away",
    operation_id="delete_model_version",
    status_code=204,
    dependencies=WRITE,
)
def delete_model_version(
    version_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """With its mappings; 409 `version_frozen` for anything but a draft."""
    repository.lock_model(session)
    row = repository.get_version(session, version_id)
    check_if_match(if_match, row)
    check_is_draft(row.status)
    before = row.model_dump()
    repository.delete_version(session, row)
    trail.record(
        session, caller, SERVICE, "delete", "model_version", str(version_id), before=before
    )


@router.post(
    "/{version_id:uuid}/submit",
    summary="Submit a draft for review",
    operation_id="submit_model_version",
    dependencies=WRITE,
)
def submit_model_version(
    version_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    decision: Decision | None = None,
) -> ModelVersionAnswer:
    """The draft takes no changes until it is rejected; 409 `wrong_state` when it is no draft."""
    row = take_step(session, caller, "submit", version_id, decision)
    return _answer(session, row, response)


@router.post(
    "/{version_id:uuid}/approve",
    summary="Approve a version",
    operation_id="approve_model_version",
    dependencies=APPROVE,
)
def approve_model_version(
    version_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    decision: Decision | None = None,
) -> ModelVersionAnswer:
    """403 `four_eyes` for its authors when four eyes are asked for."""
    row = take_step(session, caller, "approve", version_id, decision)
    return _answer(session, row, response)


@router.post(
    "/{version_id:uuid}/reject",
    summary="Send a version back to its authors",
    operation_id="reject_model_version",
    dependencies=APPROVE,
)
def reject_model_version(
    version_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    decision: Decision | None = None,
) -> ModelVersionAnswer:
    """It becomes a draft again."""
    row = take_step(session, caller, "reject", version_id, decision)
    return _answer(session, row, response)


@router.post(
    "/{version_id:uuid}/publish",
    summary="Publish a version",
    operation_id="publish_model_version",
    dependencies=APPROVE,
)
def publish_model_version(
    version_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    decision: Decision | None = None,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> ModelVersionAnswer:
    """Runs use it from now on; the version published before is retired."""
    row = take_step(session, caller, "publish", version_id, decision)
    if dry_run:
        discard(session)
    return _answer(session, row, response)


@router.get(
    "/{version_id:uuid}/diff",
    summary="Compare a version with another",
    operation_id="diff_model_version",
)
def diff_model_version(
    version_id: UUID,
    session: SessionDep,
    base: Annotated[
        str | None,
        Query(max_length=50, description="An id, `draft` or `published`; by default its own base"),
    ] = None,
) -> VersionDiff:
    """Mappings added, removed and changed, field by field."""
    version = repository.get_version(session, version_id)
    other = repository.find_version(session, base) if base else None
    if base is None and version.base_id is not None:
        other = repository.get_version(session, version.base_id)
    if base is not None and other is None:
        raise NotFound(f"there is no {base} version")
    return compare_versions(session, version, other)
