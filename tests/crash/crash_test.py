"""kill -9 of one random process at random moments: nothing accepted is lost or doubled.

    python -m tests.crash.crash_test --kills 20 --seed 7

Starts `btim up` in a folder of its own and lets robots push lines, upload files and order runs.
After every kill the system must come back by itself (a killed supervisor is started again), hold
exactly what it has answered for, finish every job and reconcile every run. Prints each kill.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.crash.accounts import Accounts, Line
from tests.crash.model import set_up
from tests.crash.running_system import KINDS, RunningSystem, Victim
from tests.crash.traffic import PERIOD, Caller, Traffic

JOBS_SECONDS = 120.0
DEFAULT_PORT_BASE = 18451


def main(arguments: list[str] | None = None) -> int:
    """0 when every check held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=KINDS, action="append", help="kill only this kind")
    parser.add_argument("--port-base", type=int, default=DEFAULT_PORT_BASE)
    wished = parser.parse_args(arguments)
    seed = wished.seed if wished.seed is not None else random.SystemRandom().randrange(10**6)
    _say(f"seed {seed}, {wished.kills} kills")
    folder = Path(tempfile.mkdtemp(prefix="btim-crash-"))
    system = RunningSystem(folder / "data", wished.port_base)
    accounts = Accounts()
    try:
        system.start()
        _crash_often(system, accounts, wished.kills, seed, wished.only or KINDS)
        code = system.stop()
    except BaseException:
        _say(f"kept for reading: {folder}")
        system.stop()
        raise
    assert code == 0, f"the last stop ended with {code}"
    shutil.rmtree(folder, ignore_errors=True)
    _say(
        f"{wished.kills} kills: {len(accounts.owed)} lines, {len(accounts.imports)} imports and"
        f" {len(accounts.runs)} runs accepted, none lost, none doubled"
    )
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _crash_often(
    system: RunningSystem, accounts: Accounts, kills: int, seed: int, choice: Sequence[str]
) -> None:
    dice = random.Random(seed)
    caller = Caller(system, accounts)
    set_up(caller)
    traffic = Traffic(system, accounts, seed)
    kinds: list[str] = []
    try:
        for number in range(1, kills + 1):
            if not kinds:
                kinds = dice.sample(choice, len(choice))
            traffic.resume()
            time.sleep(dice.uniform(0.3, 2.5))
            victim = _choose(system, kinds.pop(), dice)
            system.kill(victim)
            back = system.await_ready()
            time.sleep(dice.uniform(0.0, 1.0))
            traffic.pause()
            settled = _check(caller, accounts)
            _say(
                f"{number:>3}  {victim.kind:<11}{victim.name:<32.32} back in {back:5.1f} s, "
                f"settled in {settled:5.1f} s, {len(accounts.owed):>6} lines"
            )
        for run_id in accounts.runs:
            _check_run(caller, run_id)
    finally:
        traffic.end()


def _choose(system: RunningSystem, kind: str, dice: random.Random) -> Victim:
    """A process of this kind that lives now."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = [victim for victim in system.processes() if victim.kind == kind]
        if found:
            return dice.choice(sorted(found, key=lambda victim: (victim.name, victim.pid)))
        time.sleep(0.05)
    raise AssertionError(f"there is no {kind} to kill")


def _check(caller: Caller, accounts: Accounts) -> float:
    """Everything that was accepted is there once, done and reconciled; answers the seconds."""
    started = time.monotonic()
    for service, job_id in accounts.jobs:
        _await_success(caller, service, job_id)
    accounts.jobs.clear()
    listed = caller.listed("ingest", "/v1/cost-lines", period=PERIOD)
    lines: list[Line] = [(line["document"], Decimal(line["amount"])) for line in listed]
    wrong = accounts.differences(lines)
    assert not wrong, "\n".join(wrong[:20])
    for import_id, rows in accounts.imports.items():
        imported = caller.content("ingest", f"/v1/imports/{import_id}")
        assert imported["status"] == "succeeded", imported
        assert imported["rows"]["accepted"] == rows, imported
    if accounts.runs:
        _check_run(caller, accounts.runs[-1])
    assert not accounts.crashes, "\n".join(accounts.crashes)
    return time.monotonic() - started


def _await_success(caller: Caller, service: str, job_id: str) -> None:
    until = time.monotonic() + JOBS_SECONDS
    while True:
        job = caller.content(service, f"/v1/jobs/{job_id}", wait=10)
        if job["status"] == "succeeded":
            return
        assert job["status"] in {"queued", "running"}, json.dumps(job)
        assert time.monotonic() < until, f"not done in {JOBS_SECONDS:.0f} s: {json.dumps(job)}"


def _check_run(caller: Caller, run_id: str) -> None:
    run = caller.content("allocation", f"/v1/runs/{run_id}")
    assert run["status"] == "succeeded", run
    totals = {name: Decimal(amount) for name, amount in run["totals"]["cost"].items()}
    assert totals["lines"] - totals["out_of_scope"] + totals["own"] == totals["input"], totals
    parts = ("consumers", "retained", "unallocated", "residual")
    assert totals["input"] == sum(totals[part] for part in parts), totals
    steps = caller.content("allocation", f"/v1/runs/{run_id}/reconciliation")["steps"]
    assert steps, "a run without a reconciliation"
    for step in steps:
        assert Decimal(step["difference"]) == 0, step


if __name__ == "__main__":
    sys.exit(main())
