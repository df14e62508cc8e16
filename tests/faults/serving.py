"""A service as its own process with the settings of `btim up`, and many plain clients of it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.probe import is_ready
from tests.running import make_admin_key

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What one request got; status 0 when there was no answer."""

    status: int
    headers: dict[str, str]
    content: bytes
    seconds: float

    def json(self) -> Any:
        """The body."""
        return json.loads(self.content)


@dataclass
class ServedProcess:
    """One process of a service behind a listening socket that outlives it."""

    service: str
    settings: dict[str, str]
    listener: socket.socket = field(default_factory=socket.socket)
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self.listener.getsockname()[1])

    def start(self) -> None:
        """Start a process; return when it is ready."""
        descriptor = str(self.listener.fileno())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli.serve", self.service, "--fd", descriptor],
            cwd=ROOT,
            env=os.environ | self.settings,
            pass_fds=[self.listener.fileno()],
        )
        until = time.monotonic() + START_SECONDS
        while not is_ready(self.port):
            assert self.process.poll() is None, f"{self.service} does not start"
            assert time.monotonic() < until, f"{self.service} is not ready"
            time.sleep(0.05)

    def stop(self) -> float:
        """SIGTERM; answers the seconds until it ended by itself."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) in {0, -signal.SIGTERM}
        return time.monotonic() - began

    def ask(self, path: str, *, key: str | None = None, timeout: float = 60.0) -> Answer:
        """The answer to one GET on a connection of its own."""
        return ask(self.port, path, key=make_admin_key() if key is None else key, timeout=timeout)

    def ask_at_once(self, paths: list[str]) -> list[Answer]:
        """The answers to many clients, each of whom asks one thing at the same moment."""
        key = make_admin_key()
        with ThreadPoolExecutor(len(paths)) as clients:
            return list(clients.map(lambda path: self.ask(path, key=key), paths))


@contextmanager
def served(service: str, **settings: str) -> Iterator[ServedProcess]:
    """A service on a free loopback port over the test database."""
    running = ServedProcess(service, settings)
    running.listener.bind(("127.0.0.1", 0))
    running.listener.listen(1024)
    try:
        running.start()
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        running.listener.close()


def ask(
    port: int,
    path: str,
    *,
    key: str,
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
    timeout: float = 60.0,
) -> Answer:
    """The answer to one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    sent = {"Authorization": f"Bearer {key}"} | (headers or {})
    content = None
    if body is not None:
        content, sent["Content-Type"] = json.dumps(body), "application/json"
    began = time.monotonic()
    try:
        connection.request(method, path, content, sent)
        got = connection.getresponse()
        found = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, found, got.read(), time.monotonic() - began)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, {}, repr(error).encode(), time.monotonic() - began)
    finally:
        connection.close()
