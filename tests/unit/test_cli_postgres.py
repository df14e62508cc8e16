"""The embedded server: asks for passwords, keeps what was committed, has one owner."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from cli.child_process import RunAs
from cli.postgres import cluster as postgres_cluster
from cli.postgres import ending
from cli.postgres.binaries import PostgresError
from cli.postgres.cluster import make_cluster
from cli.postgres.server import PostgresServer
from cli.postgres.user import _reaches, choose_user


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A durable server, as `btim up` keeps it, below a folder that only its owner may enter."""
    with PostgresServer(tmp_path_factory.mktemp("closed") / "data") as running:
        yield running


def ask(server: PostgresServer, question: str, dsn: str | None = None) -> object:
    with psycopg.connect(dsn or server.dsn) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[call-overload]
    return row[0] if row else None


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("max_wal_size", "1GB"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_is_set_up_to_keep_data_and_strangers_apart(
    server: PostgresServer, setting: str, value: str
) -> None:
    assert ask(server, f"select current_setting('{setting}')") == value


def test_there_is_no_unix_socket(server: PostgresServer) -> None:
    question = "select current_setting('unix_socket_directories')"
    assert ask(server, question, server.superuser_dsn) in {"", '""'}


def test_text_is_ordered_by_its_bytes(server: PostgresServer) -> None:
    found = ask(server, "select string_agg(v, '' order by v) from unnest(array['é','b','Z','a']) v")
    assert found == "Zabé"


def test_nobody_comes_in_without_the_password(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.dsn, password="guess")


def test_the_application_is_no_superuser(server: PostgresServer) -> None:
    assert ask(server, "select rolsuper from pg_roles where rolname = current_user") is False


def test_passwords_are_for_their_owner_only(server: PostgresServer) -> None:
    files = list(server.data_dir.glob("*.password"))
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_owner_of_the_same_folder_is_refused(server: PostgresServer) -> None:
    with pytest.raises(PostgresError, match="another process runs the server"):
        PostgresServer(server.data_dir).start()
    assert server.is_alive()


def test_what_was_committed_survives_a_kill_and_the_port_stays(server: PostgresServer) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("create table kept (number int)")
        connection.execute("insert into kept values (7)")
    port, pid = server.port, server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.is_alive():
        time.sleep(0.01)
    assert server.restart_if_dead()
    assert (server.port, ask(server, "select number from kept")) == (port, 7)


@pytest.mark.parametrize("shot", [signal.SIGKILL, signal.SIGQUIT])
def test_a_server_killed_while_it_starts_again_is_started_once_more(
    server: PostgresServer, shot: signal.Signals
) -> None:
    first = server.pid
    assert first is not None

    def shoot_the_second() -> int:
        while (pid := server.pid) in {first, None}:
            time.sleep(0.001)
        assert pid is not None
        os.kill(pid, shot)
        return pid

    with ThreadPoolExecutor(1) as others:
        second = others.submit(shoot_the_second)
        os.kill(first, signal.SIGKILL)
        while server.is_alive():
            time.sleep(0.01)
        assert server.restart_if_dead()
        assert server.pid not in {first, second.result(timeout=10)}
    assert ask(server, "select 1") == 1


def test_a_shutdown_that_meets_a_recovery_ends_all_the_same(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "UNWILLING_SECONDS", 0.5)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("create table before_recovery as select 8 as number")
    seen = len(server.log_path.read_text())
    with psycopg.connect(server.dsn) as victim:
        session = victim.info.backend_pid
        os.kill(session, signal.SIGKILL)
        while "reinitializing" not in server.log_path.read_text()[seen:]:
            time.sleep(0.001)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < ending.STOP_SECONDS / 2
    server.start()
    assert ask(server, "select number from before_recovery") == 8


def test_a_living_server_is_not_restarted(server: PostgresServer) -> None:
    pid = server.pid
    assert not server.restart_if_dead()
    assert server.pid == pid


def test_a_throw_away_server_leaves_nothing() -> None:
    server = PostgresServer.throw_away()
    with server:
        assert ask(server, "select 1") == 1
        folder = server.data_dir
    assert not folder.exists()
    assert not server.is_alive()


def test_a_lock_file_of_a_process_that_is_gone_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text("4194305\n/data\n0\n5432\n\n\n\nready   \n")
    assert postgres_cluster.lock_holder(tmp_path) == (4194305, "ready")
    ending.await_former_server(tmp_path, patience_seconds=1.0)


def test_a_failed_initdb_leaves_no_half_cluster(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    with pytest.raises(PostgresError, match="initdb failed"):
        make_cluster(cluster, "", "", tmp_path / "log")  # an empty password is refused
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]


def test_the_way_through_a_closed_folder_is_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = RunAs(uid=os.getuid() + 4711, gid=os.getgid() + 4711)
    assert not _reaches(stranger, closed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes someone else")
def test_root_becomes_another_user_who_keeps_rights_only_where_the_way_is_closed(
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    chosen = choose_user(closed, Path("/usr"))
    assert chosen is not None
    assert chosen.uid != 0
    assert chosen.passes_closed_folders


@pytest.mark.skipif(os.geteuid() == 0, reason="an ordinary user stays who he is")
def test_an_ordinary_user_runs_the_server_himself(tmp_path: Path) -> None:
    assert choose_user(tmp_path, Path("/usr")) is None
