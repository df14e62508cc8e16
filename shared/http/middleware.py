"""What happens around every request: correlation id, size limit, log line, metrics, headers."""

import re
import time
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics, traces
from shared.http.deprecation import count_use, notice_of
from shared.http.problems import crash_answer
from shared.http.request_limits import PROBES, RequestLimits
from shared.ids import new_id
from shared.logs import correlation_id, get_logger
from shared.settings import Settings

CORRELATION_HEADER = "x-correlation-id"
_acceptable_id = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
log = get_logger("btim.request")
NOBODY_THERE = 499
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
"""Reports carry their style and pictures with them, and run nothing."""
PAGES_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'"
)
"""For the framework's own pages about the API."""
ONE_YEAR = "max-age=31536000; includeSubDomains"


class RequestFrame:
    """The outermost layer: nothing leaves without a correlation id, a metric and a log line."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self.app = app
        self.service = service
        metrics.idempotency_replays.labels(service)  # from 0 on, the first step shows as well

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Frame one HTTP request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(CORRELATION_HEADER, "")
        parent = Headers(scope=scope).get(traces.TRACE_PARENT, "")
        identifier = (
            offered
            if _acceptable_id.match(offered)
            else traces.trace_id_in(parent) or str(new_id())
        )
        token = correlation_id.set(identifier)
        began = time.perf_counter()
        seen = {"status": 500, "started": False}

        async def framed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                seen["started"] = True
                headers = MutableHeaders(scope=message)
                headers[CORRELATION_HEADER] = identifier
                headers.append("Vary", "Authorization, Accept, Accept-Language")
                _add_safe_headers(scope, headers)
                headers.update(notice_of(scope.get("route")))
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
        metrics.http_requests.labels(self.service, method, route, f"{status // 100}xx").inc()
        metrics.http_answers.labels(self.service, str(status)).inc()
        count_use(self.service, method, scope.get("route"))
        metrics.http_request_seconds.labels(self.service, _noun(route), _kind(scope)).observe(
            seconds
        )
        if scope["path"] not in PROBES:
            caller: Any = scope.get("state", {}).get("caller")
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                subject=getattr(caller, "subject", None),
            )


def _noun(route: str) -> str:
    """What a route is about: `/v1/runs/{run_id}/flows` is about runs."""
    parts = route.split("/")
    return parts[2] if len(parts) > 2 else route


def _kind(scope: Scope) -> str:
    if b"wait=" in scope["query_string"]:
        return "wait"
    return "read" if scope["method"] in {"GET", "HEAD", "OPTIONS"} else "write"


def _add_safe_headers(scope: Scope, headers: MutableHeaders) -> None:
    if headers.get("content-type", "").startswith("text/html"):
        pages = scope["path"].startswith(("/docs", "/redoc"))
        headers.setdefault("Content-Security-Policy", PAGES_POLICY if pages else HTML_POLICY)
    for name, value in SAFE_HEADERS.items():
        headers.setdefault(name, value)
    if scope.get("scheme") == "https":
        headers.setdefault("Strict-Transport-Security", ONE_YEAR)
    standing = scope.get("state", {}).get("standing")
    if standing is not None:
        headers.update(standing.headers())


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def install(app: FastAPI, service: str, settings: Settings) -> None:
    """Put the layers around the application; the last one added is the outermost."""
    app.add_middleware(RequestLimits, settings=settings)
    if settings.cors_origins:
        from fastapi.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(traces.TracedRequests, service=service, quiet=PROBES)
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
