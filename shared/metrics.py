"""Every metric by name."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

http_requests = Counter(
    "btim_http_requests_total",
    "Requests answered, by route template",
    ["service", "method", "route", "status"],
)
http_request_seconds = Histogram(
    "btim_http_request_duration_seconds",
    "Time from request to answer, by route template",
    ["service", "method", "route"],
    buckets=SECONDS,
)
http_requests_in_progress = Gauge(
    "btim_http_requests_in_progress", "Requests being worked on", ["service"]
)
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
jobs_taken_up_again = Counter(
    "btim_jobs_taken_up_again_total", "Jobs of a dead worker taken up again", ["service"]
)
worker_heartbeat = Gauge(
    "btim_worker_last_heartbeat_timestamp_seconds",
    "When a worker of this service was last seen alive",
    ["service"],
)
outbox_undelivered = Gauge(
    "btim_outbox_undelivered", "Deliveries that have not arrived yet", ["service"]
)
outbox_deliveries = Counter(
    "btim_outbox_deliveries_total", "Attempts to deliver an event", ["service", "outcome"]
)
idempotency_replays = Counter(
    "btim_idempotency_replays_total", "Answers given again for a known key", ["service"]
)
client_requests = Counter(
    "btim_client_requests_total",
    "Requests from one service to another",
    ["target", "method", "outcome"],
)
client_circuit_open = Gauge(
    "btim_client_circuit_open", "1 while calls to a service are held back", ["target"]
)
source_rows = Counter("btim_source_rows_total", "Rows fetched from a source", ["source"])
source_pages = Counter("btim_source_pages_total", "Pages fetched from a source", ["source"])
source_syncs = Counter(
    "btim_source_syncs_total", "Syncs of a source that ended, by their status", ["source", "status"]
)
source_last_success = Gauge(
    "btim_source_last_success_timestamp_seconds",
    "When a source was last synced whole",
    ["source"],
)
