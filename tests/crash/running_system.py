"""A real `btim up` in a folder of its own, whose processes can be found and killed one by one."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from cli.listeners import SERVICES
from cli.probe import is_ready
from tests.running import outside_environment

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120.0
KINDS = ("service", "worker", "postmaster", "backend", "supervisor")


@dataclass(frozen=True)
class Victim:
    """One process: what it is and which."""

    kind: str
    name: str
    pid: int


@dataclass
class RunningSystem:
    """One supervisor and everything below it; started again in the same folder when killed."""

    data_dir: Path
    port_base: int
    urls: dict[str, str] = field(default_factory=dict)
    key: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the supervisor and wait for its one line."""
        with (self.data_dir.parent / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", *_options(self)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=outside_environment(BTIM_LOG_LEVEL="WARNING", **self.settings),
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"btim up does not start, see {self.data_dir.parent / 'up.log'}")
        answer = json.loads(line)
        self.urls = {service: answer[service] for service in SERVICES}
        self.key = Path(answer["admin_key_file"]).read_text().strip()

    def stop(self) -> int:
        """Ask for a clean stop and answer the exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._await_supervisor()

    def kill(self, victim: Victim) -> None:
        """SIGKILL; a killed supervisor is started again at once."""
        os.kill(victim.pid, signal.SIGKILL)
        if victim.kind == "supervisor":
            self._await_supervisor()
            self.start()

    def await_ready(self) -> float:
        """Wait until all three services answer ready; answers the seconds that took."""
        started = time.monotonic()
        while not all(is_ready(int(url.rsplit(":", 1)[1])) for url in self.urls.values()):
            if time.monotonic() - started > READY_SECONDS:
                raise AssertionError(f"not ready again after {READY_SECONDS:.0f} s")
            time.sleep(0.05)
        return time.monotonic() - started

    def processes(self) -> list[Victim]:
        """Every process that may be killed now, found below our own supervisor."""
        assert self._process is not None
        found = [Victim("supervisor", "supervisor", self._process.pid)]
        for pid, command in _children(self._process.pid):
            if "pginstall/bin/postgres" in command[0]:
                found.append(Victim("postmaster", "postmaster", pid))
                found += [
                    Victim("backend", title[0].strip(), child)
                    for child, title in _children(pid)
                    if title[0].startswith("postgres: btim ")
                ]
            elif "cli.serve" in command:
                found.append(Victim("service", command[command.index("cli.serve") + 1], pid))
            elif "cli.work" in command:
                found.append(Victim("worker", f"{command[-1]}-worker", pid))
        return found

    def _await_supervisor(self) -> int:
        assert self._process is not None
        code = self._process.wait(90)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code


def _options(system: RunningSystem) -> list[str]:
    folder, port = str(system.data_dir), str(system.port_base)
    return ["up", "--json", "--data-dir", folder, "--port-base", port]


def _children(parent: int) -> list[tuple[int, list[str]]]:
    """Processes whose parent this is, with their command lines."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_text().split("\0")[:-1]
        except (OSError, IndexError, ValueError):
            continue
        if ppid == parent and command:
            found.append((int(entry.name), command))
    return found
