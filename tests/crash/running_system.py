"""A real `btim up` in a folder of its own, whose processes can be found and killed one by one.

Beside it further replicas of the services and workers may run, as on other machines.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli.postgres.server import PostgresServer
from cli.probe import is_ready
from cli.system.free_ports import free_port
from cli.system.listeners import SERVICES
from tests.running import outside_environment

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"BTIM_LOG_LEVEL": "WARNING"}
READY_SECONDS = 300.0
SIGNALS = {
    "service": signal.SIGKILL,
    "worker": signal.SIGKILL,
    "postmaster": signal.SIGKILL,
    "backend": signal.SIGKILL,
    "supervisor": signal.SIGKILL,
    "connection": signal.SIGTERM,  # what pg_terminate_backend sends
    "immediate": signal.SIGQUIT,  # what `pg_ctl stop -m immediate` sends
}
KINDS = tuple(SIGNALS)


@dataclass(frozen=True)
class Victim:
    """One process: what it is and which."""

    kind: str
    name: str
    pid: int

    def is_gone(self) -> bool:
        """Whether the process has ended."""
        try:
            os.kill(self.pid, 0)
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return True
        return stat.rsplit(")", 1)[1].split()[0] in "ZX"


@dataclass
class RunningSystem:
    """One supervisor and everything below it; started again in the same folder when killed."""

    data_dir: Path
    port_base: int
    urls: dict[str, str] = field(default_factory=dict)
    key: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    replicas: list["Replica"] = field(default_factory=list)
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
                env=outside_environment(**QUIET | self.settings),
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"btim up does not start, see {self.data_dir.parent / 'up.log'}")
        answer = json.loads(line)
        self.urls = {service: answer[service] for service in SERVICES}
        self.key = Path(answer["admin_key_file"]).read_text().strip()

    def add_replicas(self, services: Sequence[str] = SERVICES, **settings: str) -> None:
        """One more process and one more worker of each of these services."""
        for service in services:
            serve, work = ("serve", service, str(free_port())), ("work", service)
            self.replicas.append(Replica(self, "service", service, serve, settings))
            self.replicas.append(Replica(self, "worker", service, work, settings))
        self.revive_replicas()

    def revive_replicas(self) -> None:
        """Start those that do not run."""
        for replica in self.replicas:
            replica.start_if_dead()

    def addresses(self, service: str) -> list[str]:
        """Where a service answers: every replica of it."""
        further = [one.url for one in self.replicas if (one.kind, one.name) == ("service", service)]
        return [self.urls[service], *further]

    def environment(self) -> dict[str, str] | None:
        """What a further process must know to belong here; None while Postgres does not run."""
        server = PostgresServer(self.data_dir)
        if not server.find_running():
            return None
        urls = {f"BTIM_{service.upper()}_URL": url for service, url in self.urls.items()}
        return outside_environment(
            BTIM_SECRETS_DIR=str(self.data_dir / "secrets"),
            **urls,
            **server.settings_for_children(),
            **QUIET | self.settings,
        )

    def superuser_dsn(self) -> str:
        """The database past the services."""
        server = PostgresServer(self.data_dir)
        server.find_running()
        return server.superuser_dsn

    def stop(self) -> int:
        """Ask for a clean stop and answer the exit code."""
        for replica in self.replicas:
            replica.stop()
        if self._process is None:
            return 0
        self._process.terminate()
        return self._await_supervisor()

    def kill(self, victim: Victim) -> None:
        """SIGKILL, mostly; a killed supervisor takes all with it and is started again at once."""
        former = [one for one in self.processes() if not one.name.startswith("further ")]
        with suppress(ProcessLookupError):
            os.kill(victim.pid, SIGNALS[victim.kind])
        if victim.kind == "supervisor":
            self._await_supervisor()
            urls = self.urls
            self.start()
            assert self.urls == urls, "other addresses than before"
            assert all(one.is_gone() for one in former), "something outlived its supervisor"

    def await_ready(self) -> float:
        """Wait until all three services answer ready; answers the seconds that took."""
        started = time.monotonic()
        self.revive_replicas()
        urls = [url for service in SERVICES for url in self.addresses(service)]
        while not all(is_ready(int(url.rsplit(":", 1)[1])) for url in urls):
            self.revive_replicas()  # a process that was just killed may have looked alive
            if time.monotonic() - started > READY_SECONDS:
                raise AssertionError(f"not ready again after {READY_SECONDS:.0f} s")
            time.sleep(0.05)
        return time.monotonic() - started

    def processes(self) -> list[Victim]:
        """Every process that may be killed now, found below our own supervisor."""
        assert self._process is not None
        found = [Victim("supervisor", "supervisor", self._process.pid)]
        found += [Victim(one.kind, f"further {one.name}", one.pid) for one in self.replicas]
        for pid, command in _children(self._process.pid):
            if "pginstall/bin/postgres" in command[0]:
                found += [Victim(kind, "postmaster", pid) for kind in ("postmaster", "immediate")]
                found += [
                    Victim(kind, title[0].strip(), child)
                    for child, title in _children(pid)
                    if title and title[0].startswith("postgres: btim ")
                    for kind in ("backend", "connection")
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


@dataclass
class Replica:
    """One further process of a service, started by hand, which nobody watches."""

    system: RunningSystem
    kind: str
    name: str
    command: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.command[-1]}"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start_if_dead(self) -> None:
        """Start it unless it runs, or Postgres does not."""
        if self._process is not None and self._process.poll() is None:
            return
        environment = self.system.environment()
        if environment is None:
            return
        module, service, *port = self.command
        options = ["--port", *port] if port else []
        with (self.system.data_dir.parent / "replicas.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"cli.{module}", service, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment | self.settings,
            )

    def stop(self) -> None:
        """End it gently."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)


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
