"""How a Postgres server ends: fast, and at once where it would never come to that.

A fast shutdown that meets the recovery after the crash of a session waits for processes that
nobody told to end (18.6: its checkpointer and the workers for input and output). An immediate one
loses nothing that was committed; the next start recovers.
"""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from cli.postgres import binaries
from cli.postgres.binaries import PostgresError
from cli.postgres.cluster import Pause, lock_holder

STOP_SECONDS = 60.0
UNWILLING_SECONDS = 5.0
"""Sessions end within moments; then the last checkpoint begins, which may take its time."""
_ZOMBIE_PATIENCE_SECONDS = 2.0


def is_overdue(cluster: Path, waited: float, patience_seconds: float = STOP_SECONDS) -> bool:
    """Whether a fast shutdown has had its time, or has not even come to its last checkpoint."""
    if waited <= UNWILLING_SECONDS:
        return False
    return waited > patience_seconds or not _is_closing(cluster)


def _is_closing(cluster: Path) -> bool:
    told = subprocess.run(
        [str(binaries.program("pg_controldata")), str(cluster)],
        env=binaries.environment(),
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return re.search(r"^Database cluster state: +shut", told, re.MULTILINE) is not None


def stop_gently(process: subprocess.Popen[bytes], cluster: Path) -> None:
    """SIGINT (fast), then SIGQUIT (immediate, recovers at the next start), then SIGKILL."""
    started = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    while process.poll() is None and not is_overdue(cluster, time.monotonic() - started):
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    for step in (signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10.0)


def await_former_server(cluster: Path, patience_seconds: float, pause: Pause = time.sleep) -> None:
    """Let the server of a killed owner finish its shutdown; hurry it when it does not.

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
        if state == "running" and is_overdue(cluster, waited, patience_seconds):
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
