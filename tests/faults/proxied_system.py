"""The whole system over one database, with a chaos proxy on every line between its parts."""

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy.engine import make_url

from cli.probe import is_ready
from cli.system.free_ports import free_port
from cli.system.listeners import SERVICES
from tests.crash.running_system import ROOT, RunningSystem
from tests.faults.chaos_proxy import ChaosProxy
from tests.running import make_admin_key

START_SECONDS = 90.0


@dataclass
class ProxiedSystem(RunningSystem):
    """Services and workers as processes; each reaches Postgres and the others by a proxy.

    `lines` are the proxies by the name of what lies behind them: "postgres", "ingest", and so on.
    A service's line is the one that its clients and the other services share.
    """

    lines: dict[str, ChaosProxy] = field(default_factory=dict)
    worker_metrics: dict[str, str] = field(default_factory=dict)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _planned: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start the proxies, then everything behind them."""
        self.key = make_admin_key()
        database = make_url(os.environ["BTIM_DATABASE_URL"])
        self.lines["postgres"] = self._line(database.port or 5432)
        ports = {service: free_port() for service in SERVICES}
        for service, port in ports.items():
            self.lines[service] = self._line(port)
            self.urls[service] = f"http://127.0.0.1:{self.lines[service].port}"
        through = database.set(port=self.lines["postgres"].port)
        environment = {
            **os.environ,
            **{f"BTIM_{service.upper()}_URL": url for service, url in self.urls.items()},
            "BTIM_DATABASE_URL": through.render_as_string(hide_password=False),
            **self.settings,
        }
        for service, port in ports.items():
            metrics_port = str(free_port())
            self.worker_metrics[service] = f"http://127.0.0.1:{metrics_port}/metrics"
            named = environment | {"BTIM_WORKER_METRICS_PORT": metrics_port}
            serve = ["cli.serve", service, "--port", str(port)]
            self._planned += [(serve, named), (["cli.work", service], named)]
        self._processes = [_spawn(*planned) for planned in self._planned]
        threading.Thread(target=self._watch, daemon=True).start()
        until = time.monotonic() + START_SECONDS
        while not all(is_ready(port) for port in ports.values()):
            assert time.monotonic() < until, "the services do not start"
            time.sleep(0.05)

    def _watch(self) -> None:
        """Start again whatever has ended, as a supervisor does: a worker ends with its line."""
        while not self._ended.wait(0.5):
            for place, process in enumerate(self._processes):
                if process.poll() is not None:
                    self._processes[place] = _spawn(*self._planned[place])

    def _line(self, port: int) -> ChaosProxy:
        proxy = ChaosProxy("127.0.0.1", port)
        self._stack.callback(proxy.close)
        return proxy

    def superuser_dsn(self) -> str:
        """The database past the proxy."""
        return os.environ["BTIM_TEST_SUPERUSER_URL"]

    def stop(self) -> int:
        """End everything; answers the last exit code."""
        self._ended.set()
        time.sleep(1.0)
        for process in self._processes:
            process.terminate()
        codes = [process.wait(60) for process in self._processes]
        self._stack.close()
        return max(codes, default=0)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()


def _spawn(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", *command]
    return subprocess.Popen(arguments, cwd=ROOT, env=environment)
