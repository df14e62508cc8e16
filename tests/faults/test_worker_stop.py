"""A worker that is asked to stop ends in time; the job it leaves is done by the next one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from shared.database import in_transaction
from shared.ids import new_id
from shared.jobs.queue import defer_job
from tests.faults.serving import ROOT
from tests.faults.slow_worker import KIND

STOP_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
QUICK = {
    "BTIM_WORKER_GRACE_SECONDS": "1",
    "BTIM_WORKER_HEARTBEAT_SECONDS": "0.5",
    "BTIM_WORKER_STALLED_SECONDS": "3",
}


@contextmanager
def a_worker(seconds: float) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.slow_worker", str(seconds)],
        cwd=ROOT, env=os.environ | QUICK, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def status_of(job_id: UUID) -> str:
    with in_transaction() as session:
        found = session.execute(text("select status from job where id = :id"), {"id": job_id})
        return str(found.scalar_one())


def test_a_job_longer_than_the_grace_is_handed_back_and_done_by_the_next_worker(
    database: str,
) -> None:
    with in_transaction() as session:
        job = defer_job(
            session, service="ingest", kind=KIND, subject="t", resource_id=new_id(),
            resource_href="/v1/x", arguments={},
        )  # fmt: skip
        job_id = job.id
    with a_worker(600) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "begun\n"
        asked = time.monotonic()
        first.send_signal(signal.SIGTERM)
        first.wait(PATIENCE_SECONDS)
        assert time.monotonic() - asked < STOP_SECONDS
    assert status_of(job_id) == "running"
    with a_worker(0) as second:
        until = time.monotonic() + PATIENCE_SECONDS
        while status_of(job_id) != "succeeded":
            assert time.monotonic() < until
            time.sleep(0.1)
        second.send_signal(signal.SIGTERM)
        second.wait(PATIENCE_SECONDS)
