"""Puts jobs into the queue, in the transaction of the request that asks for them."""

from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.connector import BaseConnector
from sqlmodel import Session

from shared import traces
from shared.clock import utc_now
from shared.database import raw_connection
from shared.logs import correlation_id
from shared.tables.platform import Job

TASK_NAME = "btim.run_job"


def queue_app(connector: BaseConnector) -> procrastinate.App:
    """The queue over a connector, with our one task."""
    app = procrastinate.App(connector=connector)

    @app.task(name=TASK_NAME, retry=procrastinate.RetryStrategy(wait=1, linear_wait=2))
    def run_job(job_id: str, **carried: str) -> None:
        from shared.jobs.running import run

        run(UUID(job_id), carried)

    return app


_deferring = queue_app(procrastinate.SyncPsycopgConnector())


def defer_job(
    session: Session,
    *,
    service: str,
    kind: str,
    subject: str,
    resource_id: UUID,
    resource_href: str,
    arguments: dict[str, Any] | None = None,
) -> Job:
    """Ask for a job that will make (or finish) a resource; both commit together or not at all."""
    job = Job(
        service=service,
        kind=kind,
        status="queued",
        arguments=arguments or {},
        resource_id=str(resource_id),
        resource_href=resource_href,
        subject=subject,
        correlation_id=correlation_id.get(),
        created_at=utc_now(),
    )
    session.add(job)
    session.flush()
    task = _deferring.tasks[TASK_NAME].configure(queue=service, connection=raw_connection(session))
    carried: dict[str, str] = {}
    traces.carry(carried)
    job.queue_job_id = task.defer(job_id=str(job.id), **carried)
    session.add(job)
    session.flush()
    return job
