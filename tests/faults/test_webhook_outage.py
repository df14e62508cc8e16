"""A receiver is down for ten minutes: afterwards it has every event, signed, in its order.

Time passes by moving due times and opened circuits back; the pauses are those of a real outage.
"""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from shared.clients import circuits, events
from shared.database import at_once, in_transaction
from shared.events import outbox
from tests.receiving import Receiver
from tests.running import ServiceUnderTest

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
STEP_SECONDS, DOWN_SECONDS, LONGEST_SECONDS = 10, 600, 7_200
UNDELIVERED = "select count(*) from outbox_delivery where delivered_at is null"


@dataclass(frozen=True)
class Outage:
    """How much is told meanwhile, and by how many workers at once."""

    events: int
    objects: int
    workers: int = 1

    def publish(self, number: int) -> None:
        """One event of one of the objects."""
        with in_transaction() as session:
            name = f"object-{number % self.objects}"
            outbox.publish(session, "ingest", "import.finished", name, {"n": number})

    def work(self) -> None:
        """What workers do every second."""
        with ThreadPoolExecutor(self.workers) as threads:
            for done in [threads.submit(_send) for _ in range(self.workers)]:
                done.result()


def _send() -> None:
    outbox.route_events("ingest")
    outbox.deliver_due("ingest")


def let_pass(seconds: float) -> None:
    """What is due in so many seconds is due now, and circuits have been open for as much longer."""
    moved = "update outbox_delivery set next_attempt_at = next_attempt_at - :s * interval '1 s'"
    with at_once() as connection:
        connection.execute(text(moved), {"s": seconds})
    for circuit in circuits._receivers.values():
        circuit._opened_at -= seconds


def undelivered() -> int:
    with at_once() as connection:
        return int(connection.execute(text(UNDELIVERED)).scalar_one())


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(events, "TIMEOUT_SECONDS", 0.2)
    circuits._receivers.clear()
    running = Receiver()
    running.secret = SECRET
    yield running
    running.close()


def break_down(receiver: Receiver, quarter: int) -> None:
    """Answer 500, say nothing, refuse connections, hang up after having read."""
    if quarter == 0:
        receiver.status = 500
    elif quarter == 1:
        receiver.silent_seconds = 0.5
    elif quarter == 2:
        receiver.close()
    else:
        receiver.silent_seconds = 0.0
        receiver.listen()


def live_through(outage: Outage, receiver: Receiver) -> None:
    """Ten minutes down, events all the while, then up until everything has arrived."""
    steps = DOWN_SECONDS // STEP_SECONDS
    told = 0
    for step in range(steps):
        if step % (steps // 4) == 0:
            break_down(receiver, step * 4 // steps)
        while told < outage.events * 3 // 4 * (step + 1) // steps:
            outage.publish(told)
            told += 1
        outage.work()
        let_pass(STEP_SECONDS)
    receiver.status, receiver.silent_seconds = 204, None
    for _ in range(LONGEST_SECONDS // STEP_SECONDS):
        for _ in range(outage.events // 40):
            if told < outage.events:  # the world goes on while the receiver catches up
                outage.publish(told)
                told += 1
        outage.work()
        let_pass(STEP_SECONDS)
        if told == outage.events and not undelivered():
            return
    raise AssertionError(f"{undelivered()} events have not arrived")


def assert_complete_and_ordered(outage: Outage, receiver: Receiver) -> None:
    first: dict[str, dict[str, Any]] = {}
    for headers, body in receiver.got:
        event = json.loads(body)
        assert first.setdefault(headers["webhook-id"], event) == event
    assert receiver.wrong == []
    receiver.verify(receiver.got[0][0], receiver.got[0][1] + b" ")
    assert len(receiver.wrong) == 1
    numbers = Counter(event["data"]["n"] for event in first.values())
    assert numbers == Counter(range(outage.events))
    came: defaultdict[str, list[int]] = defaultdict(list)
    for event in first.values():
        came[event["data"]["id"]].append(event["sequence"])
    assert len(came) == outage.objects
    assert all(sequences == sorted(set(sequences)) for sequences in came.values()), came
    assert len(receiver.got) > len(first), "no event came twice"


def check(outage: Outage, ingest: ServiceUnderTest, receiver: Receiver) -> None:
    hook = {"url": receiver.url, "events": ["import.finished"], "secret": SECRET}
    made = ingest.post("/v1/webhooks", json=hook)
    assert made.status_code == 201, made.text
    live_through(outage, receiver)
    assert_complete_and_ordered(outage, receiver)
    assert ingest.delete(f"/v1/webhooks/{made.json()['id']}").status_code == 204


def test_a_receiver_that_was_down_gets_every_event_in_its_order(
    ingest: ServiceUnderTest, receiver: Receiver
) -> None:
    check(Outage(events=50, objects=5), ingest, receiver)


@pytest.mark.slow
def test_two_workers_tell_five_hundred_events_in_their_order(
    ingest: ServiceUnderTest, receiver: Receiver
) -> None:
    check(Outage(events=500, objects=20, workers=2), ingest, receiver)
