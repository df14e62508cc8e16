"""SQL sources: SQLite and Postgres, exact, in the order of watermark and key, only ever read."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.api.sources import add_source, changed_settings, lines, sync
from tests.running import ServiceUnderTest

TRAP = "12345678901234567.89"
QUERY = "select id, posted_on, amount, currency, account, changed_at from posting where id > 'A'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the operator has listed; loopback is listed, too."""
    found = tmp_path_factory.mktemp("databases")
    settings = {"source_folders": [str(found)], "source_hosts": ["127.0.0.1"]}
    with changed_settings(**settings) as patch:
        patch.setenv("BTIM_SOURCE_DB", "reader's secret")
        yield found


def posting(number: int, amount: str | None = None) -> tuple[str, ...]:
    """One row of the table."""
    moment = f"2026-01-05 {8 + number // 60:02d}:{number % 60:02d}:00"
    day = f"2026-01-{1 + number % 28:02d}"
    return (f"P{number:04d}", day, amount or f"{number}.10", "EUR", "6500", moment)


@pytest.fixture
def ledger(folder: Path) -> Iterator[sqlite3.Connection]:
    """A SQLite file of 57 postings; amounts are kept as text."""
    path = folder / "ledger.db"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute(
        "create table posting (id text primary key, posted_on text, amount text, currency text,"
        " account text, changed_at text)"
    )
    database.executemany("insert into posting values (?, ?, ?, ?, ?, ?)", map(posting, range(57)))
    database.execute("update posting set amount = ? where id = 'P0007'", [TRAP])
    database.commit()
    yield database
    database.close()


def over_sqlite(**more: Any) -> dict[str, Any]:
    """The config of a source over that file."""
    return {
        "driver": "sqlite",
        "database": "ledger.db",
        "query": QUERY,
        "watermark_column": "changed_at",
        "key": ["id"],
        "page_size": 10,
        **more,
    }


def test_sqlite_brings_every_row_once_and_then_what_changed(
    ingest: ServiceUnderTest, ledger: sqlite3.Connection
) -> None:
    path = add_source(ingest, code="sqlite", kind="sql", config=over_sqlite())
    first = sync(ingest, path)
    assert (first["status"], first["rows"]) == ("succeeded", 57), first
    assert lines(ingest, "sqlite")["P0007"] == TRAP
    assert ingest.get(path).json()["watermark"] == "2026-01-05 08:56:00"
    ledger.execute(
        "update posting set amount = '5', changed_at = '2026-01-05 09:30:00' where id = 'P0003'"
    )
    ledger.execute("insert into posting values (?, ?, ?, ?, ?, ?)", posting(99))
    ledger.commit()
    second = sync(ingest, path)
    assert (second["rows"], second["known"]) == (4, 2)  # two lie within the margin
    found = lines(ingest, "sqlite")
    assert (len(found), found["P0003"], found["P0099"]) == (58, "5", "99.1")


def test_rows_without_a_mark_come_with_the_first_sync(
    ingest: ServiceUnderTest, ledger: sqlite3.Connection
) -> None:
    ledger.execute("update posting set changed_at = null where id in ('P0001', 'P0050')")
    ledger.commit()
    path = add_source(ingest, code="unmarked", kind="sql", config=over_sqlite())
    assert sync(ingest, path)["rows"] == 57
    assert len(lines(ingest, "unmarked")) == 57


@pytest.mark.parametrize(
    ("window", "numbers"),
    [
        ({"from": "2026-01-05T08:10:00Z", "to": "2026-01-05T08:19:30Z"}, range(10, 20)),
        ({"from": "2026-01-05", "to": "2026-01-05"}, range(57)),
        ({"to": "2026-01-05 08:02:00"}, range(3)),
    ],
)
def test_a_backfill_understands_instants_in_either_shape(
    ingest: ServiceUnderTest, ledger: sqlite3.Connection, window: Any, numbers: range
) -> None:
    code = f"range-{uuid4()}"
    path = add_source(ingest, code=code, kind="sql", config=over_sqlite())
    sync(ingest, path, **window)
    assert sorted(lines(ingest, code)) == [f"P{number:04d}" for number in numbers]


