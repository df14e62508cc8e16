"""Postgres is restarted, or stands still, under the whole system: 503 for a while and no 500."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash.running_system import RunningSystem
from tests.faults.serving import Answer, ask
from tests.faults.test_overload import standing_still

PORT_BASE = 23_700
RESTARTS = 5
PAUSE_SECONDS = 60.0
RECOVERY_SECONDS = 5.0
SLOW_MACHINE = 5
"""How much longer than promised a recovery may take before it counts as none."""
PATHS = {"ingest": "/v1/sources", "allocation": "/v1/runs", "valuation": "/v1/value-kpis"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    folder = tmp_path_factory.mktemp("outage")
    folder.chmod(0o711)
    running = RunningSystem(folder / "data", PORT_BASE)
    running.start()
    yield running
    running.stop()


@dataclass
class Traffic:
    """Readers and writers of the three services, who note every answer."""

    system: RunningSystem
    answers: list[Answer] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Traffic":
        asks = [(self._port(service), path, None) for service, path in PATHS.items()] * 2
        drivers = {"items": [{"code": "D", "names": {"en": "D"}, "unit": "h"}]}
        writes: list[tuple[int, str, Any]] = [(self._port("ingest"), "/v1/drivers/bulk", drivers)]
        for port, path, body in [*asks, *writes]:
            thread = threading.Thread(target=self._ask_on, args=(port, path, body))
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def statuses(self) -> Counter[int]:
        """How often each status was answered."""
        return Counter(answer.status for answer in self.answers)

    def all_answer(self) -> bool:
        """Whether every service answers a read now."""
        return all(
            ask(self._port(service), path, key=self.system.key).status == 200
            for service, path in PATHS.items()
        )

    def _port(self, service: str) -> int:
        return int(self.system.urls[service].rsplit(":", 1)[1])

    def _ask_on(self, port: int, path: str, body: Any) -> None:
        method = "GET" if body is None else "POST"
        while not self._done.wait(0.03):
            self.answers.append(
                ask(port, path, key=self.system.key, method=method, body=body, timeout=120)
            )


def postmaster(system: RunningSystem) -> tuple[int, list[int]]:
    """The server and its children."""
    (server,) = (one.pid for one in system.processes() if one.kind == "postmaster")
    below = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return server, [int(pid) for pid in below]


def is_back(system: RunningSystem) -> bool:
    """Whether the server takes connections, as its own lock file says."""
    lock = system.data_dir / "postgres" / "postmaster.pid"
    return lock.exists() and "ready" in lock.read_text()


def until(traffic: Traffic, condition: Any, seconds: float) -> float:
    """Wait for something; answers how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, traffic.statuses()
        time.sleep(0.05)
    return time.monotonic() - began


def check_answers(traffic: Traffic) -> None:
    """Nothing but success, and 503 that says when to come again."""
    assert set(traffic.statuses()) <= {200, 503}, traffic.statuses()
    for answer in traffic.answers:
        assert answer.status == 200 or int(answer.headers["retry-after"]) >= 1


def workers_work(system: RunningSystem) -> bool:
    """Whether the audit trail is sealed again, which is a chore of the workers."""
    port = int(system.urls["ingest"].rsplit(":", 1)[1])
    driver = {"code": f"W{time.monotonic_ns()}", "names": {"en": "W"}, "unit": "h"}
    made = ask(port, "/v1/drivers", key=system.key, method="POST", body=driver)
    assert made.status == 201, made
    until_sealed = time.monotonic() + RECOVERY_SECONDS * SLOW_MACHINE
    while time.monotonic() < until_sealed:
        found = ask(port, "/v1/audit-events?sort=-id&limit=5&action=create", key=system.key)
        if found.status == 200 and all(one["sealed_hash"] for one in found.json()["items"]):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.slow
def test_restarts_of_postgres_cost_503_and_end_within_seconds(
    system: RunningSystem, record_property: Callable[[str, object], None]
) -> None:
    needed = []
    with Traffic(system) as traffic:
        for _ in range(RESTARTS):
            time.sleep(1.0)
            server, _ = postmaster(system)
            os.kill(server, signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
            until(traffic, lambda: not is_back(system), 30)
            until(traffic, lambda: is_back(system), 60)
            needed.append(until(traffic, traffic.all_answer, RECOVERY_SECONDS * SLOW_MACHINE))
    check_answers(traffic)
    record_property("recovered_after_seconds", needed)
    assert workers_work(system)


@pytest.mark.slow
def test_a_minute_without_an_answer_of_postgres_costs_503_and_no_500(
    system: RunningSystem, record_property: Callable[[str, object], None]
) -> None:
    with Traffic(system) as traffic:
        time.sleep(1.0)
        server, below = postmaster(system)
        with standing_still([server, *below]):
            time.sleep(PAUSE_SECONDS)
        needed = until(traffic, traffic.all_answer, RECOVERY_SECONDS * SLOW_MACHINE)
    check_answers(traffic)
    record_property("recovered_after_seconds", needed)
    assert workers_work(system)
