"""What Prometheus reads: well formed, bounded, and true to the state of the system."""

import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.engine import make_url

from shared.audit import trail
from shared.clock import utc_now
from shared.database import in_transaction
from shared.jobs import worker
from tests.running import LiveServices, ServiceUnderTest
from tests.small_run import publish_a_run

UNITS = ("seconds", "bytes", "ratio", "total", "amount")
MOST_SERIES = 2_000


def families(service: ServiceUnderTest) -> dict[str, list[object]]:
    """All samples of a service by the name of their family."""
    text = service.get("/metrics").text
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


def value(client: ServiceUnderTest, name: str, **labels: str) -> float:
    """The value of one series."""
    return next(
        sample.value
        for samples in families(client).values()
        for sample in samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_every_metric_of_ours_has_help_and_a_name_by_the_conventions(
    allocation: ServiceUnderTest,
) -> None:
    text = allocation.get("/metrics").text
    for family in text_string_to_metric_families(text):
        if family.name.startswith("btim_"):
            assert re.fullmatch(r"btim_[a-z]+(_[a-z]+)+", family.name)
            assert family.documentation
            assert family.type != "unknown"
    assert "_created" not in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize("name", ["ingest", "allocation", "valuation"])
def test_callers_cannot_make_series(name: str, request: pytest.FixtureRequest) -> None:
    service = request.getfixturevalue(name)

    def count() -> int:
        return sum(len(samples) for samples in families(service).values())

    def ask_oddly(number: int) -> None:
        odd = {"X-Tenant": f"tenant-{number}", "Accept-Language": f"x-{number}"}
        service.get(f"/v1/jobs/{uuid.uuid4()}", headers=odd)
        service.get(f"/v1/jobs/{uuid.uuid4()}/{number}", headers=odd)
        service.get(f"/v1/nouns-{number}", headers=odd)
        service.get("/v1/me", headers=service.as_caller(f"key-{number}"))
        service.request(f"VERB{number}", "/v1/me", headers=odd)

    ask_oddly(0)
    count()  # which is counted itself
    before = count()
    for number in range(1, 31):
        ask_oddly(number)
    assert count() == before


@pytest.mark.parametrize("name", ["ingest", "allocation", "valuation"])
def test_every_figure_of_the_database_can_be_read(
    name: str, request: pytest.FixtureRequest
) -> None:
    service = request.getfixturevalue(name)
    assert value(service, "btim_database_up", service=name) == 1
    assert value(service, "btim_jobs_stalled", service=name) == 0
    assert value(service, "btim_outbox_undelivered", service=name, receiver="webhook") == 0
    assert value(service, "btim_database_connections_limit", service=name, pool="work") > 0


def test_even_every_answer_of_every_route_stays_within_the_bound_of_series() -> None:
    import importlib

    from fastapi.routing import APIRoute

    from shared.metrics import SECONDS

    for service in ("ingest", "allocation", "valuation"):
        app = importlib.import_module(f"services.{service}.main").app
        routes = [route for route in app.routes if isinstance(route, APIRoute)]
        counted = 3 * sum(len(route.methods) for route in routes)  # 2xx, 4xx, 5xx
        nouns = {route.path.split("/")[2] for route in routes if route.path.count("/") > 1}
        timed = 3 * len(nouns) * (len(SECONDS) + 3)
        assert counted + timed < 1.2 * MOST_SERIES, service


def test_a_replayed_answer_is_counted(ingest: ServiceUnderTest) -> None:
    body = {"code": "M-1", "names": {"en": "Seats"}, "unit": "seat"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert ingest.post("/v1/drivers", json=body, headers=key).status_code == 201
    before = value(ingest, "btim_idempotency_replays_total", service="ingest")
    again = ingest.post("/v1/drivers", json=body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert value(ingest, "btim_idempotency_replays_total", service="ingest") == before + 1


@pytest.mark.parametrize("service", ["ingest", "allocation", "valuation"])
def test_promtool_has_nothing_to_say(services: LiveServices, service: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian package prometheus) is not installed")
    text = getattr(services, service).get("/metrics").text
    said = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_newest_published_run_tells_what_it_left_unallocated(services: LiveServices) -> None:
    publish_a_run(services, "2026-01", amount="1200.50")
    figures = {
        name: value(services.allocation, f"btim_run_{name}", service="allocation")
        for name in ("unallocated_ratio", "input_amount", "unallocated_amount", "difference_amount")
    }
    assert figures == {
        "unallocated_ratio": 0.1,
        "input_amount": 1200.5,
        "unallocated_amount": 120.05,
        "difference_amount": 0,
    }


def test_a_change_of_the_audit_trail_is_found_within_a_day_and_shown(
    allocation: ServiceUnderTest,
) -> None:
    def shown() -> tuple[float, bool]:
        at = value(allocation, "btim_audit_chain_verified_timestamp_seconds", service="allocation")
        breaks = value(allocation, "btim_audit_chain_breaks", service="allocation")
        return breaks, time.time() - at < 3600

    item = {"code": "P", "names": {"en": "P"}}
    allocation.post("/v1/cost-pools/bulk", json={"items": [item]}).raise_for_status()
    seal_all(utc_now() - timedelta(days=2))
    assert shown() == (0, False)
    worker.verify_audit_trail()
    assert shown() == (0, True)
    as_superuser("update audit_event set subject = 'nobody' where action <> 'verify'")
    worker.verify_audit_trail()
    assert shown() == (0, True)  # once a day only
    as_superuser("update audit_event set at = at - interval '2 days'")
    worker.verify_audit_trail()
    breaks, fresh = shown()
    assert (breaks > 0, fresh) == (True, True)


@contextmanager
def superuser() -> Iterator[psycopg.Connection[Any]]:
    """May change what the application itself never changes."""
    dsn = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql")
    with psycopg.connect(dsn.render_as_string(hide_password=False)) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def as_superuser(statement: str) -> None:
    with superuser() as connection:
        connection.execute(statement)


def seal_all(at: datetime) -> None:
    """Chain all events anew, as if that had been done then."""
    with superuser() as connection:
        connection.execute("lock table audit_seal, audit_unsealed")
        connection.execute("delete from audit_seal")
        connection.execute("delete from audit_unsealed")
        events = connection.execute("select id, content_hash from audit_event order by id")
        previous = trail.FIRST_HASH
        for position, (event_id, content) in enumerate(events.fetchall(), 1):
            link = trail.link_hash(position, previous, event_id, content, at)
            connection.execute(
                "insert into audit_seal (position, event_id, previous_hash, hash, sealed_at)"
                " values (%s, %s, %s, %s, %s)",
                [position, event_id, previous, link, at],
            )
            previous = link


def test_a_backup_shows_when_it_was_made(allocation: ServiceUnderTest) -> None:
    name = "btim_backup_last_success_timestamp_seconds"
    assert value(allocation, name, service="allocation") == 0
    with in_transaction() as session:
        trail.record(session, "operator", "allocation", "create", "backup", "a.zip")
    assert time.time() - value(allocation, name, service="allocation") < 3600
