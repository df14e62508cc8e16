"""Processes whose calendar is a day ahead or behind: nothing doubled, nothing lost, none shut out.

The clock is shifted by a small library that is loaded before the process (see shifted_clock.c).
"""

import random
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.checking import check, check_audit_trail
from tests.crash.crash_test import PATHS, ROBOTS, SETTINGS
from tests.crash.deliveries import Deliveries
from tests.crash.model import set_up
from tests.crash.running_system import RunningSystem
from tests.crash.traffic import Robot, Traffic
from tests.receiving import Receiver

DAY_SECONDS = 86_400
TRAFFIC_SECONDS = 20.0
SOURCE = Path(__file__).with_name("shifted_clock.c")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to shift a clock with"),
]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """Each service and worker three times: on time, a day ahead, a day behind."""
    folder = tmp_path_factory.mktemp("clock")
    library = folder / "shifted_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    running = RunningSystem(folder / "data", 18531, settings=dict(SETTINGS))
    running.start()
    try:
        for shift in (DAY_SECONDS, -DAY_SECONDS):
            running.add_replicas(LD_PRELOAD=str(library), CLOCK_SHIFT_SECONDS=str(shift))
        running.await_ready()
        yield running
    finally:
        running.stop()


def test_traffic_over_replicas_of_three_days_is_kept_once(system: RunningSystem) -> None:
    accounts, receiver = Accounts(), Receiver()
    deliveries = Deliveries(receiver, right_time=False)
    caller = Caller(system, accounts)
    deliveries.subscribe(caller)
    set_up(caller, receiver.url)

    def robot(dice: random.Random) -> Robot:
        return Robot(Caller(system, accounts), accounts, dice, receiver.url)

    traffic = Traffic(robot, ROBOTS, 3)
    try:
        traffic.resume()
        time.sleep(TRAFFIC_SECONDS)
        traffic.pause()
        seconds = check(system, caller, accounts, deliveries, PATHS)
        check_audit_trail(system)
        with psycopg.connect(system.superuser_dsn()) as connection:
            query = "select count(distinct at::date) from audit_event"
            assert connection.execute(query).fetchone() == (3,)
    finally:
        traffic.end()
        receiver.close()
    print(f"{len(accounts.owed)} entries of three days right, in {seconds:.1f} s")  # noqa: T201


def test_a_command_repeated_at_a_replica_of_another_day_does_nothing_twice(
    system: RunningSystem,
) -> None:
    name = str(uuid.uuid4())
    body = {"name": "clock", "subject": "clock", "scopes": ["allocation:read"]}
    headers = {"Authorization": f"Bearer {system.key}", "Idempotency-Key": name}
    answers = [
        httpx2.post(f"{url}/v1/api-keys", json=body, headers=headers, timeout=60)
        for url in system.addresses("allocation")
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_a_key_is_valid_at_every_replica_and_none_is_told_to_wait_for_a_day(
    system: RunningSystem,
) -> None:
    headers = {"Authorization": f"Bearer {system.key}"}
    for _ in range(5):
        for url in system.addresses("allocation"):
            answer = httpx2.get(f"{url}/v1/me", headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text
