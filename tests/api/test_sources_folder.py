"""Folder sources: files handed over whole become imports, and are moved when that is done."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.ingest.sources import watching
from services.ingest.sources.workflow import run_sync
from shared.clients.outside.problems import SourceUnreachable
from shared.database import in_transaction
from shared.jobs.running import JobContext
from tests.api.sources import add_source, changed_settings, lines, sync
from tests.running import ServiceUnderTest

HEADER = "id,posted_on,amount,currency,account\n"


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the operator has listed."""
    found = tmp_path_factory.mktemp("drops")
    with changed_settings(source_folders=[str(found)]):
        yield found


@pytest.fixture
def drop(listed: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of this test's own."""
    folder = listed / request.node.name[:60].replace("[", "-").replace("]", "")
    folder.mkdir()
    return folder


def put(drop: Path, name: str, *rows: str, seconds_old: float = 60) -> Path:
    """A file that was written some time ago."""
    path = drop / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    moment = time.time() - seconds_old
    os.utime(path, (moment, moment))
    return path


def a_folder(ingest: ServiceUnderTest, drop: Path, **config: Any) -> str:
    """A source over the folder. A file counts as settled at once: its times cannot be set back."""
    settled = {"settled_seconds": 0, **config}
    return add_source(ingest, code=drop.name, kind="folder", config={"path": drop.name, **settled})


def left_in(folder: Path) -> list[str]:
    """The names of the files."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file())


def test_each_file_is_one_import_and_is_moved(ingest: ServiceUnderTest, drop: Path) -> None:
    put(drop, "a.csv", "A1,2026-01-05,1.10,EUR,65", "A2,2026-01-05,2,EUR,65")
    put(drop, "b.csv", "B1,2026-01-06,12345678901234567.89,EUR,65")
    done = sync(ingest, a_folder(ingest, drop))
    assert (done["status"], done["pages"], done["rows"]) == ("succeeded", 2, 3), done
    assert [(made["file"], made["status"]) for made in done["imports"]] == [
        ("a.csv", "succeeded"),
        ("b.csv", "succeeded"),
    ]
    assert lines(ingest, drop.name) == {"A1": "1.1", "A2": "2", "B1": "12345678901234567.89"}
    assert (left_in(drop), left_in(drop / "processed")) == ([], ["a.csv", "b.csv"])


def test_what_is_not_handed_over_yet_is_left_alone(ingest: ServiceUnderTest, drop: Path) -> None:
    for name in (".hidden.csv", "c.csv.part", "d.csv.tmp", "~e.csv", "f.txt", "g.CRDOWNLOAD"):
        put(drop, name, "X,2026-01-05,1,EUR,65")
    (drop / "inner.csv").mkdir()
    (drop / "link.csv").symlink_to("/etc/hostname")
    done = sync(ingest, a_folder(ingest, drop, pattern="*.csv*"))
    assert (done["status"], done["imports"]) == ("succeeded", [])
    assert len(left_in(drop)) == 7


def test_a_file_that_was_just_written_has_to_settle(ingest: ServiceUnderTest, drop: Path) -> None:
    path = a_folder(ingest, drop, settled_seconds=1)
    put(drop, "fresh.csv", "F1,2026-01-05,1,EUR,65", seconds_old=0)
    assert sync(ingest, path)["imports"] == []
    time.sleep(1.1)
    assert len(sync(ingest, path)["imports"]) == 1


def test_a_refused_file_lies_beside_the_reason(ingest: ServiceUnderTest, drop: Path) -> None:
    put(drop, "good.csv", "G1,2026-01-05,1,EUR,65")
    (drop / "empty.csv").write_bytes(b"")
    (drop / "other.csv").write_text("a,b\n1,2\n")
    done = sync(ingest, a_folder(ingest, drop))
    assert (done["status"], done["problem"]["code"]) == ("failed", "files_refused")
    assert lines(ingest, drop.name) == {"G1": "1"}
    assert left_in(drop / "failed") == [
        "empty.csv",
        "empty.csv.problem.json",
        "other.csv",
        "other.csv.problem.json",
    ]
    reason = json.loads((drop / "failed" / "other.csv.problem.json").read_text())
    assert reason["code"] == "unknown_column"


def test_the_same_file_again_is_known(ingest: ServiceUnderTest, drop: Path) -> None:
    path = a_folder(ingest, drop)
    put(drop, "one.csv", "O1,2026-01-05,1,EUR,65")
    first = sync(ingest, path)["imports"][0]
    put(drop, "one.csv", "O1,2026-01-05,1,EUR,65")
    again = sync(ingest, path)["imports"][0]
    assert (again["id"], again["known"]) == (first["id"], True)
    assert left_in(drop / "processed") == ["one.2.csv", "one.csv"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_break_between_import_and_move_loads_nothing_twice(
    ingest: ServiceUnderTest, drop: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = a_folder(ingest, drop)
    put(drop, "broken.csv", "K1,2026-01-05,1,EUR,65", "K2,2026-01-05,1,EUR,65")
    name = {"before": "_run", "after": "_move"}[place]

    def break_off(*_: Any) -> None:
        raise SourceUnreachable("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(watching, name, break_off)
        assert sync(ingest, path)["status"] == "failed"
    assert left_in(drop) == ["broken.csv"]
    done = sync(ingest, path)
    assert (done["status"], left_in(drop)) == ("succeeded", [])
    assert lines(ingest, drop.name) == {"K1": "1", "K2": "1"}


def test_a_worker_that_takes_over_goes_on_with_the_same_import(
    ingest: ServiceUnderTest, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_folder(ingest, drop)
    put(drop, "taken-over.csv", "T1,2026-01-05,1,EUR,65")
    asked = ingest.post(f"{path}/syncs", json={}).json()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, in_transaction() as session:
        patch.setattr(watching, "_run", die)
        job = asked["job"]["id"]
        context = JobContext(session, job, asked["id"], {}, "tester")
        with pytest.raises(KeyboardInterrupt):
            run_sync(context)
        session.rollback()
    ingest.run_jobs()
    done = ingest.get(f"{path}/syncs/{asked['id']}").json()
    assert (done["status"], len(done["imports"])) == ("succeeded", 1)
    assert lines(ingest, drop.name) == {"T1": "1"}


def test_a_test_names_the_files_that_wait(ingest: ServiceUnderTest, drop: Path) -> None:
    path = a_folder(ingest, drop)
    put(drop, "waiting.csv", "W1,2026-01-05,1,EUR,65")
    assert ingest.post(f"{path}/test").json()["notes"] == ["waiting.csv"]


@pytest.mark.parametrize("path", ["/etc", "..", "out"])
def test_folders_outside_of_the_listed_ones_are_refused(
    ingest: ServiceUnderTest, listed: Path, path: str
) -> None:
    if not (listed / "out").is_symlink():
        (listed / "out").symlink_to("/etc")
    source = add_source(ingest, code=f"out-{path}", kind="folder", config={"path": path})
    answer = ingest.post(f"{source}/test")
    assert (answer.status_code, answer.json()["code"]) == (422, "path_not_allowed")
    assert sync(ingest, source)["problem"]["code"] == "path_not_allowed"
