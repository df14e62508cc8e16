"""kill -9 of the worker or of Postgres during a large run: no part of a result is ever seen."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from bench.large_model import CURRENCY, PERIOD, Size, fill
from cli.postgres.server import PostgresServer
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.running_system import RunningSystem

LARGE = Size(1.0)
MANY_KILLS = 10
PATIENCE_SECONDS = 180.0
QUICK_TO_NOTICE = {"BTIM_WORKER_HEARTBEAT_SECONDS": "0.5", "BTIM_WORKER_STALLED_SECONDS": "3"}
KILLED = {"worker": "allocation-worker", "postmaster": "postmaster"}


@dataclass
class Company:
    """A running system with a large company in it, and the undisturbed run's answer."""

    system: RunningSystem
    caller: Caller
    undisturbed: dict[str, Any]
    seconds: float

    def ask_for_run(self) -> str:
        """The id of a new run."""
        body = {"period": PERIOD, "currency": CURRENCY}
        return str(self.caller.post("allocation", "/v1/runs", body)["id"])

    def kill(self, kind: str) -> None:
        """SIGKILL of the one process of this kind that matters to a run."""
        for victim in self.system.processes():
            if (victim.kind, victim.name) == (kind, KILLED[kind]):
                self.system.kill(victim)

    def await_result(self, run_id: str) -> dict[str, Any]:
        """Poll the run until it has succeeded; until then nothing of it may be seen."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            early = self.balances(run_id)
            run = self.caller.content("allocation", f"/v1/runs/{run_id}")
            if run["status"] == "succeeded":
                return dict(run)
            assert run["status"] in {"queued", "running"}, run
            assert [run["totals"], run["counts"], run["output_hash"]] == [{}, {}, None]
            assert early in {None, "run_not_finished"}, early
            assert time.monotonic() < until, run
            time.sleep(0.1)

    def balances(self, run_id: str) -> str | None:
        """Why the run shows no balances; None while the services do not answer or when it does."""
        url = f"{self.system.urls['allocation']}/v1/runs/{run_id}/balances"
        headers = {"Authorization": f"Bearer {self.system.key}"}
        try:
            answer = httpx2.get(url, headers=headers, params={"limit": 1}, timeout=60)
        except httpx2.TransportError:
            return None
        return str(answer.json()["code"]) if answer.status_code == 409 else None


@pytest.fixture(scope="module")
def large_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("killed")
    system = RunningSystem(folder / "data", 18491, settings=dict(QUICK_TO_NOTICE))
    system.start()
    try:
        server = PostgresServer(system.data_dir)
        assert server.find_running()
        fill(server.superuser_dsn, LARGE)
        company = Company(system, Caller(system, Accounts()), {}, 0.0)
        company.await_result(company.ask_for_run())  # loads the compiled kernels
        began = time.monotonic()
        company.undisturbed = company.await_result(company.ask_for_run())
        company.seconds = time.monotonic() - began
        yield company
    finally:
        system.stop()


def kill_during_a_run(company: Company, kind: str, after: float) -> None:
    run_id = company.ask_for_run()
    time.sleep(after)
    company.kill(kind)
    run = company.await_result(run_id)
    for name in ("output_hash", "fingerprint", "totals", "counts", "precisions"):
        assert run[name] == company.undisturbed[name], name
    first = company.caller.content("allocation", f"/v1/runs/{run_id}/balances", limit=1)
    assert first["items"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KILLED)
def test_a_large_run_killed_at_any_moment_ends_as_if_undisturbed(
    large_company: Company, kind: str
) -> None:
    chance = random.Random(kind)
    for _ in range(MANY_KILLS // 2):
        kill_during_a_run(large_company, kind, after=chance.uniform(0, large_company.seconds))
