"""Whoever asks for whatever: the series of every process stay few, and well formed."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest

from tests.faults.proxied_system import ProxiedSystem
from tests.operation.test_metrics import MOST_SERIES
from tests.running import SERVICES

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ODD_ROUNDS = 100
SOURCES = 35  # more than have series of their own


@pytest.fixture(scope="module")
def system(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedSystem]:
    with ProxiedSystem(tmp_path_factory.mktemp("system"), port_base=0) as running:
        yield running


def ask_every_operation(client: httpx2.Client) -> int:
    """Each path with each method, with an id of nothing; how often."""
    asked = 0
    for path in client.get("/openapi.json").json()["paths"]:
        for method in METHODS:
            client.request(method, re.sub(r"\{[^}]+\}", str(uuid4()), path), json={})
            asked += 1
    return asked


def ask_oddly(client: httpx2.Client, service: str, first: int) -> int:
    """Paths, methods, ids, tenants, hosts, agents that are new each time; how often."""
    for number in range(first, first + ODD_ROUNDS):
        headers = {
            "X-Tenant": f"tenant-{number}", "X-Correlation-ID": f"odd-{number}",
            "User-Agent": f"agent-{number}", "Accept-Language": f"x-{number}",
            "Idempotency-Key": f"odd-{service}-{number}",
        }  # fmt: skip
        client.request(f"VERB{number}", f"/v1/nouns-{number}", headers=headers)
        client.get(f"/v1/jobs/{uuid4()}/{number}", headers=headers)
        client.get(f"/v1/me?label_{number}={number}", headers=headers)
        client.get("/v1/me", headers=headers | {"Authorization": f"Bearer k{number}"})
        client.post(f"/{number}/v1/webhooks", headers=headers, json={"events": [f"e{number}"]})
    return 5 * ODD_ROUNDS


def import_from_sources(client: httpx2.Client, first: int, last: int) -> None:
    """A file each, of a source of its own: one good row and one bad one."""
    for number in range(first, last):
        form = {"kind": "ledger", "source": f"source-{number}", "currency": "EUR"}
        file = {"file": ("l.csv", b"Date,Amount\n2026-01-05,1\n2026-01-06,x\n")}
        answer = client.post("/v1/imports?wait=30", data=form, files=file)
        assert answer.status_code in {200, 202}, answer.text


def expositions(system: ProxiedSystem) -> dict[str, str]:
    """What each service and each worker shows."""
    urls = {service: f"{url}/metrics" for service, url in system.urls.items()}
    urls |= {f"{service}-worker": url for service, url in system.worker_metrics.items()}
    return {name: httpx2.get(url, timeout=30).text for name, url in urls.items()}


def series(text: str) -> set[str]:
    """Names and labels, without values."""
    lines = text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if line and not line.startswith("#")}


def by_callers(text: str) -> int:
    """How many series tell of what was asked, not of chores or the database."""
    own = "btim_(http|import|client|connector|source|idempotency|jobs_finished|job_duration)"
    return sum(re.match(own, one) is not None for one in series(text))


@pytest.mark.slow
def test_after_thousands_of_odd_requests_series_are_few_and_no_more_than_before(
    system: ProxiedSystem,
) -> None:
    asked = 0
    headers = {"Authorization": f"Bearer {system.key}"}
    clients = {
        service: httpx2.Client(base_url=system.urls[service], headers=headers, timeout=60)
        for service in SERVICES
    }
    for service, client in clients.items():
        asked += ask_every_operation(client) + ask_oddly(client, service, 0)
    import_from_sources(clients["ingest"], 0, SOURCES)
    before = {name: by_callers(text) for name, text in expositions(system).items()}
    for service, client in clients.items():
        asked += ask_oddly(client, service, ODD_ROUNDS)
    import_from_sources(clients["ingest"], SOURCES, SOURCES + 10)
    after = expositions(system)
    for client in clients.values():
        client.close()

    found = {name: len(series(text)) for name, text in after.items()}
    assert max(found.values()) <= MOST_SERIES, found
    assert {name: by_callers(text) for name, text in after.items()} == before
    assert asked > 4_000, asked


@pytest.mark.slow
def test_promtool_has_nothing_to_say_of_services_and_workers(system: ProxiedSystem) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian package prometheus) is not installed")
    for name, text in expositions(system).items():
        said = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (said.returncode, said.stdout, said.stderr) == (0, "", ""), name
