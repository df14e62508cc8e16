"""Runs the whole system as separate processes and keeps it running.

Postgres first, then three services, the migrations and the workers. Whatever dies is
started again; when the supervisor itself is killed, the kernel takes its children along and the
next start recovers. A stop goes the other way round: workers, services, Postgres.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from cli import child_process, leftovers
from cli.data_folder import DataFolder
from cli.embedded_postgres import PostgresServer
from cli.listeners import Listener, open_listeners
from cli.probe import is_ready
from cli.watched_child import ChildPlan, WatchedChild, trim_log

READY_SECONDS = 180.0
WORKER_STOP_SECONDS = 25.0
SERVICE_STOP_SECONDS = 20.0
_DEATHS_BEFORE_READY = 5
_LOOK_SECONDS = 0.5
SAME_WISH_SECONDS = 2.0  # shells and make pass one wish on twice, to process and group

Say = Callable[[str], None]


class StartError(Exception):
    """The system cannot be started; the message says what to look at."""


class _StopAsked(BaseException):
    """SIGINT, SIGTERM or SIGHUP while something starts; raised only where we wait."""


@dataclass(frozen=True)
class Addresses:
    """Where a running system answers."""

    urls: dict[str, str]
    admin_key_file: Path

    def as_json(self) -> dict[str, str]:
        """The one line that scripts read."""
        return {**self.urls, "admin_key_file": str(self.admin_key_file)}


@dataclass
class Supervisor:
    """One running system in one data folder; `run` returns when it was asked to stop."""

    folder: DataFolder
    port_base: int
    say: Say
    external_database_url: str | None = None
    _postgres: PostgresServer | None = None
    _listeners: list[Listener] = field(default_factory=list)
    _workers: list[WatchedChild] = field(default_factory=list)
    _services: list[WatchedChild] = field(default_factory=list)
    _asked: bool = False
    _asked_at: float = 0.0
    _hurry: bool = False

    def run(self, on_ready: Callable[[Addresses], None]) -> None:
        """Start everything, tell `on_ready` the addresses, watch until a signal asks to stop.

        Raises StartError, PostgresError or FolderInUseError; nothing is left running either way.
        """
        self.folder.make()
        with self.folder.held(), self._signals() as wakeup, ExitStack() as undo:
            undo.callback(leftovers.sweep, self.folder.mark())
            undo.callback(self._stop)
            try:
                addresses = self._start()
                self.folder.address_file.write_text(json.dumps(addresses.as_json()))
                on_ready(addresses)
                self._watch(wakeup)
            except _StopAsked:
                self.say("stopping in the middle of a start")

    # -- starting ---------------------------------------------------------------------------

    def _start(self) -> Addresses:
        killed = leftovers.sweep(self.folder.mark())
        if killed:
            self.say(f"ended {killed} processes left by a killed predecessor")
        self._listeners = open_listeners(self.port_base)
        for listener in self._listeners:
            if listener.port != listener.wished_port:
                self.say(
                    f"port {listener.wished_port} is taken: "
                    f"{listener.service} answers on {listener.port}"
                )
        if self.external_database_url is None:
            self._postgres = PostgresServer(self.folder.path, pause=self._nap)
            self._postgres.start()
        self._plan_children()
        for child in self._services:
            child.start()  # they load while the schema is brought up to date
        self._migrate()
        for child in self._workers:
            child.start()
        self._await_ready()
        return Addresses(
            {listener.service: listener.url for listener in self._listeners},
            self.folder.admin_key_file,
        )

    def _migrate(self) -> None:
        """Bring the schema to its newest version and make the first keys, in an own process."""
        log_path = self.folder.logs / "migrate.log"
        with log_path.open("ab") as log:
            process = child_process.spawn(
                _python("cli.prepare_database"),
                env=self._environment(),
                log=log,
                death_signal=signal.SIGKILL,
                cwd=_PROJECT,
            )
        while process.poll() is None:
            self._nap(0.05)
        if process.returncode != 0:
            raise StartError(f"the migrations failed, see {log_path}\n{_tail(log_path)}")

    def _plan_children(self) -> None:
        env = self._environment()
        self._services = [
            WatchedChild(
                ChildPlan(
                    name=listener.service,
                    command=_python("cli.serve", listener.service, "--fd", _number(listener)),
                    env=env,
                    log_path=self.folder.logs / f"{listener.service}.log",
                    pass_fds=[listener.opened.fileno()],
                    cwd=_PROJECT,
                )
            )
            for listener in self._listeners
        ]
        self._workers = [
            WatchedChild(
                ChildPlan(
                    name=f"{listener.service}-worker",
                    command=_python("cli.work", listener.service),
                    env=env,
                    log_path=self.folder.logs / f"{listener.service}-worker.log",
                    cwd=_PROJECT,
                )
            )
            for listener in self._listeners
        ]

    def _environment(self) -> dict[str, str]:
        """What every child is told; the caller's own BTIM_ settings are passed on."""
        env = {
            **os.environ,
            **{
                f"BTIM_{listener.service.upper()}_URL": listener.url for listener in self._listeners
            },
            "BTIM_SECRETS_DIR": str(self.folder.secrets),
            leftovers.MARK_VARIABLE: self.folder.mark(),
            "PYTHONUNBUFFERED": "1",
        }
        if self._postgres is not None:
            env |= self._postgres.settings_for_children()
        return env

    def _await_ready(self) -> None:
        waiting = list(self._listeners)
        deadline = time.monotonic() + READY_SECONDS
        while waiting:
            self._revive()
            for child in (*self._services, *self._workers):
                if child.deaths_in_a_row >= _DEATHS_BEFORE_READY:
                    raise StartError(f"{child.plan.name} keeps dying\n{child.log_tail()}")
            waiting = [listener for listener in waiting if not is_ready(listener.port)]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(listener.service for listener in waiting)
                raise StartError(f"not ready after {READY_SECONDS:.0f} s: {names}")
            self._nap(0.1)

    # -- watching ---------------------------------------------------------------------------

    def _watch(self, wakeup: int) -> None:
        """Sleep until a child ends or a signal comes; look around at least twice a second."""
        while not self._asked:
            select.select([wakeup], [], [], _LOOK_SECONDS)
            with suppress(BlockingIOError):
                os.read(wakeup, 4096)
            self._revive()
            for child in (*self._services, *self._workers):
                trim_log(child.plan.log_path)

    def _revive(self) -> None:
        """Start again whatever is dead; Postgres first, because the others live on it."""
        if self._asked:
            return
        if self._postgres is not None and not self._postgres.is_alive():
            self.say("postgres ended and is started again")
            self._postgres.restart_if_dead()
        for child in (*self._services, *self._workers):
            sentence = child.note_death()
            if sentence is not None:
                self.say(f"{sentence}; log: {child.plan.log_path}")
            child.start_if_due()

    # -- stopping ---------------------------------------------------------------------------

    def _stop(self) -> None:
        """Workers finish or hand back, services drain, then Postgres; a second signal hurries."""
        self.folder.address_file.unlink(missing_ok=True)
        for children, seconds in (
            (self._workers, WORKER_STOP_SECONDS),
            (self._services, SERVICE_STOP_SECONDS),
        ):
            for child in children:
                child.ask_to_stop()
            deadline = time.monotonic() + seconds
            for child in children:
                if not child.await_end(deadline, hurry=lambda: self._hurry):
                    self.say(f"{child.plan.name} had not ended and was killed")
        if self._postgres is not None:
            self._postgres.stop()
        for listener in self._listeners:
            listener.opened.close()

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Note SIGINT, SIGTERM and SIGHUP; the descriptor given becomes readable on any signal."""
        readable, writable = os.pipe()
        for end in (readable, writable):
            os.set_blocking(end, False)
        former_wakeup = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        former = {
            number: signal.signal(number, self._note_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            yield readable
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_wakeup)
            os.close(readable)
            os.close(writable)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        self._hurry = self._asked and now - self._asked_at > SAME_WISH_SECONDS
        if not self._asked:
            self._asked, self._asked_at = True, now

    def _nap(self, seconds: float) -> None:
        """Wait a little while something starts, unless a stop was asked for."""
        time.sleep(seconds)
        if self._asked:
            raise _StopAsked


_PROJECT = Path(__file__).resolve().parent.parent


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _number(listener: Listener) -> str:
    return str(listener.opened.fileno())


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
