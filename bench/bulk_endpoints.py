"""Bulk endpoints of ingest at their largest: 10,000 items, new and sent again.

    python -m bench.bulk_endpoints [--items 100 1000 10000]

Growth must be linear: a bulk that asks the database item by item shows here.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from bench.database import bench_database
from bench.ingesting import ingesting
from shared.currencies import MINOR_DIGITS

ITEMS = (100, 1_000, 10_000)
HEAD = """
| endpoint | items | new ms | again ms | new items/s |
| --- | ---: | ---: | ---: | ---: |"""

CODES = sorted(MINOR_DIGITS)
MAKERS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "drivers": lambda n: {"code": f"D{n}", "names": {"en": f"Driver {n}"}},
    "driver-quantities": lambda n: {
        "driver": "D0", "period": "2026-01", "target": f"T{n}", "quantity": "1.5",
    },
    "exchange-rates": lambda n: {
        "period": f"2026-{n % 12 + 1:02d}", "from": CODES[n // 12 % 100],
        "to": CODES[100 + n // 1200],
        "kind": "average", "rate": "0.85",
    },
    "tickets": lambda n: {
        "number": f"INC{n}", "kind": "incident", "opened_at": "2026-01-05T08:00:00Z",
        "state": "open",
    },
    "assets": lambda n: {"code": f"A{n}", "names": {"en": f"Asset {n}"}},
    "cost-lines": lambda n: {
        "external_id": f"L{n}", "source": "bulk", "period": "2026-01", "amount": "1.50",
        "currency": "EUR", "vendor": "Acme", "tags": {"team": "blue"},
    },
}  # fmt: skip


def main() -> None:
    """Print one table, a row per endpoint and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=ITEMS)
    sizes = parser.parse_args().items
    with bench_database() as database, ingesting(database) as ingest, ingest.client() as client:
        print(HEAD)
        before = 0
        for size in sizes:
            for noun, make in MAKERS.items():
                items = [make(number) for number in range(before, before + size)]
                new, again = (_seconds(client, noun, items, outcome) for outcome in OUTCOMES)
                print(
                    f"| {noun} | {size:,} | {new * 1000:,.0f} | {again * 1000:,.0f} |"
                    f" {size / new:,.0f} |",
                    flush=True,
                )
            before += size


OUTCOMES = ("created", "unchanged")


def _seconds(client: httpx2.Client, noun: str, items: list[dict[str, Any]], outcome: str) -> float:
    began = time.perf_counter()
    answer = client.post(f"/v1/{noun}/bulk", json={"items": items})
    seconds = time.perf_counter() - began
    answer.raise_for_status()
    results = answer.json()["results"]
    assert {result["status"] for result in results} == {outcome}, results[:2]
    return seconds


if __name__ == "__main__":
    main()
