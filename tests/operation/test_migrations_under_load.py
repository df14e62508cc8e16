"""Migrations while the former version of the services works: nobody fails, nobody waits long."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from cli.postgres.server import PostgresServer
from shared.ids import new_id
from shared.postgres.migrations import alembic_config, newest_revision
from tests.operation.commands import ROOT, btim
from tests.running import outside_environment

FORMER = "report_schedules"
LONGEST_WAIT_SECONDS = 5.0  # whoever queues behind a reader of RESTING_SECONDS waits that long
RESTING_SECONDS = 12.0
BEFORE_PARTITIONS = "rate_limits"

# What the former version says to the database, statement by statement.
WORK: dict[str, str] = {
    "who calls": "select id, subject, secret_hash, scopes, consumers, expires_at, last_used_at,"
    " now() as now from api_key where prefix = 'none' and revoked_at is null",
    "push a line": "insert into cost_line (identity, ordinal, source, period, scenario, amount,"
    " currency, tags, fields, live_from) values (%(id)s, 1, 'load', '2026-01', 'actual', 1.5,"
    " 'CNY', '{}', '{}', 1)",
    "store a chunk": "insert into run_chunk (run_id, name, position, content)"
    " values (%(run)s, %(name)s, 0, 'content')",
    "read a run": "select name, content from run_chunk where run_id = %(run)s and name <> 'other'"
    " order by name, position limit 50",
    "push an observation": "select id, value from observation where period = '2026-01'"
    " order by id limit 100",
    "list lines": "select * from cost_line where period = '2026-01' and scenario = 'actual'"
    " and live_to is null order by id limit 100",
}
LINES = """
insert into cost_line (identity, ordinal, source, period, scenario, amount, currency, tags, fields,
    live_from)
select md5(n::text)::uuid, 1, 'erp', '2025-' || lpad((n %% 12 + 1)::text, 2, '0'), 'actual', n,
    'CNY', '{}', '{}', 1 from generate_series(1, %(rows)s) n
"""
CHUNKS = """
insert into run_chunk (run_id, name, position, content)
select uuidv7(), 'flows', n %% 5, repeat('x', 400)::bytea from generate_series(1, %(rows)s) n
"""


def migrate_to(dsn: str, revision: str) -> None:
    engine = create_engine(make_url(dsn).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A database as the former version left it, without rows."""
    with PostgresServer.throw_away() as server:
        migrate_to(server.dsn, FORMER)
        yield server


def fill(server: PostgresServer, rows: int) -> None:
    with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # without runs to refer to
        connection.execute(LINES, {"rows": rows})
        connection.execute(CHUNKS, {"rows": rows // 5})
        connection.execute("analyze")


class Working(threading.Thread):
    """The former version at work: one statement after the other, each at once on disk."""

    def __init__(self, dsn: str) -> None:
        super().__init__(daemon=True)
        self._dsn = dsn
        self.enough = threading.Event()
        self.longest: dict[str, float] = dict.fromkeys(WORK, 0.0)
        self.done = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Work until told to stop."""
        run_id = new_id()
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")
            while not self.enough.is_set():
                for name, statement in WORK.items():
                    values: dict[str, Any] = {"id": new_id(), "run": run_id, "name": str(self.done)}
                    started = time.monotonic()
                    try:
                        connection.execute(statement, values)
                    except psycopg.Error as error:
                        self.failures.append(f"{name}: {error}")
                    self.longest[name] = max(self.longest[name], time.monotonic() - started)
                self.done += 1


def await_revision(server: PostgresServer, revision: str) -> None:
    """Return when the steps up to this one are done."""
    deadline = time.monotonic() + 180
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        while connection.execute("select version_num from alembic_version").fetchall() != [
            (revision,)
        ]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def at_work(server: PostgresServer, count: int) -> Iterator[list[Working]]:
    """Some workers of the former version, all of them without a failure at the end."""
    workers = [Working(server.superuser_dsn) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.enough.set()
            worker.join(60)
    assert [worker.failures for worker in workers] == [[]] * count


def settings(server: PostgresServer, folder: Path) -> dict[str, str]:
    return {"BTIM_DATABASE_URL": server.dsn, "BTIM_SECRETS_DIR": str(folder)}


@pytest.mark.slow
def test_a_million_rows_are_migrated_by_two_at_once_while_the_former_version_works(
    server: PostgresServer, tmp_path: Path
) -> None:
    fill(server, 1_000_000)
    with at_work(server, 3) as workers, ThreadPoolExecutor(2) as operators:
        where = settings(server, tmp_path)
        both = list(operators.map(lambda _: btim("migrate", **where), range(2)))
        time.sleep(1.0)  # the former version goes on for a while over the new schema
    assert [each.returncode for each in both] == [0, 0], both
    assert {json.loads(each.stdout)["revision"] for each in both} == {newest_revision()}
    assert all(worker.done > 10 for worker in workers)
    assert max(max(worker.longest.values()) for worker in workers) < LONGEST_WAIT_SECONDS
    with psycopg.connect(server.dsn) as connection:
        counts = "select count(*) filter (where source = 'erp') from cost_line"
        assert connection.execute(counts).fetchone() == (1_000_000,)
        kept = connection.execute("select count(*) from run_chunk").fetchone()
    assert kept == (200_000 + sum(worker.done for worker in workers),)


@pytest.mark.slow
def test_a_migration_that_meets_a_long_reader_lets_everybody_pass_and_tries_again(
    server: PostgresServer, tmp_path: Path
) -> None:
    fill(server, 5_000)
    with psycopg.connect(server.dsn) as reader, at_work(server, 2) as workers:
        reader.execute("select count(*) from run_chunk")
        with subprocess.Popen(
            [sys.executable, "-m", "cli.main", "migrate", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=outside_environment(**settings(server, tmp_path)),
        ) as migrating:
            await_revision(server, BEFORE_PARTITIONS)
            time.sleep(RESTING_SECONDS)
            assert migrating.poll() is None
            reader.rollback()
            said, _ = migrating.communicate(timeout=120)
    assert json.loads(said)["revision"] == newest_revision()
    assert max(max(worker.longest.values()) for worker in workers) < LONGEST_WAIT_SECONDS


@pytest.mark.slow
def test_the_steps_can_be_read_as_sql_without_a_database() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", "from alembic import command;"
         "from shared.postgres.migrations import alembic_config;"
         f"command.upgrade(alembic_config(), '{FORMER}:head', sql=True)"],
        cwd=ROOT, capture_output=True, text=True, check=True, env=outside_environment(),
    )  # fmt: skip
    assert "partition by range (run_id)" in printed.stdout
