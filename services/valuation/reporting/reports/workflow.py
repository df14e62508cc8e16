"""Makes an ordered report: gathers inputs, writes the document, keeps the file, tells of it."""

import io
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.reporting.reports import repository
from services.valuation.reporting.reports.files.formats import MEDIA_TYPES, render
from services.valuation.reporting.reports.gathering.everything import gather_inputs
from shared.clock import utc_now
from shared.contracts.valuation.reports import ReportParameters
from shared.events import outbox
from shared.files import store_file
from shared.http.links import href
from shared.jobs.running import JobContext, register
from shared.tables.valuation.reports import Report

SERVICE = "valuation"
JOB_KIND = "report"
AVAILABLE_TYPES = (
    "cost-value-distribution",
    "it-spend-overview",
    "consumer-statement",
    "post-implementation-review",
    "value-analysis",
    "unallocated-and-data-quality",
    "carbon",
    "compliance",
)


def write_report(context: JobContext) -> None:
    """The body of a report's job; a repeated run finds the report finished and does nothing."""
    row = repository.get_report(context.session, context.resource_id)
    if row.status == "succeeded":
        return
    parameters = ReportParameters.model_validate(row.parameters)
    inputs = gather_inputs(context.session, row.type, row.period, row.language, parameters)
    context.progress(0.5)
    content = _file_of(row, inputs)
    context.progress(0.9)
    name = f"{row.type}_{row.period}_{row.language}.{row.format}"
    stored = store_file(context.session, name, MEDIA_TYPES[row.format], io.BytesIO(content))
    row.run_id = UUID(inputs.cost.run.id) if inputs.cost else None
    row.inputs_sha256 = inputs.sha256
    row.file_id = stored.id
    row.file_name, row.media_type = name, stored.media_type
    row.sha256, row.bytes = stored.sha256, stored.bytes
    _finish(context.session, row, "succeeded", None)
    made = {
        "sha256": stored.sha256,
        "bytes": stored.bytes,
        "href": href(f"/v1/reports/{row.id}/content"),
    }
    _tell(context.session, "report.ready", row, made)


def _file_of(row: Report, inputs: Any) -> bytes:
    # Altair and the chapters that draw with it load here: the service itself starts without them.
    from services.valuation.reporting.reports.content.links import Links
    from services.valuation.reporting.reports.content.reports import write_document

    links = Links("/allocation", "/valuation", inputs.cost.run.id if inputs.cost else "")
    return render(write_document(row.type, inputs, links), row.format)


def mark_failed(session: Session, resource_id: UUID, problem: dict[str, Any], status: str) -> None:
    """Say on the report that, and why, it was not made."""
    row = repository.get_report(session, resource_id)
    _finish(session, row, status, problem or None)
    if status == "failed":
        told = {"problem": problem, "href": href(f"/v1/reports/{row.id}")}
        _tell(session, "report.failed", row, told)


def _tell(session: Session, event: str, row: Report, told: dict[str, Any]) -> None:
    """Publish what became of a report; the webhook of its schedule hears it in any case."""
    payload = {
        "id": str(row.id),
        "type": row.type,
        "period": row.period,
        "format": row.format,
        "language": row.language,
        "schedule": row.schedule,
        **told,
    }
    outbox.publish(session, SERVICE, event, str(row.id), payload, webhook_id=row.webhook_id)


def _finish(session: Session, row: Report, status: str, problem: dict[str, Any] | None) -> None:
    row.status = status
    row.problem = problem
    row.finished_at = utc_now()
    row.version += 1
    session.add(row)
    session.flush()


register(JOB_KIND, write_report, mark_failed)
