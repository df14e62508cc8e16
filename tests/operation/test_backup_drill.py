"""The drill: a company at work, a backup, the data folder deleted, and everything there again."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import psycopg
import pytest

from cli.postgres import binaries as postgres_binaries
from cli.postgres.server import PostgresServer
from tests.crash.running_system import RunningSystem
from tests.modelling import ok
from tests.operation.commands import btim
from tests.running import LiveServices
from tests.small_run import publish_a_run

pytestmark = pytest.mark.slow
PERIODS = ("2026-01", "2026-02", "2026-03")


@dataclass
class Company:
    """A running system, clients of it, and what it said before the disaster."""

    system: RunningSystem
    said: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def clients(self) -> Iterator[LiveServices]:
        """A client per service, at their present addresses."""
        key = {"Authorization": f"Bearer {self.system.key}"}
        with ExitStack() as opened:
            made = {
                service: opened.enter_context(httpx2.Client(base_url=url, headers=key, timeout=90))
                for service, url in self.system.urls.items()
            }
            yield cast("LiveServices", SimpleNamespace(**made))

    def tells(self) -> dict[str, Any]:
        """Every run with its hash, the traces back from the shops, the raw rows of files."""
        with self.clients() as services:
            runs = ok(services.allocation.get("/v1/runs?limit=1000"))["items"]
            trace = "trace?layer=consumer&code=SHOPS"
            traces = {
                run["id"]: ok(services.allocation.get(f"/v1/runs/{run['id']}/{trace}"))
                for run in runs
            }
            lines = ok(services.ingest.get("/v1/cost-lines?source=file"))["items"]
            raw = {
                line["id"]: ok(services.ingest.get(f"/v1/cost-lines/{line['id']}"))["raw"]
                for line in lines
            }
        hashes = {run["id"]: run["output_hash"] for run in runs}
        return {"hashes": hashes, "traces": traces, "raw": raw}


def push(services: LiveServices, name: str) -> None:
    line = {"source": "stream", "external_id": name, "period": "2026-04", "account": "SW",
            "amount": "1.25", "currency": "CNY"}  # fmt: skip
    ok(services.ingest.post("/v1/cost-lines/bulk?atomic=true", json={"items": [line]}))


def every(services: LiveServices, path: str) -> Iterator[dict[str, Any]]:
    """The items of a list, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = ok(services.ingest.get(f"{path}&cursor={cursor}" if cursor else path))
        yield from page["items"]
        cursor = page["next_cursor"]


def fill(services: LiveServices) -> None:
    """Three published runs, and an imported file in each of their periods."""
    for number, period in enumerate(PERIODS):
        publish_a_run(services, period, amount=f"{1000 + number}.37")
        ledger = f"period,account,amount,currency\n{period},HW,10.0{number},CNY\n"
        upload = {"file": ("ledger.csv", ledger.encode(), "text/csv")}
        form = {"kind": "ledger", "source": "file"}
        ok(services.ingest.post("/v1/imports?wait=30", data=form, files=upload))


