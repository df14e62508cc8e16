"""`/v1/report-schedules`: reports that come by themselves, by the clock or with a run."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session

from services.valuation.reporting.report_schedules import repository
from services.valuation.reporting.report_schedules.answers import schedule_answer
from services.valuation.reporting.report_schedules.changes import (
    change_schedule,
    new_schedule,
    patched,
    told_webhook,
)
from services.valuation.reporting.report_schedules.checking import fields_of, webhook_of
from services.valuation.reporting.reports.workflow import SERVICE
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.report_schedules import (
    ReportScheduleAnswer,
    ReportScheduleCreated,
    ReportSchedulePatch,
    ReportScheduleRequest,
    ScheduleEvent,
)
from shared.contracts.valuation.reports import ReportFormat, ReportLanguage, ReportType
from shared.database import SessionDep
from shared.errors import Conflict, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.report_schedules import ReportSchedule

RESOURCE = "report_schedule"
router = new_router("/v1/report-schedules", "reports", [Needs("valuation:read")])


@router.get("", summary="List report schedules", operation_id="list_report_schedules")
def list_report_schedules(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    report_type: Annotated[ReportType | None, Query(alias="type")] = None,
    report_format: Annotated[ReportFormat | None, Query(alias="format")] = None,
    report_language: Annotated[ReportLanguage | None, Query(alias="language")] = None,
    event: Annotated[ScheduleEvent | None, Query()] = None,
    enabled: Annotated[bool | None, Query()] = None,
) -> Page[ReportScheduleAnswer]:
    """Ordered by code unless sorted otherwise."""
    equal = {
        "code": code,
        "type": report_type,
        "format": report_format,
        "language": report_language,
        "event": event,
        "enabled": enabled,
    }
    rows, cursor = list_page(
        session,
        repository.list_query(equal),
        page,
        sortable={
            "code": ReportSchedule.code,
            "type": ReportSchedule.type,
            "created_at": ReportSchedule.created_at,
        },
        default_sort="code",
        filters=equal,
        unique=ReportSchedule.id,
    )
    return Page(items=_answers(session, rows, language), next_cursor=cursor)


@router.get(
    "/{schedule_id:uuid}",
    summary="Read a schedule",
    operation_id="get_report_schedule",
    openapi_extra=COMPUTED,
)
def get_report_schedule(
    schedule_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> ReportScheduleAnswer:
    """One schedule with its next due time and its newest report."""
    row = repository.get_schedule(session, schedule_id)
    set_etag(response, row)
    return _answers(session, [row], language)[0]


@router.post(
    "",
    summary="Schedule a report",
    operation_id="create_report_schedule",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_report_schedule(
    request: ReportScheduleRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReportScheduleCreated:
    """409 `code_taken`; 422 `cron_or_event`, `bad_cron`, `unknown_timezone`, `period_needs_event`,
    `unknown_webhook`, `run_in_schedule`, and whatever an order by hand is refused for."""
    fields = fields_of(session, caller, request, language)
    repository.hold_alone(session)
    if request.code is not None and repository.find_by_codes(session, [request.code]):
        raise Conflict(f"the schedule {request.code} exists", code="code_taken")
    hook, secret = webhook_of(session, caller, request.webhook, may_register=True)
    row = new_schedule(request.code, fields | told_webhook(request.webhook, hook))
    session.add(row)
    trail.record(
        session, caller, SERVICE, "create", RESOURCE, str(row.id), after=row.model_dump()
    )  # fmt: skip
    set_etag(response, row)
    answer = schedule_answer(row, None, language)
    return ReportScheduleCreated(**answer.model_dump(), webhook_secret=secret)


@router.patch(
    "/{schedule_id:uuid}",
    summary="Change a schedule",
    operation_id="update_report_schedule",
    dependencies=[Needs("valuation:write")],
)
def update_report_schedule(
    schedule_id: UUID,
    patch: ReportSchedulePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> ReportScheduleCreated:
    """A merge patch; with another time, zone or `enabled` it is due from now on."""
    row = repository.get_schedule(session, schedule_id, lock=True)
    check_if_match(if_match, row)
    before = row.model_dump()
    request = patched(row, patch)
    fields = fields_of(session, caller, request, row.language)
    hook, secret = webhook_of(session, caller, request.webhook, may_register=True)
    if change_schedule(row, fields | told_webhook(request.webhook, hook)):
        session.add(row)
        trail.record(
            session, caller, SERVICE, "update", RESOURCE, str(row.id),
            before=before, after=row.model_dump(),
        )  # fmt: skip
    set_etag(response, row)
    (answer,) = _answers(session, [row], language)
    return ReportScheduleCreated(**answer.model_dump(), webhook_secret=secret)


@router.delete(
    "/{schedule_id:uuid}",
    summary="Delete a schedule",
    operation_id="delete_report_schedule",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_report_schedule(
    schedule_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """It orders nothing any more; its reports stay."""
    row = repository.get_schedule(session, schedule_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    trail.record(
        session, caller, SERVICE, "delete", RESOURCE, str(schedule_id), before=row.model_dump()
    )  # fmt: skip


@router.post(
    "/bulk",
    summary="Add or change many schedules",
    operation_id="bulk_report_schedules",
    dependencies=[Needs("valuation:write")],
)
def bulk_report_schedules(
    request: BulkRequest[ReportScheduleRequest],
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code, which every item needs here (`code_needed`); webhooks are registered ones."""
    items = read_items(ReportScheduleRequest, request.items)
    repository.hold_alone(session)
    codes = [item.code for item in items if not isinstance(item, Problem) and item.code]
    known = repository.find_by_codes(session, codes)

    def apply(item: ReportScheduleRequest) -> Outcome:
        if item.code is None:
            raise RuleBroken.at("/code", "code_needed", "a bulk upserts by code")
        hook, _ = webhook_of(session, caller, item.webhook, may_register=False)
        row = known.get(item.code)
        fields = fields_of(session, caller, item, row.language if row else language)
        fields |= told_webhook(item.webhook, hook)
        if row is None:
            row = known[item.code] = new_schedule(item.code, fields)
            session.add(row)
            return "created", row.id
        if not change_schedule(row, fields):
            return "unchanged", row.id
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply)
    trail.record(
        session, caller, SERVICE, "bulk", RESOURCE, "", details=bulk_details(request.items, done)
    )
    return done


def _answers(
    session: Session, rows: Sequence[ReportSchedule], language: str
) -> list[ReportScheduleAnswer]:
    last = repository.last_reports(session, [row.id for row in rows])
    return [schedule_answer(row, last.get(row.id), language) for row in rows]
