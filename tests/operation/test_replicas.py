"""Replicas give the same answers: nothing that matters lives in one process only."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from cli.probe import is_ready
from cli.system.free_ports import free_port
from tests.operation.company import Company, a_company, lines
from tests.operation.systems import ROOT, a_system
from tests.running import LiveServices
from tests.small_run import publish_a_run

PERIOD = "2026-04"
VIEWS = [f"/v1/views/{name}?period={PERIOD}" for name in ("consumers", "solutions", "flow")]


@pytest.fixture(scope="module")
def second(services: LiveServices) -> Iterator[httpx2.Client]:
    """Another process of allocation over the same database."""
    port = free_port()
    command = [sys.executable, "-m", "cli.serve", "allocation", "--port", str(port)]
    process = subprocess.Popen(command, env=dict(os.environ), cwd=ROOT)
    try:
        until = time.monotonic() + 60
        while not is_ready(port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        headers = {"Authorization": f"Bearer {services.key}"}
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


def test_a_second_replica_shows_the_same_figures_of_a_run_it_never_loaded(
    services: LiveServices, second: httpx2.Client
) -> None:
    run = publish_a_run(services, PERIOD)
    paths = [f"/v1/runs/{run}", f"/v1/runs/{run}/balances?layer=consumer", *VIEWS]
    for path in paths:
        one, other = services.allocation.get(path), second.get(path)
        assert (other.status_code, other.content) == (200, one.content), path


def test_pages_go_on_at_another_replica(services: LiveServices, second: httpx2.Client) -> None:
    items = [{"code": f"PAGE-{number:02}", "names": {"en": "Page"}} for number in range(25)]
    services.allocation.post("/v1/consumers/bulk", json={"items": items})
    seen = walk(cycle([services.allocation, second]), "/v1/consumers?q=PAGE-")
    assert seen == [item["code"] for item in items]


def walk(clients: Iterator[httpx2.Client], path: str) -> list[str]:
    """The codes of a list, each page asked of the next client."""
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        answer = next(clients).get(path, params={**_query(path), **query})
        assert answer.status_code == 200, answer.text
        seen += [item["code"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return seen


def _query(path: str) -> dict[str, str]:
    return dict(httpx2.URL(path).params)


def test_a_key_used_at_one_replica_is_known_at_the_other(
    services: LiveServices, second: httpx2.Client
) -> None:
    body = {"code": "KEYED", "names": {"en": "Keyed"}}
    sent: dict[str, Any] = {"json": body, "headers": {"Idempotency-Key": str(uuid4())}}
    one = services.allocation.post("/v1/consumers", **sent)
    other = second.post("/v1/consumers", **sent)
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert other.headers["idempotency-replayed"] == "true"


def test_of_two_changes_at_two_replicas_with_one_etag_one_is_stale(
    services: LiveServices, second: httpx2.Client
) -> None:
    made = second.post("/v1/consumers", json={"code": "RACE", "names": {"en": "Race"}})
    path, etag = f"/v1/consumers/{made.json()['id']}", made.headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda place: (services.allocation, second)[place % 2].patch(
                    path, json={"names": {"en": f"Race {place}"}}, headers={"If-Match": etag}
                ),
                range(8),
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


@pytest.mark.slow
def test_one_two_and_four_replicas_come_to_the_same_run_and_show_the_same_pages(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    told: dict[int, list[Any]] = {}
    for replicas in (1, 2, 4):
        with a_system(folder, replicas) as system, a_company(system.urls, system.key) as company:
            if replicas == 1:
                company.write_model()
                company.push_lines(lines(PERIOD, 5_000))
            told[replicas] = what_is_told(company, system.gateway is not None)
    assert told[1] == told[2] == told[4]


def what_is_told(company: Company, prefixed: bool) -> list[Any]:
    """Hashes of several runs at the same time, then every view of one of them, many times."""
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: company.run(PERIOD), range(4)))
    run = company.run(PERIOD, publish=True)
    hashes = {one.run["output_hash"] for one in [*runs, run]}
    assert len(hashes) == 1
    views = [company.allocation.get(f"{path}&limit=1000") for path in VIEWS for _ in range(8)]
    assert {view.status_code for view in views} == {200}
    bodies = {json.dumps(_figures(view.json()), sort_keys=True) for view in views}
    assert len(bodies) == len(VIEWS)
    seen = walk(cycle([company.allocation]), "/v1/consumers?q=UNIT-")
    assert len(seen) == len(set(seen)) == 40
    made = company.allocation.post("/v1/runs", json={"period": PERIOD, "currency": "EUR"})
    assert made.headers["location"].startswith("/allocation/v1/" if prefixed else "/v1/")
    return [sorted(hashes), sorted(bodies), seen]


def _figures(node: Any) -> Any:
    """An answer without ids, times and addresses, which differ from run to run."""
    if isinstance(node, dict):
        return {
            name: _figures(value)
            for name, value in node.items()
            if name not in {"id", "run", "run_id", "runs", "href", "etag"} and "_at" not in name
        }
    return [_figures(each) for each in node] if isinstance(node, list) else node
