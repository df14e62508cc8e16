"""The data folder of a Postgres server: made whole or not at all, and who works in it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cli import child_process
from cli.postgres import binaries as postgres_binaries
from cli.postgres.binaries import PostgresError
from cli.postgres.user import choose_user

Pause = Callable[[float], None]
"""How to wait for some seconds; it may raise to end the waiting."""


def make_cluster(
    cluster: Path,
    superuser: str,
    password: str,
    log_path: Path,
    *,
    durable: bool = True,
    pause: Pause = time.sleep,
) -> None:
    """initdb in a folder beside, renamed when whole, so that a kill leaves no half cluster."""
    run_as = choose_user(cluster.parent, postgres_binaries.folder())
    workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=cluster.parent))
    try:
        password_file = workshop / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if run_as is not None:
            for path in (workshop, password_file):
                os.chown(path, run_as.uid, run_as.gid)
        half = workshop / "cluster"
        command = _initdb(half, superuser, password_file, durable=durable)
        with log_path.open("ab") as log:
            initdb = child_process.spawn(
                command,
                env=postgres_binaries.environment(),
                log=log,
                death_signal=signal.SIGKILL,
                run_as=run_as,
                cwd=Path("/"),
            )
        if _await_end(initdb, pause) != 0:
            raise PostgresError(f"initdb failed, see {log_path}")
        half.rename(cluster)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _await_end(process: subprocess.Popen[bytes], pause: Pause) -> int:
    """The exit code; a pause that raises takes the process along."""
    try:
        while process.poll() is None:
            pause(0.02)
    finally:
        process.kill()
        code = process.wait()
    return code


def _initdb(cluster: Path, superuser: str, password_file: Path, *, durable: bool) -> list[str]:
    return [
        str(postgres_binaries.program("initdb")),
        f"--pgdata={cluster}",
        f"--username={superuser}",
        f"--pwfile={password_file}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",  # collation and case come from the built-in provider, on every machine
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        *([] if durable else ["--no-sync"]),
    ]


def lock_holder(cluster: Path) -> tuple[int, str] | None:
    """The postmaster's process id and status (`ready`) from its lock file; None without one."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else ""
    except (OSError, ValueError, IndexError):
        return None
