"""Uploads of hundreds of megabytes pass through the service to the disk, never into its memory."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from bench.serving import Served, serving

MIB = 1 << 20
UPLOAD_MIB = 600
MOST_MIB = 260
LINE = b"2026-01-05,12.50,EUR,Acme,a payment for services of the month\n"


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[Served]:
    with serving(os.environ, ["services.ingest.main:app"]) as (one,):
        yield one


def a_large_ledger(path: Path) -> Path:
    block = LINE * (MIB // len(LINE))
    with path.open("wb") as file:
        file.write(b"Date,Amount,Currency,Supplier,Text\n")
        for _ in range(UPLOAD_MIB * MIB // len(block)):
            file.write(block)
    return path


def peak_of(pid: int) -> int:
    """The most memory that a process has had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) // 1024


@pytest.mark.slow
def test_a_large_upload_streams_to_the_disk(served: Served, admin_key: str, tmp_path: Path) -> None:
    path = a_large_ledger(tmp_path / "ledger.csv")
    before = peak_of(served.pid)
    with path.open("rb") as stream:
        answer = httpx2.post(
            f"http://127.0.0.1:{served.port}/v1/imports",
            headers={"Authorization": f"Bearer {admin_key}", "Idempotency-Key": "large"},
            files={"file": ("ledger.csv", stream)},
            data={"kind": "ledger", "source": "large"},
            timeout=600,
        )
    assert answer.status_code == 202, answer.text
    print(f"peak {before} MiB before, {peak_of(served.pid)} MiB after")  # noqa: T201
    assert peak_of(served.pid) < MOST_MIB


@pytest.mark.slow
def test_uploads_whose_length_lies_leave_nothing(
    served: Served, admin_key: str, database: str
) -> None:
    head = (
        f"POST /v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin_key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    ).encode()
    query = "select count(*) from stored_file where name = 'a.csv'"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(head + LINE * 20_000)
    time.sleep(1)
    with psycopg.connect(database) as opened:
        assert opened.execute(query).fetchone() == (0,)
    assert httpx2.get(f"http://127.0.0.1:{served.port}/readyz").status_code == 200
    assert peak_of(served.pid) < MOST_MIB
