"""`?wait=30`: holds an answer until its job is done, without a thread or a database connection."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.database import at_once
from shared.errors import Unavailable
from shared.http.links import without_prefix

LONGEST_WAIT_SECONDS = 60
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.03, 0.4
_whole_seconds = re.compile(r"[0-9]{1,9}")
_job_path = re.compile(r"^/v1/jobs/([0-9a-f-]{36})$")
_not_for_the_second_request = {
    b"content-length", b"content-type", b"idempotency-key", b"if-match", b"transfer-encoding",
}  # fmt: skip
_not_in_the_second_state = {"caller", "idempotent", "session"}


_let_go = threading.Event()


def let_go() -> None:
    """Answer everybody who waits with what is known by now, because this process stops."""
    _let_go.set()


class HeldAnswer:
    """Keeps back what may speak of a job; everything else, however long, goes out at once."""

    def __init__(self, scope: Scope, send: Send) -> None:
        asks_for_job = scope["method"] == "GET" and _job_path.match(scope["path"])
        self._speaks_of_job = {202, 200} if asks_for_job else {202}
        self._send = send
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        """Keep one ASGI message, or send it."""
        if self.messages or message.get("status") in self._speaks_of_job:
            self.messages.append(message)
        else:
            await self._send(message)

    @property
    def status(self) -> int:
        """The answer's status code; 0 when nothing was kept."""
        return int(self.messages[0]["status"]) if self.messages else 0

    @property
    def headers(self) -> Headers:
        """The answer's headers."""
        return Headers(raw=self.messages[0]["headers"])

    def body(self) -> bytes:
        """The answer's whole body."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    async def release(self) -> None:
        """Send what was kept."""
        for message in self.messages:
            await self._send(message)


class WaitForJob:
    """Turns a 202 with `?wait=` into the finished thing, when the job ends in time."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through but requests that wait."""
        seconds = _wait_seconds(scope)
        if seconds <= 0:
            await self.app(scope, receive, send)
            return
        until = time.monotonic() + seconds
        held = HeldAnswer(scope, send)
        await self.app(scope, receive, held.take)
        job_id = _job_of(scope, held)
        if job_id is None:
            await held.release()
            return
        found = await _until_finished(job_id, until)
        if found is None:
            await held.release()
            return
        path = scope["path"] if scope["method"] == "GET" else without_prefix(found)
        await self.app(
            _second_request(scope, path), _no_body(receive), _with_first_headers(held, send)
        )


def _wait_seconds(scope: Scope) -> int:
    if scope["type"] != "http" or b"wait=" not in scope.get("query_string", b""):
        return 0
    raw = parse_qs(scope["query_string"].decode("latin-1")).get("wait", ["0"])[-1]
    return int(raw) if _whole_seconds.fullmatch(raw) and int(raw) <= LONGEST_WAIT_SECONDS else 0


def _job_of(scope: Scope, held: HeldAnswer) -> UUID | None:
    """The job that an answer speaks of, while it is not finished."""
    if held.status == 202:
        match = _job_path.match(without_prefix(held.headers.get("location", "")))
        return UUID(match[1]) if match else None
    if held.status == 200:
        match = _job_path.match(scope["path"])
        if match and json.loads(held.body())["status"] in {"queued", "running"}:
            return UUID(match[1])
    return None


async def _until_finished(job_id: UUID, until: float) -> str | None:
    """The address of what the job made, or None when time is up."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        found = await run_in_threadpool(_finished_href, job_id)  # None also while nobody can say
        if found is not None:
            return found
        if _let_go.is_set() or time.monotonic() + pause > until:
            return None
        await asyncio.sleep(pause)
        pause = min(pause * 1.4, LONGEST_PAUSE_SECONDS)


def _finished_href(job_id: UUID) -> str | None:
    statement = text("select resource_href from job where id = :id and finished_at is not null")
    try:
        with at_once() as connection:
            href: str | None = connection.execute(statement, {"id": job_id}).scalar_one_or_none()
    except (Unavailable, DBAPIError):
        return None  # the job goes on; whoever waits is told so in the end
    return href


def _second_request(scope: Scope, path: str) -> Scope:
    kept: dict[str, Any] = {
        key: scope[key]
        for key in (
            "type",
            "asgi",
            "http_version",
            "scheme",
            "client",
            "server",
            "root_path",
            "app",
        )
        if key in scope
    }
    headers = [pair for pair in scope["headers"] if pair[0] not in _not_for_the_second_request]
    state = {
        name: value
        for name, value in scope.get("state", {}).items()
        if name not in _not_in_the_second_state
    }
    return kept | {
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "state": state,
    }


def _no_body(receive: Receive) -> Receive:
    """An empty body, then whatever the client does next (streams wait for its disconnect)."""
    empty: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive_nothing() -> Message:
        return empty.pop() if empty else await receive()

    return receive_nothing


def _with_first_headers(held: HeldAnswer, send: Send) -> Callable[[Message], Any]:
    """Answers keep saying which job made them and whether they are replayed."""

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in ("location", "idempotency-replayed"):
                if name in held.headers:
                    headers[name] = held.headers[name]
        await send(message)

    return forward
