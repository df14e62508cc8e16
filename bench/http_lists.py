"""Lists and single objects of two services against a bare endpoint, in one run.

    python -m bench.http_lists [--seconds 6] [--sizes 1000 10000 100000] [--services valuation]

Both are served by one uvicorn process with the settings of `cli.serve` and read the same tables
of the same embedded Postgres; both stand the same load in turn, and the ratio is printed. The
processor time of a request is that of the serving process alone; other work on the machine hardly
changes it.
"""

import argparse
from dataclasses import dataclass

import psutil
import psycopg

from bench.database import bench_database
from bench.http_load import Load, measure, request_bytes
from bench.listed_nouns import NOUNS, SINGLES, Noun
from bench.serving import Served, serving

SIZES = (1_000, 10_000, 100_000)
SINGLE_OBJECTS = 500
ROUNDS = 3
TABLE_HEAD = """
| rows | request | bare /s | ours /s | ratio | ours p99 ms | bare CPU ms | ours CPU ms | CPU ratio |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def main() -> None:
    """Print one table; several sizes of the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--services", nargs="+", choices=NOUNS, default=tuple(NOUNS))
    asked = parser.parse_args()
    with bench_database() as database:
        environment = {**database.environment, "BARE_DATABASE_URL": database.server.dsn}
        print(TABLE_HEAD)
        for service in asked.services:
            applications = [f"services.{service}.main:app", "bench.bare_endpoint:app"]
            with serving(environment, applications) as (ours, bare):
                for size in asked.sizes:
                    ids = _fill(database.server.superuser_dsn, service, size)
                    for noun in NOUNS[service]:
                        cases = _Cases(noun, ids[noun.path], ours, bare)
                        cases.compare(size, database.admin_key, asked.seconds)


@dataclass(frozen=True)
class _Cases:
    """What is asked about one noun, and where."""

    noun: Noun
    ids: list[str]
    ours: Served
    bare: Served

    def compare(self, size: int, key: str, seconds: float) -> None:
        """Print a row for the list, and one for single objects where these are asked for."""
        path = self.noun.path
        self._row(f"100 of {path}", size, [path], [f"{path}?limit=100"], key, seconds)
        if path in SINGLES:
            singles = [f"{path}/{each}" for each in self.ids]
            self._row(f"one of {path}", size, singles, singles, key, seconds)

    def _row(
        self, name: str, size: int, bare: list[str], ours: list[str], key: str, seconds: float
    ) -> None:
        rivals, us = [], []
        for _ in range(ROUNDS):  # in turn, so that other work on the machine hits both
            requests = [request_bytes(self.bare.port, path) for path in bare]
            rivals.append(_measured(self.bare, requests, seconds / ROUNDS))
            requests = [request_bytes(self.ours.port, path, key) for path in ours]
            us.append(_measured(self.ours, requests, seconds / ROUNDS))
        print(_row(size, name, _middle(rivals), _middle(us)), flush=True)


@dataclass(frozen=True)
class _Measured:
    """What a server stood, and the processor time of one request."""

    load: Load
    processor_ms: float


def _measured(served: Served, requests: list[bytes], seconds: float) -> _Measured:
    process = psutil.Process(served.pid)
    before = sum(process.cpu_times()[:2])
    load = measure(served.port, requests, seconds)
    spent = sum(process.cpu_times()[:2]) - before
    return _Measured(load, spent / load.requests * 1000)


def _middle(found: list[_Measured]) -> _Measured:
    """The round with the median throughput."""
    return sorted(found, key=lambda one: one.load.per_second)[len(found) // 2]


def _row(size: int, name: str, rival: _Measured, us: _Measured) -> str:
    return (
        f"| {size:,} | {name} | {rival.load.per_second:,.0f} | {us.load.per_second:,.0f} "
        f"| {us.load.per_second / rival.load.per_second:.2f} | {us.load.p99_ms:.1f} "
        f"| {rival.processor_ms:.1f} | {us.processor_ms:.1f} "
        f"| {rival.processor_ms / us.processor_ms:.2f} |"
    )


def _fill(dsn: str, service: str, size: int) -> dict[str, list[str]]:
    """`size` rows of every noun of a service; answers some of their ids by the noun's path."""
    nouns, ids = NOUNS[service], {}
    with psycopg.connect(dsn) as connection:
        for noun in reversed(nouns):
            connection.execute(f"delete from {noun.table}".encode())
        for noun in nouns:
            connection.execute(noun.fill.encode(), [size])
            picked = f"select id::text from {noun.table} order by md5(id::text) limit %s"
            found = connection.execute(picked.encode(), [SINGLE_OBJECTS]).fetchall()
            ids[noun.path] = [row[0] for row in found]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return ids


if __name__ == "__main__":
    main()