def test_a_whole_number_is_a_watermark_too(
    ingest: ServiceUnderTest, ledger: sqlite3.Connection
) -> None:
    ledger.execute("alter table posting add column version integer")
    ledger.execute("update posting set version = cast(substr(id, 2) as integer) + 5")
    ledger.commit()
    config = over_sqlite(
        query="select *, 1 as one from posting", watermark_column="version", overlap_seconds=0
    )
    path = add_source(ingest, code="versions", kind="sql", config=config)
    sync(ingest, path)
    assert ingest.get(path).json()["watermark"] == "61"
    ledger.execute("update posting set version = 100, amount = '0.5' where id = 'P0000'")
    ledger.commit()
    assert (sync(ingest, path)["rows"], ingest.get(path).json()["watermark"]) == (2, "100")
    assert lines(ingest, "versions")["P0000"] == "0.5"


def test_a_test_shows_the_columns_and_what_is_wrong(
    ingest: ServiceUnderTest, ledger: sqlite3.Connection
) -> None:
    path = add_source(ingest, code="looked-at", kind="sql", config=over_sqlite())
    found = ingest.post(f"{path}/test").json()
    assert found["columns"][:3] == ["id", "posted_on", "amount"]
    wrong = {"config": {"query": "select amount from posting"}}
    ingest.patch(path, json=wrong, headers={"If-Match": "*"})
    answer = ingest.post(f"{path}/test")
    assert (answer.status_code, answer.json()["code"]) == (422, "source_says_no")


