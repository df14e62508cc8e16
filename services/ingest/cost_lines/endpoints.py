"""`/v1/cost-lines`: what was spent, line by line, with the rows as received."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel import Session

from services.ingest.cost_lines import repository
from services.ingest.cost_lines.workflow import push_lines
from services.ingest.imports.parsing import profile_from_rules, raw_rows
from services.ingest.imports.repository import get_import
from services.ingest.profiles.domain import Profile
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.cost_lines import CostLineAnswer, CostLineDetail, CostLineRequest
from shared.contracts.jobs import Page
from shared.contracts.values import Label
from shared.database import SessionDep, new_session
from shared.files import copy_file, get_file
from shared.http.bulk import BulkQueryDep, finish_bulk, read_items
from shared.http.etags import etag_of
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.query_parameters import open_parameters, read_open_filters
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.facts import CostLine

SERVICE = "ingest"
router = new_router("/v1/cost-lines", "cost lines", [Needs("ingest:read")])
COLUMNS = (
    "id", "external_id", "source", "period", "scenario", "amount", "currency", "posted_on",
    "cost_type", "account", "cost_center", "vendor", "document", "description", "asset", "project",
    "tags", "fields", "row", "import", "live_from", "live_to",
)  # fmt: skip
Short = Annotated[str | None, Query(max_length=2048)]


def answer_values(row: CostLine) -> dict[str, Any]:
    """The values of a line as callers see them."""
    values = row.model_dump(
        exclude={"identity", "ordinal", "row_no", "import_id", "closed_by"},
    )
    # A version of a line changes once: when it ends.
    version = 1 if row.live_to is None else 2
    return {
        **values,
        "row": row.row_no,
        "import": row.import_id,
        "etag": etag_of(row.id, version),
    }


@router.get(
    "",
    summary="List cost lines",
    operation_id="list_cost_lines",
    responses=EXPORT_RESPONSES,
    openapi_extra=open_parameters("tags", "fields"),
    response_model=Page[CostLineAnswer],
)
def list_cost_lines(
    request: Request,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    period: Short = None,
    scenario: Short = None,
    import_id: Annotated[UUID | None, Query(alias="import")] = None,
    source: Short = None,
    account: Short = None,
    external_id: Short = None,
    currency: Short = None,
    cost_type: Short = None,
    cost_center: Short = None,
    vendor: Short = None,
    document: Short = None,
    description: Short = None,
    asset: Short = None,
    project: Short = None,
    posted_on: Annotated[date | None, Query()] = None,
    live: Annotated[bool, Query(description="Only lines that have not been replaced")] = True,
) -> Any:
    """Live lines in the order in which they came. `tags.x=` and `fields.x=` filter as well."""
    filters = {
        "period": period, "scenario": scenario, "import_id": import_id, "source": source,
        "account": account, "external_id": external_id, "currency": currency,
        "cost_type": cost_type, "cost_center": cost_center, "vendor": vendor,
        "document": document, "description": description, "asset": asset, "project": project,
        "posted_on": posted_on,
    }  # fmt: skip
    tags, fields = read_open_filters(request), read_open_filters(request, "fields")
    query = repository.list_query(filters, tags, fields, live=live)
    if export is not None:
        return export_rows(export, "cost-lines", COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "id": CostLine.id,
            "amount": CostLine.amount,
            "posted_on": CostLine.posted_on,
            "period": CostLine.period,
        },
        default_sort="id",
        filters={**filters, "live": live, "tags": sorted(tags.items()) or None,
                 "fields": sorted(fields.items()) or None},
        unique=CostLine.id,
    )  # fmt: skip
    items = [CostLineAnswer(**answer_values(row)) for row in rows]
    return Page(items=items, next_cursor=cursor)


def _exported(query: Any) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        for row in repository.stream(session, query):
            values = answer_values(row)
            yield tuple(values[name] for name in COLUMNS)


@router.get(
    "/{line_id:uuid}",
    summary="Read a cost line",
    operation_id="get_cost_line",
    openapi_extra=COMPUTED,
)
def get_cost_line(line_id: UUID, session: SessionDep, response: Response) -> CostLineDetail:
    """One line with the row as received and all imports that report it."""
    row = repository.get_cost_line(session, line_id)
    values = answer_values(row)
    response.headers["ETag"] = values["etag"]
    return CostLineDetail(
        **values, imports=repository.imports_of(session, row), raw=_raw_row(session, row)
    )


def _raw_row(session: Session, line: CostLine) -> dict[str, Any] | None:
    """The row of the file that a line came from; a pushed line has none."""
    if line.import_id is None or line.row_no is None:
        return None
    origin = get_import(session, line.import_id)
    profile = profile_from_rules(origin.parameters.get("rules"), origin.profile)
    with tempfile.TemporaryDirectory(prefix="btim-row-") as folder:
        path = FilePath(folder) / "upload"
        copy_file(session, get_file(session, origin.file_id), path)
        found = raw_rows(path, profile or Profile(origin.kind, {}), {line.row_no})
    return dict(found.get(line.row_no, {}))


@router.post(
    "/bulk",
    summary="Push cost lines",
    operation_id="bulk_cost_lines",
    dependencies=[Needs("ingest:write")],
)
def bulk_cost_lines(
    request: BulkRequest[CostLineRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
    restate: Annotated[
        Label | None, Query(description="The reason for changing closed periods")
    ] = None,
) -> BulkAnswer:
    """Upsert by source, scenario and external id. A change closes the old line and adds one."""
    items = read_items(CostLineRequest, request.items)
    results = push_lines(session, items, restate=restate is not None)
    answer = finish_bulk(session, results, how)
    counts = {
        status: sum(1 for result in results if result.status == status)
        for status in ("created", "updated", "unchanged", "error")
    }
    details = {**counts, "restate": restate, "content_hash": trail.sha256_of(request.items)}
    trail.record(session, caller, SERVICE, "push", "cost_line", "", details=details)
    return answer
