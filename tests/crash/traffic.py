"""Callers that never give up: pushed lines, uploaded files, ordered runs, while processes die."""

import csv
import io
import random
import threading
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2

from tests.crash.accounts import Accounts
from tests.crash.running_system import RunningSystem

PERIOD = "2026-01"
LINES_A_PUSH = 20
LINES_A_FILE = 150
PATIENCE_SECONDS = 120.0
ABANDONED_SHARE = 0.15


class Caller:
    """One robot with one key: repeats a request until somebody answers for it."""

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
        try:
            answer = httpx2.request(
                method, self._system.urls[service] + path, headers=headers, timeout=75, **sent
            )
        except httpx2.TransportError:
            return None
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

    def content(self, service: str, path: str, **query: Any) -> Any:
        """GET something as JSON."""
        return self.insist(service, "GET", path, params=query).json()

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

    def post(self, service: str, path: str, body: Any, **sent: Any) -> Any:
        """POST under a key of its own, so that repeating it does nothing twice."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self.insist(service, "POST", path, json=body, headers=headers, **sent).json()


class Traffic:
    """Three robots at work; `pause()` lets each finish what it is insisting on."""

    def __init__(self, system: RunningSystem, accounts: Accounts, seed: int) -> None:
        self._caller = Caller(system, accounts)
        self._accounts = accounts
        self._going = threading.Event()
        self._ended = threading.Event()
        self._idle: list[threading.Event] = []
        self._failures: list[BaseException] = []
        self._threads = [
            self._robot(self._push, random.Random(f"push {seed}"), 0.05),
            self._robot(self._upload, random.Random(f"upload {seed}"), 0.6),
            self._robot(self._run, random.Random(f"run {seed}"), 1.2),
        ]
        self._numbers = {"push": 0, "file": 0}

    def resume(self) -> None:
        """Let the robots work."""
        for idle in self._idle:
            idle.clear()
        self._going.set()

    def pause(self) -> None:
        """Return once every robot stands still; raises what stopped one of them."""
        self._going.clear()
        for idle in self._idle:
            while not idle.wait(0.1):
                if self._failures:
                    break
        if self._failures:
            raise self._failures[0]

    def end(self) -> None:
        """Send the robots home."""
        self._ended.set()
        self._going.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _robot(
        self, act: Callable[[random.Random], None], dice: random.Random, pause: float
    ) -> threading.Thread:
        idle = threading.Event()
        self._idle.append(idle)

        def work() -> None:
            while not self._ended.is_set():
                if not self._going.is_set():
                    idle.set()
                    self._going.wait()
                    continue
                try:
                    act(dice)
                except BaseException as failure:
                    self._failures.append(failure)
                    return
                time.sleep(pause * dice.random())

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def _push(self, dice: random.Random) -> None:
        """A bulk of lines under one Idempotency-Key; some robots crash before the answer."""
        self._numbers["push"] += 1
        name = f"P{self._numbers['push']:05}"
        lines = {f"{name}-{place:02}": _amount(dice) for place in range(LINES_A_PUSH)}
        items = [
            {
                "external_id": document,
                "source": "crash-push",
                "period": PERIOD,
                "amount": format(amount, "f"),
                "currency": "EUR",
                "document": document,
                "account": dice.choice(["6100", "6200"]),
            }
            for document, amount in lines.items()
        ]
        sent = {
            "json": {"items": items},
            "headers": {"Idempotency-Key": f"{name}-{uuid.uuid4()}"},
        }
        path = "/v1/cost-lines/bulk"
        if dice.random() < ABANDONED_SHARE:
            answer = self._caller.try_once("ingest", "POST", path, **sent)
            if answer is None:
                self._accounts.note_doubtful(lines)
                return
        else:
            answer = self._caller.insist("ingest", "POST", path, **sent)
        statuses = {result["status"] for result in answer.json()["results"]}
        assert statuses == {"created"}, statuses
        self._accounts.note_lines(lines)

    def _upload(self, dice: random.Random) -> None:
        """A ledger file; the same bytes again answer the import that is there already."""
        self._numbers["file"] += 1
        name = f"F{self._numbers['file']:05}"
        lines = {f"{name}-{row:04}": _amount(dice) for row in range(LINES_A_FILE)}
        rows = [f"2026-01-{dice.randint(1, 31):02},{doc},{amount}" for doc, amount in lines.items()]
        content = "Date,Document,Amount\n" + "\n".join(rows) + "\n"
        form = {"kind": "ledger", "profile": "crash", "source": "crash-files"}
        answer = self._caller.insist(
            "ingest",
            "POST",
            "/v1/imports",
            data=form,
            files={"file": (f"{name}.csv", content.encode())},
        ).json()
        self._accounts.imports[answer["id"]] = LINES_A_FILE
        if "job" in answer:
            self._accounts.note_job("ingest", answer["job"]["id"])
        self._accounts.note_lines(lines)

    def _run(self, dice: random.Random) -> None:
        """An allocation run of the period as it is now."""
        body = {"period": PERIOD, "currency": "EUR"}
        answer = self._caller.post("allocation", "/v1/runs", body)
        self._accounts.runs.append(answer["id"])
        self._accounts.note_job("allocation", answer["job"]["id"])


def _amount(dice: random.Random) -> Decimal:
    return Decimal(dice.randint(-200_000, 1_000_000)) / 100
