"""A database of its own for a bench: a durable embedded Postgres with schema and key."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.postgres.server import PostgresServer

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BenchDatabase:
    """A running server; `environment` is what our processes need to find it."""

    server: PostgresServer
    folder: Path
    environment: dict[str, str]

    @property
    def admin_key(self) -> str:
        """The key with every scope."""
        return (self.folder / "secrets" / "admin.key").read_text().strip()


@contextmanager
def bench_database() -> Iterator[BenchDatabase]:
    """A new server that goes away again; the settings of this process point to it."""
    with tempfile.TemporaryDirectory(prefix="btim-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's user walks through
        with PostgresServer(folder / "data") as server:
            settings = {
                **server.settings_for_children(),
                "BTIM_SECRETS_DIR": str(folder / "secrets"),
                "BTIM_LOG_LEVEL": "ERROR",
                "BTIM_RATE_LIMIT_REQUESTS": "100000000",  # counted as ever, and never reached
            }
            os.environ.update(settings)
            environment = dict(os.environ)
            prepare = [sys.executable, "-m", "cli.postgres.prepare_database"]
            subprocess.run(
                prepare, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
            )
            yield BenchDatabase(server, folder, environment)
