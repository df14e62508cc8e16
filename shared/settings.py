"""Every setting, read from the environment with the prefix BTIM_."""

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """What an operator may set; secrets are read from files so that they stay out of listings."""

    model_config = SettingsConfigDict(env_prefix="BTIM_", extra="ignore")

    database_url: str = "postgresql+psycopg://btim@127.0.0.1:5432/btim"
    database_password_file: Path | None = None
    database_pool_size: int = 8
    database_pool_timeout_seconds: float = 5.0
    statement_timeout_ms: int = 60_000
    idle_in_transaction_timeout_ms: int = 30_000

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
    cors_origins: list[str] = Field(default_factory=list)

    jwt_jwks_url: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str = "btim"
    jwt_clock_skew_seconds: int = 30

    max_body_bytes: int = 32 * MEBIBYTE
    max_upload_bytes: int = 1024 * MEBIBYTE

    four_eyes: bool = False
    review_offset_months: int = 3

    idempotency_keep_hours: int = 48
    worker_concurrency: int = 1
    worker_heartbeat_seconds: float = 2.0
    worker_stalled_seconds: float = 12.0
    worker_grace_seconds: float = 20.0
    worker_metrics_port: int | None = None
    worker_metrics_host: str = "127.0.0.1"
    job_max_attempts: int = 6

    webhook_allow_private: bool = False
    """Whether webhooks may call loopback and private addresses (tests and closed networks)."""

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
