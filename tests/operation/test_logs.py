"""What a person searches for after a fault: one id in logs, jobs, audit, problems and webhooks."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from shared.database import at_once
from shared.logs import get_logger, set_up_logs
from tests.receiving import Receiver
from tests.running import LiveServices, a_key
from tests.small_run import publish_a_run

LONGEST_LINE = 2_000


class LogLines(io.StringIO):
    """All that was logged, line by line."""

    def lines(self) -> list[dict[str, Any]]:
        """Each line is one JSON object or this fails."""
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, identifier: str) -> list[dict[str, Any]]:
        """The lines of one correlation id."""
        return [line for line in self.lines() if line["correlation_id"] == identifier]


@pytest.fixture
def logged(services: LiveServices) -> Iterator[LogLines]:
    """What the services and workers log while a test runs, at INFO."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    written = LogLines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        set_up_logs("test", "INFO")
    yield written
    root.level, root.handlers[:] = before


@pytest.fixture(scope="module")
def receiver(services: LiveServices) -> Iterator[Receiver]:
    """A webhook on the publication of runs."""
    running = Receiver()
    hook = {"url": running.url, "events": ["run.published"]}
    services.allocation.post("/v1/webhooks", json=hook).raise_for_status()
    yield running
    running.close()


def follow(number: int, services: LiveServices, logged: LogLines, receiver: Receiver) -> None:
    """One flow over all three services under one id, and every place where it must be found."""
    known, delivered = f"flow-{number}", len(receiver.got)
    for client in (services.ingest, services.allocation, services.valuation):
        client.headers["X-Correlation-ID"] = known
    run = publish_a_run(services, f"{2000 + number // 12}-{number % 12 + 1:02}")
    problem = services.valuation.get(f"/v1/initiatives/{run}")
    assert problem.status_code == 404
    assert problem.json()["correlation_id"] == problem.headers["x-correlation-id"] == known
    assert receiver.wait_for(delivered + 1)[-1][0]["x-correlation-id"] == known
    with at_once() as connection:
        for table, of_run in (("job", "resource_id"), ("audit_event", "resource_id")):
            found = connection.execute(
                text(f"select distinct correlation_id from {table} where {of_run} = :run"),
                {"run": run},
            ).scalars()
            assert list(found) == [known], table
    lines = logged.of(known)
    assert [line["kind"] for line in lines if line["event"] == "job"] == ["run"]
    routes = {line["route"] for line in lines if line["event"] == "request"}
    assert {"/v1/cost-lines/bulk", "/v1/runs", "/v1/initiatives/{initiative_id}"} <= routes


def test_one_id_is_found_everywhere_in_ten_flows(
    services: LiveServices, logged: LogLines, receiver: Receiver
) -> None:
    for number in range(10):
        follow(number, services, logged, receiver)
    lines = logged.lines()
    assert all(line["correlation_id"] for line in lines)
    assert all(line["at"].endswith("Z") for line in lines)
    assert max(map(len, logged.getvalue().splitlines())) < LONGEST_LINE
    assert services.key not in logged.getvalue()


@pytest.mark.slow
def test_one_id_is_found_everywhere_in_a_hundred_flows(
    services: LiveServices, logged: LogLines, receiver: Receiver
) -> None:
    for number in range(10, 110):
        follow(number, services, logged, receiver)


def test_nobody_can_write_lines_of_their_own_into_the_log(
    services: LiveServices, logged: LogLines
) -> None:
    forged = '{"event": "request", "subject": "somebody else"}'
    key = a_key(["ingest:read"])
    bad_ids = [f"x{forged}", "a" * 200, "a\tb", "%0d%0aforged", "é"]
    for identifier in bad_ids:
        headers = {"X-Correlation-ID": identifier.encode(), "Authorization": f"Bearer {key}"}
        answer = services.ingest.get(f"/v1/me?x={forged}", headers=headers)
        assert answer.headers["x-correlation-id"] != identifier
    get_logger("test").error("says\nmore\r\nthan\u2028one line", subject=f"x\n{forged}")
    ours = [line for line in logged.lines() if line["logger"] in {"btim.request", "test"}]
    assert len(ours) == len(bad_ids) + 1
    assert not [line for line in ours if line.get("subject") == "somebody else"]
    assert key not in logged.getvalue()


def test_a_line_outside_of_any_request_has_an_id_too(logged: LogLines) -> None:
    get_logger("test").error("nobody asked")
    logging.getLogger("library").error("nor here")
    first, second = logged.lines()
    assert first["correlation_id"] == second["correlation_id"] != ""
