"""The gateway's real nginx before the live services of a test."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.probe import is_ready
from cli.project import StartError
from cli.system.free_ports import free_port
from cli.system.gateway import gateway_command


def port_of(url: str) -> int:
    """The port at the end of an address."""
    return int(url.rsplit(":", 1)[1])


@contextmanager
def a_gateway(folder: Path, ports: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Its address, with these ports behind it; skips the test where nginx is missing."""
    port = free_port()
    try:
        command = gateway_command(folder, folder / "pages", port, ports)
    except StartError as missing:
        pytest.skip(str(missing))
    log_path = folder / "gateway.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log_path.read_text())
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