@pytest.mark.parametrize(
    "query",
    [
        "delete from posting",
        "select 1; drop table posting",
        "with gone as (delete from posting returning *) select * from gone",
        "select * from posting -- '\n; delete from posting",
        "pragma table_info(posting)",
        "select * into copied from posting",
        "explain select 1",
        "select 1 /* unclosed",
    ],
)
def test_anything_but_one_select_is_refused(
    ingest: ServiceUnderTest, query: str, folder: Path
) -> None:
    body = {"code": "bad", "kind": "sql", "config": over_sqlite(query=query), "maps_to": "ledger"}
    answer = ingest.post("/v1/sources", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_select"), answer.text


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.db", "link.db"])
def test_files_outside_the_listed_folders_are_refused(
    ingest: ServiceUnderTest, folder: Path, path: str
) -> None:
    link = folder / "link.db"
    if not link.is_symlink():
        link.symlink_to("/etc/passwd")
    config = over_sqlite(database=path)
    source = add_source(ingest, code=f"out-{path}", kind="sql", config=config)
    answer = ingest.post(f"{source}/test")
    assert (answer.status_code, answer.json()["code"]) == (422, "path_not_allowed")


@pytest.fixture(scope="module")
def server(database: str, folder: Path) -> Iterator[dict[str, Any]]:
    """A schema of its own in the embedded Postgres, with 57 postings and a role that may read."""
    url = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql")
    dsn = url.render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop schema if exists erp cascade")
        connection.execute("drop role if exists erp_reader")
        connection.execute("create schema erp")
        connection.execute("create role erp_reader login password 'reader''s secret'")
        connection.execute("grant usage on schema erp to erp_reader")
        connection.execute(
            "create table erp.posting (id text primary key, posted_on date, amount numeric,"
            " currency text, account text, changed_at timestamptz(6), more jsonb)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into erp.posting values (%s, %s, %s, %s, %s, %s, '{\"rate\": 0.1}')",
                list(map(posting, range(57))),
            )
        connection.execute(f"update erp.posting set amount = {TRAP} where id = 'P0007'")
        connection.execute("grant select on all tables in schema erp to erp_reader")
        yield {"dsn": dsn, "host": url.host, "port": url.port, "database": url.database}
        connection.execute("drop schema erp cascade")
        connection.execute("drop role erp_reader")


def over_postgres(server: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The config of a source over that schema."""
    place = {name: server[name] for name in ("host", "port", "database")}
    return {
        **over_sqlite(driver="postgresql", query="select * from erp.posting"),
        **place,
        "user": "erp_reader",
        **more,
    }


def test_postgres_brings_every_row_exactly(
    ingest: ServiceUnderTest, server: dict[str, Any]
) -> None:
    path = add_source(
        ingest, code="pg", kind="sql", config=over_postgres(server), secret_ref="env:BTIM_SOURCE_DB"
    )
    done = sync(ingest, path)
    assert (done["status"], done["rows"], done["pages"]) == ("succeeded", 57, 7), done
    assert lines(ingest, "pg")["P0007"] == TRAP
    assert ingest.get(path).json()["watermark"] == "2026-01-05T08:56:00+00:00"
    with psycopg.connect(server["dsn"], autocommit=True) as connection:
        connection.execute(
            "update erp.posting set amount = 1, changed_at = '2026-01-06' where id = 'P0002'"
        )
    assert sync(ingest, path)["rows"] == 3
    assert lines(ingest, "pg")["P0002"] == "1"


def test_a_connection_that_is_killed_costs_no_row(
    ingest: ServiceUnderTest, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.clients.outside import database as outside_database

    only_read, calls = outside_database._only_read, []

    def kill_the_third(connection: Any) -> None:
        only_read(connection)
        calls.append(connection)
        if len(calls) == 3:
            backend = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(server["dsn"], autocommit=True) as killer:
                killer.execute("select pg_terminate_backend(%s)", [backend])

    monkeypatch.setattr(outside_database, "_only_read", kill_the_third)
    path = add_source(
        ingest, code="killed", kind="sql", config=over_postgres(server),
        secret_ref="env:BTIM_SOURCE_DB",
    )  # fmt: skip
    assert sync(ingest, path)["status"] == "succeeded"
    assert len(calls) > 7
    assert len(lines(ingest, "killed")) == 57


def test_a_sync_whose_connections_are_all_killed_goes_on_where_it_was(
    ingest: ServiceUnderTest, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.clients.outside import database as outside_database

    only_read, calls = outside_database._only_read, []

    def kill_from_the_third(connection: Any) -> None:
        only_read(connection)
        calls.append(connection)
        if len(calls) >= 3:
            backend = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(server["dsn"], autocommit=True) as killer:
                killer.execute("select pg_terminate_backend(%s)", [backend])

    path = add_source(
        ingest, code="all-killed", kind="sql", config=over_postgres(server),
        secret_ref="env:BTIM_SOURCE_DB",
    )  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(outside_database, "_only_read", kill_from_the_third)
        broken = sync(ingest, path)
    assert (broken["status"], broken["pages"]) == ("failed", 2), broken
    assert broken["problem"]["code"] == "source_unreachable"
    assert lines(ingest, "all-killed") == {}
    mended = sync(ingest, path)
    assert (mended["status"], mended["resumes"]) == ("succeeded", broken["id"])
    assert len(lines(ingest, "all-killed")) == 57


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"user": "nobody_known"}, 422, "source_refused"),
        (
            {"query": "select rolname as id, rolpassword as changed_at from pg_authid"},
            422,
            "source_refused",
        ),
        ({"host": "localhost"}, 422, "host_not_allowed"),
        ({"port": 9}, 503, "source_unreachable"),
        ({"driver": "oracle", "port": 1521}, 422, "driver_not_installed"),
    ],
)
def test_what_is_wrong_with_a_database_is_named(
    ingest: ServiceUnderTest, server: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    config = over_postgres(server, **change)
    path = add_source(
        ingest, code=f"wrong-{sorted(change)}", kind="sql", config=config,
        secret_ref="env:BTIM_SOURCE_DB",
    )  # fmt: skip
    answer = ingest.post(f"{path}/test")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "reader's secret" not in answer.text
