"""The clock moves by 3, 6 and 12 months while two real workers run: each review is due once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from services.valuation.benefits.reviews.domain import add_months
from shared.database import in_transaction
from shared.tables.platform import OutboxEvent
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAnnouncement
from tests.running import ServiceUnderTest

ROOT = Path(__file__).resolve().parents[2]
INITIATIVES, OFFSETS = 12, (3, 6, 12)
PATIENCE_SECONDS = 60.0


class Workers:
    """Two workers that read their time from one file."""

    def __init__(self, folder: Path) -> None:
        self.days_file = folder / "days"
        self.log = folder / "workers.log"
        self.today = datetime.now(UTC).date()
        self.days_file.write_text("0")
        self.running = [self._start(), self._start()]

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.worker_ahead", str(self.days_file)],
                cwd=ROOT,
                env=dict(os.environ),
                stdout=log,
                stderr=log,
            )

    def move_to(self, months: int) -> None:
        """Put the clock on the day so many months on; the file changes in one stroke."""
        fresh = self.days_file.with_suffix(".new")
        fresh.write_text(str((add_months(self.today, months) - self.today).days))
        fresh.replace(self.days_file)

    def kill_one(self) -> None:
        """SIGKILL the first worker and start another in its place."""
        self.running[0].send_signal(signal.SIGKILL)
        self.running[0].wait(30)
        self.running[0] = self._start()

    def check_alive(self) -> None:
        """Neither has ended by itself."""
        assert all(worker.poll() is None for worker in self.running), self.log.read_text()[-2000:]

    def stop(self) -> None:
        """Kill both: what they had committed counts, and nothing else."""
        for worker in self.running:
            worker.kill()
            worker.wait(30)


@pytest.fixture
def workers(database: str, tmp_path: Path) -> Iterator[Workers]:
    """Two of them, from now on."""
    started = Workers(tmp_path)
    yield started
    started.stop()


def go_live_today(valuation: ServiceUnderTest, prefix: str, count: int) -> dict[str, int]:
    """The offset of each review of so many initiatives that go live today."""
    items = [
        {
            "code": f"{prefix}-{number}", "names": {"en": prefix}, "historic": True,
            "stage": "live", "go_live_on": datetime.now(UTC).date().isoformat(),
            "review_offsets": list(OFFSETS),
        }
        for number in range(count)
    ]  # fmt: skip
    for at in range(0, count, 100):
        done = valuation.post("/v1/initiatives/bulk", json={"items": items[at : at + 100]}).json()
        assert {result["status"] for result in done["results"]} == {"created"}
    query = (
        select(PostImplementationReview.id, PostImplementationReview.offset_months)
        .join(Initiative, col(Initiative.id) == col(PostImplementationReview.initiative_id))
        .where(col(Initiative.code).startswith(f"{prefix}-"))
    )
    with in_transaction() as session:
        return {str(row[0]): row[1] or 0 for row in session.exec(query)}


def due_events(reviews: dict[str, int]) -> list[str]:
    """The review of each event that says one of these is due, as often as it was said."""
    with in_transaction() as session:
        events = session.exec(select(OutboxEvent).where(OutboxEvent.type == "review.due")).all()
        return [
            event.resource_id
            for event in events
            if event.payload["kind"] == "due" and event.resource_id in reviews
        ]


def wait_until_due(workers: Workers, reviews: dict[str, int], count: int) -> list[str]:
    """The events once there are so many, or more; fails when a worker ends or time runs out."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(told := due_events(reviews)) < count:
        workers.check_alive()
        assert time.monotonic() < until, workers.log.read_text()[-2000:]
        time.sleep(0.05)
    return told


def check_each_once(reviews: dict[str, int], told: list[str], months: int) -> None:
    assert {reviews[review] for review in told} == {each for each in OFFSETS if each <= months}
    assert set(Counter(told).values()) == {1}


def test_each_review_is_due_exactly_once_with_two_workers(
    valuation: ServiceUnderTest, workers: Workers
) -> None:
    reviews = go_live_today(valuation, "two", INITIATIVES)
    for step, months in enumerate(OFFSETS, start=1):
        workers.move_to(months)
        wait_until_due(workers, reviews, step * INITIATIVES)
        time.sleep(0.3)  # what comes too much has a moment to show itself
        check_each_once(reviews, due_events(reviews), months)
    with in_transaction() as session:
        said = session.exec(select(ReviewAnnouncement)).all()
        kinds = Counter((str(each.review_id), each.kind, each.planned_on) for each in said)
    assert set(kinds.values()) == {1}
    workers.check_alive()


@pytest.mark.slow
def test_a_worker_killed_while_it_announces_neither_loses_nor_repeats(
    valuation: ServiceUnderTest, workers: Workers
) -> None:
    count = 400
    reviews = go_live_today(valuation, "killed", count)
    for step, months in enumerate(OFFSETS, start=1):
        workers.move_to(months)
        wait_until_due(workers, reviews, (step - 1) * count + 1)
        workers.kill_one()
        wait_until_due(workers, reviews, step * count)
        time.sleep(1)
        check_each_once(reviews, due_events(reviews), months)
