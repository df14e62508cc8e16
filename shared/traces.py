"""Traces after OpenTelemetry, when an exporter is set; otherwise none of it is loaded.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `..._TRACES_ENDPOINT`) switches them on; the other standard
variables hold as well. A trace that begins here has the id that follows from the correlation id,
so that requests, jobs and events of one correlation id are one trace.
"""

import hashlib
import os
import re
import threading
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logs import correlation_id

if TYPE_CHECKING:
    from opentelemetry.trace import Span

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
TRACE_PARENT = "traceparent"
LAST_SPANS_SECONDS = 3.0
_trace_parent = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_tracer: Any = None
_provider: Any = None


def set_up_traces(service: str) -> None:
    """Send spans to the collector that the environment names, if it names one."""
    global _tracer, _provider  # noqa: PLW0603 - one exporter a process, like the settings
    switched_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if _tracer is not None or switched_off or not any(map(os.environ.get, ENDPOINTS)):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class FromCorrelationId(RandomIdGenerator):
        """The trace's id follows from the correlation id; spans have random ones."""

        def generate_trace_id(self) -> int:
            return trace_id_of(correlation_id.get()) or super().generate_trace_id()

    name = os.environ.get("OTEL_SERVICE_NAME", f"btim-{service}")
    _provider = TracerProvider(
        resource=Resource.create({"service.name": name, "service.namespace": "btim"}),
        id_generator=FromCorrelationId(),
    )
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("btim")


def shut_down_traces() -> None:
    """Send what has not been sent, but do not wait long for a collector that is away.

    A process that ends by itself does this anyway; a service ends by the signal that stopped it.
    """
    if _provider is not None:
        sending = threading.Thread(target=_provider.shutdown, daemon=True)
        sending.start()
        sending.join(LAST_SPANS_SECONDS)


def trace_id_of(identifier: str) -> int:
    """The number of a trace for a correlation id; 0 without one. 32 hex digits mean themselves."""
    digits = identifier.replace("-", "").lower()
    if re.fullmatch(r"[0-9a-f]{32}", digits):
        return int(digits, 16)
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:16]) if identifier else 0


def trace_id_in(trace_parent: str) -> str | None:
    """The trace's id in a `traceparent` header of W3C; None in anything else."""
    found = _trace_parent.match(trace_parent)
    return found[1] if found and int(found[1], 16) else None


def span(
    name: str,
    kind: str = "internal",
    *,
    parent: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> "AbstractContextManager[Span | None]":
    """A step of a trace, under the one around it or under a parent's `traceparent`.

    `about` becomes its attributes. Gives None while traces are off.
    """
    return nullcontext() if _tracer is None else _span(name, kind, parent, about or {})


@contextmanager
def _span(
    name: str, kind: str, parent: Mapping[str, str] | None, about: Mapping[str, Any]
) -> Iterator["Span"]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract(parent) if parent else None
    attributes = {**about, "btim.correlation_id": correlation_id.get()}
    with _tracer.start_as_current_span(
        name, context, trace.SpanKind[kind.upper()], attributes
    ) as opened:
        yield opened


def carry(headers: MutableMapping[str, str]) -> None:
    """Write the present span into headers; who receives them goes on with the trace."""
    if _tracer is None:
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    TraceContextTextMapPropagator().inject(headers)


class TracedRequests:
    """The layer that makes a span of each request, named by its route's template."""

    def __init__(self, app: ASGIApp, *, service: str, quiet: Collection[str]) -> None:
        self.app = app
        self.service = service
        self.quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Trace one request."""
        if _tracer is None or scope["type"] != "http" or scope["path"] in self.quiet:
            await self.app(scope, receive, send)
            return
        about: dict[str, Any] = {"btim.service": self.service}

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                about["http.response.status_code"] = message["status"]
            await send(message)

        method = scope["method"]
        with span(method, "server", parent=Headers(scope=scope)) as opened:
            try:
                await self.app(scope, receive, noting_send)
            finally:
                if opened is not None:
                    route = getattr(scope.get("route"), "path_format", "unmatched")
                    opened.update_name(f"{method} {route}")
                    about |= {"http.request.method": method, "http.route": route}
                    opened.set_attributes(about)
