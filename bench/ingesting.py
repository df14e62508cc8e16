"""The ingest service with its worker as processes of their own, and imports through it."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from bench.database import ROOT, BenchDatabase
from bench.memory import Peaks
from bench.serving import serving

INGEST = "services.ingest.main:app"
HEAD = """
| file | lines | ours s | lines/s | copy s | ratio | service MB | worker MB | server MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Ingest:
    """A running service: where it answers, whom it trusts, and its processes."""

    port: int
    key: str
    service_pid: int
    worker_pid: int

    def client(self) -> httpx2.Client:
        """A client of its own for each thread."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=900,
        )


@contextmanager
def ingesting(database: BenchDatabase, workers: int = 1) -> Iterator[Ingest]:
    """The service, ready, and its workers; the first worker's process is the one to be watched."""
    command = [sys.executable, "-m", "cli.work", "ingest"]
    with serving(database.environment, [INGEST]) as (service,), contextlib.ExitStack() as stack:
        pids = []
        for _ in range(workers):
            worker = subprocess.Popen(command, env=database.environment, cwd=ROOT)
            stack.callback(worker.wait)
            stack.callback(worker.terminate)
            pids.append(worker.pid)
        yield Ingest(service.port, database.admin_key, service.pid, pids[0])


def send_file(ingest: Ingest, file: Path, kind: str, source: str, **form: str) -> dict[str, Any]:
    """Upload a file and wait until its lines are visible; the finished import."""
    with ingest.client() as client:
        with file.open("rb") as stream:
            sent = client.post(
                "/v1/imports",
                files={"file": (file.name, stream, "application/octet-stream")},
                data={"kind": kind, "source": source, **form},
            )
        sent.raise_for_status()
        job = sent.json()["job"]["id"]
        while client.get(f"/v1/jobs/{job}?wait=60").json()["finished_at"] is None:
            pass
        found: dict[str, Any] = client.get(f"/v1/imports/{sent.json()['id']}").json()
    assert found["status"] == "succeeded", found["problem"]
    rows = found["rows"]
    assert rows["accepted"] + rows["rejected"] + rows["duplicate"] == rows["received"]
    return found


def compared(database: BenchDatabase, file: Path, warm_up: Path, kind: str, name: str) -> str:
    """One row of the table: an import in processes that have done a small one, and its COPY."""
    with (
        ingesting(database) as ingest,
        Peaks(database.server.pid, ingest.service_pid, ingest.worker_pid) as peaks,
    ):
        send_file(ingest, warm_up, kind, f"warm-up-{file.name}")
        began = time.perf_counter()
        found = send_file(ingest, file, kind, file.name)
        ours = time.perf_counter() - began
    lines, accepted = found["rows"]["received"], found["rows"]["accepted"]
    rival = copy_seconds(database, file.name, accepted)
    return (
        f"| {name} | {lines:,} | {ours:.1f} | {lines / ours:,.0f} | {rival:.1f} |"
        f" {rival / ours:.2f} | " + " | ".join(peaks.megabytes()) + " |"
    )


def copy_seconds(database: BenchDatabase, source: str, accepted: int) -> float:
    """How long a COPY of the stored rows takes into a table with the same indexes and checks."""
    rows = database.folder / "rows.bin"
    dsn = database.server.superuser_dsn
    with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
        query = (
            f"copy (select * from cost_line where source = '{source}') to stdout (format binary)"
        )
        with rows.open("wb") as file, cursor.copy(query) as copy:
            for piece in copy:
                file.write(piece)
        cursor.execute("drop table if exists rival_line")
        cursor.execute("create table rival_line (like cost_line including all)")
        cursor.execute("checkpoint")
        began = time.perf_counter()
        statement = "copy rival_line from stdin (format binary)"
        with rows.open("rb") as file, cursor.copy(statement) as copy:
            while piece := file.read(1 << 18):
                copy.write(piece)
        seconds = time.perf_counter() - began
        (copied,) = cursor.execute("select count(*) from rival_line").fetchone() or (0,)
        cursor.execute("drop table rival_line")
    rows.unlink()
    assert copied == accepted
    return seconds
