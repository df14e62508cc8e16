"""`/v1/reports`: order a report, follow it, fetch the file."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response

from services.valuation.reporting.reports import repository
from services.valuation.reporting.reports.answers import JSON, file_answer, preferred, report_answer
from services.valuation.reporting.reports.files.formats import MEDIA_TYPES
from services.valuation.reporting.reports.order_rules import check_order
from services.valuation.reporting.reports.ordering import ReportOrder, check_type, order_report
from shared.auth import CallerDep, Needs
from shared.contracts.jobs import Accepted, Page, Wait
from shared.contracts.valuation.reports import (
    ReportAnswer,
    ReportFormat,
    ReportLanguage,
    ReportRequest,
    ReportStatus,
    ReportType,
)
from shared.contracts.values import HeaderText, Period
from shared.database import SessionDep
from shared.http.etags import set_etag
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.reports import Report

router = new_router("/v1/reports", "reports", [Needs("valuation:read")])
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report; with the file's own media type in `Accept` the file itself",
        "content": {
            media_type.partition(";")[0]: {
                "schema": {"type": "string", "contentMediaType": media_type.partition(";")[0]}
            }
            for name, media_type in MEDIA_TYPES.items()
            if name != "json"
        },
    },
    304: {"description": "You have these bytes already"},
}
AcceptHeader = Annotated[HeaderText | None, Header(description="JSON, or the file's media type")]
NoneMatch = Annotated[HeaderText | None, Header(description="ETag of bytes that you have")]


@router.post(
    "",
    summary="Order a report",
    operation_id="create_report",
    status_code=202,
    dependencies=[Needs("valuation:write")],
)
def create_report(
    request: ReportRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    wait: Wait = None,
) -> Accepted:
    """With `?wait=60` and the file's media type in `Accept` the answer is 200 with the file.

    422 `report_type_not_available` for a type that this version does not make yet;
    `consumer_missing`, `unknown_consumer` and `parameter_not_used` for parameters that do not
    fit it; 403 `admin_only` for `compliance` without `valuation:admin`.
    The job fails with 409 `no_published_run` when the period has no published run, with 422
    `run_and_months` for months with a run that is not published, with 409 `measures_missing`
    when a carbon report finds neither energy nor emissions in it.
    """
    check_type(request.type)
    check_order(session, caller, request.type, request.parameters)
    order = ReportOrder(
        request.type,
        request.period,
        request.format,
        request.language or language,
        request.parameters,
    )
    _, job = order_report(session, caller, order)
    return accept(response, job)


@router.get("", summary="List reports", operation_id="list_reports")
def list_reports(
    session: SessionDep,
    page: PageQueryDep,
    report_type: Annotated[ReportType | None, Query(alias="type")] = None,
    period: Annotated[Period | None, Query(examples=["2026-01"])] = None,
    report_format: Annotated[ReportFormat | None, Query(alias="format")] = None,
    language: Annotated[ReportLanguage | None, Query()] = None,
    status: Annotated[ReportStatus | None, Query()] = None,
    schedule: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[ReportAnswer]:
    """Newest first unless sorted otherwise."""
    equal = {
        "type": report_type,
        "period": period,
        "format": report_format,
        "language": language,
        "status": status,
        "schedule": schedule,
    }
    rows, cursor = list_page(
        session,
        repository.list_query(equal),
        page,
        sortable={
            "created_at": Report.created_at,
            "period": Report.period,
            "type": Report.type,
        },
        default_sort="-created_at",
        filters=equal,
        unique=Report.id,
    )
    return Page(items=[report_answer(row) for row in rows], next_cursor=cursor)


@router.get(
    "/{report_id}",
    summary="Read a report, or fetch its file",
    operation_id="get_report",
    openapi_extra=COMPUTED,
    response_model=ReportAnswer,
    responses=FILE_RESPONSES,
)
def get_report(
    report_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    accept: AcceptHeader = None,
    if_none_match: NoneMatch = None,
) -> ReportAnswer | Response:
    """JSON about the report; the file itself when `Accept` prefers the file's media type.

    409 `report_not_ready`, `report_failed` or `report_cancelled` when a file is asked for that
    is not there. The JSON file of a report is at `/content` only.
    """
    row = repository.get_report(session, report_id)
    media_type = MEDIA_TYPES[row.format].partition(";")[0]
    if preferred(accept, [JSON, media_type]) != JSON:
        return file_answer(row, caller, if_none_match)
    set_etag(response, row)
    return report_answer(row)


@router.get(
    "/{report_id}/content",
    summary="Fetch a report's file",
    operation_id="get_report_content",
    response_class=Response,
    responses={
        200: {
            "description": "The file; its ETag is the SHA-256 of its bytes",
            "content": FILE_RESPONSES[200]["content"]
            | {JSON: {"schema": {"type": "object", "description": "The report as JSON"}}},
        },
        304: FILE_RESPONSES[304],
    },
)
def get_report_content(
    report_id: UUID, session: SessionDep, caller: CallerDep, if_none_match: NoneMatch = None
) -> Response:
    """The bytes, whatever `Accept` says; 409 while there are none."""
    return file_answer(repository.get_report(session, report_id), caller, if_none_match)
