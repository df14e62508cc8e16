"""`/v1/imports/{id}/rejects`: what is wrong with which row, and the rows sent again, mended."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import File, Query, Response, UploadFile

from services.ingest.imports import repository
from services.ingest.imports.endpoints import ImportId, answer_known
from services.ingest.imports.rejected_rows import REASON_COLUMNS, mended_rows, rows_to_mend
from services.ingest.imports.retry import retry_rejects
from shared.auth import CallerDep, Needs
from shared.contracts.ingest.imports import ImportAnswer, RejectAnswer, RetryRequest
from shared.contracts.jobs import Accepted, Page, Wait
from shared.database import SessionDep, new_session
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.imports import ImportReject

router = new_router("/v1/imports", "imports", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]


def _reject(row: ImportReject) -> RejectAnswer:
    return RejectAnswer(
        row=row.row_no,
        column=row.column_name,
        code=row.code,
        message=row.message,
        raw=row.raw,
        values=row.cells,
    )


@router.get(
    "/{import_id:uuid}/rejects",
    summary="List the rejects of an import",
    operation_id="list_import_rejects",
    responses=EXPORT_RESPONSES,
    response_model=Page[RejectAnswer],
)
def list_rejects(
    import_id: ImportId,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    code: Annotated[str | None, Query(max_length=100)] = None,
    with_: Annotated[
        Literal["cells"] | None,
        Query(
            alias="with",
            description="`cells`: downloads have one line for each rejected row, with all its"
            " cells behind the reasons; mend them and send the file to `rejects/file`",
        ),
    ] = None,
) -> Any:
    """By row; as CSV, XLSX or Parquet the whole list."""
    row = repository.get_import(session, import_id)
    if export is not None and with_ == "cells":
        columns, lines = rows_to_mend(row)
        return export_rows(export, "rejects", columns, lines)
    if export is not None:
        return export_rows(export, "rejects", REASON_COLUMNS, _exported(import_id))
    rows, cursor = list_page(
        session,
        repository.rejects_query(import_id, code),
        page,
        sortable={"row": ImportReject.row_no},
        default_sort="row",
        filters={"import": str(import_id), "code": code},
        unique=ImportReject.number,
    )
    return Page(items=[_reject(row) for row in rows], next_cursor=cursor)


def _exported(import_id: UUID) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        for row in repository.all_rejects(session, import_id):
            yield (row.row_no, row.column_name, row.code, row.message, row.raw)


@router.post(
    "/{import_id:uuid}/rejects/retry",
    summary="Send corrected rows of an import",
    operation_id="retry_import_rejects",
    status_code=202,
    responses={200: {"model": ImportAnswer, "description": "An import of the same corrections"}},
    dependencies=WRITE,
)
def retry(
    import_id: ImportId,
    request: RetryRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    wait: Wait = None,
) -> Accepted | ImportAnswer:
    """Makes a linked import of the corrected rows, read as the first import was."""
    row, job = retry_rejects(session, caller, import_id, request.items)
    if job is None:
        return answer_known(session, response, row, wait)
    return accept(response, job)


@router.post(
    "/{import_id:uuid}/rejects/file",
    summary="Send a mended file of rejects",
    operation_id="retry_import_rejects_by_file",
    status_code=202,
    responses={200: {"model": ImportAnswer, "description": "An import of the same corrections"}},
    dependencies=WRITE,
)
def retry_by_file(
    import_id: ImportId,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    file: Annotated[UploadFile, File(description="The download `?with=cells`, mended")],
    wait: Wait = None,
) -> Accepted | ImportAnswer:
    """As sending the rows one by one: makes a linked import of all rows of the file."""
    first = repository.get_import(session, import_id)
    row, job = retry_rejects(session, caller, import_id, mended_rows(first, file.file))
    if job is None:
        return answer_known(session, response, row, wait)
    return accept(response, job)
