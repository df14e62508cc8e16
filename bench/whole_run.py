"""A whole run against a COPY of its flows as narrow rows, in one server.

    python -m bench.whole_run [--shares 0.01 0.1 1]

The job's body, as a worker runs it: gather lines, objects, mappings and quantities from the
database, calculate, store inputs, flows and balances, commit. The rival copies the very flows in
binary as rows of (source int4, target int4, units int8), made ready beforehand, into a table
without indexes and commits. Both go to the same durable server; the faster of the rounds counts.
"""

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import psycopg

from bench.database import BenchDatabase, bench_database
from bench.large_model import CURRENCY, PERIOD, Size, fill
from bench.memory import Peaks

SHARES = (0.01, 0.1, 1.0)
WARM_UP = 0.002
ROUNDS = 2
CHUNK_ROWS = 200_000
SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
NARROW_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("source_bytes", ">i4"),
        ("source", ">i4"),
        ("target_bytes", ">i4"),
        ("target", ">i4"),
        ("units_bytes", ">i4"),
        ("units", ">i8"),
    ]
)
HEAD = """
| lines | groups | flows | run s | copy s | run / copy | worker MB | server MB |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Measured:
    """One run: how long the job took, the stages in milliseconds, what it counted."""

    run_id: UUID
    seconds: float
    timings_ms: Mapping[str, int]
    counts: Mapping[str, int]


def main() -> None:
    """Print one table, a row per size, and the stages of each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    shares = parser.parse_args().shares
    with bench_database() as database:
        fill(database.server.superuser_dsn, Size(WARM_UP))
        run_once()
        print(HEAD)
        stages = [_compare(database, share) for share in shares]
        print("\nStages in ms:")
        for line in stages:
            print(line)


def _compare(database: BenchDatabase, share: float) -> str:
    fill(database.server.superuser_dsn, Size(share))
    runs, copies = [], []
    with Peaks(database.server.pid, os.getpid()) as peaks:
        runs = [run_once() for _ in range(ROUNDS)]
    best = min(runs, key=lambda run: run.seconds)
    rows = list(narrow_rows(best.run_id))
    copies = [copy_seconds(database.server.superuser_dsn, rows) for _ in range(ROUNDS)]
    counts = best.counts
    print(
        f"| {counts['lines']:,} | {counts['groups']:,} | {counts['flows']:,} |"
        f" {best.seconds:.2f} | {min(copies):.2f} | {best.seconds / min(copies):.1f} | "
        + " | ".join(peaks.megabytes())
        + " |",
        flush=True,
    )
    timings = ", ".join(f"{name} {took:,}" for name, took in best.timings_ms.items())
    return f"{counts['flows']:,} flows: {timings}"


def run_once(period: str = PERIOD) -> Measured:
    """Ask for a run of a period and do its job in this process."""
    from services.allocation.runs import repository, workflow
    from shared.auth import Caller
    from shared.contracts.allocation.runs import RunRequest
    from shared.database import in_transaction
    from shared.jobs import running

    caller = Caller("bench", frozenset(("allocation:admin",)))
    with in_transaction() as session:
        asked = RunRequest(period=period, currency=CURRENCY)
        job = workflow.ask_for_run(session, caller, asked)
        job_id, run_id = job.id, UUID(job.resource_id)
    began = time.perf_counter()
    running.run(job_id)
    seconds = time.perf_counter() - began
    with in_transaction() as session:
        run = repository.get_run(session, run_id)
        assert run.status == "succeeded", run.problem
        return Measured(run_id, seconds, dict(run.timings_ms), dict(run.counts))


def narrow_rows(run_id: UUID) -> Iterator[bytes]:
    """The flows of a stored run as they go over the wire of a binary COPY."""
    from services.allocation.engine.storing.storage import load_run
    from services.allocation.runs import repository
    from shared.database import new_session

    with new_session() as session:
        result = load_run(repository.read_chunks_of(session, run_id))
    for leg in result.legs:
        sources = np.repeat(leg.object_of[leg.source], leg.rows.widths)
        targets, units = leg.edge_targets, leg.parts[0]
        for start in range(0, len(units), CHUNK_ROWS):
            stretch = slice(start, start + CHUNK_ROWS)
            rows = np.empty(len(units[stretch]), dtype=NARROW_ROW)
            rows["fields"] = 3
            rows["source_bytes"], rows["source"] = 4, sources[stretch]
            rows["target_bytes"], rows["target"] = 4, targets[stretch]
            rows["units_bytes"], rows["units"] = 8, units[stretch]
            yield rows.tobytes()


def copy_seconds(dsn: str, rows: list[bytes]) -> float:
    """How long a COPY of the rows into a new table takes, with its commit."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table narrow_flow (source int4, target int4, units int8)")
        connection.execute("checkpoint")
        began = time.perf_counter()
        with connection.cursor() as cursor:
            statement = "copy narrow_flow from stdin (format binary)"
            with connection.transaction(), cursor.copy(statement) as copy:
                copy.write(SIGNATURE)
                for piece in rows:
                    copy.write(piece)
                copy.write(b"\xff\xff")
        seconds = time.perf_counter() - began
        connection.execute("drop table narrow_flow")
    return seconds


if __name__ == "__main__":
    main()
