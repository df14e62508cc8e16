"""A robot that never gives up: it repeats a request until somebody answers for it."""

import csv
import io
import json
import random
import time
import uuid
from typing import Any

import httpx2

from tests.crash.accounts import Accounts
from tests.crash.running_system import RunningSystem

PATIENCE_SECONDS = 600.0
ANSWER_SECONDS = 75.0
"""The longest `?wait=` (60), and what a request may take besides."""


class Caller:
    """One robot with one key, which asks any replica of a service."""

    def __init__(self, system: RunningSystem, accounts: Accounts) -> None:
        self._system = system
        self._accounts = accounts

    def insist(self, service: str, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The first real answer; connection errors and passing refusals are repeated."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.try_once(service, method, path, **sent)
            if answer is not None:
                return answer
            if time.monotonic() > until:
                raise AssertionError(f"{method} {path}: no answer in {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.1)

    def try_once(self, service: str, method: str, path: str, **sent: Any) -> httpx2.Response | None:
        """The answer, or None where a careful client would ask again."""
        headers = {"Authorization": f"Bearer {self._system.key}", **sent.pop("headers", {})}
        url = random.choice(self._system.addresses(service)) + path
        began = time.monotonic()
        try:
            answer = httpx2.request(method, url, headers=headers, timeout=ANSWER_SECONDS, **sent)
        except httpx2.TransportError:
            return None
        finally:
            self._note_time(f"{method} {path}", time.monotonic() - began)
        if answer.status_code == 500:
            self._accounts.note_crash(f"{method} {path} answered 500: {answer.text[:300]}")
            return None
        if answer.status_code in {429, 502, 503, 504}:
            return None
        if answer.status_code == 409 and "idempotency" in answer.json()["code"]:
            return None
        if answer.status_code >= 400:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def _note_time(self, request: str, seconds: float) -> None:
        self._accounts.longest_seconds = max(self._accounts.longest_seconds, seconds)
        if seconds > ANSWER_SECONDS:
            self._accounts.note_crash(f"{request} took {seconds:.0f} s")

    def content(self, service: str, path: str, **query: Any) -> Any:
        """GET something as JSON."""
        return self.insist(service, "GET", path, params=query).json()

    def await_success(self, service: str, job_id: str) -> None:
        """Return once a job has succeeded."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            job = self.content(service, f"/v1/jobs/{job_id}", wait=10)
            if job["status"] == "succeeded":
                return
            assert job["status"] in {"queued", "running"}, json.dumps(job)
            assert time.monotonic() < until, f"not done in {PATIENCE_SECONDS:.0f} s: {job}"

    def await_job(self, service: str, answer: dict[str, Any]) -> None:
        """Return once the job that an answer names has succeeded."""
        if "job" in answer:
            self.await_success(service, answer["job"]["id"])

    def walk(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = {"limit": 1000, **query} | ({"cursor": cursor} if cursor else {})
            page = self.content(service, path, **asked)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def listed(self, service: str, path: str, **query: Any) -> list[dict[str, str]]:
        """A whole list at once, as its CSV says it."""
        answer = self.insist(service, "GET", path, params=query, headers={"Accept": "text/csv"})
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    def post(
        self, service: str, path: str, body: Any = None, *, gives_up: bool = False, **sent: Any
    ) -> Any:
        """A command under a key of its own, so that repeating it does nothing twice.

        The command is in the book once it was accepted. With `gives_up` it is sent once only,
        like by a robot that dies before the answer; None when there was none.
        """
        name = str(uuid.uuid4())
        sent["headers"] = {"Idempotency-Key": name, "X-Correlation-ID": name}
        if body is not None:
            sent["json"] = body
        ask = self.try_once if gives_up else self.insist
        answer = ask(service, "POST", path, **sent)
        if answer is None:
            return None
        self._accounts.note_command(name, f"POST {path}")
        content = answer.json()
        if "job" in content:
            self._accounts.note_job(service, content["job"]["id"])
        bad = [result for result in content.get("results", []) if result.get("status") == "error"]
        assert not bad, bad
        return content
