"""The worker process of a service: runs its jobs, and the chores that keep things moving."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from datetime import UTC, datetime

import procrastinate
from prometheus_client import start_http_server
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared import metrics
from shared.audit import heads, trail, verification
from shared.database import WATCHED_LINE, database_url, in_transaction
from shared.errors import Problem
from shared.events import outbox
from shared.ids import new_id
from shared.jobs import retention
from shared.jobs.chores import Chore, chores_of
from shared.jobs.queue import queue_app
from shared.logs import correlation_id, get_logger, set_up_logs
from shared.settings import Settings, get_settings

log = get_logger(__name__)
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""Due by any clock: that of a worker may be wrong."""


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
    chores = [
        threading.Thread(target=run_chores, args=(service, some, stop), daemon=True)
        for some in (swift_chores(service), slow_chores(service))
    ]
    async with app.open_async():
        sweeper = asyncio.create_task(_sweep(app, service, settings, stop))
        for thread in chores:
            thread.start()
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[service],
                name=service,
                concurrency=settings.worker_concurrency,
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=settings.worker_heartbeat_seconds,
                stalled_worker_timeout=settings.worker_stalled_seconds,
                shutdown_graceful_timeout=settings.worker_grace_seconds,
                install_signal_handlers=False,
                delete_jobs="successful",
            )
        )
        if install_signal_handlers:
            _stop_on_signals(working, settings.worker_grace_seconds)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await working
        finally:
            # A cancellation can end as the error of a lost connection, so the flag comes first.
            stop.set()
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper
            for thread in chores:
                await asyncio.to_thread(thread.join, 15)


def _stop_on_signals(working: asyncio.Task[None], grace_seconds: float) -> None:
    """On SIGTERM or SIGINT finish the jobs under way, but for no longer than the grace."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        working.cancel()
        loop.call_later(grace_seconds, _hand_back)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _hand_back() -> None:
    """End in the middle of a job: its transaction is undone, and the next worker begins anew."""
    log.warning("jobs_handed_back")
    os._exit(0)


def _connector(settings: Settings) -> procrastinate.PsycopgConnector:
    url = make_url(database_url(settings)).set(drivername="postgresql")
    return procrastinate.PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False),
        min_size=1,
        max_size=settings.worker_concurrency + 3,
        kwargs={"application_name": "btim-worker", **WATCHED_LINE},
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
                await app.job_manager.retry_job(job, retry_at=AT_ONCE)
                metrics.jobs_taken_up_again.labels(service).inc()
                log.warning("job_taken_up_again", queue_job=job.id)
        except procrastinate.exceptions.ProcrastinateException as error:
            log.warning("sweep_failed", error=repr(error))
        await asyncio.sleep(settings.worker_heartbeat_seconds)


def swift_chores(service: str) -> list[Chore]:
    """Seal the audit trail, send events, and the service's own chores."""
    return [
        Chore("seal_audit_trail", 0.5, seal_audit_trail),
        Chore("send_events", 0.3, lambda: send_events(service)),
        Chore("forget_old_keys", 600.0, forget_old_keys),
        *chores_of(service),
    ]


def slow_chores(service: str) -> list[Chore]:
    """What may take minutes and so has a thread of its own."""
    return [
        Chore("verify_audit_trail", 600.0, verify_audit_trail),
        Chore("write_audit_head", 60.0, heads.write_if_due),
        Chore("remove_old", 3600.0, lambda: retention.remove_old(service)),
    ]


def run_chores(service: str, chores: list[Chore], stop: threading.Event) -> None:
    """Do each chore at its own pace until told to stop."""
    due = [0.0] * len(chores)
    while not stop.wait(0.1):
        metrics.worker_heartbeat.labels(service).set_to_current_time()
        for index, chore in enumerate(chores):
            if time.monotonic() < due[index]:
                continue
            due[index] = time.monotonic() + chore.seconds
            correlation_id.set(str(new_id()))
            try:
                chore.do()
            except (Problem, DBAPIError, PoolTimeout) as error:
                metrics.chore_failures.labels(service, chore.name).inc()
                log.warning("chore_failed", chore=chore.name, error=repr(error))
                due[index] = time.monotonic() + max(chore.seconds, 2.0)
            except Exception as error:
                metrics.chore_failures.labels(service, chore.name).inc()
                log.error("chore_crashed", chore=chore.name, exc_info=error)
                due[index] = time.monotonic() + max(chore.seconds, 30.0)


def seal_audit_trail() -> int:
    """Chain what was committed since the last time."""
    with in_transaction() as session:
        return trail.seal(session)


def verify_audit_trail() -> None:
    """Recompute the chain once a day, and say so loudly when it is broken."""
    with in_transaction() as session:
        breaks = verification.verify_if_due(session)
    if breaks:
        log.error("audit_trail_broken", breaks=len(breaks), first=breaks[0])


def send_events(service: str) -> int:
    """Route new events and deliver what is due."""
    return outbox.route_events(service) + outbox.deliver_due(service)


def forget_old_keys() -> None:
    """Drop idempotency keys that nobody may rely on any more, and counts of windows gone by."""
    settings = get_settings()
    keys = "delete from idempotency_key where created_at < now() - :hours * interval '1 hour'"
    windows = "delete from rate_window where began_at < now() - :seconds * interval '2 seconds'"
    with in_transaction() as session:
        session.execute(text(keys), {"hours": settings.idempotency_keep_hours})
        session.execute(text(windows), {"seconds": settings.rate_limit_seconds})
