"""What happens around every request: correlation id, size limit, log line, metrics, headers."""

import re
import time
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics
from shared.errors import TooLarge, Unreadable
from shared.ids import new_id
from shared.logs import correlation_id, get_logger
from shared.problems import answer, crash_answer
from shared.settings import Settings

CORRELATION_HEADER = "x-correlation-id"
_acceptable_id = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
log = get_logger("btim.request")
NOBODY_THERE = 499
QUIET = {"/healthz", "/readyz", "/metrics"}


class RequestFrame:
    """The outermost layer: nothing leaves without a correlation id, a metric and a log line."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Frame one HTTP request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(CORRELATION_HEADER, "")
        identifier = offered if _acceptable_id.match(offered) else str(new_id())
        token = correlation_id.set(identifier)
        began = time.perf_counter()
        seen = {"status": 500, "started": False}

        async def framed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                seen["started"] = True
                headers = MutableHeaders(scope=message)
                headers[CORRELATION_HEADER] = identifier
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
                headers.append("Vary", "Authorization, Accept, Accept-Language")
            await send(message)

        metrics.http_requests_in_progress.labels(self.service).inc()
        try:
            await self.app(scope, receive, framed_send)
        except ClientDisconnect:
            seen["status"] = NOBODY_THERE  # the caller went away in the middle of its own body
        except Exception as error:
            if seen["started"]:
                raise
            await crash_answer(scope, error)(scope, receive, framed_send)
        finally:
            metrics.http_requests_in_progress.labels(self.service).dec()
            self._count(scope, seen["status"], time.perf_counter() - began)
            correlation_id.reset(token)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics.http_requests.labels(self.service, method, route, str(status)).inc()
        metrics.http_request_seconds.labels(self.service, method, route).observe(seconds)
        if scope["path"] not in QUIET:
            caller: Any = scope.get("state", {}).get("caller")
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                subject=getattr(caller, "subject", None),
            )


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class BodyLimit:
    """Refuses a body that says, or turns out, to be larger than allowed, without reading it."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.settings.max_upload_bytes if upload else self.settings.max_body_bytes
        claimed = headers.get("content-length", "0")
        if not claimed.isdigit():
            await answer(Unreadable("Content-Length is not a number"))(scope, receive, send)
            return
        if int(claimed) > limit:
            problem = TooLarge(f"at most {limit} bytes are taken", headers={"Connection": "close"})
            await answer(problem)(scope, receive, send)
            return
        taken = 0

        async def counted_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                # An HTTPException passes through the framework's body reading unchanged.
                raise HTTPException(413, f"at most {limit} bytes are taken")
            return message

        await self.app(scope, counted_receive, send)


def install(app: FastAPI, service: str, settings: Settings) -> None:
    """Put the layers around the application; the last one added is the outermost."""
    from shared.jobs.waiting import WaitForJob

    app.add_middleware(WaitForJob, service=service)
    app.add_middleware(BodyLimit, settings=settings)
    if settings.cors_origins:
        from fastapi.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(RequestFrame, service=service)


EXPOSED = [
    "ETag",
    "Location",
    "Retry-After",
    "Idempotency-Replayed",
    "X-Correlation-ID",
    "RateLimit",
    "RateLimit-Policy",
]
