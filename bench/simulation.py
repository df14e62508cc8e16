"""One driver changed in a finished run, the top 100 answered, against the whole run anew.

    python -m bench.simulation [--shares 0.005 0.05 1]

The run is made and stored as in `bench.whole_run` and read back from the database. Each simulation
is asked as the endpoint asks it, from the request to the JSON of the answer, in this process.
The rival is the engine itself, run as a whole over the changed input. A driver near the pools
moves nearly all that lies downstream; one near the consumers moves little.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from bench.database import bench_database
from bench.large_model import Size, fill
from bench.memory import Peaks
from bench.whole_run import run_once

SHARES = (0.005, 0.05, 1.0)
WARM_UP = 0.002
DRIVERS = ("POOL-0A", "RESOURCE-0", "SOLUTION-0")
ROUNDS = 7
CAUSES = 13  # what the endpoint tries to show ten
FACTOR = Decimal("1.01")
HEAD = """
| flows | load s | changed | objects that differ | p50 ms | worst ms | whole run s | part |
| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Timed:
    """What came out and how long each round took."""

    answer: Any
    seconds: list[float]


def main() -> None:
    """Print one table, three rows per size, and the memory of this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    shares = parser.parse_args().shares
    with bench_database() as database:
        with Peaks(database.server.pid, os.getpid()) as peaks:
            _measure(database.server.superuser_dsn, WARM_UP, show=False)
            print(HEAD)
            causes = [_measure(database.server.superuser_dsn, one, show=True) for one in shares]
        print("\nTen causes that move one bill most, each simulated exactly (ms):")
        print("\n".join(causes))
        print(f"\nPeak MB of this process and the server: {', '.join(peaks.megabytes())}")


def _measure(dsn: str, share: float, *, show: bool) -> str:
    fill(dsn, Size(share))
    measured = run_once()
    loaded = _timed(lambda: _simulate(measured.run_id, "SOLUTION-0"), 1)
    for driver in DRIVERS:
        fast = _timed(lambda driver=driver: _simulate(measured.run_id, driver), ROUNDS)
        whole = _timed(lambda driver=driver: _run_again(measured.run_id, driver), 1)
        middle, worst = statistics.median(fast.seconds), max(fast.seconds)
        if show:
            print(
                f"| {measured.counts['flows']:,} | {loaded.seconds[0]:.2f} | {driver} |"
                f" {fast.answer:,} | {middle * 1000:.0f} | {worst * 1000:.0f} |"
                f" {whole.seconds[0]:.2f} | 1/{whole.seconds[0] / middle:.0f} |",
                flush=True,
            )
    causes = _timed(lambda: _causes(measured.run_id), 3)
    return f"{measured.counts['flows']:,} flows: {statistics.median(causes.seconds) * 1000:.0f}"


def _causes(run_id: UUID) -> int:
    """What moves one consumer's bill most, as the endpoint works it out."""
    from services.allocation.engine.what_if.changes import Change, DriverChange, PoolChange
    from services.allocation.engine.what_if.sensitivity import candidates
    from services.allocation.runs import repository
    from services.allocation.simulations.warm import warm_run
    from shared.database import new_session

    with new_session() as session:
        warm = warm_run(session, repository.get_run(session, run_id))
    number = warm.result.numbering.layers["consumer"].first
    found = candidates(warm.result, number, 0, CAUSES)
    for one in found:
        change: Change = DriverChange(one.driver or "", one.target, factor=FACTOR)
        warm.simulate([PoolChange(one.pool, factor=FACTOR) if one.pool else change])
    return len(found)


def _timed(ask: Callable[[], Any], rounds: int) -> Timed:
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = ask()
        seconds.append(time.perf_counter() - began)
    return Timed(answer, seconds)


def _simulate(run_id: UUID, driver: str) -> int:
    """One request, as its endpoint serves it; gives how many objects differ."""
    from services.allocation.simulations import workflow
    from services.allocation.simulations.answers import answer
    from shared.auth import Caller
    from shared.contracts.allocation.simulations import SimulationRequest
    from shared.database import new_session

    target = _first_target(run_id, driver)
    body = {"run": str(run_id), "changes": [{"driver": driver, "target": target, "factor": "1.1"}]}
    caller = Caller("bench", frozenset(("allocation:admin",)))
    with new_session() as session:
        asked = SimulationRequest.model_validate(body)
        simulation, run = workflow.simulate(session, caller, asked)
        answered = answer(simulation, run, "en", kept=False)
        answered.model_dump_json()
    return answered.changed


def _run_again(run_id: UUID, driver: str) -> None:
    """The same change by running everything."""
    from services.allocation.engine.what_if.changes import DriverChange
    from services.allocation.engine.what_if.simulation import simulate_whole
    from services.allocation.runs import repository
    from services.allocation.simulations.warm import warm_run
    from shared.database import new_session

    change = DriverChange(driver, _first_target(run_id, driver), factor=Decimal("1.1"))
    with new_session() as session:
        warm = warm_run(session, repository.get_run(session, run_id))
    simulate_whole(warm.taken, warm.result, [change])


_targets: dict[tuple[UUID, str], str] = {}


def _first_target(run_id: UUID, driver: str) -> str:
    """Some target that the driver has a quantity for."""
    from sqlalchemy import text

    from shared.database import new_session

    key = (run_id, driver)
    if key not in _targets:
        with new_session() as session:
            statement = text("select min(target) from driver_quantity where driver = :driver")
            _targets[key] = str(session.execute(statement, {"driver": driver}).scalar_one())
    return _targets[key]


if __name__ == "__main__":
    main()
