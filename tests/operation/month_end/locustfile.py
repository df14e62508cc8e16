"""Who works at a month's end: frontends, integrators, robots, and one run every minute.

Run by tests.operation.month_end.load, which says where the services answer (LOAD_URLS, LOAD_KEY).
"""

import json
import os
import random
import time
from typing import Any

from locust import HttpUser, between, constant_pacing, task

from tests.operation.company import CONSUMERS, lines
from tests.operation.month_end.amounts import (
    BULK,
    CONTROLLERS,
    FRONTENDS,
    INTEGRATORS,
    LINES,
    PERIOD,
    ROBOTS,
    RUN_SECONDS,
)

URLS: dict[str, str] = json.loads(os.environ["LOAD_URLS"])
HEADERS = {"Authorization": f"Bearer {os.environ['LOAD_KEY']}"}


class Caller(HttpUser):
    """One client with the key; every request is counted under the kind of work that it is."""

    abstract = True
    host = URLS["allocation"]

    def ask(self, kind: str, method: str, service: str, path: str, **sent: Any) -> Any:
        """The answer's JSON; anything but a good answer is an error of this kind."""
        url = f"{URLS[service]}{path}"
        with self.client.request(
            method, url, name=kind, headers=HEADERS, timeout=90, catch_response=True, **sent
        ) as answer:
            if answer.status_code >= 400 or answer.status_code == 0:
                answer.failure(f"{answer.status_code} {(answer.text or '')[:200]}")
                return None
            answer.success()
            return answer.json() if "json" in answer.headers.get("content-type", "") else None


class Frontend(Caller):
    """Looks at the month: views, flows, where a figure comes from, what it is worth."""

    fixed_count = FRONTENDS
    wait_time = between(0.2, 1.0)

    @task(4)
    def consumers(self) -> None:
        """Who consumes what."""
        self.ask("view", "GET", "allocation", f"/v1/views/consumers?period={PERIOD}")

    @task(2)
    def solutions(self) -> None:
        """What solutions cost."""
        self.ask("view", "GET", "allocation", f"/v1/views/solutions?period={PERIOD}")

    @task(2)
    def flow(self) -> None:
        """The picture of the month."""
        self.ask("view", "GET", "allocation", f"/v1/views/flow?period={PERIOD}")

    @task(2)
    def trace(self) -> None:
        """Down to the lines."""
        found = self.ask(
            "list", "GET", "allocation", f"/v1/runs?period={PERIOD}&published=true&limit=1"
        )
        if found and found["items"]:
            run, code = found["items"][0]["id"], random.choice(CONSUMERS)
            path = f"/v1/runs/{run}/trace?layer=consumer&code={code}&to=line&limit=20"
            self.ask("trace", "GET", "allocation", path)

    @task(1)
    def lines(self) -> None:
        """A page of what came in."""
        self.ask("list", "GET", "ingest", f"/v1/cost-lines?period={PERIOD}&limit=100")

    @task(1)
    def value(self) -> None:
        """Cost beside value."""
        self.ask("view", "GET", "valuation", f"/v1/value-chain?period={PERIOD}")


class Integrator(Caller):
    """Sends lines again with amounts of their own: some change, none is doubled."""

    fixed_count = INTEGRATORS
    wait_time = between(0.5, 1.5)
    number = 0

    @task
    def push(self) -> None:
        """A bulk of lines."""
        self.number += 1
        start = random.randrange(0, LINES, BULK)
        items = lines(PERIOD, LINES, round_=self.number)[start : start + BULK]
        answer = self.ask("push", "POST", "ingest", "/v1/cost-lines/bulk", json={"items": items})
        bad = [one for one in (answer or {}).get("results", []) if one["status"] == "error"]
        if bad:
            raise AssertionError(bad[0])


class Robot(Caller):
    """Orders a report and waits for the file."""

    fixed_count = ROBOTS
    wait_time = constant_pacing(10)

    @task
    def report(self) -> None:
        """The monthly report."""
        order = {
            "type": "cost-value-distribution",
            "period": PERIOD,
            "format": random.choice(["xlsx", "csv", "json"]),
            "language": random.choice(["en", "zh-CN"]),
        }
        self.ask("report", "POST", "valuation", "/v1/reports?wait=60", json=order)


class Controller(Caller):
    """Calculates the month anew every minute and publishes it."""

    fixed_count = CONTROLLERS
    wait_time = constant_pacing(RUN_SECONDS)

    @task
    def run_month(self) -> None:
        """Order, wait, publish."""
        began = time.perf_counter()
        order = {"period": PERIOD, "currency": "EUR", "reason": "month's end"}
        run = self.ask("run", "POST", "allocation", "/v1/runs?wait=60", json=order)
        if run is None:
            return
        if run.get("status") != "succeeded":
            elapsed = (time.perf_counter() - began) * 1000
            self.environment.events.request.fire(
                request_type="POST",
                name="run",
                response_time=elapsed,
                response_length=0,
                exception=AssertionError(f"the run is {run.get('status')}"),
            )
            return
        self.ask("publish", "POST", "allocation", f"/v1/runs/{run['id']}/publish", json={})
