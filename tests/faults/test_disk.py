"""A full disk under Postgres or the files: refused for now, nothing lost, healed by itself."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from cli.postgres.server import PostgresServer
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.running_system import RunningSystem

SIZE_MEBIBYTES = 200
MEBIBYTE = 1024 * 1024
HEALED_SECONDS = 30.0
LINES_A_REQUEST = 500
REFUSED = {503, 507}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small volume"),
]


@contextmanager
def small_volume(folder: Path) -> Iterator[Path]:
    """A volume that is soon full."""
    folder.mkdir(mode=0o711)
    options = f"size={SIZE_MEBIBYTES}m,mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave_bytes: int) -> Path:
    """A file that takes the space away."""
    found = os.statvfs(folder)
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - leave_bytes)
    return ballast


def post_lines(system: RunningSystem, name: str) -> httpx2.Response:
    """Ask once; 502 where the connection broke before the answer."""
    items = [
        {"external_id": f"{name}-{place}", "source": "disk", "period": "2026-01",
         "amount": "1.01", "currency": "EUR", "description": "x" * 900}
        for place in range(LINES_A_REQUEST)
    ]  # fmt: skip
    try:
        return httpx2.post(
            f"{system.urls['ingest']}/v1/cost-lines/bulk?atomic=true",
            json={"items": items},
            headers={"Authorization": f"Bearer {system.key}", "Idempotency-Key": name},
            timeout=120,
        )
    except httpx2.TransportError:
        return httpx2.Response(502)


def push_until_refused(system: RunningSystem) -> tuple[list[str], httpx2.Response]:
    """What was accepted, and the first refusal."""
    accepted: list[str] = []
    while len(accepted) < 400:
        name = f"full-{len(accepted):03}"
        answer = post_lines(system, name)
        if answer.status_code == 200:
            accepted.append(name)
        elif answer.status_code != 502:
            return accepted, answer
    raise AssertionError("the volume never became full")


def readiness(system: RunningSystem) -> int:
    return httpx2.get(f"{system.urls['ingest']}/readyz", timeout=30).status_code


def await_answer(ask: Any, wanted: int) -> float:
    """The seconds until it answers so."""
    began = time.monotonic()
    while ask() != wanted:
        assert time.monotonic() - began < HEALED_SECONDS, f"no {wanted} within the time"
        time.sleep(0.2)
    return time.monotonic() - began


def lines_in(system: RunningSystem) -> dict[str, int]:
    """How many lines of each request lie in the database."""
    server = PostgresServer(system.data_dir)
    server.find_running()
    query = (
        "select left(external_id, 8), count(*) from cost_line where live_to is null"
        " and source = 'disk' group by 1"
    )
    with psycopg.connect(server.superuser_dsn) as connection:
        return dict(connection.execute(query).fetchall())


def test_a_full_volume_of_postgres_refuses_writes_and_heals_when_space_returns(
    tmp_path: Path,
) -> None:
    with small_volume(tmp_path / "volume") as volume:
        system = RunningSystem(volume / "data", 18511)
        system.start()
        try:
            ballast = fill(volume, leave_bytes=12 * MEBIBYTE)
            accepted, refused = push_until_refused(system)
            assert refused.status_code in REFUSED, refused.text
            assert refused.headers["content-type"] == "application/problem+json"
            unready = await_answer(lambda: readiness(system), 503)
            ballast.unlink()
            healed = await_answer(lambda: post_lines(system, "healed-1").status_code, 200)
            assert await_answer(lambda: readiness(system), 200) < HEALED_SECONDS
            again = f"full-{len(accepted):03}"
            assert post_lines(system, again).status_code == 200
            wanted = dict.fromkeys([*accepted, again, "healed-1"], LINES_A_REQUEST)
            assert lines_in(system) == wanted
            print(  # noqa: T201
                f"{len(accepted)} requests before the volume was full, {refused.status_code},"
                f" not ready after {unready:.1f} s, healed {healed:.1f} s after space returned"
            )
        finally:
            system.stop()


def test_a_full_volume_of_files_refuses_uploads_and_heals_when_space_returns(
    tmp_path: Path,
) -> None:
    with small_volume(tmp_path / "volume") as volume:
        system = RunningSystem(tmp_path / "data", 18521, settings={"BTIM_FILES_DIR": str(volume)})
        system.start()
        try:
            caller = Caller(system, Accounts())
            ballast = fill(volume, leave_bytes=64 * 1024)
            rows = b"".join(b"2026-01-01,D%d,1.00,EUR\n" % row for row in range(20_000))
            sent: dict[str, Any] = {
                "data": {"kind": "ledger", "source": "disk"},
                "files": {"file": ("big.csv", b"Date,Document,Amount,Currency\n" + rows)},
            }
            url = f"{system.urls['ingest']}/v1/imports"
            headers = {"Authorization": f"Bearer {system.key}"}
            refused = httpx2.post(url, headers=headers, timeout=60, **sent)
            assert refused.status_code in REFUSED, refused.text
            assert refused.headers["content-type"] == "application/problem+json"
            assert caller.walk("ingest", "/v1/imports") == []
            ballast.unlink()
            made = caller.insist("ingest", "POST", "/v1/imports", **sent).json()
            caller.await_job("ingest", made)
            found = caller.content("ingest", f"/v1/imports/{made['id']}")
            assert found["rows"]["accepted"] == 20_000
        finally:
            system.stop()
