"""Applications behind uvicorn with the settings of `btim up`, each a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.database import ROOT
from cli.probe import is_ready
from cli.system.listeners import open_listeners

ALLOCATION = "services.allocation.main:app"
FIRST_PORT = 18931
SERVE = (
    "import sys; from cli.serve import serve;"
    "serve(sys.argv[1], host='', port=0, fd=int(sys.argv[2]))"
)


@dataclass(frozen=True)
class Served:
    """One application that answers."""

    port: int
    pid: int


@contextmanager
def serving(environment: Mapping[str, str], applications: Sequence[str]) -> Iterator[list[Served]]:
    """Up to three applications; the first one is ready when this hands over."""
    listeners = open_listeners(FIRST_PORT)
    for unused in listeners[len(applications) :]:
        unused.opened.close()
    used = listeners[: len(applications)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SERVE, application, str(listener.opened.fileno())],
            env=dict(environment),
            cwd=ROOT,
            pass_fds=[listener.opened.fileno()],
        )
        for application, listener in zip(applications, used, strict=True)
    ]
    try:
        while not is_ready(used[0].port):
            if running[0].poll() is not None:
                raise RuntimeError(f"{applications[0]} does not start")
            time.sleep(0.05)
        yield [
            Served(listener.port, process.pid)
            for listener, process in zip(used, running, strict=True)
        ]
    finally:
        for process in running:
            process.terminate()
            process.wait()
        for listener in used:
            listener.opened.close()
