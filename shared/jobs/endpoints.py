"""`/v1/jobs`: how far long work is, and stopping it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlmodel import col

from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.jobs import Accepted, JobAnswer, JobResult, Page, Wait
from shared.database import SessionDep
from shared.errors import Conflict, NotFound
from shared.http.links import href
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.platform import Job

POLL_AFTER_SECONDS = "1"


def job_answer(job: Job) -> JobAnswer:
    """A job as callers see it; what it made is told once it is made."""
    made = job.status == "succeeded"
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        status=job.status,
        progress=1.0 if made else round(job.progress, 4),
        result=JobResult(id=job.resource_id, href=job.resource_href) if made else None,
        problem=job.problem or None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def accept(response: Response, job: Job) -> Accepted:
    """Answer 202 with the job's address; `?wait=` is served from it."""
    response.status_code = 202
    response.headers["Location"] = href(f"/v1/jobs/{job.id}")
    response.headers["Retry-After"] = POLL_AFTER_SECONDS
    return Accepted(id=UUID(job.resource_id), job=job_answer(job))


def _job(session: SessionDep, service: str, job_id: UUID) -> Job:
    job = session.get(Job, job_id)
    if job is None or job.service != service:
        raise NotFound(f"job {job_id}")
    return job


def jobs_router(service: str) -> APIRouter:
    """The endpoints for the jobs of one service."""
    router = new_router("/v1/jobs", "jobs", [Needs(f"{service}:read")])

    @router.get("", summary="List jobs", operation_id="list_jobs")
    def list_jobs(
        session: SessionDep,
        page: PageQueryDep,
        kind: Annotated[str | None, Query(max_length=100)] = None,
        status: Annotated[str | None, Query(max_length=20)] = None,
    ) -> Page[JobAnswer]:
        """Newest first unless sorted otherwise."""
        query = select(Job).where(col(Job.service) == service)
        if kind is not None:
            query = query.where(col(Job.kind) == kind)
        if status is not None:
            query = query.where(col(Job.status) == status)
        filters = {"service": service, "kind": kind, "status": status}
        rows, cursor = list_page(
            session,
            query,
            page,
            sortable={"id": Job.id, "created_at": Job.created_at},
            default_sort="-id",
            filters=filters,
            unique=Job.id,
        )
        return Page(items=[job_answer(row) for row in rows], next_cursor=cursor)

    @router.get("/{job_id:uuid}", summary="Read a job", operation_id="get_job")
    def get_job(
        job_id: UUID, session: SessionDep, response: Response, wait: Wait = None
    ) -> JobAnswer:
        """How far a job is; `wait` holds the answer until it ends."""
        job = _job(session, service, job_id)
        if job.finished_at is None:
            response.headers["Retry-After"] = POLL_AFTER_SECONDS
        return job_answer(job)

    @router.post(
        "/{job_id:uuid}/cancel",
        summary="Cancel a job",
        operation_id="cancel_job",
        dependencies=[Needs(f"{service}:write")],
    )
    def cancel_job(job_id: UUID, session: SessionDep, caller: CallerDep) -> JobAnswer:
        """Ask a job to stop; what it did so far is undone. Finished jobs answer 409."""
        job = _job(session, service, job_id)
        session.refresh(job, with_for_update=True)
        if job.finished_at is not None:
            raise Conflict(f"the job has {job.status} already", code="job_finished")
        job.cancel_requested = True
        session.add(job)
        trail.record(session, caller, service, "cancel", "job", str(job.id))
        return job_answer(job)

    return router
