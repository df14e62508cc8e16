"""Every setting, read from the environment with the prefix BTIM_; docs/settings.md shows them."""

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MEBIBYTE = 1024 * 1024


def _listed(value: object) -> object:
    """A list as JSON or as text with commas."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _listed_numbers(value: object) -> object:
    """One whole number counts as a list of one."""
    listed = _listed(value)
    return listed if isinstance(listed, list) else [listed]


Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
ListedNumbers = Annotated[
    list[Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(_listed_numbers)
]


class _Theme(BaseSettings):
    """Settings that belong together; the text below a field is what the operator reads."""

    model_config = SettingsConfigDict(
        env_prefix="BTIM_", extra="ignore", use_attribute_docstrings=True
    )


class DatabaseSettings(_Theme):
    """Database"""

    database_url: str = Field("postgresql+psycopg://btim@127.0.0.1:5432/btim", repr=False)
    """The address of Postgres. `btim up` brings its own server unless this is set."""
    database_password_file: Path | None = None
    """A file with the password, which then need not stand in the address."""
    database_pool_size: int = 8
    """Connections for the requests of one process. Jobs, chores and streamed files have half as
    many of their own, at least 4; probes have one."""
    database_pool_timeout_seconds: float = 5.0
    """How long a request waits for a connection before it is answered with 503."""
    statement_timeout_ms: int = 15_000
    """What a statement of a request may take."""
    lock_timeout_ms: int = 5_000
    """How long a statement of a request waits for a lock."""
    idle_in_transaction_timeout_ms: int = 30_000
    """How long a transaction may rest before the database ends it."""
    work_statement_timeout_ms: int = 600_000
    """What a statement of a job, a chore or a streamed file may take."""
    work_lock_timeout_ms: int = 60_000
    """How long such a statement waits for a lock."""
    production: bool | None = None
    """What a service does about an unsafe database: unset refuses what loses data or gives away
    the whole server, true refuses weak passwords and debugging as well, false only warns."""


class PlaceSettings(_Theme):
    """Addresses and folders"""

    ingest_url: str = "http://127.0.0.1:8001"
    """Where the other services reach ingest."""
    allocation_url: str = "http://127.0.0.1:8002"
    """Where the other services reach allocation."""
    valuation_url: str = "http://127.0.0.1:8003"
    """Where the other services reach valuation."""
    public_prefix: str = ""
    """The path under which a gateway serves this service, for example `/ingest`."""
    secrets_dir: Path = Path(".btim/secrets")
    """The folder of the key files of the admin and the services."""
    files_dir: Path | None = None
    """A folder for files, which all replicas share; unset: files lie in Postgres."""


class WatchingSettings(_Theme):
    """Logs and metrics"""

    log_level: str = "INFO"
    """The least severe lines that are written: DEBUG, INFO, WARNING or ERROR."""
    metrics_open: bool = True
    """Whether `/metrics` answers without a key (keep it on a private port then)."""
    worker_metrics_port: int | None = None
    """The port on which a worker answers `/metrics`; unset: none."""
    worker_metrics_host: str = "127.0.0.1"
    """The address of that port."""


class CallerSettings(_Theme):
    """Callers"""

    jwt_jwks_url: str | None = None
    """Where the identity provider shows its keys; with `BTIM_JWT_ISSUER` it lets tokens in."""
    jwt_issuer: str | None = None
    """The issuer whose tokens are taken."""
    jwt_audience: str = "btim"
    """The audience that a token must name."""
    jwt_clock_skew_seconds: int = 30
    """By how much the provider's clock may differ from ours."""
    cors_origins: Listed = Field(default_factory=list)
    """Origins whose pages may call; none unless named."""
    trusted_proxies: Listed = Field(default_factory=list)
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    four_eyes: bool = False
    """Whether nobody may decide on what they wrote."""


class LimitSettings(_Theme):
    """Limits of requests"""

    rate_limit_requests: int = Field(default=30_000, ge=0)
    """Requests of one caller in a window, over all services and their processes; 0: no limit.
    A key may have a limit of its own."""
    rate_limit_strangers: int = Field(default=6_000, ge=0)
    """Requests of one address without a valid key in a window; 0: no limit."""
    rate_limit_seconds: int = Field(default=60, ge=1)
    """How long a window is."""
    slow_headers_seconds: float = Field(default=15.0, gt=0)
    """Within which a request's headers must be there."""
    slow_body_seconds: float = Field(default=30.0, gt=0)
    """What a body may take beside what it needs at 16 KiB a second."""
    slow_reader_seconds: float = Field(default=60.0, gt=0)
    """How long an answer may lie unread before its connection is ended."""
    max_body_bytes: int = 32 * MEBIBYTE
    """The largest body that is no upload."""
    max_upload_bytes: int = 1024 * MEBIBYTE
    """The largest upload."""


