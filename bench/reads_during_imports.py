"""How long a page of cost lines takes while large files are imported, against a quiet service.

    python -m bench.reads_during_imports [--rows 500000] [--seconds 10]

Two workers import two ledgers of other sources at the same time; a client reads pages of 100 lines
of an earlier import, one after the other, until both are done.
"""

import argparse
import threading
import time
from collections.abc import Callable
from statistics import quantiles

import httpx2

from bench.database import bench_database
from bench.ingesting import Ingest, ingesting, send_file
from bench.ledgers import write_csv

EARLIER_ROWS = 100_000
HEAD = """
| reading | reads | p50 ms | p95 ms | worst ms |
| --- | ---: | ---: | ---: | ---: |"""


def main() -> None:
    """Print one table: quiet, and during two imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with bench_database() as database, ingesting(database, workers=2) as ingest:
        send_file(ingest, write_csv(database.folder / "a.csv", EARLIER_ROWS), "ledger", "earlier")
        file = write_csv(database.folder / "b.csv", asked.rows)
        print(HEAD)
        until = time.perf_counter() + asked.seconds
        _show("quiet", _read_while(ingest, lambda: time.perf_counter() < until))
        imports = [
            threading.Thread(target=send_file, args=(ingest, file, "ledger", f"large-{number}"))
            for number in range(2)
        ]
        began = time.perf_counter()
        for one in imports:
            one.start()
        seconds = _read_while(ingest, lambda: any(one.is_alive() for one in imports))
        _show("during two imports", seconds)
        print(f"\nThe two imports of {asked.rows:,} rows took {time.perf_counter() - began:.0f} s.")


def _read_while(ingest: Ingest, going_on: Callable[[], bool]) -> list[float]:
    """Read page after page of the earlier lines, from the first one again at the end."""
    seconds = []
    first = "/v1/cost-lines?source=earlier&limit=100"
    with ingest.client() as client:
        path = first
        while going_on():
            began = time.perf_counter()
            page = _page(client, path)
            seconds.append(time.perf_counter() - began)
            cursor = page["next_cursor"]
            path = first if cursor is None else f"{first}&cursor={cursor}"
    return seconds


def _page(client: httpx2.Client, path: str) -> dict[str, str | None]:
    answer = client.get(path)
    answer.raise_for_status()
    page: dict[str, str | None] = answer.json()
    return page


def _show(name: str, seconds: list[float]) -> None:
    cuts = quantiles(seconds, n=20)
    shown = [f"{value * 1000:.0f}" for value in (cuts[9], cuts[18], max(seconds))]
    print(f"| {name} | {len(seconds):,} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
