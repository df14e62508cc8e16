"""The job of an import: read the file into drafts, then store all of it at once."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.imports import repository
from services.ingest.imports.domain import (
    Expected,
    Held,
    Totals,
    check_control_totals,
    check_every_row,
    check_reject_share,
)
from services.ingest.imports.evidence import detected_json
from services.ingest.imports.job_folder import job_folder
from services.ingest.imports.kinds.handler import Handler, Stored, Writer
from services.ingest.imports.kinds.registry import REFUSED_COLUMNS, handler_of
from services.ingest.imports.parsing import ParsedFile, parse_file, profile_from_rules
from services.ingest.imports.reading.file_profile import FileRequest
from services.ingest.imports.reading.survey import styles_from_json
from services.ingest.values.fault import REJECT_CODES
from shared import metrics
from shared.audit import trail
from shared.clock import utc_now
from shared.database import at_once, in_transaction
from shared.errors import Problem
from shared.events import outbox
from shared.files import copy_file, get_file
from shared.jobs.running import JobContext, register
from shared.tables.ingest.imports import DataImport

SERVICE = "ingest"
JOB_KIND = "import"


def run_import(context: JobContext) -> None:
    """Read and store one import; nothing of it is visible before all of it is."""
    row = repository.get_import(context.session, context.resource_id)
    with at_once() as connection:
        repository.mark_running(connection, row.id)
    with job_folder(row.id) as folder:
        path = folder / "upload"
        copy_file(context.session, get_file(context.session, row.file_id), path)
        handler = handler_of(row.kind)
        with handler.drafts(context, row) as write:
            parsed = _parse(context, row, path, folder, handler, write)
        stored = None
        try:
            check_control_totals(_expected(row.parameters), _held(parsed))
            stored = handler.store(context.session, row, parsed)
            totals = _totals(parsed, stored)
            most = _decimal(row.parameters.get("max_reject_share"))
            check_reject_share(totals, most, parsed.footing_totals)
        except Problem:
            _keep_evidence(context.session, row.id, parsed, stored)
            raise
        check_every_row(totals)
        _finish(context, row, parsed, stored, totals)


def fail_import(session: Session, import_id: UUID, problem: dict[str, Any], status: str) -> None:
    """Mark an import as failed, with the problem; a cancelled one as well."""
    row = repository.get_import(session, import_id, for_update=True)
    row.status = "failed"
    row.problem = problem or {"code": status, "title": "The import was cancelled", "status": 409}
    row.finished_at = utc_now()
    row.version += 1
    session.add(row)
    _tell(session, row)


register(JOB_KIND, run_import, fail_import)


def _parse(
    context: JobContext,
    row: DataImport,
    path: Path,
    folder: Path,
    handler: Handler,
    write: Writer,
) -> ParsedFile:
    parameters = row.parameters
    styles = parameters.get("styles")
    request = FileRequest(
        kind=row.kind,
        profile=profile_from_rules(parameters.get("rules"), row.profile),
        period=row.period,
        currency=parameters.get("currency"),
        focus_cost=parameters.get("focus_cost", "EffectiveCost"),
        styles=styles_from_json(styles) if styles else None,
        is_retry=row.retry_of is not None,
    )

    def progress(rows: int) -> None:
        # How many rows there are is known at the end only: approach two thirds.
        context.progress(0.66 * rows / (rows + 100_000))

    return parse_file(path, request, folder, handler.reader(row), write, progress)


def _expected(parameters: dict[str, Any]) -> Expected:
    said = parameters.get("control_totals") or {}
    amounts = said.get("amounts")
    return Expected(
        rows=said.get("rows"),
        amount=_decimal(said.get("amount")),
        amounts=None
        if amounts is None
        else {entry["currency"]: Decimal(entry["amount"]) for entry in amounts},
        invoices=None
        if said.get("invoices") is None
        else {invoice: Decimal(amount) for invoice, amount in said["invoices"].items()},
    )


def _held(parsed: ParsedFile) -> Held:
    totals, invoices = parsed.total_rows, parsed.invoices
    return Held(
        rows=parsed.received.rows,
        money=parsed.received.money.sums,
        total_rows=len(totals.checks) if totals else 0,
        total_money=totals.money.sums if totals else {},
        billed=invoices.billed if invoices else {},
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _totals(parsed: ParsedFile, stored: Stored) -> Totals:
    with_money = stored.has_money
    rejected = dict(parsed.rejected.sums)
    for currency, amount in stored.money_refused.items():
        rejected[currency] = rejected.get(currency, Decimal(0)) + amount
    return Totals(
        received=parsed.received.rows,
        accepted=stored.accepted,
        rejected=parsed.rejected_rows + stored.refused,
        duplicate=stored.duplicate,
        unreadable_amount=parsed.received.unreadable_amount if with_money else 0,
        money_received=parsed.received.money.sums if with_money else {},
        money_accepted=stored.money_accepted,
        money_rejected=rejected if with_money else {},
        money_duplicate=stored.money_duplicate,
    )


def _keep_evidence(
    storing: Session, import_id: UUID, parsed: ParsedFile, stored: Stored | None
) -> None:
    """Keep the rejects and counts of an import that is refused, so that its file can be mended.

    `storing` is the session in which all else is undone; the rows refused there are read from it.
    """
    with in_transaction() as session:
        repository.keep_rejects(session, import_id, parsed.rejections())
        row = repository.get_import(session, import_id, for_update=True)
        row.rows_received = parsed.received.rows
        row.rows_rejected = parsed.rejected_rows
        if stored is not None and stored.refused and stored.refused_table is not None:
            refused = (parsed.reject_count, stored.refused_table, REFUSED_COLUMNS, REJECT_CODES)
            found = repository.refused_rows(storing, import_id, *refused)
            repository.keep_refused(session, found)
            row.rows_rejected += stored.refused
        row.rows_unreadable_amount = parsed.rejected_unreadable
        row.detected = detected_json(parsed)
        session.add(row)


def _finish(
    context: JobContext, row: DataImport, parsed: ParsedFile, stored: Stored, totals: Totals
) -> None:
    session = context.session
    repository.keep_rejects(session, row.id, parsed.rejections())
    _add_refused(session, row.id, parsed.reject_count, stored)
    row.status = "succeeded"
    row.rows_received = totals.received
    row.rows_accepted = totals.accepted
    row.rows_rejected = totals.rejected
    row.rows_duplicate = totals.duplicate
    row.rows_unreadable_amount = totals.unreadable_amount
    row.amounts = totals.amounts()
    row.periods = stored.periods
    row.superseded = stored.superseded
    row.detected = detected_json(parsed)
    row.finished_at = utc_now()
    row.version += 1
    session.add(row)
    _tell(session, row)
    _count(session, row)
    if stored.changed_line_periods:
        payload = {
            "periods": stored.changed_line_periods,
            "scenario": row.scenario,
            "restate": row.restate,
        }
        outbox.publish(session, SERVICE, "cost_lines.changed", str(row.id), payload)
    trail.record(
        session,
        context.subject,
        SERVICE,
        "finish",
        "import",
        str(row.id),
        details={
            "sha256": row.sha256,
            "kind": row.kind,
            "rows": totals.received,
            "accepted": totals.accepted,
            "rejected": totals.rejected,
            "duplicate": totals.duplicate,
            "amounts": row.amounts,
            "restate": row.restate,
        },
    )


def _add_refused(session: Session, import_id: UUID, after: int, stored: Stored) -> None:
    if not stored.refused or stored.refused_table is None:
        return
    repository.add_refused(
        session, import_id, after, stored.refused_table, REFUSED_COLUMNS, REJECT_CODES
    )


def _count(session: Session, row: DataImport) -> None:
    source = metrics.source_label(row.source)
    for outcome in ("accepted", "rejected", "duplicate"):
        metrics.import_rows.labels(source, outcome).inc(getattr(row, f"rows_{outcome}"))
    for reason, times in repository.reject_reasons(session, row.id) if row.rows_rejected else ():
        metrics.import_rejects.labels(source, reason).inc(times)


def _tell(session: Session, row: DataImport) -> None:
    payload = {"id": str(row.id), "kind": row.kind, "status": row.status, "source": row.source}
    outbox.publish(session, SERVICE, "import.finished", str(row.id), payload)
