"""Many small pushes of cost lines from several clients at once against a live service.

    python -m bench.push_lines [--pushes 2000] [--clients 8] [--lines 100]

Every tenth push of a client sends again what it has sent before, as a client does that is not sure
that an answer would have come. At the end the table holds every line exactly once.
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from statistics import quantiles
from typing import Any

import psycopg

from bench.database import BenchDatabase, bench_database
from bench.ingesting import Ingest, ingesting
from bench.memory import Peaks

AGAIN = 10
HEAD = """
| clients write to | pushes | lines each | seconds | lines/s | p50 ms | p99 ms | service MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def main() -> None:
    """Print one table: all clients to one source, then each to a source and period of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--lines", type=int, default=100)
    asked = parser.parse_args()
    with bench_database() as database, ingesting(database) as ingest:
        print(HEAD)
        for shared in (True, False):
            name = "one source, one period" if shared else "a source and period each"
            shown = _measured(database, ingest, asked.pushes, asked.clients, asked.lines, shared)
            print(f"| {name} | {asked.pushes:,} | {asked.lines} | {shown} |", flush=True)


def _measured(
    database: BenchDatabase, ingest: Ingest, pushes: int, clients: int, lines: int, shared: bool
) -> str:
    seconds: list[float] = []
    failures: list[BaseException] = []
    kind = "shared" if shared else "own"

    def push(client_number: int) -> None:
        source = f"{kind}-{0 if shared else client_number}"
        period = f"2026-{1 if shared else client_number + 1:02d}"
        try:
            for body in _bodies(client_number, pushes // clients, lines, source, period):
                began = time.perf_counter()
                answer = client.post("/v1/cost-lines/bulk", json=body)
                seconds.append(time.perf_counter() - began)
                answer.raise_for_status()
                statuses = Counter(result["status"] for result in answer.json()["results"])
                assert statuses.keys() <= {"created", "unchanged"}, statuses
        except BaseException as error:
            failures.append(error)

    with ingest.client() as client, Peaks(database.server.pid, ingest.service_pid) as peaks:
        threads = [threading.Thread(target=push, args=(number,)) for number in range(clients)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - began
    if failures:
        raise failures[0]
    _check(database, kind, pushes // clients * clients, clients, lines)
    cuts = quantiles(seconds, n=100)
    return (
        f"{elapsed:.0f} | {len(seconds) * lines / elapsed:,.0f} | {cuts[49] * 1000:.0f} |"
        f" {cuts[98] * 1000:.0f} | {peaks.megabytes()[0]}"
    )


def _bodies(
    client_number: int, pushes: int, lines: int, source: str, period: str
) -> Iterator[dict[str, Any]]:
    for number in range(pushes):
        sent = number - 1 if number % AGAIN == AGAIN - 1 else number
        yield {
            "items": [
                {
                    "external_id": f"{client_number}-{sent}-{line}",
                    "source": source,
                    "period": period,
                    "amount": "12.34",
                    "currency": "EUR",
                    "account": "4400",
                    "vendor": f"Vendor {line}",
                    "tags": {"team": f"team-{line % 7}"},
                }
                for line in range(lines)
            ]
        }


def _check(database: BenchDatabase, kind: str, pushes: int, clients: int, lines: int) -> None:
    """Every line is there once and nothing else is."""
    each = pushes // clients
    sent = clients * (each - each // AGAIN) * lines
    with psycopg.connect(database.server.superuser_dsn) as connection:
        query = (
            "select count(*), count(distinct external_id), sum(amount),"
            " count(*) filter (where live_to is not null) from cost_line where source like %s"
        )
        found = connection.execute(query, [f"{kind}-%"]).fetchone()
    assert found == (sent, sent, sent * Decimal("12.34"), 0), (found, sent)


if __name__ == "__main__":
    main()
