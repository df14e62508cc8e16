"""Sources with real services and workers: waited for, started by the clock, once among several."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.ingest.sources.planning import start_due_syncs
from services.ingest.sources.repository import get_source
from shared.clock import utc_now
from shared.database import in_transaction
from shared.settings import Settings
from tests.api.sources import changed_settings
from tests.running import LiveServices
from tests.simulators.ledger_api import TOKEN, LedgerApi, config_of


@pytest.fixture(scope="module")
def ledger() -> Iterator[LedgerApi]:
    """A ledger of 60 postings that may be called."""
    with changed_settings(source_hosts=["127.0.0.1"]) as patch, LedgerApi(60) as simulator:
        patch.setenv("BTIM_SOURCE_LEDGER", TOKEN)
        yield simulator


def add(services: LiveServices, ledger: LedgerApi, code: str, **more: Any) -> str:
    """A source over the ledger; its path."""
    profile = {
        "code": "live-postings",
        "kind": "ledger",
        "columns": {
            "amount": "amount.value",
            "currency": "amount.currency",
            "posted_on": "posted_on",
        },
    }
    services.ingest.post("/v1/profiles/bulk", json={"items": [profile]})
    body = {
        "code": code,
        "kind": "rest",
        "config": config_of(ledger, "link"),
        "secret_ref": "env:BTIM_SOURCE_LEDGER",
        "maps_to": "ledger",
        "profile": "live-postings",
        **more,
    }
    answer = services.ingest.post("/v1/sources", json=body)
    assert answer.status_code == 201, answer.text
    return f"/v1/sources/{answer.json()['id']}"


def rows_counted(services: LiveServices) -> float:
    """Rows fetched from all sources: only so many of them have a label of their own."""
    metrics = services.ingest.get("/metrics").text
    return sum(map(float, re.findall(r"^btim_source_rows_total\{.*\} (.+)$", metrics, re.M)))


def test_a_sync_that_is_waited_for_answers_itself(
    services: LiveServices, ledger: LedgerApi
) -> None:
    before = rows_counted(services)
    path = add(services, ledger, "waited-for")
    answer = services.ingest.post(f"{path}/syncs?wait=30", json={})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["rows"]) == ("succeeded", 60)
    until = time.monotonic() + 20  # the worker counts after it has said that it is done
    while rows_counted(services) < before + 60:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_worker_starts_what_is_due(services: LiveServices, ledger: LedgerApi) -> None:
    path = add(services, ledger, "by-the-clock", schedule={"cron": "0 3 * * *"})
    with in_transaction() as session:
        row = get_source(session, UUID(path[-36:]))
        row.next_at = utc_now()
        session.add(row)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = services.ingest.get(f"{path}/syncs").json()["items"]
        if found and found[0]["status"] == "succeeded":
            break
        time.sleep(0.1)
    assert [(sync["trigger"], sync["rows"]) for sync in found] == [("schedule", 60)]


def test_of_several_workers_one_starts_a_due_source(
    services: LiveServices, ledger: LedgerApi
) -> None:
    path = add(services, ledger, "contended", schedule={"cron": "0 3 * * *"})
    late = utc_now() + timedelta(days=30)
    started: list[int] = []
    ready = threading.Barrier(6)

    def worker() -> None:
        ready.wait()
        started.append(start_due_syncs(late))

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(services.ingest.get(f"{path}/syncs").json()["items"]) == 1


@pytest.mark.parametrize(
    "text", ['["a.example.com", "*.b.example.com"]', "a.example.com, *.b.example.com"]
)
def test_lists_of_settings_are_json_or_have_commas(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("BTIM_SOURCE_HOSTS", text)
    assert Settings().source_hosts == ["a.example.com", "*.b.example.com"]
