"""Report schedules as callers see them."""

from datetime import UTC
from urllib.parse import urlsplit, urlunsplit

from shared.contracts.jobs import ProblemDocument
from shared.contracts.valuation.report_schedules import LastReport, ReportScheduleAnswer
from shared.contracts.valuation.reports import ReportParameters
from shared.contracts.values import name_in
from shared.http.etags import etag_of
from shared.http.links import href
from shared.tables.valuation.report_schedules import ReportSchedule
from shared.tables.valuation.reports import Report


def schedule_answer(
    row: ReportSchedule, last: Report | None, language: str
) -> ReportScheduleAnswer:
    """A schedule with what became of its newest report."""
    problem = row.problem or (last.problem if last and last.status == "failed" else None)
    return ReportScheduleAnswer(
        id=row.id,
        etag=etag_of(row.id, row.version),
        code=row.code,
        names=row.names,
        name=name_in(row.names, language) or row.code,
        type=row.type,
        format=row.format,
        language=row.language,
        period=row.period,
        cron=row.cron,
        event=row.event,
        timezone=row.timezone,
        webhook=_shown(row.webhook) if row.webhook and row.webhook_id else None,
        webhook_id=row.webhook_id,
        parameters=ReportParameters.model_validate(row.parameters),
        enabled=row.enabled,
        next_due_at=row.next_due_at.astimezone(UTC) if row.next_due_at else None,
        last_report=_last(last) if last else None,
        last_problem=ProblemDocument.model_validate(problem) if problem else None,
        created_at=row.created_at.astimezone(UTC),
        updated_at=row.updated_at.astimezone(UTC),
    )


def _shown(webhook: str) -> str:
    """An id as it is; an address without what may be secret in it: user, password, query."""
    parts = urlsplit(webhook)
    if not parts.scheme:
        return webhook
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _last(report: Report) -> LastReport:
    return LastReport(
        id=report.id,
        href=href(f"/v1/reports/{report.id}"),
        status=report.status,
        period=report.period,
        created_at=report.created_at.astimezone(UTC),
    )
