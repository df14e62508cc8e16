"""Figures that are read from the database when Prometheus asks."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import metrics
from shared.database import at_once
from shared.errors import Unavailable

_JOBS = text(
    "select status, count(*), coalesce(extract(epoch from now() - min(created_at)), 0)"
    " from job where service = :service and finished_at is null group by status"
)
_OUTBOX = text(
    "select count(*) from outbox_delivery d join outbox_event e on e.id = d.event_id"
    " where e.service = :service and d.delivered_at is null and d.given_up_at is null"
)


def refresh_gauges(service: str) -> None:
    """Bring the gauges of one service up to date; without a database they keep their values."""
    try:
        with at_once() as connection:
            rows = connection.execute(_JOBS, {"service": service}).all()
            undelivered = connection.execute(_OUTBOX, {"service": service}).scalar_one()
    except (DBAPIError, Unavailable):
        return
    found = {status: (count, float(age)) for status, count, age in rows}
    for status in ("queued", "running"):
        metrics.jobs_open.labels(service, status).set(found.get(status, (0, 0.0))[0])
    metrics.jobs_oldest_queued_seconds.labels(service).set(found.get("queued", (0, 0.0))[1])
    metrics.outbox_undelivered.labels(service).set(undelivered)
