"""Every setting, read from the environment with the prefix BTIM_."""

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


class Settings(BaseSettings):
    """What an operator may set; secrets are read from files so that they stay out of listings."""

    model_config = SettingsConfigDict(env_prefix="BTIM_", extra="ignore")

    database_url: str = Field("postgresql+psycopg://btim@127.0.0.1:5432/btim", repr=False)
    database_password_file: Path | None = None
    database_pool_size: int = 8
    database_pool_timeout_seconds: float = 5.0
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 5_000
    idle_in_transaction_timeout_ms: int = 30_000
    work_statement_timeout_ms: int = 600_000
    """For jobs, chores and streamed files, which have half as many connections of their own."""
    work_lock_timeout_ms: int = 60_000
    production: bool | None = None
    """What a service does about an unsafe database: None refuses what loses data or gives away
    the whole server, true refuses weak passwords and debugging as well, false only warns."""

    ingest_url: str = "http://127.0.0.1:8001"
    allocation_url: str = "http://127.0.0.1:8002"
    valuation_url: str = "http://127.0.0.1:8003"
    public_prefix: str = ""
    """Path under which a gateway serves this service, for example `/ingest`."""

    secrets_dir: Path = Path(".btim/secrets")
    files_dir: Path | None = None
    """Where files lie when not in Postgres; a folder that all replicas share."""

    log_level: str = "INFO"
    metrics_open: bool = True
    """Whether /metrics answers without a key (keep it on a private port otherwise)."""
    cors_origins: Listed = Field(default_factory=list)

    jwt_jwks_url: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str = "btim"
    jwt_clock_skew_seconds: int = 30

    rate_limit_requests: int = Field(default=30_000, ge=0)
    """Requests of one caller in a window, over all services and their processes; 0: no limit."""
    rate_limit_strangers: int = Field(default=6_000, ge=0)
    """Requests of one address without a valid key in a window; 0: no limit."""
    rate_limit_seconds: int = Field(default=60, ge=1)
    trusted_proxies: Listed = Field(default_factory=list)
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    slow_headers_seconds: float = Field(default=15.0, gt=0)
    """Within which a request's headers must be there."""
    slow_body_seconds: float = Field(default=30.0, gt=0)
    """What a body may take beside what it needs at 16 KiB a second."""
    slow_reader_seconds: float = Field(default=60.0, gt=0)
    """How long an answer may lie unread before its connection is ended."""

    max_body_bytes: int = 32 * MEBIBYTE
    max_upload_bytes: int = 1024 * MEBIBYTE

    four_eyes: bool = False
    review_offset_months: ListedNumbers = Field(default_factory=lambda: [3])
    """Months after go-live at which reviews are due unless an initiative says otherwise."""
    review_reminder_days: ListedNumbers = Field(default_factory=lambda: [14, 3])
    """How many days before it is due a review is recalled; empty: not at all."""
    review_overdue_days: int = Field(default=7, ge=1)
    """How many days after it was due a review is said to be overdue, and again after as many."""
    review_overdue_times: int = Field(default=4, ge=0)
    review_silent_days: int = Field(default=31, ge=0)
    """A review due longer ago than this when its day was set is history: nothing is announced."""

    idempotency_keep_hours: int = 48
    worker_concurrency: int = 1
    worker_heartbeat_seconds: float = 2.0
    worker_stalled_seconds: float = 12.0
    worker_grace_seconds: float = 15.0
    worker_metrics_port: int | None = None
    worker_metrics_host: str = "127.0.0.1"
    job_max_attempts: int = 6

    audit_heads_dir: Path | None = None
    """Where signed heads of the audit chain are kept; best on a disk of its own. None: nowhere."""
    audit_heads_minutes: int = Field(default=60, ge=1)
    audit_reads: bool = True
    """Whether exports and reading the audit trail are written down in it."""

    keep_files_days: int = Field(default=0, ge=0)
    """How long the bytes of uploaded files are kept; 0, here and below: for ever."""
    keep_rejects_days: int = Field(default=0, ge=0)
    keep_run_inputs_days: int = Field(default=0, ge=0)
    """Inputs and flows of runs that were never published, of open months."""
    keep_reports_days: int = Field(default=0, ge=0)
    keep_events_days: int = Field(default=0, ge=0)
    """Events that all receivers have got."""
    keep_jobs_days: int = Field(default=0, ge=0)
    """Finished jobs."""

    webhook_allow_private: bool = False
    """Whether webhooks may call loopback and private addresses (tests and closed networks)."""

    source_hosts: Listed = Field(default_factory=list)
    """Hosts that sources may call: `host`, `host:port` or `*.domain`; empty: none."""
    source_folders: Listed = Field(default_factory=list)
    """Folders in which folder sources and SQLite files may lie; empty: none."""
    source_secrets_dir: Path | None = None
    """The folder of the files that `secret_ref: "file:name"` may name."""
    source_ca_file: Path | None = None
    """Certificates to trust besides the usual ones, for systems inside the company."""
    source_timeout_seconds: float = 60.0
    source_attempts: int = 5
    source_first_pause_seconds: float = 0.5
    source_longest_wait_seconds: float = 120.0
    """How long a sync waits when the source says Retry-After; longer waits end it for now."""
    source_page_bytes: int = 64 * MEBIBYTE
    source_raw_keep_days: int = 400
    """How long the pages of a source are kept as they were received."""

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
