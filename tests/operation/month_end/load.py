"""A month's end for ten minutes: `make load`, or `python -m tests.operation.month_end.load`.

Everything as in `make prod-like` (without a gateway where nginx is missing) in a folder of its
own. Prints what it saw and fails on one error, on memory that grows or on connections that do.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2

from tests.modelling import ok
from tests.operation.company import Company, a_company, lines
from tests.operation.month_end.amounts import LINES, PERIOD, USERS
from tests.operation.systems import ROOT, System, a_system

GROWTH_PERCENT = 5.0
WARM_UP_SHARE = 0.3
ENOUGH_SECONDS = 300
"""What is shorter than this never gets warm: growth is shown and not judged."""
SAMPLE_SECONDS = 2.0
WARM_WORKBOOKS = 30
"""Of each worker, before the clock starts."""


@dataclass
class Watched:
    """What was seen of the processes and the database, second by second."""

    system: System
    resident: dict[str, list[int]] = field(default_factory=dict)
    connections: list[int] = field(default_factory=list)
    oldest_job: list[float] = field(default_factory=list)

    def look(self) -> None:
        """Once."""
        for name, pid in self.system.processes():
            told = Path(f"/proc/{pid}/status").read_text()
            kibibytes = re.search(r"VmRSS:\s+(\d+)", told)
            if kibibytes:
                self.resident.setdefault(name, []).append(int(kibibytes[1]))
        self.connections.append(self.system.connections())
        ages: list[float] = []
        for url in self.system.direct_urls():
            told = httpx2.get(f"{url}/metrics", timeout=30).text
            ages += map(float, re.findall(r"btim_jobs_oldest_queued_seconds\{.*\} (\S+)", told))
        self.oldest_job.append(max(ages))

    def growth(self, kind: str) -> tuple[float, float, float]:
        """Mebibytes after the warm-up and at the end, and the difference in per cent.

        Of all replicas of a kind together: which of them gets the larger jobs is chance.
        """
        seen = [
            sum(moment)
            for moment in zip(
                *(sizes for name, sizes in self.resident.items() if name.startswith(f"{kind}#")),
                strict=False,
            )
        ]
        start = int(len(seen) * WARM_UP_SHARE)
        part = max(1, len(seen) // 10)
        before, after = median(seen[start : start + part]), median(seen[-part:])
        return before / 1024, after / 1024, (after - before) / before * 100


def main() -> int:
    """Run it; 1 when something failed, which is said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--replicas", type=int, default=2)
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="btim-load-") as folder:
        Path(folder).chmod(0o711)
        with a_system(Path(folder) / "data", wished.replicas) as system:
            watched, kinds = load(system, Path(folder), wished.seconds)
            return tell(watched, kinds, wished.seconds)


def load(system: System, folder: Path, seconds: int) -> tuple[Watched, list[dict[str, str]]]:
    """Fill the month, let everybody work, watch; what locust counted."""
    with a_company(system.urls, system.key) as company:
        company.write_model()
        company.push_lines(lines(PERIOD, LINES))
        company.run(PERIOD, publish=True)
        draw_pictures(company, system.replicas)
    command = [
        *(sys.executable, "-m", "locust", "-f", "tests/operation/month_end/locustfile.py"),
        *("--headless", "--only-summary", "-u", str(USERS), "-r", str(USERS)),
        *("-t", f"{seconds}s", "-s", "60", "--csv", str(folder / "seen")),
    ]
    environment = {
        **os.environ,
        "LOAD_URLS": json.dumps(system.urls),
        "LOAD_KEY": system.key,
        "PYTHONPATH": str(ROOT),
    }
    watched = Watched(system)
    with (folder / "locust.log").open("wb") as log:
        working = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        while working.poll() is None:
            watched.look()
            time.sleep(SAMPLE_SECONDS)
    if working.returncode > 1:
        say((folder / "locust.log").read_text()[-3000:])
    for failure in csv.DictReader((folder / "seen_failures.csv").open()):
        say(f"FAILED {failure['Name']}: {failure['Error']} x {failure['Occurrences']}")
    return watched, list(csv.DictReader((folder / "seen_stats.csv").open()))


def draw_pictures(company: Company, workers: int) -> None:
    """Workbooks until the heap of each worker's picture engine has its size.

    In ten minutes by the clock it would grow all along: it takes about a hundred pictures.
    """
    order = {"type": "cost-value-distribution", "period": PERIOD, "format": "xlsx"}

    def one(_: int) -> None:
        made = ok(company.valuation.post("/v1/reports?wait=60", json=order))
        assert made["status"] == "succeeded", made

    with ThreadPoolExecutor(workers) as robots:
        list(robots.map(one, range(WARM_WORKBOOKS * workers)))


def tell(watched: Watched, kinds: list[dict[str, str]], seconds: int) -> int:
    """Print the tables; 1 when a bar was missed."""
    bad: list[str] = []
    say(f"\n{seconds} s, {watched.system.replicas} replicas, {watched.system.entrance}\n")
    say(f"{'kind':<12}{'requests':>9}{'errors':>8}{'p50 ms':>8}{'p99 ms':>8}")
    for kind in kinds:
        name = kind["Name"]
        count, errors = int(kind["Request Count"]), int(kind["Failure Count"])
        say(f"{name:<12}{count:>9}{errors:>8}{kind['50%']:>8}{kind['99%']:>8}")
        if errors or not count:
            bad.append(f"{name}: {errors} errors of {count}")
    say(f"\n{'replicas of':<22}{'MiB warm':>9}{'at end':>8}{'growth':>8}")
    for name in sorted({name.partition("#")[0] for name in watched.resident}):
        before, after, percent = watched.growth(name)
        say(f"{name:<22}{before:>9.0f}{after:>8.0f}{percent:>7.1f}%")
        if percent >= GROWTH_PERCENT and seconds >= ENOUGH_SECONDS:
            bad.append(f"{name} grew by {percent:.1f} %")
    half = len(watched.connections) // 2
    most = max(watched.connections[:half]), max(watched.connections[half:])
    say(f"\nmost connections in the first and in the second half: {most[0]}, {most[1]}")
    say(f"oldest queued job: at most {max(watched.oldest_job):.1f} s")
    for sentence in bad:
        say(f"BAD {sentence}")
    return 1 if bad else 0


def say(sentence: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
