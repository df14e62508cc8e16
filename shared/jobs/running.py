"""Runs the body of one job: one transaction, under a lock that keeps a second worker out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from shared import metrics, traces
from shared.clock import utc_now
from shared.database import at_once, new_session
from shared.errors import Problem, Unavailable
from shared.http.problems import body_of, is_full_disk, problem_of_database
from shared.logs import correlation_id, get_logger
from shared.postgres import advisory_locks
from shared.settings import get_settings
from shared.tables.platform import Job

log = get_logger(__name__)
FINISHED = ("succeeded", "failed", "cancelled")


class JobCancelled(Exception):
    """The caller has asked to stop this job."""


@dataclass
class JobContext:
    """What a job body works with; its session is committed once, when the body returns.

    `attempt` counts from 1; a later one means that the others were broken off.
    """

    session: Session
    job_id: UUID
    resource_id: UUID
    arguments: dict[str, Any]
    subject: str
    attempt: int = 1
    _reported_at: float = 0.0

    def progress(self, share: float) -> None:
        """Say how far the job is (0 to 1), at most a few times a second; stops a cancelled job."""
        now = time.monotonic()
        if now - self._reported_at < 0.3:
            return
        self._reported_at = now
        statement = text(
            "update job set progress = greatest(progress, :share) where id = :id"
            " returning cancel_requested"
        )
        with at_once() as connection:
            cancelled = connection.execute(
                statement, {"share": min(max(share, 0.0), 0.99), "id": self.job_id}
            ).scalar_one()
        if cancelled:
            raise JobCancelled


Body = Callable[[JobContext], None]
OnFailure = Callable[[Session, UUID, dict[str, Any], str], None]
"""Called in its own transaction with (session, resource id, problem document, job status)."""


@dataclass(frozen=True)
class JobKind:
    """What runs for a kind of job, and what marks its resource when it fails."""

    body: Body
    on_failure: OnFailure


_kinds: dict[str, JobKind] = {}


def register(kind: str, body: Body, on_failure: OnFailure) -> None:
    """Say which function runs the jobs of a kind (at import of the noun's workflow)."""
    _kinds[kind] = JobKind(body, on_failure)


def run(job_id: UUID, carried: Mapping[str, str] | None = None) -> None:
    """Run a job to its end; raising means that the queue shall try it again.

    `carried` holds the trace that it belongs to.
    """
    with new_session() as session:
        taken = advisory_locks.try_hold(session, f"job:{job_id}")
        session.execute(text("set local idle_in_transaction_session_timeout = 0"))
        session.execute(text("set local statement_timeout = 0"))
        if not taken:
            raise Unavailable("another worker still holds this job")
        job = session.get(Job, job_id)
        if job is None or job.status in FINISHED:
            return
        token = correlation_id.set(job.correlation_id)
        about = {"btim.service": job.service, "btim.job": str(job.id), "btim.job_kind": job.kind}
        try:
            with traces.span(f"job {job.kind}", "consumer", parent=carried, about=about):
                _run_locked(session, job)
        finally:
            correlation_id.reset(token)


def _run_locked(session: Session, job: Job) -> None:
    kind = _kinds[job.kind]
    if job.cancel_requested:
        _fail(session, job, kind, "cancelled", None)
        return
    _mark_running(job.id)
    began = time.perf_counter()
    context = JobContext(
        session, job.id, UUID(job.resource_id), job.arguments, job.subject, job.attempts + 1
    )
    try:
        kind.body(context)
        _finish(session, job.id, "succeeded", None)
        session.commit()
        _count(job, "succeeded", began)
    except JobCancelled:
        _fail(session, job, kind, "cancelled", None)
    except Exception as error:
        session.rollback()
        _after_error(session, job, kind, error)


def _after_error(session: Session, job: Job, kind: JobKind, error: Exception) -> None:
    passing = is_passing(error)
    if passing and job.attempts < get_settings().job_max_attempts:
        log.warning("job_will_be_tried_again", job=str(job.id), kind=job.kind, error=repr(error))
        with at_once() as connection:
            connection.execute(
                text("update job set status = 'queued' where id = :id and finished_at is null"),
                {"id": job.id},
            )
        raise error
    problem = as_problem(error)
    if problem.status >= 500:
        log.error("job_failed", job=str(job.id), kind=job.kind, exc_info=error)
    _fail(session, job, kind, "failed", problem)


def is_passing(error: Exception) -> bool:
    """Whether trying again later can help."""
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError):
        problem = problem_of_database(error)
        return isinstance(problem, Unavailable)
    passing = Unavailable | OperationalError | InterfaceError | PoolTimeout
    return isinstance(error, passing) or is_full_disk(error)


def as_problem(error: Exception) -> Problem:
    """What the caller is told of a failed job."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DBAPIError):
        known = problem_of_database(error)
        if known is not None:
            return known
    return Problem("the job crashed; the correlation id finds it in the logs")


def _mark_running(job_id: UUID) -> None:
    statement = text(
        "update job set status = 'running', attempts = attempts + 1,"
        " started_at = coalesce(started_at, now()) where id = :id and finished_at is null"
    )
    with at_once() as connection:
        connection.execute(statement, {"id": job_id})


def _finish(session: Session, job_id: UUID, status: str, problem: dict[str, Any] | None) -> None:
    session.flush()
    session.expire_all()
    job = session.get_one(Job, job_id)
    job.status = status
    job.progress = 1.0 if status == "succeeded" else job.progress
    job.problem = problem
    job.finished_at = utc_now()
    session.add(job)


def _fail(session: Session, job: Job, kind: JobKind, status: str, problem: Problem | None) -> None:
    """Write down how it ended, unless another worker, who had it since, has done so."""
    session.rollback()
    if not advisory_locks.try_hold(session, f"job:{job.id}"):
        raise Unavailable("another worker holds this job now")
    session.refresh(job)
    if job.status in FINISHED:
        return
    job_id, resource_id = job.id, UUID(job.resource_id)
    body = body_of(problem) if problem else {}
    kind.on_failure(session, resource_id, body, status)
    _finish(session, job_id, status, body or None)
    session.commit()
    _count(job, status)


def _count(job: Job, status: str, began: float | None = None) -> None:
    metrics.jobs_finished.labels(job.service, job.kind, status).inc()
    seconds = None if began is None else time.perf_counter() - began
    if seconds is not None:
        metrics.job_seconds.labels(job.service, job.kind).observe(seconds)
    log.info("job", job=str(job.id), kind=job.kind, status=status, seconds=seconds)