class WorkerSettings(_Theme):
    """Workers"""

    worker_concurrency: int = 1
    """Jobs that a worker does at once."""
    worker_heartbeat_seconds: float = 2.0
    """How often a worker says that it lives."""
    worker_stalled_seconds: float = 12.0
    """After how long a silent worker counts as dead; another takes up its jobs."""
    worker_grace_seconds: float = 15.0
    """What a worker that is asked to stop may take to finish a job before it hands it back."""
    job_max_attempts: int = 6
    """How often a job is tried while what it needs is away."""


class ReviewSettings(_Theme):
    """Reviews"""

    review_offset_months: ListedNumbers = Field(default_factory=lambda: [3])
    """Months after go-live at which reviews are due unless an initiative says otherwise."""
    review_reminder_days: ListedNumbers = Field(default_factory=lambda: [14, 3])
    """How many days before it is due a review is recalled; empty: not at all."""
    review_overdue_days: int = Field(default=7, ge=1)
    """How many days after it was due a review is said to be overdue, and again after as many."""
    review_overdue_times: int = Field(default=4, ge=0)
    """How often it is said to be overdue; 0: never."""
    review_silent_days: int = Field(default=31, ge=0)
    """A review due longer ago than this when its day was set is history: nothing is announced."""


class TrailSettings(_Theme):
    """Audit trail"""

    audit_heads_dir: Path | None = None
    """Where signed heads of the audit chain are kept, best on a disk of its own; unset: nowhere."""
    audit_heads_minutes: int = Field(default=60, ge=1)
    """How often a head is written."""
    audit_reads: bool = True
    """Whether exports and reading the audit trail are written down in it."""


class RetentionSettings(_Theme):
    """Retention"""

    keep_files_days: int = Field(default=0, ge=0)
    """How long the bytes of uploaded files are kept; 0: for ever."""
    keep_rejects_days: int = Field(default=0, ge=0)
    """How long rejected rows are kept; 0: for ever."""
    keep_run_inputs_days: int = Field(default=0, ge=0)
    """How long the inputs and flows of runs that were never published, of open months, are kept;
    0: for ever."""
    keep_reports_days: int = Field(default=0, ge=0)
    """How long the bytes of reports are kept; 0: for ever."""
    keep_events_days: int = Field(default=0, ge=0)
    """How long events that every receiver has or gave up are kept; 0: for ever."""
    keep_jobs_days: int = Field(default=0, ge=0)
    """How long finished jobs are kept; 0: for ever."""
    source_raw_keep_days: int = 400
    """How long the pages of a source are kept as they were received; 0: for ever."""
    idempotency_keep_hours: int = 48
    """How long the answer to an `Idempotency-Key` is kept."""


class OutsideSettings(_Theme):
    """Calls to the world outside"""

    webhook_allow_private: bool = False
    """Whether webhooks may call loopback and private addresses (tests and closed networks)."""
    source_hosts: Listed = Field(default_factory=list)
    """Hosts that sources may call: `host`, `host:port` or `*.domain` (public addresses only);
    none unless named."""
    source_folders: Listed = Field(default_factory=list)
    """Folders in which folder sources and SQLite files may lie; none unless named."""
    source_secrets_dir: Path | None = None
    """The folder of the files that `secret_ref: "file:name"` may name."""
    source_ca_file: Path | None = None
    """Certificates to trust besides the usual ones, for systems inside the company."""
    source_timeout_seconds: float = 60.0
    """How long a source may keep silent."""
    source_attempts: int = 5
    """How often a page is asked for."""
    source_first_pause_seconds: float = 0.5
    """The pause before the second time; it doubles from there."""
    source_longest_wait_seconds: float = 120.0
    """How long a sync waits when the source says Retry-After; longer waits end it for now."""
    source_page_bytes: int = 64 * MEBIBYTE
    """The largest page that is taken."""


class Settings(
    DatabaseSettings,
    PlaceSettings,
    WatchingSettings,
    CallerSettings,
    LimitSettings,
    WorkerSettings,
    ReviewSettings,
    TrailSettings,
    RetentionSettings,
    OutsideSettings,
):
    """What an operator may set; secrets are read from files so that they stay out of listings."""

    def service_url(self, service: str) -> str:
        """The base address of one of the three services."""
        return {
            "ingest": self.ingest_url,
            "allocation": self.allocation_url,
            "valuation": self.valuation_url,
        }[service].rstrip("/")


@cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
