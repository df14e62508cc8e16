"""One trace goes over the three services, their jobs and events; without an exporter none does."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from shared import traces
from tests.faults.serving import served
from tests.operation.collector import Collector
from tests.running import LiveServices
from tests.small_run import publish_a_run

OWN = ("BTIM_", "OTEL_")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Traces are on and go to this collector."""
    running = Collector()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.setattr(traces, "_tracer", None)
        traces.set_up_traces("test")
        yield running
        traces.shut_down_traces()
    running.close()


def test_one_trace_holds_the_requests_the_jobs_and_the_events_of_three_services(
    collector: Collector, services: LiveServices
) -> None:
    trace, caller = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    headers = {"traceparent": f"00-{trace}-{caller}-01"}
    for client in (services.ingest, services.allocation):
        client.headers.update(headers)
    publish_a_run(services, "2026-01")

    def whole(spans: list[dict[str, object]]) -> bool:
        told = {span["btim.service"] for span in spans if span.get("http.route") == "/v1/events"}
        return {"allocation", "valuation"} <= told

    mine = [span for span in collector.wait_until(whole) if span["trace"] == trace]
    by_id = {span["id"]: span for span in mine}
    assert {span["btim.correlation_id"] for span in mine} == {trace}
    pushed = next(span for span in mine if span["name"] == "POST /v1/cost-lines/bulk")
    assert (pushed["parent"], pushed["http.response.status_code"]) == (caller, 200)
    job = next(span for span in mine if span["name"] == "job run")
    assert by_id[job["parent"]]["name"] == "POST /v1/runs"
    for service in ("allocation", "valuation"):
        told = next(
            span
            for span in mine
            if span.get("http.route") == "/v1/events" and span["btim.service"] == service
        )
        assert by_id[told["parent"]]["url.path"] == "/v1/events"


def test_a_trace_that_begins_here_has_the_id_of_its_correlation(
    collector: Collector, services: LiveServices
) -> None:
    answer = services.valuation.get("/v1/me", headers={"traceparent": "nonsense"})
    known = answer.headers["x-correlation-id"]

    def found(spans: list[dict[str, object]]) -> bool:
        return any(span["btim.correlation_id"] == known for span in spans)

    (span,) = [
        span
        for span in collector.wait_until(found)
        if span["btim.correlation_id"] == known and span["name"] == "GET /v1/me"
    ]
    assert span["trace"] == known.replace("-", "")


def test_probes_and_keys_leave_no_spans(collector: Collector, services: LiveServices) -> None:
    services.ingest.get("/healthz")
    services.ingest.get("/v1/me")
    spans = collector.wait_until(
        lambda spans: any(span.get("http.route") == "/v1/me" for span in spans)
    )
    assert not [span for span in spans if "healthz" in span["name"]]
    assert services.key not in str(spans)


def test_a_service_that_is_asked_to_stop_sends_its_last_spans(
    collector: Collector, database: str
) -> None:
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",  # milliseconds: nothing is sent before the end
    }
    with served("ingest", **settings) as running:
        known = running.ask("/v1/me").headers["x-correlation-id"]
        running.stop()
    told = [span["name"] for span in collector.spans if span["btim.correlation_id"] == known]
    assert told == ["GET /v1/me"]


def test_without_an_exporter_the_sdk_is_not_even_loaded() -> None:
    program = (
        "import sys, shared.app, shared.jobs.queue\n"
        "shared.app.set_up_traces('ingest')\n"
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={name: value for name, value in os.environ.items() if name[:5] not in OWN},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        ("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "a" * 32),
        ("00-" + "0" * 32 + "-" + "b" * 16 + "-01", None),
        ("00-" + "A" * 32 + "-" + "b" * 16 + "-01", None),
        ("00-" + "a" * 32, None),
        ("", None),
    ],
)
def test_only_a_whole_traceparent_names_a_trace(header: str, trace: str | None) -> None:
    assert traces.trace_id_in(header) == trace
