"""`/v1/profiles`: how the columns of a source become our fields, kept or proposed."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Query, Response, UploadFile
from pydantic import ValidationError
from sqlmodel import Session

from services.ingest.files.reader import quick_check
from services.ingest.files.text.encoding import known_name
from services.ingest.profiles import repository
from services.ingest.profiles.detection import detect
from services.ingest.profiles.domain import merged_rules, unknown_fields
from services.ingest.values.dates import tells_a_month
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.profiles import (
    DetectAnswer,
    ProfileAnswer,
    ProfileKind,
    ProfilePatch,
    ProfileRequest,
    ProfileRules,
    ProfileVersionAnswer,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, NotFound, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.forms import KNOWN_FIELDS_ONLY
from shared.http.problems import field_errors
from shared.http.routing import STORES_NOTHING, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.imports import ImportProfile
from shared.tables.ingest.profiles import ImportProfileVersion

SERVICE = "ingest"
router = new_router("/v1/profiles", "profiles", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]


def answer(row: ImportProfile) -> ProfileAnswer:
    """A profile as callers see it."""
    return ProfileAnswer(
        **row.rules,
        id=row.id,
        code=row.code,
        version=row.version,
        etag=etag_of(row.id, row.version),
    )


def _check(request: ProfileRules) -> None:
    unknown = unknown_fields(request.kind, request.columns | dict(request.constants))
    if unknown:
        raise RuleBroken(
            f"{request.kind} has no field {', '.join(unknown)}",
            code="unknown_field",
            errors=[
                FieldError(f"/columns/{name}", "unknown_field", "no such field") for name in unknown
            ],
        )
    if request.date_format is not None and not tells_a_month(request.date_format):
        message = "no format that can be read by and tells year and month, such as %d/%m/%Y"
        errors = [FieldError("/date_format", "bad_date_format", message)]
        raise RuleBroken("the date format cannot be used", code="bad_date_format", errors=errors)
    if request.encoding is not None:
        known_name(request.encoding)


def _rules(request: ProfileRules) -> dict[str, object]:
    return request.model_dump(mode="json", exclude={"code"})


@router.get("", summary="List profiles", operation_id="list_profiles")
def list_profiles(
    session: SessionDep,
    page: PageQueryDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[ProfileKind | None, Query()] = None,
) -> Page[ProfileAnswer]:
    """Ordered by code unless sorted otherwise."""
    filters = {"code": code, "kind": kind}
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable={"code": ImportProfile.code, "kind": ImportProfile.kind},
        default_sort="code",
        filters=filters,
        unique=ImportProfile.id,
    )
    return Page(items=[answer(row) for row in rows], next_cursor=cursor)


@router.get("/{profile_id:uuid}", summary="Read a profile", operation_id="get_profile")
def get_profile(profile_id: UUID, session: SessionDep, response: Response) -> ProfileAnswer:
    """One profile; its ETag is needed to change it."""
    row = repository.get_profile(session, profile_id)
    set_etag(response, row)
    return answer(row)


@router.get(
    "/{profile_id:uuid}/versions",
    summary="List the versions of a profile",
    operation_id="list_profile_versions",
)
def list_profile_versions(
    profile_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Page[ProfileVersionAnswer]:
    """All rules that it ever had, the newest first; those of a deleted profile stay readable."""
    if not repository.has_versions(session, profile_id):
        raise NotFound(f"profile {profile_id}")
    rows, cursor = list_page(
        session,
        repository.versions_query(profile_id, version),
        page,
        sortable={"version": ImportProfileVersion.version},
        default_sort="-version",
        filters={"profile_id": profile_id, "version": version},
        unique=ImportProfileVersion.id,
    )
    return Page(items=[_version_answer(row) for row in rows], next_cursor=cursor)


def _version_answer(row: ImportProfileVersion) -> ProfileVersionAnswer:
    return ProfileVersionAnswer(
        **row.rules,
        **row.model_dump(include={"id", "profile_id", "code", "version", "created_at"}),
        changed_by=row.subject,
    )


@router.post(
    "",
    summary="Add a profile",
    operation_id="create_profile",
    status_code=201,
    dependencies=WRITE,
)
def create_profile(
    request: ProfileRequest, session: SessionDep, caller: CallerDep, response: Response
) -> ProfileAnswer:
    """409 `code_taken` when the code exists, 422 `unknown_field` for a field of another kind."""
    _check(request)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"{request.code} exists", code="code_taken")
    row = _new(session, request, caller)
    trail.record(session, caller, SERVICE, "create", "profile", str(row.id), after=row.rules)
    set_etag(response, row)
    return answer(row)


@router.put(
    "/{profile_id:uuid}",
    summary="Replace a profile",
    operation_id="replace_profile",
    dependencies=WRITE,
)
def replace_profile(
    profile_id: UUID,
    request: ProfileRequest,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> ProfileAnswer:
    """All of a profile but its code; imports that already ran keep the rules they ran with."""
    _check(request)
    row = repository.get_profile(session, profile_id, lock=True)
    check_if_match(if_match, row)
    if request.code != row.code:
        raise RuleBroken("the code of a profile does not change", code="code_is_fixed")
    _change(session, row, request, caller, "replace")
    set_etag(response, row)
    return answer(row)


@router.patch(
    "/{profile_id:uuid}",
    summary="Change a profile",
    operation_id="update_profile",
    dependencies=WRITE,
)
def update_profile(
    profile_id: UUID,
    patch: ProfilePatch,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> ProfileAnswer:
    """A merge patch of the rules; the code stays, and the rules until now remain as a version."""
    row = repository.get_profile(session, profile_id, lock=True)
    check_if_match(if_match, row)
    request = _patched(row, patch)
    _check(request)
    if _rules(request) != row.rules:
        _change(session, row, request, caller, "update")
    set_etag(response, row)
    return answer(row)


def _patched(row: ImportProfile, patch: ProfilePatch) -> ProfileRules:
    merged = merged_rules(row.rules, patch.model_dump(mode="json", exclude_unset=True))
    try:
        return ProfileRules.model_validate(merged)
    except ValidationError as error:
        raise RuleBroken(
            "the profile would not be valid", code="invalid", errors=field_errors(error.errors())
        ) from error


@router.delete(
    "/{profile_id:uuid}",
    summary="Delete a profile",
    operation_id="delete_profile",
    status_code=204,
    dependencies=WRITE,
)
def delete_profile(
    profile_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Imports that ran with it keep its rules."""
    row = repository.get_profile(session, profile_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", "profile", str(row.id), before=row.rules)


@router.post(
    "/bulk",
    summary="Add or change many profiles",
    operation_id="bulk_profiles",
    dependencies=WRITE,
)
def bulk_profiles(
    request: BulkRequest[ProfileRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; each item has its own result."""
    items = read_items(ProfileRequest, request.items)
    codes = [item.code for item in items if not isinstance(item, Problem)]
    known = repository.find_by_codes(session, codes, lock=True)

    def apply(item: ProfileRequest) -> Outcome:
        _check(item)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = _new(session, item, caller)
            return "created", row.id
        if row.rules == _rules(item):
            return "unchanged", row.id
        _write(session, row, item, caller)
        return "updated", row.id

    done = apply_items(session, items, how, apply)
    trail.record(session, caller, SERVICE, "bulk", "profile", "", details={"items": len(items)})
    return done


def _new(session: Session, request: ProfileRequest, caller: Caller) -> ImportProfile:
    now = utc_now()
    row = ImportProfile(
        code=request.code,
        kind=request.kind,
        rules=_rules(request),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    repository.keep_version(session, row, caller.subject)
    return row


def _write(session: Session, row: ImportProfile, request: ProfileRules, caller: Caller) -> None:
    """Give a profile new rules; those it had stay readable among its versions."""
    row.rules = _rules(request)
    row.kind = request.kind
    row.version += 1
    row.updated_at = utc_now()
    session.add(row)
    repository.keep_version(session, row, caller.subject)


def _change(
    session: Session, row: ImportProfile, request: ProfileRules, caller: Caller, action: str
) -> None:
    before = row.rules
    _write(session, row, request, caller)
    trail.record(
        session, caller, SERVICE, action, "profile", str(row.id), before=before, after=row.rules
    )


@router.post(
    "/detect",
    summary="Propose a profile for a file",
    operation_id="detect_profile",
    openapi_extra=STORES_NOTHING,
    dependencies=[KNOWN_FIELDS_ONLY],
)
def detect_profile(
    file: Annotated[UploadFile, File(description="The file, or its first part")],
    kind: Annotated[ProfileKind, Form()] = "ledger",
) -> DetectAnswer:
    """Reads the head of a file and says which column is likely which field. Stores nothing."""
    quick_check(file.file)
    with tempfile.TemporaryDirectory(prefix="btim-detect-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return detect(path, kind)
