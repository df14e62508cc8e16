"""What a process refuses to start on: databases that lose data, rule everything or let all in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from shared import boot
from shared.boot import UnsafeStartError, check_before_start
from shared.database import probing
from shared.errors import Unavailable
from shared.postgres.migrations import check_schema
from shared.settings import Settings, get_settings
from tests.faults.serving import ROOT


@pytest.fixture
def superuser(database: str) -> Iterator[Connection]:
    url = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def strict(database: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """This process as it is where nobody has said that unsafe databases will do."""
    monkeypatch.setattr(get_settings(), "production", None)
    monkeypatch.setattr(boot._Trust, "given", False)
    return get_settings()


def test_a_service_on_a_database_that_loses_data_ends_and_says_why(database: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "BTIM_PRODUCTION"}
    ended = subprocess.run(
        [sys.executable, "-m", "cli.serve", "ingest", "--port", "0"],
        cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 3
    said = (ended.stdout + ended.stderr).decode()
    for reason in ("fsync is off", "full_page_writes is off", "synchronous_commit is off"):
        assert reason in said


def test_settings_that_lose_data_and_superusers_are_found(superuser: Connection) -> None:
    found = list(boot._unsafe(superuser))
    assert found == [
        "fsync is off",
        "full_page_writes is off",
        "synchronous_commit is off",
        "the database role is a superuser",
    ]
    superuser.execute(text("set synchronous_commit = on"))
    assert "synchronous_commit is off" not in list(boot._unsafe(superuser))


def test_the_role_of_the_services_is_no_superuser(database: str) -> None:
    with probing() as connection:
        assert "the database role is a superuser" not in list(boot._unsafe(connection))


def test_a_process_goes_on_all_the_same_where_that_was_said(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnsafeStartError, match="fsync is off"):
        check_before_start()
    monkeypatch.setattr(strict, "production", False)
    check_before_start()


def test_a_schema_of_another_code_is_waited_for_and_then_refused(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "SCHEMA_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(boot, "newest_revision", lambda: "another")
    with pytest.raises(UnsafeStartError, match="this code needs another"):
        check_before_start()


def test_an_older_schema_is_not_ready_and_a_newer_one_is(superuser: Connection) -> None:
    change = text("update alembic_version set version_num = :revision")
    check_schema(superuser)
    superuser.execute(change, {"revision": "platform"})
    with pytest.raises(Unavailable) as refused:
        check_schema(superuser)
    assert refused.value.code == "schema_not_migrated"
    superuser.execute(change, {"revision": "of_the_next_release"})
    check_schema(superuser)
    superuser.rollback()


def test_a_database_that_does_not_answer_is_looked_at_when_it_does(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer() -> Any:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(boot, "probing", no_answer)
    check_before_start()
    assert not boot._Trust.given


@pytest.fixture
def trusting_url(superuser: Connection, database: str) -> Iterator[str]:
    """The database as a role that it lets in without looking at its password."""
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"], autocommit=True) as connection:
        (path,) = connection.execute("show hba_file").fetchone() or ("",)
        with open(path) as file:
            before = file.read()
        connection.execute("drop role if exists trusting")
        connection.execute("create role trusting login")
        try:
            _write(path, "host all trusting 127.0.0.1/32 trust\n" + before)
            connection.execute("select pg_reload_conf()")
            yield make_url(database).set(username="trusting").render_as_string(False)
        finally:
            _write(path, before)
            connection.execute("select pg_reload_conf()")
            connection.execute("drop role trusting")


def _write(path: str, content: str) -> None:
    with open(path, "w") as file:
        file.write(content)


def test_a_database_that_takes_any_password_is_found(trusting_url: str, database: str) -> None:
    assert list(boot._open_doors(Settings(database_url=database, production=True))) == []
    trusting = Settings(database_url=trusting_url, production=True)
    for _ in range(100):  # the server reads its rules anew in its own time
        found = list(boot._open_doors(trusting))
        if found:
            break
    assert found == ["the database lets this role in with any password (trust)"]
    assert list(boot._open_doors(trusting.model_copy(update={"production": None}))) == []


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("database_url", "postgresql://btim:btim@127.0.0.1/btim", "the database password"),
        ("database_url", "postgresql://btim:twelve-chars@127.0.0.1/btim", None),
        ("database_url", "postgresql://btim:short@127.0.0.1/btim", "the database password"),
        ("log_level", "debug", "debugging is on"),
        ("cors_origins", ["*"], "every origin may call"),
    ],
)
def test_production_refuses_weak_secrets_debugging_and_open_origins(
    strict: Settings, monkeypatch: pytest.MonkeyPatch, setting: str, value: Any, reason: str | None
) -> None:
    good = Settings(
        database_url="postgresql://btim:a-long-enough-secret@127.0.0.1/btim", production=True
    )
    assert list(boot._careless(good)) == []
    found = list(boot._careless(good.model_copy(update={setting: value})))
    assert [one.startswith(reason) for one in found] == [True] if reason else found == []
    monkeypatch.setattr(boot, "get_settings", lambda: good.model_copy(update={setting: value}))
    if reason:
        with pytest.raises(UnsafeStartError, match=reason):
            check_before_start()
