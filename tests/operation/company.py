"""A company that fills a month: its model, its lines and its runs, wherever the services answer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.modelling import Modelling, direct, ok, send_all

CURRENCY = "EUR"
ACCOUNTS = [f"ACC-{number}" for number in range(5)]
SOLUTIONS = [f"SOL-{number}" for number in range(8)]
CONSUMERS = [f"UNIT-{number}" for number in range(40)]
Json = dict[str, Any]


class Company(Modelling):
    """One caller of the three services: `company.allocation.get("/v1/runs")`."""

    def __init__(self, urls: Mapping[str, str], key: str) -> None:
        ingest, allocation, self.valuation = (
            httpx2.Client(
                base_url=urls[service], headers={"Authorization": f"Bearer {key}"}, timeout=90
            )
            for service in ("ingest", "allocation", "valuation")
        )
        super().__init__(allocation, ingest, CURRENCY)

    def close(self) -> None:
        """Close the connections."""
        for client in (self.ingest, self.allocation, self.valuation):
            client.close()

    def write_model(self) -> None:
        """Publish a model: accounts to pools, pools to solutions, solutions to consumers."""
        self.objects("pool", *ACCOUNTS)
        self.objects("solution", *SOLUTIONS)
        self.objects("consumer", *CONSUMERS)
        shares = dict.fromkeys(SOLUTIONS, "12.5")
        mappings = [
            *(
                direct(f"line-{code}", "line_to_pool", code, source={"account": code})
                for code in ACCOUNTS
            ),
            spread("pools", "pool_to_solution", "fixed", {"shares": shares}),
            spread("units", "solution_to_consumer", "even", {"code": CONSUMERS}),
        ]
        self.publish_model(mappings, {})

    def push_lines(self, lines: Sequence[Json]) -> None:
        """Send lines in bulks of a thousand; all of them must be taken."""
        for start in range(0, len(lines), 1000):
            send_all(self.ingest, "cost-lines", lines[start : start + 1000])

    def work_off(self, ordered: Json) -> None:
        """Wait for the workers."""
        for _ in range(4):  # the first run of a machine compiles the engine
            job = ok(self.allocation.get(f"/v1/jobs/{ordered['job']['id']}?wait=60"))
            if job["status"] not in ("queued", "running"):
                break


def spread(code: str, stage: str, method: str, target: Json) -> Json:
    """A mapping of everything there is in a layer."""
    return {"code": code, "stage": stage, "source": {}, "method": method, "target": target}


def lines(period: str, count: int, *, round_: int = 0) -> list[Json]:
    """So many lines under the same ids in every round, with amounts of their own."""
    return [
        {
            "source": "erp",
            "external_id": f"{period}-{number}",
            "period": period,
            "account": ACCOUNTS[number % len(ACCOUNTS)],
            "cost_center": f"CC-{number % 17}",
            "amount": f"{(number * 7919 + round_ * 104_729) % 100_000 / 100:.2f}",
            "currency": CURRENCY,
        }
        for number in range(count)
    ]


@contextmanager
def a_company(urls: Mapping[str, str], key: str) -> Iterator[Company]:
    """Its connections are closed afterwards."""
    company = Company(urls, key)
    try:
        yield company
    finally:
        company.close()
