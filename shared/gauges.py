"""Figures that are read from the database and the disks when Prometheus asks."""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Gauge, generate_latest
from sqlalchemy import text

from shared import metrics
from shared.database import get_engine, probing, work_engine
from shared.errors import Unavailable
from shared.postgres.measured_pool import MeasuredPool
from shared.settings import get_settings

_reading = threading.Lock()


@dataclass(frozen=True)
class Reading:
    """A query and the gauges that it fills: each row is labels, then one value a gauge."""

    gauges: Sequence[Gauge]
    query: str
    only: str | None = None
    """The one service that reads it; None: each reads its own part."""


READINGS = (
    Reading(
        [metrics.jobs_open],
        "select s.status, count(j.id) from unnest(array['queued', 'running']) s (status)"
        " left join job j on j.status = s.status and j.service = :service"
        " and j.finished_at is null group by s.status",
    ),
    Reading(
        [metrics.jobs_oldest_queued_seconds],
        "select coalesce(extract(epoch from now() - min(created_at)), 0) from job"
        " where service = :service and finished_at is null and status = 'queued'",
    ),
    Reading(
        [metrics.jobs_stalled],
        "select count(*) from procrastinate_jobs j"
        " left join procrastinate_workers w on w.id = j.worker_id"
        " where j.status = 'doing' and j.queue_name = :service and (w.id is null"
        " or w.last_heartbeat < now() - :stalled_seconds * interval '1 second')",
    ),
    Reading(
        [metrics.outbox_undelivered, metrics.outbox_oldest_seconds],
        "select receiver, count(created_at),"
        " coalesce(extract(epoch from now() - min(created_at)), 0)"
        " from unnest(array['service', 'webhook']) receiver left join ("
        " select case when d.webhook_id is null then 'service' else 'webhook' end, e.created_at"
        " from outbox_delivery d join outbox_event e on e.id = d.event_id"
        " where e.service = :service and d.delivered_at is null and d.given_up_at is null"
        " union all select 'service', created_at from outbox_event"
        " where service = :service and not routed) waiting (receiver, created_at)"
        " using (receiver) group by receiver",
    ),
    Reading([metrics.database_bytes], "select pg_database_size(current_database())"),
    Reading(
        [metrics.import_newest],
        "select source, extract(epoch from max(finished_at)) from data_import"
        " where status = 'succeeded' group by source order by 2 desc limit :most_sources",
        only="ingest",
    ),
    Reading(
        [metrics.source_last_success],
        "select code, extract(epoch from coalesce(last_success_at, created_at)) from source"
        " where active and cron is not null order by 2 limit :most_sources",
        only="ingest",
    ),
    Reading(
        [metrics.run_unallocated_ratio],
        "select (totals #>> '{cost,unallocated}')::numeric"
        " / (totals #>> '{cost,input}')::numeric from allocation_run"
        " where published and scenario = 'actual' and (totals #>> '{cost,input}')::numeric <> 0"
        " order by period desc limit 1",
        only="allocation",
    ),
    Reading(
        [metrics.run_input_amount, metrics.run_unallocated_amount],
        "select currency, (totals #>> '{cost,input}')::numeric,"
        " (totals #>> '{cost,unallocated}')::numeric from allocation_run"
        " where published and scenario = 'actual' order by period desc limit 1",
        only="allocation",
    ),
    Reading(
        [metrics.run_difference_amount],
        "select currency, sum(abs((cost ->> 'input')::numeric - (cost ->> 'consumers')::numeric"
        " - (cost ->> 'retained')::numeric - (cost ->> 'unallocated')::numeric"
        " - (cost ->> 'residual')::numeric))"
        " from (select currency, totals -> 'cost' as cost from allocation_run where published) run"
        " group by currency",
        only="allocation",
    ),
    Reading(
        [metrics.audit_verified, metrics.audit_breaks],
        "select extract(epoch from at), (details ->> 'breaks')::int from ("
        " select at, details from audit_event where resource_type = 'audit_trail'"
        " union all select sealed_at, '{\"breaks\": 0}' from audit_seal where position = 1"
        ") seen order by at desc limit 1",
        only="allocation",
    ),
    Reading(
        [metrics.backup_last_success],
        "select coalesce(extract(epoch from max(at)), 0) from audit_event"
        " where resource_type = 'backup' and action = 'create'",
        only="allocation",
    ),
)


def exposition(service: str) -> bytes:
    """All metrics of this process as Prometheus reads them, brought up to date first."""
    with _reading:
        refresh_gauges(service)
        return generate_latest()


def refresh_gauges(service: str) -> None:
    """Bring the gauges of one service up to date; without a database they keep their values."""
    _read_disks(service)
    _read_pools(service)
    try:
        _read_database(service)
    except Unavailable:
        metrics.database_up.labels(service).set(0)
    else:
        metrics.database_up.labels(service).set(1)


def _read_database(service: str) -> None:
    values = {
        "service": service,
        "stalled_seconds": get_settings().worker_stalled_seconds,
        "most_sources": metrics.MOST_SOURCES,
    }
    with probing() as connection:
        for reading in READINGS:
            if reading.only in {None, service}:
                _fill(service, reading, connection.execute(text(reading.query), values).all())


def _fill(service: str, reading: Reading, rows: Sequence[Sequence[object]]) -> None:
    for place, gauge in enumerate(reading.gauges):
        if reading.only is not None:
            gauge.clear()  # what is gone from the database shall not stay as a figure
        for row in rows:
            labels = len(row) - len(reading.gauges)
            gauge.labels(service, *row[:labels]).set(float(str(row[labels + place])))


def _read_pools(service: str) -> None:
    for name, engine in (("requests", get_engine()), ("work", work_engine())):
        pool = engine.pool
        if isinstance(pool, MeasuredPool):
            metrics.database_connections.labels(service, name, "in_use").set(pool.checkedout())
            metrics.database_connections.labels(service, name, "idle").set(pool.checkedin())
            metrics.database_connections_limit.labels(service, name).set(pool.size())
            metrics.database_waiting.labels(service, name).set(pool.waiting)


def _read_disks(service: str) -> None:
    for place, folder in (("files", get_settings().files_dir), ("uploads", tempfile.gettempdir())):
        if folder is not None:
            usage = shutil.disk_usage(folder)
            metrics.disk_free_bytes.labels(service, place).set(usage.free)
            metrics.disk_size_bytes.labels(service, place).set(usage.total)
