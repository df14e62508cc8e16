"""Every metric by name; units and labels after the conventions of Prometheus.

A label takes a bounded number of values: a route's template, a code of ours, one of the first
sources seen. Callers cannot make series.
"""

import threading

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call] # the library leaves it untyped

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
MOST_SOURCES = 30
OTHER = "other"

# Requests.
http_requests = Counter(
    "btim_http_requests_total",
    "Requests answered, by route template and class of status (2xx, 4xx, 5xx)",
    ["service", "method", "route", "status"],
)
http_answers = Counter(
    "btim_http_answers_total", "Requests answered, by exact status", ["service", "status"]
)
deprecated_requests = Counter(
    "btim_deprecated_requests_total",
    "Requests to endpoints on their way out, by route template",
    ["service", "method", "route"],
)
http_request_seconds = Histogram(
    "btim_http_request_duration_seconds",
    "Time from request to answer; kind is read, write, or wait (held by the caller's wish)",
    ["service", "noun", "kind"],
    buckets=SECONDS,
)
http_requests_in_progress = Gauge(
    "btim_http_requests_in_progress", "Requests being worked on", ["service"]
)
idempotency_replays = Counter(
    "btim_idempotency_replays_total", "Answers given again for a known key", ["service"]
)

# Database and disks.
database_up = Gauge(
    "btim_database_up", "1 while the database answers the figures below", ["service"]
)
database_connections = Gauge(
    "btim_database_connections",
    "Connections of this process, by pool and state",
    ["service", "pool", "state"],
)
database_connections_limit = Gauge(
    "btim_database_connections_limit", "The most connections a pool may hold", ["service", "pool"]
)
database_waiting = Gauge(
    "btim_database_waiting", "Callers that wait for a connection right now", ["service", "pool"]
)
database_wait_seconds = Histogram(
    "btim_database_wait_duration_seconds", "Time until a connection was given", buckets=SECONDS
)
database_bytes = Gauge("btim_database_size_bytes", "Size of the whole database", ["service"])
disk_free_bytes = Gauge(
    "btim_disk_free_bytes", "Space left where files or uploads lie", ["service", "place"]
)
disk_size_bytes = Gauge(
    "btim_disk_size_bytes", "Space in all where files or uploads lie", ["service", "place"]
)

# Jobs and workers.
jobs_finished = Counter(
    "btim_jobs_finished_total", "Jobs that ended, by their status", ["service", "kind", "status"]
)
job_seconds = Histogram(
    "btim_job_duration_seconds",
    "Time a job body took",
    ["service", "kind"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
jobs_open = Gauge("btim_jobs_open", "Jobs queued or running", ["service", "status"])
jobs_oldest_queued_seconds = Gauge(
    "btim_jobs_oldest_queued_seconds", "Age of the oldest queued job", ["service"]
)
jobs_stalled = Gauge(
    "btim_jobs_stalled", "Jobs under way whose worker gives no sign of life", ["service"]
)
jobs_taken_up_again = Counter(
    "btim_jobs_taken_up_again_total", "Jobs of a dead worker taken up again", ["service"]
)
worker_heartbeat = Gauge(
    "btim_worker_last_heartbeat_timestamp_seconds",
    "When a worker of this service was last seen alive",
    ["service"],
)
chore_failures = Counter(
    "btim_chore_failures_total", "Chores of a worker that did not end well", ["service", "chore"]
)

# Events, and calls between the services.
outbox_undelivered = Gauge(
    "btim_outbox_undelivered",
    "Events that have not arrived at a service or webhook yet",
    ["service", "receiver"],
)
outbox_oldest_seconds = Gauge(
    "btim_outbox_oldest_undelivered_seconds",
    "Age of the oldest of them",
    ["service", "receiver"],
)
outbox_deliveries = Counter(
    "btim_outbox_deliveries_total",
    "Attempts to deliver an event to a service or a webhook",
    ["service", "receiver", "outcome"],
)
client_requests = Counter(
    "btim_client_requests_total",
    "Requests from one service to another",
    ["target", "method", "outcome"],
)
client_circuit_open = Gauge(
    "btim_client_circuit_open", "1 while calls to a service are held back", ["target"]
)

# Imports and sources.
import_rows = Counter(
    "btim_import_rows_total", "Rows of finished imports, by outcome", ["source", "outcome"]
)
import_rejects = Counter(
    "btim_import_rejects_total", "What was wrong with rejected rows", ["source", "reason"]
)
import_newest = Gauge(
    "btim_import_last_success_timestamp_seconds",
    "When rows of a source were last imported",
    ["service", "source"],
)
connector_circuit_open = Gauge(
    "btim_connector_circuit_open", "1 while syncs of a source are held back", ["source"]
)
source_rows = Counter("btim_source_rows_total", "Rows fetched from a source", ["source"])
source_pages = Counter("btim_source_pages_total", "Pages fetched from a source", ["source"])
source_syncs = Counter(
    "btim_source_syncs_total", "Syncs of a source that ended, by their status", ["source", "status"]
)
source_last_success = Gauge(
    "btim_source_last_success_timestamp_seconds",
    "When a scheduled source was last synced whole; before the first time, when it was added",
    ["service", "source"],
)

# Runs.
run_unallocated_ratio = Gauge(
    "btim_run_unallocated_ratio",
    "Part of the input that the newest published run left unallocated",
    ["service"],
)
run_input_amount = Gauge(
    "btim_run_input_amount", "Input of the newest published run", ["service", "currency"]
)
run_unallocated_amount = Gauge(
    "btim_run_unallocated_amount",
    "What the newest published run left unallocated",
    ["service", "currency"],
)
run_difference_amount = Gauge(
    "btim_run_difference_amount",
    "Input less result, without sign, summed over all published runs",
    ["service", "currency"],
)

# Retention, audit trail, backups.
retention_removed = Counter(
    "btim_retention_removed_total",
    "What was removed because it was kept long enough",
    ["service", "what"],
)
audit_verified = Gauge(
    "btim_audit_chain_verified_timestamp_seconds",
    "When the audit trail was last verified; before the first time, when it began",
    ["service"],
)
audit_breaks = Gauge(
    "btim_audit_chain_breaks", "Breaks that the last verification found", ["service"]
)
backup_last_success = Gauge(
    "btim_backup_last_success_timestamp_seconds",
    "When the last backup was finished; 0 when there is none",
    ["service"],
)

_sources: set[str] = set()
_sources_lock = threading.Lock()


def source_label(source: str) -> str:
    """The name of a source as a label: the first ones seen by name, all others together."""
    with _sources_lock:
        if len(_sources) < MOST_SOURCES:
            _sources.add(source)
        return source if source in _sources else OTHER
