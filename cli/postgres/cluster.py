"""The data folder of a Postgres server: made whole or not at all, and who still works in it."""

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

_ZOMBIE_PATIENCE_SECONDS = 2.0

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


def await_former_server(cluster: Path, patience_seconds: float, pause: Pause = time.sleep) -> None:
    """Let the server of a killed owner finish its shutdown; hurry it after `patience_seconds`.

    A dead process whose parent never collects it keeps its number, and Postgres takes that
    for a living server: its lock file is then removed here.
    """
    started = time.monotonic()
    while (former := lock_holder(cluster)) is not None:
        pid = former[0]
        state = _state_in(pid, cluster)
        waited = time.monotonic() - started
        if state == "gone":
            return
        if state == "zombie" and waited > _ZOMBIE_PATIENCE_SECONDS:
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            return
        if waited > 2 * patience_seconds:
            raise PostgresError(f"an earlier server (process {pid}) in {cluster} does not end")
        if state == "running" and waited > patience_seconds:
            os.kill(pid, signal.SIGQUIT)
        pause(0.05)


def _state_in(pid: int, cluster: Path) -> str:
    """`running` only if the process works in this cluster; else `zombie` or `gone`."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state in "ZX":
            return "zombie"
        return "running" if Path(f"/proc/{pid}/cwd").samefile(cluster) else "gone"
    except (OSError, IndexError):
        return "gone"
