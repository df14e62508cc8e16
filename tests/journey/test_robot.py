"""A robot's month: it schedules a report, a run is published, the webhook rings, the file is its.

The robot knows the public API and the Standard Webhooks specification, nothing of our code.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from shared.database import at_once
from tests.modelling import ok
from tests.receiving import Receiver
from tests.running import LiveServices, ServiceUnderTest, a_key
from tests.small_run import publish_a_run

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
ZONE = "Asia/Shanghai"
REPORT = {"type": "cost-value-distribution", "format": "xlsx", "language": "zh-CN"}


def month_before_now() -> str:
    """The month before this one by the calendar of the schedule."""
    now = datetime.now(ZoneInfo(ZONE))
    return f"{now.year - (now.month == 1)}-{(now.month - 2) % 12 + 1:02d}"


def verified(headers: dict[str, str], body: bytes, secret: str) -> dict[str, Any]:
    """The event, after what Standard Webhooks asks of a receiver; ValueError if it is not so."""
    sent_at = int(headers["webhook-timestamp"])
    if abs(time.time() - sent_at) > 300:
        raise ValueError("too old or from the future")
    signed = b".".join([headers["webhook-id"].encode(), str(sent_at).encode(), body])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    offered = [part.partition(",") for part in headers["webhook-signature"].split(" ")]
    if not any(name == "v1" and hmac.compare_digest(sig, wanted) for name, _, sig in offered):
        raise ValueError("no signature fits")
    event: dict[str, Any] = json.loads(body)
    return event


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def test_a_robot_gets_its_monthly_report_told_signed_and_equal_to_a_second_one(
    services: LiveServices, receiver: Receiver
) -> None:
    robot = {"Authorization": f"Bearer {a_key(['valuation:write'])}"}
    valuation = services.valuation
    # The administrator lets the robot's address in; the robot does the rest with its own key.
    hook = {"url": receiver.url, "events": ["review.due"], "secret": SECRET}
    ok(valuation.post("/v1/webhooks", json=hook))
    wanted = {**REPORT, "code": "monthly", "period": "on_publish", "event": "run.published",
              "timezone": ZONE, "webhook": receiver.url}  # fmt: skip
    schedule = ok(valuation.post("/v1/report-schedules", json=wanted, headers=robot))
    period = month_before_now()
    run = publish_a_run(services, period)

    ((headers, body), *_) = receiver.wait_for(1)
    event = verified(headers, body, SECRET)
    with pytest.raises(ValueError, match="no signature fits"):
        verified(headers, body.replace(b"monthly", b"Monthly"), SECRET)
    told = event["data"]
    assert event["type"] == "report.ready"
    assert (told["schedule"], told["period"], told["format"]) == ("monthly", period, "xlsx")

    file = valuation.get(told["href"], headers=robot)
    assert hashlib.sha256(file.content).hexdigest() == told["sha256"]
    read = valuation.get(f"/v1/report-schedules/{schedule['id']}", headers=robot).json()
    assert read["last_report"]["id"] == told["id"]
    report = valuation.get(f"/v1/reports/{told['id']}", headers=robot).json()
    assert (report["run"], report["schedule"]) == (run, "monthly")

    by_hand = valuation.post(
        "/v1/reports?wait=60", json={**REPORT, "period": period}, headers=robot | {"Accept": XLSX}
    )
    assert by_hand.headers["content-type"] == XLSX
    assert by_hand.content == file.content

    # The same month by the clock, made due now: told once more, with the same bytes.
    by_clock = {**REPORT, "code": "nightly", "period": "previous", "cron": "0 0 1 1 *",
                "timezone": ZONE, "webhook": receiver.url}  # fmt: skip
    made = ok(valuation.post("/v1/report-schedules", json=by_clock, headers=robot))
    with at_once() as connection:
        connection.execute(
            text(
                "update report_schedule set cron = '* * * * *',"
                " next_due_at = date_trunc('minute', now()) where code = 'nightly'"
            )
        )
    (_, (headers, body), *_) = receiver.wait_for(2)
    told = verified(headers, body, SECRET)["data"]
    assert (told["schedule"], told["period"]) == ("nightly", period)
    assert told["sha256"] == report["file"]["sha256"]
    for gone in (schedule, made):
        path = f"/v1/report-schedules/{gone['id']}"
        assert valuation.delete(path, headers=robot | {"If-Match": "*"}).status_code == 204


@pytest.mark.slow
def test_a_killed_worker_loses_no_scheduled_report(valuation: ServiceUnderTest) -> None:
    """Killed at growing times after its start: somewhere between ordering and rendering too."""
    wanted = {"type": "post-implementation-review", "format": "pdf", "code": "killed",
              "cron": "* * * * *"}  # fmt: skip
    ok(valuation.post("/v1/report-schedules", json=wanted))
    with at_once() as connection:
        connection.execute(text("update report_schedule set next_due_at = now() - '1 h'::interval"))
    settings = {"BTIM_WORKER_HEARTBEAT_SECONDS": "0.2", "BTIM_WORKER_STALLED_SECONDS": "1",
                "BTIM_JOB_MAX_ATTEMPTS": "1000"}  # fmt: skip
    done: list[dict[str, Any]] = []
    for tenths in [*range(15, 60, 3), 600]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "cli.work", "valuation"],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + tenths / 10
        while time.monotonic() < until and not done:
            time.sleep(0.1)
            if tenths == 600:
                found = valuation.get("/v1/reports?schedule=killed").json()["items"]
                done = found if found and {r["status"] for r in found} == {"succeeded"} else []
        worker.kill()
        worker.wait()
    assert done, "every ordered report is made in the end"
    with at_once() as connection:
        query = text(
            "select count(*), count(distinct occasion) from report where schedule = 'killed'"
        )
        assert len(set(connection.execute(query).one())) == 1, "one report for each due time"
