"""Traces of a large run over HTTP: warm, and as the first request of a new process.

    python -m bench.trace [--shares 0.01 0.1 1]

Each answer holds the 100 largest contributors and the rest, of an object picked at random. `cold`
is the first trace that a service process answers which has just become ready, with a Numba cache
on disk but nothing of the run in memory or in local files; `cold line` the first one to lines.
"""

import argparse
import random
import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles

import httpx2

from bench.database import BenchDatabase, bench_database
from bench.large_model import Size, fill
from bench.memory import Peaks
from bench.serving import ALLOCATION, serving
from bench.whole_run import SHARES, run_once

TRACES, LINE_TRACES, STARTS = 100, 30, 3
STARTS_WITH = {"pool": "P", "resource": "R", "solution": "S", "consumer": "C"}
QUESTIONS = {
    "consumer back to pools": ("consumer", "back", "pool"),
    "consumer back to resources": ("consumer", "back", "resource"),
    "solution back to pools": ("solution", "back", "pool"),
    "pool forward to consumers": ("pool", "forward", "consumer"),
    "resource forward to consumers": ("resource", "forward", "consumer"),
}
HEAD = """
| flows | question | p50 ms | p95 ms |
| ---: | --- | ---: | ---: |"""


def main() -> None:
    """Print one table, some rows per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    shares = parser.parse_args().shares
    with bench_database() as database:
        print(HEAD)
        for share in shares:
            _measure(database, Size(share))


def _measure(database: BenchDatabase, size: Size) -> None:
    fill(database.server.superuser_dsn, size)
    run = run_once()
    chance = random.Random(5)

    def ask(client: httpx2.Client, layer: str, direction: str, to: str) -> float:
        count = size.numbers()[f"{layer}s"]
        code = f"{STARTS_WITH[layer]}{chance.randrange(count):06d}"
        asked = {"layer": layer, "code": code, "direction": direction, "to": to, "limit": "100"}
        return _seconds(client, f"/v1/runs/{run.run_id}/trace", asked)

    def show(question: str, seconds: list[float]) -> None:
        middle, high = (value * 1000 for value in (median(seconds), _p95(seconds)))
        print(f"| {run.counts['flows']:,} | {question} | {middle:.0f} | {high:.0f} |", flush=True)

    show("cold: consumer back to pools", _cold(database, ask, "pool"))
    show("cold: consumer back to lines", _cold(database, ask, "line"))
    with serving(database.environment, [ALLOCATION]) as (service,), _client(database) as client:
        client.base_url = f"http://127.0.0.1:{service.port}"
        with Peaks(database.server.pid, service.pid) as peaks:
            for question, asked in QUESTIONS.items():
                ask(client, *asked)
                show(question, [ask(client, *asked) for _ in range(TRACES)])
            ask(client, "consumer", "back", "line")
            seconds = [ask(client, "consumer", "back", "line") for _ in range(LINE_TRACES)]
        show("consumer back to lines", seconds)
        print(f"service at most {peaks.megabytes()[0]} MB")


def _cold(
    database: BenchDatabase, ask: Callable[[httpx2.Client, str, str, str], float], to: str
) -> list[float]:
    seconds = []
    for _ in range(STARTS):
        with serving(database.environment, [ALLOCATION]) as (service,), _client(database) as client:
            client.base_url = f"http://127.0.0.1:{service.port}"
            client.get("/v1/me").raise_for_status()
            seconds.append(ask(client, "consumer", "back", to))
    return seconds


def _client(database: BenchDatabase) -> httpx2.Client:
    return httpx2.Client(headers={"Authorization": f"Bearer {database.admin_key}"}, timeout=300)


def _seconds(client: httpx2.Client, path: str, asked: Mapping[str, str]) -> float:
    began = time.perf_counter()
    answer = client.get(path, params=asked)
    seconds = time.perf_counter() - began
    answer.raise_for_status()
    return seconds


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    main()
