"""kill -9 of the worker at random moments of a pull: the rows come once, none is missing."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.feeds import FEEDS, PASSWORD, TOKEN, Facts, Feed, open_sources
from tests.connectors.feeds import everything as every_item
from tests.running import ServiceUnderTest

pytestmark = pytest.mark.slow
KILLS = 10
COUNT = 300
SEED = 20_261_122
SETTINGS = {
    "BTIM_SOURCE_HOSTS": "127.0.0.1",
    "BTIM_SOURCE_READER": PASSWORD,
    "BTIM_SOURCE_TOKEN": TOKEN,
    "BTIM_WORKER_HEARTBEAT_SECONDS": "0.2",
    "BTIM_WORKER_STALLED_SECONDS": "1",
    "BTIM_JOB_MAX_ATTEMPTS": "1000",
}


@pytest.fixture(scope="module")
def listed(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the operator has listed."""
    folder = tmp_path_factory.mktemp("listed")
    with open_sources(folder):
        yield folder


def start_worker(listed: Path) -> "subprocess.Popen[bytes]":
    """The real worker of ingest over the database of this test."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.work", "ingest"],
        env={**os.environ, **SETTINGS, "BTIM_SOURCE_FOLDERS": str(listed)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def sync_under_fire(
    ingest: ServiceUnderTest, path: str, listed: Path, dice: random.Random
) -> tuple[dict[str, Any], int]:
    """Sync while workers are killed, each some time after its first sign of life."""
    asked = ingest.post(f"{path}/syncs", json={}).json()["id"]
    kills = 0
    worker = start_worker(listed)
    until = time.monotonic() + 900
    try:
        while time.monotonic() < until:
            state = dict(ingest.get(f"{path}/syncs/{asked}").json())
            if state["status"] not in ("queued", "running"):
                return state, kills
            if kills == KILLS:
                time.sleep(0.2)
                continue
            wait_for_progress(ingest, path, asked, state)
            time.sleep(dice.uniform(0, 0.6))
            worker.kill()
            worker.wait()
            kills += 1
            worker = start_worker(listed)
    finally:
        worker.kill()
        worker.wait()
    raise TimeoutError(f"the sync has not ended: {state}")


def wait_for_progress(
    ingest: ServiceUnderTest, path: str, asked: str, before: dict[str, Any]
) -> None:
    """Return once the worker has done something more; a busy machine takes long to start one."""
    names = ("status", "pages", "imports")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        now = ingest.get(f"{path}/syncs/{asked}").json()
        if any(now[name] != before[name] for name in names):
            return
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["rest", "servicenow", "odata-v2", "odata-v4"])
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    ingest: ServiceUnderTest, listed: Path, kind: str
) -> None:
    feed: Feed = FEEDS[kind](700 + list(FEEDS).index(kind), COUNT)  # type: ignore[call-arg]
    feed.server.data_seconds = 0.15
    with feed.server:
        path = feed.add(ingest)
        done, kills = sync_under_fire(ingest, path, listed, random.Random(SEED))
    assert (done["status"], kills) == ("succeeded", KILLS), done
    assert done["rows"] == COUNT
    assert feed.arrived(ingest) == feed.truth()


def test_a_folder_is_taken_in_once_though_the_worker_is_killed(
    ingest: ServiceUnderTest, listed: Path
) -> None:
    drop = listed / "drop"
    drop.mkdir()
    truth: Facts = {}
    for file in range(40):
        lines = ["external_id,posted_on,amount,currency,account,description"]
        for number in range(file * 25, file * 25 + 25):
            lines.append(f"F{number:05d},2026-01-05,{number}.5,EUR,65,file {file}")
            truth[f"F{number:05d}"] = (f"{number}.5", "2026-01-05", "65", f"file {file}")
        half = drop / f"{file:03d}.csv.part"
        half.write_text("\n".join(lines) + "\n")
        half.rename(drop / f"{file:03d}.csv")
    (drop / "still-written.csv.part").write_text("external_id,posted_on,amo")
    body = {
        "code": "killed-folder", "kind": "folder", "maps_to": "ledger",
        "config": {"path": str(drop), "settled_seconds": 0},
    }  # fmt: skip
    answer = ingest.post("/v1/sources", json=body)
    assert answer.status_code == 201, answer.text
    path = f"/v1/sources/{answer.json()['id']}"
    done, kills = sync_under_fire(ingest, path, listed, random.Random(SEED))
    assert (done["status"], kills > 3) == ("succeeded", True), done
    assert sorted(entry.name for entry in drop.iterdir()) == ["processed", "still-written.csv.part"]
    found: Facts = {}
    for line in every_item(ingest, "/v1/cost-lines", source="killed-folder"):
        assert line["external_id"] not in found
        shown = (line["amount"], line["posted_on"], line["account"], line["description"])
        found[line["external_id"]] = shown
    assert found == truth
