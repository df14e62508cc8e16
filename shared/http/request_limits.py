"""How large a request may be, how slowly it may come, how slowly its answer may be taken."""

import asyncio
import time

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.access import rate_limits
from shared.errors import (
    Problem,
    TooLarge,
    TooLargeHeaders,
    TooLongAddress,
    Unreadable,
    UnsupportedMedia,
)
from shared.http.problems import answer
from shared.settings import Settings

LONGEST_ADDRESS = 16_384
MOST_PARAMETERS = 200
LARGEST_HEADERS = 32_768
MOST_HEADERS = 100
SLOWEST_BYTES_PER_SECOND = 16_384
"""A body, either way, may take the patience of the settings, and then as long as it needs at this
pace."""
PROBES = {"/healthz", "/readyz", "/metrics"}


class RequestLimits:
    """Refuses what is too large, too long or encoded, and what comes too slowly."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, counted and timed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.settings.max_upload_bytes if upload else self.settings.max_body_bytes
        try:
            _check_address(scope)
            _check_headers(scope, headers)
            _check_claim(headers, limit)
            if not scope["path"].startswith("/v1/") and scope["path"] not in PROBES:
                await run_in_threadpool(rate_limits.count_stranger, HTTPConnection(scope))
        except Problem as problem:
            await answer(problem)(scope, receive, send)
            return
        patience = self.settings.slow_body_seconds
        body, answering = _Body(receive, limit, patience), _Answer(send, patience)
        await self.app(scope, body.receive, answering.send)


def _check_address(scope: Scope) -> None:
    query = scope.get("query_string", b"")
    if len(query) + len(scope.get("raw_path") or b"") > LONGEST_ADDRESS:
        raise TooLongAddress(f"path and query are at most {LONGEST_ADDRESS} bytes long")
    if query.count(b"&") >= MOST_PARAMETERS:
        raise TooLongAddress(f"at most {MOST_PARAMETERS} parameters are read")


def _check_headers(scope: Scope, headers: Headers) -> None:
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if len(scope["headers"]) > MOST_HEADERS or size > LARGEST_HEADERS:
        raise TooLargeHeaders(
            f"at most {MOST_HEADERS} headers of together {LARGEST_HEADERS} bytes are read",
            headers={"Connection": "close"},
        )
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia(
            "send the body as it is; compressed ones are not unpacked here",
            code="content_encoding",
            headers={"Accept-Encoding": "identity", "Connection": "close"},
        )


def _check_claim(headers: Headers, limit: int) -> None:
    claimed = headers.get("content-length", "0")
    if not (claimed.isascii() and claimed.isdigit()):
        raise Unreadable("Content-Length is not a number")
    if len(claimed) > 20 or int(claimed) > limit:
        raise TooLarge(f"at most {limit} bytes are taken", headers={"Connection": "close"})


class _Body:
    """Hands on the body; an HTTPException passes through the framework's reading unchanged."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._limit = limit
        self._seconds = seconds
        self._taken = 0
        self._waited = 0.0
        self._whole = False

    async def receive(self) -> Message:
        """The next piece, unless the body is too large or too slow."""
        if self._whole:
            return await self._receive()
        patience = self._seconds + self._taken / SLOWEST_BYTES_PER_SECOND - self._waited
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, patience)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(
                408, "the body arrives too slowly", headers={"Connection": "close"}
            ) from None
        self._waited += time.monotonic() - began
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._limit:
            raise HTTPException(
                413, f"at most {self._limit} bytes are taken", headers={"Connection": "close"}
            )
        return message


class _Answer:
    """Hands out the answer; who takes it too slowly counts as gone: what is held for it ends."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self._given = 0
        self._waited = 0.0

    async def send(self, message: Message) -> None:
        """The next piece, as long as the reader keeps the slowest pace."""
        patience = self._seconds + self._given / SLOWEST_BYTES_PER_SECOND - self._waited
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, patience)):
                await self._send(message)
        except TimeoutError:
            raise ClientDisconnect from None
        self._waited += time.monotonic() - began
        self._given += len(message.get("body", b""))
