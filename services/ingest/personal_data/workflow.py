"""The job that takes values out of everything stored; a repeated run finds nothing left."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.personal_data import repository
from services.ingest.personal_data.domain import Sought, hash_of, seal, unseal
from services.ingest.personal_data.file_contents import (
    drop_reports,
    replace_in_pages,
    replace_in_uploads,
)
from services.ingest.personal_data.run_repository import replace_in_runs
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.ingest.personal_data import PurgeRequest
from shared.errors import FieldError, RuleBroken
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from shared.tables.ingest.personal_data import PersonalDataPurge
from shared.tables.platform import Job

SERVICE, JOB_KIND, RESOURCE = "ingest", "personal_data_purge", "personal_data"


def ask_for_purge(
    session: Session, caller: Caller, request: PurgeRequest, *, dry_run: bool
) -> tuple[PersonalDataPurge, Job]:
    """Queue a purge; 422 `reason_tells` where the reason, which is kept, says one of the values."""
    secret = repository.secret_of(session)
    sought = Sought(tuple(request.values), True, secret)
    if sought.of_text(request.reason) != request.reason:
        message = "the reason is kept and must not say what is purged"
        errors = [FieldError("/reason", "reason_tells", message)]
        raise RuleBroken(message, code="reason_tells", errors=errors)
    row = PersonalDataPurge(
        value_hashes=sorted({hash_of(secret, value) for value in request.values}),
        sealed_values=seal(secret, request.values),
        contains=request.contains,
        dry_run=dry_run,
        reason=request.reason,
        subject=caller.subject,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    job = defer_job(
        session,
        service=SERVICE,
        kind=JOB_KIND,
        subject=caller.subject,
        resource_id=row.id,
        resource_href=href(f"/v1/personal-data/purges/{row.id}"),
    )
    details = {
        "values": len(row.value_hashes), "contains": row.contains, "dry_run": dry_run,
        "reason": row.reason,
    }  # fmt: skip
    trail.record(session, caller, SERVICE, "purge", RESOURCE, str(row.id), details=details)
    return row, job


def run_purge(context: JobContext) -> None:
    """The body of the job: all of it or, but for files in a folder, nothing."""
    session = context.session
    row = repository.get_purge(session, context.resource_id)
    if row.sealed_values is None:
        return
    secret = repository.secret_of(session)
    values = tuple(unseal(secret, row.sealed_values))
    sought = Sought(values, row.contains, secret)
    nested = session.begin_nested() if row.dry_run else None
    replaced = _purge(context, sought, dry_run=row.dry_run)
    left = {"mappings": repository.selecting_mappings(session, sought)}
    if nested is not None:
        nested.rollback()
        row = repository.get_purge(session, context.resource_id)
    row.replaced = {place: count for place, count in replaced.items() if count}
    row.left_alone = {place: count for place, count in left.items() if count}
    _finish(session, row, "succeeded", None)
    if not row.dry_run:
        details = {"replaced": row.replaced, "left_alone": row.left_alone}
        trail.record(
            session, context.subject, SERVICE, "purged", RESOURCE, str(row.id), details=details
        )


def _purge(context: JobContext, sought: Sought, *, dry_run: bool) -> dict[str, int]:
    session = context.session
    found = repository.replace_in_fields(session, sought)
    context.progress(0.4)
    line_fields = repository.fields_of(session, "cost_lines")
    found["runs"] = replace_in_runs(session, line_fields, sought)
    context.progress(0.6)
    found |= repository.replace_in_other_rows(session, sought)
    found["kept_answers"] = repository.forget_answers(session, sought)
    found["source_pages"] = replace_in_pages(session, sought)
    context.progress(0.8)
    found["uploads"] = replace_in_uploads(session, sought, keep=dry_run)
    facts_changed = any(found.values())
    found["reports"] = drop_reports(session, sought, keep=dry_run, facts_changed=facts_changed)
    return found


def mark_failed(session: Session, resource_id: UUID, problem: dict[str, Any], status: str) -> None:
    """Nothing was replaced; the values are forgotten all the same."""
    _finish(session, repository.get_purge(session, resource_id), status, problem or None)


def _finish(
    session: Session, row: PersonalDataPurge, status: str, problem: dict[str, Any] | None
) -> None:
    row.status, row.problem, row.sealed_values = status, problem, None
    row.finished_at = utc_now()
    session.add(row)
    session.flush()


register(JOB_KIND, run_purge, mark_failed)
