"""Dashboards ask for what exists, and with some traffic no panel of theirs stays empty."""

import json
import shutil
import socket
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.operation.rules_and_dashboards import (
    DASHBOARDS,
    ROOT,
    RULES,
    existing_metrics,
    metrics_in,
    panels,
)
from tests.receiving import Receiver
from tests.running import LiveServices
from tests.small_run import publish_a_run

WINDOW = "20s"
SELECT = "select * from posting"


def test_every_dashboard_is_found_by_grafana_and_uses_its_one_source() -> None:
    grafana = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((grafana / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    boards = [json.loads(file.read_text()) for file in DASHBOARDS.glob("*.json")]
    assert len({board["uid"] for board in boards}) == len(boards) >= 4
    for _, panel in panels():
        assert panel["datasource"]["uid"] == source["uid"]


def test_panels_lie_beside_each_other() -> None:
    for file in DASHBOARDS.glob("*.json"):
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(file.read_text())["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            assert max(x for x, _ in cells) < 24, panel["title"]
            taken |= cells


def test_every_panel_names_only_metrics_that_exist() -> None:
    known = existing_metrics()
    for board, panel in panels():
        for target in panel["targets"]:
            names = metrics_in(target["expr"].replace("$__rate_interval", "5m"))
            assert names, (board, panel["title"])
            assert names <= known, (board, panel["title"])


def test_every_metric_of_ours_is_looked_at_somewhere() -> None:
    shown = {
        name
        for _, panel in panels()
        for target in panel["targets"]
        for name in metrics_in(target["expr"])
    } | {
        name
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        for name in metrics_in(rule["expr"])
    }
    unseen = {
        name
        for name in existing_metrics()
        if name.startswith("btim_") and not any(one.startswith(name) for one in shown)
    }
    assert not {name for name in unseen if not name.endswith(("_sum", "_count"))}


class Prometheus:
    """A real Prometheus that scrapes the live services every second."""

    def __init__(self, folder: Path, services: LiveServices) -> None:
        hosts = {name: url.removeprefix("http://") for name, url in services.urls.items()}
        scraped = [{"targets": [host], "labels": {"service": name}} for name, host in hosts.items()]
        config = {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": job, "static_configs": scraped}
                for job in ("btim-services", "btim-workers")
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
                "--log.level=error",
            ]
        )
        self._http = httpx2.Client(base_url=f"http://{address}", timeout=30)

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression now; none while it starts."""
        try:
            answer = self._http.get("/api/v1/query", params={"query": expression}).json()
        except httpx2.TransportError:
            return []
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def stop(self) -> None:
        """End the process."""
        self._http.close()
        self._process.terminate()
        self._process.wait(30)


def some_traffic(services: LiveServices, ledger: Path, number: int) -> None:
    """A little of everything that is counted."""
    publish_a_run(services, f"2026-0{number}")
    org = f"code,parent,names.en\nNorth{number},,North\nLost{number},Nowhere,Lost\n".encode()
    services.ingest.post(
        "/v1/imports?wait=60",
        files={"file": (f"org{number}.csv", org, "text/csv")},
        data={"kind": "consumers"},
    ).raise_for_status()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    driver = {"code": f"D-{number}", "names": {"en": "Seats"}, "unit": "seat"}
    for _ in range(2):
        services.ingest.post("/v1/drivers", json=driver, headers=key).raise_for_status()
    with closing(sqlite3.connect(ledger)) as database, database:
        database.execute(
            "insert into posting values (?, '2026-01-05', '1.10', 'EUR', '65')", [f"P{number}"]
        )
    source = services.ingest.get("/v1/sources").json()["items"][0]
    services.ingest.post(f"/v1/sources/{source['id']}/syncs?wait=60", json={}).raise_for_status()


@pytest.fixture
def prometheus(services: LiveServices, tmp_path: Path) -> Iterator[Prometheus]:
    """Prometheus beside the services."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus (Debian package) is not installed")
    running = Prometheus(tmp_path, services)
    yield running
    running.stop()


@pytest.mark.slow
def test_no_panel_is_empty_after_some_traffic(
    services: LiveServices, prometheus: Prometheus, tmp_path: Path
) -> None:
    from shared.audit import verification
    from shared.database import in_transaction
    from tests.api.sources import add_source, changed_settings

    ledger = tmp_path / "ledger.db"
    with closing(sqlite3.connect(ledger)) as database:
        database.execute("create table posting (id, posted_on, amount, currency, account)")
    receiver = Receiver()
    hook = {"url": receiver.url, "events": ["run.published"]}
    services.allocation.post("/v1/webhooks", json=hook).raise_for_status()
    with in_transaction() as session:
        verification.verify_and_note(session)
    query = {"driver": "sqlite", "database": ledger.name, "key": ["id"], "query": SELECT}
    nightly = {"cron": "0 3 * * *", "timezone": "UTC"}
    with changed_settings(source_folders=[str(tmp_path)]):
        add_source(services.ingest, code="ledger", kind="sql", config=query, schedule=nightly)
        some_traffic(services, ledger, 1)
        time.sleep(3)
        some_traffic(services, ledger, 2)
    wanted = {
        f"{board}: {panel['title']}: {target['expr']}"
        for board, panel in panels()
        for target in panel["targets"]
    }
    until = time.monotonic() + 30
    while wanted and time.monotonic() < until:
        time.sleep(1)
        wanted = {
            one
            for one in wanted
            if not prometheus.ask(one.split(": ", 2)[2].replace("$__rate_interval", WINDOW))
        }
    receiver.close()
    assert wanted == set()
    assert prometheus.ask('ALERTS{alertstate="firing",severity="critical"}') == []
