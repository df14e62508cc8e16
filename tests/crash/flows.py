"""Money flows in one process: three real applications and their real workers, one after another.

`perform` runs in a process that a test forks. Numbers, dice and Idempotency-Keys are the same at
each start, so that a flow that was broken off is simply done again, as its caller would.
"""

import asyncio
import contextlib
import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.crash import fact_paths, month_paths, value_paths
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.dying import die_at
from tests.crash.model import set_up
from tests.crash.traffic import Robot
from tests.running import SERVICES, ServiceUnderTest

MONTH = "2030-02"
HOOK = "http://127.0.0.1:9/hook"
TRIES = 200


class InProcess(Caller):
    """A caller of applications in its own process; its jobs run when it waits for them."""

    def __init__(self, key: str, flow: str) -> None:
        self._clients = {service: ServiceUnderTest(service, key) for service in SERVICES}
        self._accounts = Accounts()
        self._chance = random.Random(flow)

    def post(self, service: str, path: str, body: Any = None, **_: Any) -> Any:
        """A command under the same key at each start of the flow."""
        name = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        sent: dict[str, Any] = {"headers": {"Idempotency-Key": name, "X-Correlation-ID": name}}
        if body is not None:
            sent["json"] = body
        return self.insist(service, "POST", path, **sent).json()

    def try_once(self, service: str, method: str, path: str, **sent: Any) -> Any:
        """The answer, or None where the former process still holds something."""
        answer = self._clients[service].request(method, path, **sent)
        if answer.status_code == 503 or (
            answer.status_code == 409 and "idempotency" in answer.json()["code"]
        ):
            return None
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def await_success(self, service: str, job_id: str) -> None:
        """Let the worker work until the job has succeeded."""
        for _ in range(TRIES):
            job = self.content(service, f"/v1/jobs/{job_id}")
            if job["status"] == "succeeded":
                return
            assert job["status"] in {"queued", "running"}, job
            _work_once(service)
        raise AssertionError(f"the job does not end: {job}")


def _work_once(service: str) -> None:
    """What a worker does: take up what a dead one left, run what is due."""
    from shared.jobs import worker
    from shared.jobs.queue import queue_app
    from shared.settings import get_settings

    async def work() -> None:
        settings = get_settings()
        app = queue_app(worker._connector(settings))
        async with app.open_async():
            sweeper = asyncio.create_task(worker._sweep(app, service, settings, threading.Event()))
            await asyncio.sleep(0.02)
            await app.run_worker_async(
                queues=[service], wait=False, install_signal_handlers=False, listen_notify=False
            )
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    time.sleep(0.02)


def _upload(robot: Robot) -> None:
    rows = {f"D{place}": str(robot.amount()) for place in range(3)}
    answer = fact_paths.upload(robot, rows)
    robot.caller.await_job("ingest", answer)


def _push(robot: Robot) -> None:
    month_paths.push_lines(robot, MONTH)


def _run(robot: Robot) -> None:
    robot.caller.await_job("allocation", month_paths.run_month(robot, MONTH))


def _publish(robot: Robot) -> None:
    [run] = robot.caller.walk("allocation", "/v1/runs")
    month_paths.publish(robot, run["id"], MONTH)


def _bill(robot: Robot) -> None:
    lines = robot.caller.walk("ingest", "/v1/cost-lines", source="crash-months")
    total = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    made = month_paths.make_bills(robot, MONTH, total)
    month_paths.issue_bills(robot, MONTH, made)


def _correct(robot: Robot) -> None:
    bills = robot.caller.walk("allocation", "/v1/statements", period=MONTH, sort="code")
    month_paths.dispute_a_line(robot, bills)


def _close(robot: Robot) -> None:
    month_paths.close_the_books(robot, MONTH)


def _report(robot: Robot) -> None:
    report = robot.caller.post("valuation", "/v1/reports", value_paths.REPORT)
    robot.caller.await_job("valuation", report)


FLOWS: dict[str, Callable[[Robot], None]] = {
    "upload a file": _upload,
    "push lines": _push,
    "run": _run,
    "publish": _publish,
    "issue bills": _bill,
    "correct a disputed line": _correct,
    "close the month": _close,
    "order a report": _report,
}
"""Each begins where the one before it ended."""


def perform(flow: str, deadly: int, database_url: str, secrets_dir: str) -> None:
    """Do the flow, over this database, and die on the way if so wished."""
    os.environ |= {
        "BTIM_DATABASE_URL": database_url,
        "BTIM_SECRETS_DIR": secrets_dir,
        "BTIM_WORKER_STALLED_SECONDS": "0.0",
        "BTIM_WORKER_HEARTBEAT_SECONDS": "5",
        "BTIM_WEBHOOK_ALLOW_PRIVATE": "true",
        "BTIM_LOG_LEVEL": "CRITICAL",
    }
    from shared.database import forget_engines
    from shared.settings import get_settings

    get_settings.cache_clear()
    forget_engines()
    caller = InProcess((get_settings().secrets_dir / "admin.key").read_text().strip(), flow)
    die_at(deadly)
    if flow == "":
        set_up(caller, HOOK)
        return
    FLOWS[flow](Robot(caller, Accounts(), random.Random(flow), HOOK))
    os._exit(0)
