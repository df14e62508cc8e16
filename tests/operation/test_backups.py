"""A backup made under writes comes back equal; what cannot be trusted is refused untouched."""

import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.postgres.server import PostgresServer
from tests.operation.commands import btim
from tests.running import LiveServices
from tests.small_run import publish_a_run


def at(dsn: str, secrets: Path, files: Path) -> dict[str, str]:
    """The settings of a deployment."""
    return {
        "BTIM_DATABASE_URL": dsn,
        "BTIM_SECRETS_DIR": str(secrets),
        "BTIM_FILES_DIR": str(files),
    }


def problem_code(refused: subprocess.CompletedProcess[str]) -> str:
    assert refused.returncode == 1, refused
    return str(json.loads(refused.stdout)["problem"]["code"])


def values(dsn: str, query: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


class Pusher(threading.Thread):
    """Pushes batches of five lines until told to stop."""

    def __init__(self, services: LiveServices) -> None:
        super().__init__(daemon=True)
        self._services = services
        self.enough = threading.Event()
        self.pushed = 0

    def run(self) -> None:
        """Push."""
        while not self.enough.is_set():
            items = [
                {"source": "stream", "external_id": f"{self.pushed}-{each}", "period": "2026-02",
                 "amount": "1.25", "currency": "CNY", "account": "SW"}
                for each in range(5)
            ]  # fmt: skip
            answer = self._services.ingest.post(
                "/v1/cost-lines/bulk?atomic=true", json={"items": items}
            )
            assert answer.status_code == 200, answer.text
            self.pushed += 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backups")


@pytest.fixture(scope="module")
def archive(services: LiveServices, database: str, folder: Path) -> Path:
    """A backup of a company with a published run and a file, made while lines are pushed."""
    from shared.settings import get_settings

    settings = get_settings()
    settings.files_dir = folder / "files"
    publish_a_run(services, "2026-01")
    ledger = b"period,account,amount,currency\n2026-03,SW,10.01,CNY\n"
    order = services.ingest.post(
        "/v1/imports?wait=30",
        data={"kind": "ledger", "source": "file"},
        files={"file": ("ledger.csv", ledger, "text/csv")},
    )
    assert order.json()["status"] == "succeeded", order.text
    pusher = Pusher(services)
    pusher.start()
    made = btim(
        "backup",
        str(folder / "archives"),
        **at(database, settings.secrets_dir, settings.files_dir),
    )
    pusher.enough.set()
    pusher.join(60)
    settings.files_dir = None
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["missing_files"] == []
    assert pusher.pushed > 0
    return Path(json.loads(made.stdout)["file"])


@pytest.fixture(scope="module")
def target() -> Iterator[PostgresServer]:
    """A new cluster with nothing in it."""
    with PostgresServer.throw_away() as server:
        yield server


def restore(archive: Path, target: PostgresServer, *options: str) -> Any:
    folder = target.data_dir
    where = at(target.dsn, folder / "secrets", folder / "files")
    return btim("restore", str(archive), *options, **where)


def rewritten(archive: Path, target: Path, change: Any) -> Path:
    """A copy of an archive whose manifest and dump went through `change`."""
    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(target, "w") as made:
        manifest = json.loads(given.read("manifest.json"))
        dump = change(manifest, given.read("database.dump"))
        for name in manifest["parts"]:
            made.writestr(name, dump if name == "database.dump" else given.read(name))
        made.writestr("manifest.json", json.dumps(manifest))
    return target


def test_only_its_owner_may_read_an_archive(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_the_audit_trail_tells_when_a_backup_was_made(archive: Path, database: str) -> None:
    query = "select resource_id, action from audit_event where resource_type = 'backup'"
    assert values(database, query) == [(archive.name, "create")]


def test_a_backup_made_under_writes_comes_back_equal_in_a_new_cluster(
    archive: Path, target: PostgresServer, database: str, services: LiveServices
) -> None:
    restored = restore(archive, target)
    assert restored.returncode == 0, restored.stderr
    run_query = "select id, output_hash from allocation_run order by id"
    assert values(target.dsn, run_query) == values(database, run_query)
    [[lines]] = values(target.dsn, "select count(*) from cost_line where source = 'stream'")
    [[now]] = values(database, "select count(*) from cost_line where source = 'stream'")
    assert (lines % 5, lines <= now) == (0, True)
    for file_id, digest in values(target.dsn, "select id, sha256 from stored_file"):
        content = (target.data_dir / "files" / str(file_id)).read_bytes()
        assert sha256(content).hexdigest() == digest
    key = (target.data_dir / "secrets" / "admin.key").read_text().strip()
    prefix, secret = key.split("_", 2)[1:]
    [[stored]] = values(target.dsn, f"select secret_hash from api_key where prefix = '{prefix}'")
    assert (key, stored) == (services.key, sha256(secret.encode()).digest())


def test_a_place_that_holds_something_is_left_alone_without_force(
    archive: Path, target: PostgresServer
) -> None:
    assert problem_code(restore(archive, target)) == "target_not_empty"


@pytest.mark.slow
def test_a_database_that_somebody_uses_is_left_alone_even_with_force(
    archive: Path, target: PostgresServer
) -> None:
    with psycopg.connect(target.dsn):
        assert problem_code(restore(archive, target, "--force")) == "target_in_use"


def test_a_forced_restore_that_breaks_in_the_middle_changes_nothing(
    archive: Path, target: PostgresServer, tmp_path: Path
) -> None:
    def cut(manifest: dict[str, Any], dump: bytes) -> bytes:
        half = dump[: len(dump) // 2]
        part = {"bytes": len(half), "sha256": sha256(half).hexdigest()}
        manifest["parts"]["database.dump"] = part
        return half

    broken = rewritten(archive, tmp_path / "cut.zip", cut)
    before = values(target.dsn, "select id from audit_event order by id")
    assert restore(broken, target, "--force").returncode == 3
    assert values(target.dsn, "select id from audit_event order by id") == before


@pytest.mark.slow
def test_a_forced_restore_replaces_what_was_there(archive: Path, target: PostgresServer) -> None:
    assert restore(archive, target, "--force").returncode == 0
    with psycopg.connect(target.dsn) as connection:
        connection.execute("update deployment set secret = 'x'")
    assert restore(archive, target, "--force").returncode == 0
    assert values(target.dsn, "select secret from deployment where secret = 'x'") == []


def test_a_backup_of_a_newer_schema_is_refused(archive: Path, tmp_path: Path) -> None:
    from cli.backups.archive import read
    from cli.backups.restoring import _refuse_newer
    from shared.errors import Unreadable

    def from_the_future(manifest: dict[str, Any], dump: bytes) -> bytes:
        manifest["contents"]["revision"] = "year_3000"
        return dump

    newer = rewritten(archive, tmp_path / "newer.zip", from_the_future)
    with read(newer) as reader:
        reader.check()
        with pytest.raises(Unreadable, match="year_3000"):
            _refuse_newer(reader.manifest)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
def test_one_changed_byte_anywhere_is_found(archive: Path, tmp_path: Path, share: float) -> None:
    from cli.backups.archive import read
    from shared.errors import Problem

    content = bytearray(archive.read_bytes())
    content[int(len(content) * share)] ^= 1
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    with pytest.raises(Problem, match=r"damaged|whole|no backup"), read(damaged) as reader:
        reader.check()


def test_a_part_of_another_name_is_not_written_anywhere(archive: Path, tmp_path: Path) -> None:
    from cli.backups.archive import read
    from shared.errors import Problem

    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(tmp_path / "evil.zip", "w") as made:
        manifest = json.loads(given.read("manifest.json"))
        dump = manifest["parts"]["database.dump"]
        manifest["parts"] = {"files/../../evil": dump, "database.dump": dump}
        made.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(Problem, match="no part named"), read(tmp_path / "evil.zip") as reader:
        reader.check()


def test_an_archive_is_never_written_over(archive: Path) -> None:
    from cli.backups.archive import written
    from shared.errors import Conflict

    size = archive.stat().st_size
    with pytest.raises(Conflict, match="exists already"), written(archive):
        pass
    assert archive.stat().st_size == size


def test_a_backup_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    from cli.backups.archive import written

    def half() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="gone"), written(tmp_path / "b.zip") as writer:
        writer.add("database.dump", half())
    assert list(tmp_path.iterdir()) == []


def test_one_backup_at_a_time_writes_into_a_folder(tmp_path: Path) -> None:
    from cli.backups.archive import written
    from shared.errors import Conflict

    with (
        pytest.raises(Conflict, match="another backup"),
        written(tmp_path / "1.zip"),
        written(tmp_path / "2.zip"),
    ):
        pass


def test_a_run_whose_month_is_archived_says_so_until_it_is_back(
    archive: Path, database: str, services: LiveServices
) -> None:
    """The chunks' partition is taken out and put back; totals and balances stay where they are."""
    bounds = "select pg_get_expr(relpartbound, oid) from pg_class where relname = %s"
    [[run_id]] = values(database, "select id from allocation_run")
    partition = "run_chunk_before"
    with psycopg.connect(database, autocommit=True) as connection:
        [[for_values]] = connection.execute(bounds, (partition,)).fetchall()
        connection.execute(f"alter table run_chunk detach partition {partition}")
        flows = services.allocation.get(f"/v1/runs/{run_id}/flows")
        explained = services.allocation.get(f"/v1/runs/{run_id}/own-amounts")
        balances = services.allocation.get(f"/v1/runs/{run_id}/balances")
        connection.execute(f"alter table run_chunk attach partition {partition} {for_values}")
    assert (flows.status_code, flows.json()["code"]) == (409, "run_archived")
    assert (explained.status_code, explained.json()["code"]) == (409, "run_archived")
    assert balances.status_code in {200, 409}
    assert services.allocation.get(f"/v1/runs/{run_id}/flows").status_code == 200
