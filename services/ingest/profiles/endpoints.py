"""`/v1/profiles`: how the columns of a source become our fields, kept or proposed."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Query, Response, UploadFile

from services.ingest.files.problems import empty_file
from services.ingest.files.reader import open_table, quick_check
from services.ingest.profiles import repository
from services.ingest.profiles.domain import REQUIRED_OF_KIND, unknown_fields
from services.ingest.profiles.focus import focus_profile, missing_focus_columns
from services.ingest.profiles.proposal import Proposal, propose_profile
from shared import audit
from shared.auth import UNBOUND, CallerDep, Needs
from shared.bulk import BulkAnswer, BulkQueryDep, BulkRequest, Outcome, apply_items, read_items
from shared.clock import utc_now
from shared.contracts.ingest.imports import DetectedFile
from shared.contracts.ingest.profiles import (
    DetectAnswer,
    ProfileAnswer,
    ProfileKind,
    ProfileRequest,
    ProfileRules,
    ProposedProfile,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.pagination import PageQueryDep, list_page
from shared.routing import STORES_NOTHING, new_router
from shared.tables.ingest.imports import ImportProfile

SERVICE = "ingest"
EXAMPLES_SHOWN = 5
router = new_router("/v1/profiles", "profiles", [Needs("ingest:read"), UNBOUND])
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
    row = ImportProfile(
        code=request.code,
        kind=request.kind,
        rules=_rules(request),
        created_at=utc_now(),
        updated_at=utc_now(),
    )
    session.add(row)
    session.flush()
    audit.record(session, caller, SERVICE, "create", "profile", str(row.id), after=row.rules)
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
    row = repository.get_profile(session, profile_id)
    check_if_match(if_match, row)
    if request.code != row.code:
        raise RuleBroken("the code of a profile does not change", code="code_is_fixed")
    before = row.rules
    _replace(row, request)
    session.add(row)
    audit.record(
        session, caller, SERVICE, "replace", "profile", str(row.id), before=before, after=row.rules
    )
    set_etag(response, row)
    return answer(row)


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
    row = repository.get_profile(session, profile_id)
    check_if_match(if_match, row)
    session.delete(row)
    audit.record(session, caller, SERVICE, "delete", "profile", str(row.id), before=row.rules)


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
    known = repository.find_by_codes(session, codes)

    def apply(item: ProfileRequest) -> Outcome:
        _check(item)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = ImportProfile(
                code=item.code,
                kind=item.kind,
                rules=_rules(item),
                created_at=utc_now(),
                updated_at=utc_now(),
            )
            session.add(row)
            return "created", row.id
        if row.rules == _rules(item):
            return "unchanged", row.id
        _replace(row, item)
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply)
    audit.record(session, caller, SERVICE, "bulk", "profile", "", details={"items": len(items)})
    return done


def _replace(row: ImportProfile, request: ProfileRequest) -> None:
    row.rules = _rules(request)
    row.kind = request.kind
    row.version += 1
    row.updated_at = utc_now()


@router.post(
    "/detect",
    summary="Propose a profile for a file",
    operation_id="detect_profile",
    openapi_extra=STORES_NOTHING,
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
        return _detected(path, kind)


def _detected(path: Path, kind: ProfileKind) -> DetectAnswer:
    with open_table(path) as table:
        first = next(table.batches, None)
        if first is None:
            raise empty_file("The file has a header but no rows.")
        proposal = propose_profile(kind, table.detected, first)
    detected = table.detected
    if kind == "focus":
        built_in = focus_profile(detected.columns)
        complete = not missing_focus_columns(detected.columns, "EffectiveCost")
        sure = 1.0 if complete else 0.2
        fields = dict.fromkeys(built_in.columns, sure)
        proposal = Proposal(built_in, sure, fields, proposal.examples)
    profile = proposal.profile
    return DetectAnswer(
        profile=ProposedProfile(
            kind=kind,
            columns=dict(profile.columns),
            constants=dict(profile.constants),
            date_format=profile.date_format,
            decimal="," if profile.decimal == "," else "." if profile.decimal else None,
            encoding=profile.encoding,
            delimiter=profile.delimiter,
            header_row=profile.header_row,
        ),
        confidence=proposal.confidence,
        fields=dict(proposal.fields),
        examples={name: list(texts)[:EXAMPLES_SHOWN] for name, texts in proposal.examples.items()},
        missing=[name for name in REQUIRED_OF_KIND[kind] if name not in profile.columns],
        detected=DetectedFile(
            format=detected.format,
            compression=detected.compression,
            encoding=detected.encoding,
            delimiter=detected.delimiter,
            header_row=detected.header_row,
            columns=list(detected.columns),
            mapping=dict(profile.columns),
            date_format=profile.date_format,
            decimal=profile.decimal,
            float_columns=list(detected.float_columns),
            confidence=detected.confidence,
        ),
    )
