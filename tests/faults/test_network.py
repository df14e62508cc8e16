"""Bad lines between all parts: nothing lost or doubled, nothing hangs, all heals by itself."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy.engine import make_url

from cli.system.listeners import SERVICES
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.checking import check
from tests.crash.crash_test import PATHS, ROBOTS, SETTINGS
from tests.crash.deliveries import Deliveries
from tests.crash.model import set_up
from tests.crash.traffic import Robot, Traffic
from tests.faults.chaos_proxy import ChaosProxy, Fault
from tests.faults.proxied_system import ProxiedSystem
from tests.faults.serving import ROOT, ServedProcess, served
from tests.receiving import Receiver
from tests.running import outside_environment

FAULT_SECONDS = 3.0
HEALED_SECONDS = 60.0
GIVEN_UP_SECONDS = 45.0
FAULTS = {
    "2 s late": Fault(delay_seconds=2.0),
    "reset after 1 byte": Fault(reset_after_bytes=1),
    "reset after 600 bytes": Fault(reset_after_bytes=600),
    "reset after 3000 bytes": Fault(reset_after_bytes=3_000),
    "reset after 20000 bytes": Fault(reset_after_bytes=20_000),
    "one in ten refused": Fault(refused_share=0.1),
    "all refused": Fault(refused_share=1.0),
    "half open": Fault(half_open=True),
    "slow reader": Fault(bytes_a_second=20_000),
}
LINES = ("postgres", *SERVICES)


@pytest.fixture(scope="module")
def system(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedSystem]:
    folder = tmp_path_factory.mktemp("proxied")
    with ProxiedSystem(folder, 0, settings=dict(SETTINGS)) as running:
        yield running


@pytest.mark.slow
def test_a_bad_line_between_any_two_parts_loses_and_doubles_nothing(
    system: ProxiedSystem,
) -> None:
    accounts, receiver = Accounts(), Receiver()
    caller, deliveries = Caller(system, accounts), Deliveries(receiver)
    deliveries.subscribe(caller)
    set_up(caller, receiver.url)

    def robot(dice: random.Random) -> Robot:
        return Robot(Caller(system, accounts), accounts, dice, receiver.url)

    traffic = Traffic(robot, ROBOTS, 5)
    try:
        for name, fault in FAULTS.items():
            traffic.resume()
            for line in LINES:
                with system.lines[line].with_fault(fault):
                    if fault.reset_after_bytes or fault.refused_share:
                        system.lines[line].break_all()
                    time.sleep(FAULT_SECONDS)
                    traffic.check()
                if fault.half_open:
                    system.lines[line].break_all()
                system.await_ready()
            traffic.pause()
            seconds = check(system, caller, accounts, deliveries, PATHS)
            broken = sum(each.broken for each in system.lines.values())
            print(  # noqa: T201
                f"{name}: {len(accounts.owed)} entries right, checked in {seconds:.1f} s;"
                f" {broken} connections broken so far, longest answer"
                f" {accounts.longest_seconds:.1f} s",
                flush=True,
            )
    finally:
        traffic.end()
        receiver.close()


@pytest.mark.slow
def test_calls_to_a_service_that_refuses_are_held_back_and_metrics_say_so(
    system: ProxiedSystem,
) -> None:
    caller = Caller(system, Accounts())
    kpi = {"code": "network", "names": {"en": "n"}, "class": "benefit", "unit": "EUR"}
    caller.post("valuation", "/v1/value-kpis", kpi | {"direction": "up"})
    with system.lines["valuation"].with_fault(Fault(refused_share=1.0)):
        form = {"kind": "kpi_observations", "source": "network"}
        file = {"file": ("n.csv", b"kpi,period,value\nnetwork,2026-01,1.5\n")}
        made = caller.insist("ingest", "POST", "/v1/imports", data=form, files=file).json()
        await_circuit(system, "1.0")
    caller.await_job("ingest", made)
    await_circuit(system, "0.0")
    seen = caller.walk("valuation", "/v1/observations", kpi="network")
    assert [one["value"] for one in seen] == ["1.5"]


def await_circuit(system: ProxiedSystem, state: str) -> None:
    """Return once the metrics of ingest's worker say that of its calls to valuation."""
    shown = f'btim_client_circuit_open{{target="{system.urls["valuation"]}"}} {state}'
    until = time.monotonic() + HEALED_SECONDS
    while shown not in httpx2.get(system.worker_metrics["ingest"], timeout=30).text:
        assert time.monotonic() < until, f"{shown} is not in the metrics"
        time.sleep(0.1)


def test_a_service_whose_line_to_postgres_breaks_says_so_and_heals(database: str) -> None:
    url = make_url(database)
    line = ChaosProxy("127.0.0.1", url.port or 5432)
    through = url.set(port=line.port).render_as_string(hide_password=False)
    try:
        with served("ingest", BTIM_DATABASE_URL=through) as service:
            assert service.ask("/v1/sources").status == 200
            with line.with_fault(Fault(refused_share=1.0)):
                line.break_all()
                answers = [service.ask("/v1/sources") for _ in range(3)]
                assert {answer.status for answer in answers} == {503}
                assert {answer.headers["retry-after"].isdigit() for answer in answers} == {True}
                await_status(service, "/readyz", 503)
            for size in (1, 300, 1_000):
                with line.with_fault(Fault(reset_after_bytes=size)):
                    line.break_all()
                    assert service.ask("/v1/sources").status == 503
            line.break_all()
            await_status(service, "/v1/sources", 200)
            await_status(service, "/readyz", 200)
    finally:
        line.close()


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip", "nft"))),
    reason="only root may make a network of its own, with nft",
)
def test_a_line_to_postgres_that_swallows_everything_is_given_up_in_time() -> None:
    command = ["unshare", "-n", sys.executable, "-m", "tests.faults.swallowing_line"]
    done = subprocess.run(
        command, cwd=ROOT, env=outside_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["statuses"]) == {503}
    assert max(told["seconds"]) < GIVEN_UP_SECONDS, told
    print(told)  # noqa: T201


def await_status(service: ServedProcess, path: str, status: int) -> None:
    """Return once it answers so; a probe may be seconds behind."""
    until = time.monotonic() + HEALED_SECONDS
    while service.ask(path).status != status:
        assert time.monotonic() < until, f"{path} does not answer {status}"
        time.sleep(0.05)
