"""`/v1/imports`: upload a file, see what became of every row, mend rejects, take it back."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import File, Form, Path, Query, Response, UploadFile
from sqlmodel import Session

from services.ingest.imports import repository
from services.ingest.imports.revert import revert
from services.ingest.imports.upload import Upload, take_in
from shared.auth import CallerDep, Needs
from shared.contracts.ingest.imports import (
    DetectedFile,
    FocusCost,
    ImportAmounts,
    ImportAnswer,
    ImportedFile,
    ImportKind,
    ImportRows,
    ImportStatus,
    InvoiceAmount,
    RevertRequest,
    Scenario,
    Superseded,
    TotalCheck,
)
from shared.contracts.jobs import Accepted, Page, Wait
from shared.contracts.values import Code, Currency, DecimalText, Label, Period
from shared.currencies import is_currency
from shared.database import SessionDep, discard
from shared.errors import FieldError, RuleBroken
from shared.http.etags import etag_of, set_etag
from shared.http.forms import KNOWN_FIELDS_ONLY
from shared.http.routing import COMPUTED, new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.imports import DataImport

router = new_router("/v1/imports", "imports", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]


def answer(row: DataImport) -> ImportAnswer:
    """An import as callers see it."""
    apart = {"styles", "checks", "invoices"}
    detected = {name: value for name, value in row.detected.items() if name not in apart}
    return ImportAnswer(
        **row.model_dump(
            include={
                "id", "kind", "status", "source", "scenario", "period", "profile", "restate",
                "profile_version", "retry_of", "periods", "problem", "reverted_reason",
                "created_at", "finished_at",
            }
        ),
        replace="billing_period" if row.replace_mode == "billing_period" else "none",
        file=ImportedFile(name=row.file_name, sha256=row.sha256, bytes=row.bytes),
        rows=ImportRows(
            received=row.rows_received,
            accepted=row.rows_accepted,
            rejected=row.rows_rejected,
            duplicate=row.rows_duplicate,
            unreadable_amount=row.rows_unreadable_amount,
        ),
        amounts=[ImportAmounts(**entry) for entry in row.amounts],
        superseded=Superseded(**row.superseded),
        checks=[TotalCheck(**check) for check in row.detected.get("checks", [])],
        invoices=[InvoiceAmount(**sums) for sums in row.detected.get("invoices", [])],
        detected=DetectedFile(**detected),
        etag=etag_of(row.id, row.version),
    )  # fmt: skip


def answer_known(
    session: Session, response: Response, row: DataImport, wait: int | None
) -> Accepted | ImportAnswer:
    """An import that was there already; whoever waits gets it when its job is done."""
    job = repository.unfinished_job(session, row.id) if wait else None
    if job is not None:
        return accept(response, job)
    session.refresh(row)
    response.status_code = 200
    set_etag(response, row)
    return answer(row)


@router.post(
    "",
    summary="Upload a file",
    operation_id="create_import",
    status_code=202,
    responses={200: {"model": ImportAnswer, "description": "An import of the same file"}},
    dependencies=[Needs("ingest:write"), KNOWN_FIELDS_ONLY],
)
def create_import(
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV, TSV, XLSX, XLS, Parquet or NDJSON")],
    kind: Annotated[ImportKind, Form()],
    profile: Annotated[Code | None, Form()] = None,
    period: Annotated[Period | None, Form()] = None,
    scenario: Annotated[Scenario | None, Form()] = None,
    source: Annotated[Code | None, Form()] = None,
    currency: Annotated[Currency | None, Form()] = None,
    control_totals: Annotated[
        str | None,
        Form(max_length=500_000, description='JSON: `{"rows": 2, "amounts": {"GBP": "7.50"}}`'),
    ] = None,
    max_reject_share: Annotated[DecimalText | None, Form()] = None,
    replace: Annotated[Literal["none", "billing_period"], Form()] = "none",
    mode: Annotated[Literal["upsert", "replace"], Form()] = "upsert",
    focus_cost: Annotated[FocusCost, Form()] = "EffectiveCost",
    restate: Annotated[
        Label | None, Form(description="The reason for changing closed periods")
    ] = None,
    wait: Wait = None,
) -> Accepted | ImportAnswer:
    """Reads the file in a job. The same file with the same parameters is loaded once."""
    if currency is not None and not is_currency(currency):
        error = FieldError("/currency", "unknown_currency", "no currency of ISO 4217")
        raise RuleBroken("the currency is not known", code="unknown_currency", errors=[error])
    upload = Upload(
        kind=kind,
        profile=profile,
        period=period,
        scenario=scenario,
        source=source,
        currency=currency,
        control_totals=control_totals,
        max_reject_share=max_reject_share,
        replace=replace,
        mode=mode,
        focus_cost=focus_cost,
        restate=restate,
    )
    name = (file.filename or "upload").replace("\\", "/").rpartition("/")[2][:255] or "upload"
    name = "".join(letter for letter in name if letter.isprintable()) or "upload"
    media_type = (file.content_type or "application/octet-stream")[:200]
    row, job = take_in(session, caller, upload, name, media_type, file.file)
    if job is None:
        return answer_known(session, response, row, wait)
    return accept(response, job)


@router.get("", summary="List imports", operation_id="list_imports")
def list_imports(
    session: SessionDep,
    page: PageQueryDep,
    kind: Annotated[ImportKind | None, Query()] = None,
    status: Annotated[ImportStatus | None, Query()] = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    sha256: Annotated[str | None, Query(max_length=64)] = None,
    period: Annotated[Period | None, Query(description="With rows of this month")] = None,
) -> Page[ImportAnswer]:
    """Newest first unless sorted otherwise."""
    filters = {"kind": kind, "status": status, "source": source, "sha256": sha256}
    query = repository.list_query(filters)
    if period is not None:
        query = repository.with_rows_of(query, period)
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={"id": DataImport.id, "created_at": DataImport.created_at},
        default_sort="-id",
        filters=filters | {"period": period},
        unique=DataImport.id,
    )
    return Page(items=[answer(row) for row in rows], next_cursor=cursor)


ImportId = Annotated[UUID, Path()]


@router.get(
    "/{import_id:uuid}", summary="Read an import", operation_id="get_import", openapi_extra=COMPUTED
)
def get_import(import_id: ImportId, session: SessionDep, response: Response) -> ImportAnswer:
    """What became of every row and every cent of a file."""
    row = repository.get_import(session, import_id)
    set_etag(response, row)
    return answer(row)


@router.post(
    "/{import_id:uuid}/revert",
    summary="Take an import back",
    operation_id="revert_import",
    dependencies=WRITE,
)
def revert_import(
    import_id: ImportId,
    request: RevertRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> ImportAnswer:
    """Whole or not at all: rows that no other import reports end, replaced rows come back."""
    row = revert(session, caller, import_id, request.reason)
    if dry_run:
        discard(session)
    else:
        set_etag(response, row)
    return answer(row)
