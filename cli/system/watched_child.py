"""A child process that is started again when it dies: at once, then ever more slowly."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli import child_process

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 15.0
_HEALTHY_SECONDS = 10.0
_LOG_LIMIT_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class ChildPlan:
    """What to run, under which name, with which environment and inherited sockets."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log_path: Path
    pass_fds: Sequence[int] = ()
    cwd: Path | None = None


@dataclass
class WatchedChild:
    """One planned child: running, or waiting for its next start."""

    plan: ChildPlan
    process: subprocess.Popen[bytes] | None = None
    deaths_in_a_row: int = 0
    _started_at: float = field(default=0.0, repr=False)
    _next_start_at: float = field(default=0.0, repr=False)

    def start(self) -> None:
        """Start it now; its output is appended to its log."""
        with self.plan.log_path.open("ab") as log:
            self.process = child_process.spawn(
                self.plan.command,
                env=self.plan.env,
                log=log,
                death_signal=signal.SIGKILL,
                pass_fds=self.plan.pass_fds,
                cwd=self.plan.cwd,
            )
        self._started_at = time.monotonic()

    def note_death(self) -> str | None:
        """If it died since the last look: a sentence about it, and its next start is planned."""
        if self.process is None or self.process.poll() is None:
            return None
        ended, self.process = self.process, None
        lived = time.monotonic() - self._started_at
        self.deaths_in_a_row = 1 if lived > _HEALTHY_SECONDS else self.deaths_in_a_row + 1
        delay = 0.0
        if self.deaths_in_a_row > 1:
            delay = _FIRST_DELAY_SECONDS * 2.0 ** min(self.deaths_in_a_row - 2, 10)
        self._next_start_at = time.monotonic() + min(delay, _LONGEST_DELAY_SECONDS)
        return f"{self.plan.name} ended ({_ending(ended.returncode)}) and is started again"

    def start_if_due(self) -> None:
        """Start it when it is dead and its waiting time is over."""
        if self.process is None and time.monotonic() >= self._next_start_at:
            self.start()

    def ask_to_stop(self) -> None:
        """SIGTERM: finish what is under way, take nothing new."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def await_end(self, deadline: float, hurry: Callable[[], bool]) -> bool:
        """Wait until the deadline (monotonic clock) or until `hurry`, then kill it.

        True when it ended by itself.
        """
        if self.process is None:
            return True
        while time.monotonic() < deadline and not hurry():
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)
                return True
        self.process.kill()
        self.process.wait()
        return False

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        if not self.plan.log_path.exists():
            return ""
        with self.plan.log_path.open("rb") as log:
            log.seek(max(0, self.plan.log_path.stat().st_size - 32768))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def trim_log(path: Path) -> None:
    """Keep a log below its limit: what it held goes to `.1`, the writer keeps its handle."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        shutil.copyfile(path, path.with_suffix(path.suffix + ".1"))
        with path.open("r+b") as log:
            log.truncate(0)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
