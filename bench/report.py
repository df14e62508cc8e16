"""A workbook of 10,000 consumers by twelve months, ordered like any other, made by a worker.

    python -m bench.report [--consumers 10000] [--months 12] [--type it-spend-overview]

The company has a published run for every month. The order goes over HTTP to the service, its
worker (a process of its own) asks allocation for the figures and writes the file. Seconds are
those from the order to the finished file; memory is the highest of the worker.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from bench.database import ROOT, BenchDatabase, bench_database
from bench.large_model import PERIOD, Size, add_month, fill
from bench.memory import Peaks
from bench.serving import ALLOCATION, serving
from bench.whole_run import run_once
from shared.periods import next_period, period_range

VALUATION = "services.valuation.main:app"
MOST_SECONDS = 20.0
MOST_MEGABYTES = 500
FORMATS = ("xlsx", "csv", "json", "pdf", "html")
HEAD = """
| type | format | consumers | months | seconds | worker MB | file MB |
| --- | --- | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class ManyConsumers(Size):
    """Few lines and solutions, many consumers; each of them uses about 15 solutions."""

    consumers: int = 10_000

    def numbers(self) -> dict[str, int]:
        """All numbers that the statements need."""
        return super().numbers() | {
            "consumers": self.consumers,
            "solutions": 1_000,
            "step": 53,  # with this one every consumer of 10,000 uses something
        }


@dataclass(frozen=True)
class Report:
    """How one order went."""

    seconds: float
    worker_megabytes: float
    file: bytes


@dataclass(frozen=True)
class Ordering:
    """Where reports are ordered, and whose memory is watched."""

    client: httpx2.Client
    server_pid: int | None
    worker_pid: int

    def order(self, **wish: object) -> Report:
        """Order a report and fetch its file when it is there."""
        with Peaks(self.server_pid, self.worker_pid) as peaks:
            began = time.perf_counter()
            accepted = self.client.post("/v1/reports?wait=60", json=wish).raise_for_status().json()
            while accepted.get("status") != "succeeded":
                accepted = self.client.get(f"/v1/reports/{accepted['id']}").json()
                assert accepted["status"] in {"queued", "succeeded"}, accepted
                time.sleep(0.1)
            seconds = time.perf_counter() - began
        file = self.client.get(f"/v1/reports/{accepted['id']}/content").raise_for_status().content
        return Report(seconds, peaks.highest[0] / (1 << 20), file)


def main() -> None:
    """Print one table, a row for each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consumers", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--type", default="it-spend-overview")
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    asked = parser.parse_args()
    with bench_database() as database, company(database, asked.consumers, asked.months) as ordering:
        print(HEAD)
        for file_format in asked.formats:
            report = ordering.order(**an_order(asked.months, file_format, asked.type))
            print(
                f"| {asked.type} | {file_format} | {asked.consumers:,} | {asked.months} |"
                f" {report.seconds:.1f} | {report.worker_megabytes:,.0f} |"
                f" {len(report.file) / 1e6:.1f} |",
                flush=True,
            )


def an_order(months: int, file_format: str, report_type: str) -> dict[str, object]:
    """The order of a report over so many months."""
    return {
        "type": report_type,
        "period": PERIOD,
        "format": file_format,
        "language": "zh-CN",
        "parameters": {"months": months},
    }


@contextmanager
def company(database: BenchDatabase, consumers: int, months: int) -> Iterator[Ordering]:
    """A company with a published run for each month, both services and the worker running."""
    dsn = database.server.superuser_dsn
    fill(dsn, ManyConsumers(0.05, consumers))
    periods = list(period_range(next_period(PERIOD, 1 - months), PERIOD))
    for number, period in enumerate(periods[:-1]):
        add_month(dsn, period, f"{0.8 + number / 100:.2f}")
    runs = [run_once(period).run_id for period in periods]
    headers = {"Authorization": f"Bearer {database.admin_key}"}
    with serving(database.environment, [ALLOCATION]) as (allocation,):
        address = f"http://127.0.0.1:{allocation.port}"
        with httpx2.Client(base_url=address, headers=headers, timeout=300) as client:
            for run in runs:
                client.post(f"/v1/runs/{run}/publish", json={}).raise_for_status()
        environment = {**database.environment, "BTIM_ALLOCATION_URL": address}
        with serving(environment, [VALUATION]) as (valuation,):
            worker = subprocess.Popen(
                [sys.executable, "-m", "cli.work", "valuation"], env=environment, cwd=ROOT
            )
            try:
                address = f"http://127.0.0.1:{valuation.port}"
                with httpx2.Client(base_url=address, headers=headers, timeout=300) as client:
                    yield Ordering(client, database.server.pid, worker.pid)
            finally:
                worker.terminate()
                worker.wait()


if __name__ == "__main__":
    main()
