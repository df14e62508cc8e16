"""The worker process of a service: runs its jobs, and the chores that keep things moving."""

import asyncio
import contextlib
import threading
import time
from datetime import UTC, datetime

import procrastinate
from prometheus_client import start_http_server
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared import audit, metrics, outbox
from shared.database import at_once, database_url, in_transaction
from shared.errors import Problem
from shared.jobs.chores import Chore, chores_of
from shared.jobs.queue import queue_app
from shared.logs import get_logger, set_up_logs
from shared.settings import Settings, get_settings

log = get_logger(__name__)


def work(service: str) -> None:
    """Run until told to stop (SIGTERM, SIGINT); running jobs are finished or handed back."""
    settings = get_settings()
    set_up_logs(service, settings.log_level)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.worker_metrics_host)
    asyncio.run(_work(service, settings, install_signal_handlers=True))


async def _work(service: str, settings: Settings, *, install_signal_handlers: bool) -> None:
    app = queue_app(_connector(settings))
    stop = threading.Event()
    chores = threading.Thread(target=run_chores, args=(service, stop), daemon=True)
    async with app.open_async():
        sweeper = asyncio.create_task(_sweep(app, service, settings, stop))
        chores.start()
        try:
            await app.run_worker_async(
                queues=[service],
                name=service,
                concurrency=settings.worker_concurrency,
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=settings.worker_heartbeat_seconds,
                stalled_worker_timeout=settings.worker_stalled_seconds,
                shutdown_graceful_timeout=settings.worker_grace_seconds,
                install_signal_handlers=install_signal_handlers,
                delete_jobs="successful",
            )
        finally:
            # A cancellation can end as the error of a lost connection, so the flag comes first.
            stop.set()
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper
            await asyncio.to_thread(chores.join, 15)


def _connector(settings: Settings) -> procrastinate.PsycopgConnector:
    url = make_url(database_url(settings)).set(drivername="postgresql")
    return procrastinate.PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False),
        min_size=1,
        max_size=settings.worker_concurrency + 3,
        kwargs={"application_name": "btim-worker", "connect_timeout": 5},
    )


async def _sweep(
    app: procrastinate.App, service: str, settings: Settings, stop: threading.Event
) -> None:
    """Take up again what a dead worker left behind."""
    while not stop.is_set():
        try:
            stalled = await app.job_manager.get_stalled_jobs(
                queue=service, seconds_since_heartbeat=settings.worker_stalled_seconds
            )
            for job in stalled:
                await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
                metrics.jobs_taken_up_again.labels(service).inc()
                log.warning("job_taken_up_again", queue_job=job.id)
        except procrastinate.exceptions.ProcrastinateException as error:
            log.warning("sweep_failed", error=repr(error))
        await asyncio.sleep(settings.worker_heartbeat_seconds)


def run_chores(service: str, stop: threading.Event) -> None:
    """Seal the audit trail, send events, and the service's own chores; each at its own pace."""
    chores = [
        Chore("seal_audit_trail", 0.5, seal_audit_trail),
        Chore("send_events", 0.3, lambda: send_events(service)),
        Chore("forget_old_keys", 600.0, forget_old_keys),
        *chores_of(service),
    ]
    due = [0.0] * len(chores)
    while not stop.wait(0.1):
        metrics.worker_heartbeat.labels(service).set_to_current_time()
        for index, chore in enumerate(chores):
            if time.monotonic() < due[index]:
                continue
            due[index] = time.monotonic() + chore.seconds
            try:
                chore.do()
            except (Problem, DBAPIError, PoolTimeout) as error:
                log.warning("chore_failed", chore=chore.name, error=repr(error))
                due[index] = time.monotonic() + max(chore.seconds, 2.0)
            except Exception as error:
                log.error("chore_crashed", chore=chore.name, exc_info=error)
                due[index] = time.monotonic() + max(chore.seconds, 30.0)


def seal_audit_trail() -> int:
    """Chain what was committed since the last time."""
    with in_transaction() as session:
        return audit.seal(session)


def send_events(service: str) -> int:
    """Route new events and deliver what is due."""
    return outbox.route_events(service) + outbox.deliver_due(service)


def forget_old_keys() -> None:
    """Drop idempotency keys that nobody may rely on any more."""
    hours = get_settings().idempotency_keep_hours
    with at_once() as connection:
        connection.execute(
            text(
                "delete from idempotency_key where created_at < now() - :hours * interval '1 hour'"
            ),
            {"hours": hours},
        )