def backed_up_under_writes(company: Company, services: LiveServices) -> Path:
    """The archive; what the company said at its end is remembered."""
    enough = threading.Event()

    def keep_pushing() -> int:
        pushed = 0
        while not enough.is_set():
            push(services, f"during-{pushed}")
            pushed += 1
        return pushed

    with ThreadPoolExecutor(1) as threads:
        pushing = threads.submit(keep_pushing)
        system = company.system
        archives = str(system.data_dir.parent / "archives")
        made = btim("backup", archives, "--data-dir", str(system.data_dir), **system.settings)
        enough.set()
    assert made.returncode == 0, made.stderr
    company.said = company.tells() | {"pushed": pushing.result()}
    return Path(json.loads(made.stdout)["file"])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company at work that lost everything and was restored from its only backup."""
    folder = tmp_path_factory.mktemp("drill")
    settings = {"BTIM_FILES_DIR": str(folder / "files")}
    company = Company(RunningSystem(folder / "data", 18521, settings=settings))
    system = company.system
    system.start()
    with company.clients() as services:
        fill(services)
        archive = backed_up_under_writes(company, services)
    assert system.stop() == 0
    shutil.rmtree(system.data_dir)
    shutil.rmtree(folder / "files")
    back = btim("restore", str(archive), "--data-dir", str(system.data_dir), **settings)
    assert back.returncode == 0, back.stderr
    former_key = system.key
    system.start()
    assert system.key == former_key
    yield company
    system.stop()


def test_the_output_hashes_of_all_runs_are_equal(company: Company) -> None:
    now = company.tells()["hashes"]
    assert (len(now), now) == (len(PERIODS), company.said["hashes"])


def test_every_trace_is_equal(company: Company) -> None:
    assert company.tells()["traces"] == company.said["traces"]


def test_every_file_can_be_read(company: Company) -> None:
    """A line's raw row is read out of the file that it came with."""
    assert company.tells()["raw"] == company.said["raw"]
    assert [row["account"] for row in company.said["raw"].values()] == ["HW"] * len(PERIODS)


def test_the_audit_trail_is_whole(company: Company) -> None:
    verified = btim("audit", "verify", "--data-dir", str(company.system.data_dir))
    assert (verified.returncode, json.loads(verified.stdout)["whole"]) == (0, True)


def test_lines_pushed_meanwhile_are_a_beginning_of_what_was_accepted(company: Company) -> None:
    with company.clients() as services:
        found = list(every(services, "/v1/cost-lines?source=stream&limit=1000"))
    numbers = sorted(int(line["external_id"].removeprefix("during-")) for line in found)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) <= company.said["pushed"]


def test_work_goes_on(company: Company) -> None:
    with company.clients() as services:
        push(services, "afterwards-1")
        run = publish_a_run(services, "2026-04", amount="99.01")
    assert run not in company.said["hashes"]


def test_a_copy_of_the_whole_cluster_starts_and_is_clean(tmp_path: Path) -> None:
    def postgres(name: str, *options: str) -> None:
        done = subprocess.run(
            [postgres_binaries.program(name), *options],
            env=postgres_binaries.environment() | {"PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"

    tmp_path.chmod(0o711)
    with PostgresServer(tmp_path / "first") as server:
        assert (
            btim("migrate", BTIM_DATABASE_URL=server.dsn, BTIM_SECRETS_DIR=str(tmp_path)).returncode
            == 0
        )
        with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
            connection.execute("create extension amcheck")
            connection.execute(
                "insert into cost_line (identity, source, period, scenario, amount, currency,"
                " live_from, ordinal, tags, fields)"
                " select uuidv7(), 'erp', '2026-01', 'actual', n, 'CNY', 1, 1, '{}', '{}'"
                " from generate_series(1, 20000) n"
            )
        password = (server.data_dir / "postgres-postgres.password").read_text()
        where = ["--host=127.0.0.1", f"--port={server.port}", "--username=postgres"]
        (tmp_path / "second").mkdir(mode=0o711)
        copy = tmp_path / "second" / "postgres"
        postgres("pg_basebackup", *where, f"--pgdata={copy}", "--wal-method=stream",
                 "--checkpoint=fast", "--manifest-checksums=SHA256")  # fmt: skip
    postgres("pg_verifybackup", str(copy))
    for name in ("postgres-postgres.password", "postgres-btim.password"):
        shutil.copy(tmp_path / "first" / name, tmp_path / "second" / name)
    owner = (tmp_path / "first" / "postgres").stat()
    for path in [copy, *copy.rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)
    with PostgresServer(tmp_path / "second") as server:
        with psycopg.connect(server.dsn) as connection:
            counted = connection.execute("select count(*), sum(amount) from cost_line").fetchone()
        assert counted == (20000, 200010000)
        where = ["--host=127.0.0.1", f"--port={server.port}", "--username=postgres"]
        postgres("pg_amcheck", *where, "--database=btim", "--heapallindexed", "--parent-check")
