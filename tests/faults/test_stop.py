"""A service that is asked to stop finishes what it has begun, and its successor goes on."""

import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from shared.database import in_transaction
from shared.tables.platform import Job
from tests.faults.serving import ServedProcess, served
from tests.running import make_admin_key

STOP_SECONDS = 20.0
CLIENTS = 12


@pytest.fixture
def valuation_process(database: str, admin_key: str) -> Iterator[ServedProcess]:
    with served("valuation") as running:
        yield running


@dataclass
class KeepingClients:
    """Clients that ask one thing after another on connections that they keep."""

    port: int
    key: str
    answers: Counter[str] = field(default_factory=Counter)
    _done: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "KeepingClients":
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ask no more; what fails from now on is not counted."""
        self._done.set()

    def join(self) -> None:
        """Wait for the last answers."""
        for thread in self._threads:
            thread.join()

    def _ask_on(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}"}
        while not self._done.is_set():
            try:
                connection.request("GET", "/v1/value-kpis", headers=headers)
                got = connection.getresponse()
                got.read()
                self.answers[str(got.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                if not self._done.is_set():
                    self.answers[repr(error)] += 1
                connection.close()
        connection.close()


def waiting_job() -> str:
    """The address of a job that nobody runs."""
    job = Job(service="valuation", kind="none", resource_id="x", resource_href="/v1/x", subject="t")
    with in_transaction() as session:
        session.add(job)
    return f"/v1/jobs/{job.id}?wait=60"


def stop_under_load(process: ServedProcess, times: int) -> float:
    """Stop the process under load, each time but the last start another in its place.

    Nobody is failed, and who waits for a job is told at once how far it is. Answers the longest
    time that a process needed to end.
    """
    longest = 0.0
    with (
        KeepingClients(process.port, make_admin_key()) as clients,
        ThreadPoolExecutor(1) as beside,
    ):
        for time_left in reversed(range(times)):
            waiting = beside.submit(process.ask, waiting_job())
            time.sleep(0.7)
            longest = max(longest, process.stop())
            told = waiting.result()
            assert (told.status, told.json()["status"]) == (200, "queued")
            if time_left:
                process.start()
        clients.end()
        process.listener.close()
        clients.join()
    assert set(clients.answers) == {"200"}, clients.answers
    return longest


def test_no_request_fails_when_a_service_stops_and_another_takes_its_place(
    valuation_process: ServedProcess,
) -> None:
    assert stop_under_load(valuation_process, 2) < STOP_SECONDS


@pytest.mark.slow
def test_no_request_fails_when_a_service_is_replaced_again_and_again(
    valuation_process: ServedProcess,
) -> None:
    assert (
        stop_under_load(valuation_process, int(os.environ.get("BTIM_TEST_STOPS", "20")))
        < STOP_SECONDS
    )
