"""Ordering a report: the row that is waited for, and the job that makes it."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from services.valuation.reporting.reports.workflow import AVAILABLE_TYPES, JOB_KIND, SERVICE
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.valuation.reports import ReportParameters, ReportType
from shared.errors import RuleBroken
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.tables.platform import Job
from shared.tables.valuation.reports import Report


@dataclass(frozen=True)
class ReportOrder:
    """What is to be reported, of which month, in which form.

    `schedule_id`, `schedule` (its code) and `occasion` (the due time or the run) are those of the
    report schedule that orders by itself; `webhook_id` is told of it besides the subscribers.
    """

    type: str
    period: str
    format: str
    language: str
    parameters: ReportParameters
    schedule_id: UUID | None = None
    schedule: str | None = None
    occasion: str | None = None
    webhook_id: UUID | None = None


def check_type(report_type: ReportType) -> None:
    """422 `report_type_not_available` for a type that this version does not make."""
    if report_type not in AVAILABLE_TYPES:
        known = ", ".join(AVAILABLE_TYPES)
        raise RuleBroken.at("/type", "report_type_not_available", f"choose one of {known}")


def order_report(session: Session, caller: Caller | str, order: ReportOrder) -> tuple[Report, Job]:
    """The report as it is now (queued), and its job; kept with the caller's transaction."""
    subject = caller if isinstance(caller, str) else caller.subject
    row = Report(
        type=order.type,
        period=order.period,
        format=order.format,
        language=order.language,
        parameters=order.parameters.model_dump(mode="json"),
        status="queued",
        subject=subject,
        schedule_id=order.schedule_id,
        schedule=order.schedule,
        occasion=order.occasion,
        webhook_id=order.webhook_id,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "order", "report", str(row.id), after=row.model_dump())
    job = defer_job(
        session,
        service=SERVICE,
        kind=JOB_KIND,
        subject=subject,
        resource_id=row.id,
        resource_href=href(f"/v1/reports/{row.id}"),
    )
    return row, job
