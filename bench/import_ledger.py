"""Import of a ledger through HTTP against a bare COPY of the rows it stores, in one run.

    python bench/import_ledger.py [--sizes 10000 100000 1000000]

The ledger has 12 columns and 3 % bad rows. Ours is the time from the first byte of the upload
until the lines are visible, in processes that have done one small import. The rival copies the
very rows that were stored (read out before) into a table like cost_line with all its indexes and
checks, on the same durable server. Peak memory is that of our two processes and of the largest
server process (its own, unshared part).
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.memory import Peaks  # noqa: E402
from cli.embedded_postgres import PostgresServer  # noqa: E402
from cli.listeners import open_listeners  # noqa: E402
from cli.probe import is_ready  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
BAD_SHARE = 0.03
SERVE = (
    "import sys; from cli.serve import serve;"
    "serve('services.ingest.main:app', host='', port=0, fd=int(sys.argv[1]))"
)
HEADER = (
    "Doc,Line,Posting Date,Amount,Currency,Account,Cost Center,Supplier Name,Text,Type,Project,Team"
)
TABLE_HEAD = """
| lines | ours s | lines/s | copy s | ratio | service MB | worker MB | server MB |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def main() -> None:
    """Print one table, a row per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().sizes
    with tempfile.TemporaryDirectory(prefix="btim-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's user walks through
        with PostgresServer(folder / "data") as server:
            environment = {
                **os.environ,
                **server.settings_for_children(),
                "BTIM_SECRETS_DIR": str(folder / "secrets"),
                "BTIM_LOG_LEVEL": "ERROR",
            }
            prepare = [sys.executable, "-m", "cli.prepare_database"]
            subprocess.run(
                prepare, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
            )
            key = (folder / "secrets" / "admin.key").read_text().strip()
            print(TABLE_HEAD)
            for size in sizes:
                print(_measured(size, folder, server, environment, key), flush=True)


def _measured(
    size: int, folder: Path, server: PostgresServer, environment: dict[str, str], key: str
) -> str:
    ledger = folder / f"ledger-{size}.csv"
    _write_ledger(ledger, size)
    small = folder / "warm-up.csv"
    _write_ledger(small, 100)
    with (
        _running(environment) as (port, service, worker),
        Peaks(server.pid, service, worker) as peaks,
    ):
        _import(port, key, small, f"warm-up-{size}")
        began = time.perf_counter()
        accepted = _import(port, key, ledger, f"size-{size}")
        ours = time.perf_counter() - began
    rival = _copy_seconds(server.superuser_dsn, f"size-{size}", accepted, folder)
    return (
        f"| {size:,} | {ours:.1f} | {size / ours:,.0f} | {rival:.1f} | {rival / ours:.2f} | "
        + " | ".join(peaks.megabytes())
        + " |"
    )


def _write_ledger(path: Path, size: int) -> None:
    chance = random.Random(7)
    with path.open("w") as ledger:
        ledger.write(HEADER + "\n")
        for number in range(size):
            amount = f"{chance.randint(-5_000_000, 50_000_000) / 100:.2f}"
            if chance.random() < BAD_SHARE:
                amount = "n/a"
            day, month = chance.randint(1, 28), chance.randint(1, 3)
            ledger.write(
                f"{number // 4},{number % 4},{day:02d}/{month:02d}/2026,{amount},"
                f"{chance.choice(('EUR', 'GBP', 'USD'))},{chance.randint(4000, 4999)},"
                f"CC{chance.randint(1, 300)},Vendor {chance.randint(1, 5000)},"
                f"Payment for item {number} of order,{chance.choice(('opex', 'capex'))},"
                f"P{chance.randint(1, 200)},team-{chance.randint(1, 40)}\n"
            )


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[tuple[int, int, int]]:
    """The service and its worker as processes of their own: port and process ids."""
    ours, *unused = open_listeners(18961)
    for listener in unused:
        listener.opened.close()
    descriptor = ours.opened.fileno()
    service = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(descriptor)],
        env=environment,
        cwd=ROOT,
        pass_fds=[descriptor],
    )
    worker = subprocess.Popen(
        [sys.executable, "-m", "cli.work", "ingest"], env=environment, cwd=ROOT
    )
    try:
        while not is_ready(ours.port):
            if service.poll() is not None:
                raise RuntimeError("the ingest service does not start")
            time.sleep(0.1)
        yield ours.port, service.pid, worker.pid
    finally:
        for process in (worker, service):
            process.terminate()
            process.wait()
        ours.opened.close()


def _import(port: int, key: str, ledger: Path, source: str) -> int:
    """Upload a ledger and wait until its lines are visible; how many there are."""
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=600,
    ) as client:
        with ledger.open("rb") as stream:
            sent = client.post(
                "/v1/imports",
                files={"file": (ledger.name, stream, "text/csv")},
                data={"kind": "ledger", "source": source},
            )
        sent.raise_for_status()
        job = sent.json()["job"]["id"]
        while client.get(f"/v1/jobs/{job}?wait=60").json()["finished_at"] is None:
            pass
        found = client.get(f"/v1/imports/{sent.json()['id']}").json()
    assert found["status"] == "succeeded", found["problem"]
    rows = found["rows"]
    assert rows["accepted"] + rows["rejected"] == rows["received"]
    return int(rows["accepted"])


def _copy_seconds(dsn: str, source: str, accepted: int, folder: Path) -> float:
    """How long a COPY of the stored rows takes into a table with the same indexes and checks."""
    rows = folder / "rows.bin"
    names = "(like cost_line including all)"
    with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
        query = (
            f"copy (select * from cost_line where source = '{source}') to stdout (format binary)"
        )
        with rows.open("wb") as file, cursor.copy(query) as copy:
            for piece in copy:
                file.write(piece)
        cursor.execute("drop table if exists rival_line")
        cursor.execute(f"create table rival_line {names}")
        cursor.execute("checkpoint")
        began = time.perf_counter()
        statement = "copy rival_line from stdin (format binary)"
        with rows.open("rb") as file, cursor.copy(statement) as copy:
            while piece := file.read(1 << 18):
                copy.write(piece)
        seconds = time.perf_counter() - began
        (copied,) = cursor.execute("select count(*) from rival_line").fetchone() or (0,)
        cursor.execute("drop table rival_line")
    assert copied == accepted
    return seconds


if __name__ == "__main__":
    main()
