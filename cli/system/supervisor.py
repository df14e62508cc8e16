"""Runs the whole system as separate processes and keeps it running.

Postgres first, then three services, the migrations, the workers, and a gateway and a Prometheus if
wished. Whatever dies is started again; when the supervisor itself is killed, the kernel takes its
children along and the next start recovers. A stop goes: workers, services, companions, Postgres.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from cli import child_process
from cli.data_folder import DataFolder
from cli.postgres.server import PostgresServer
from cli.probe import is_ready
from cli.project import PROJECT, StartError
from cli.system import leftovers
from cli.system.layout import Layout, python
from cli.system.listeners import Listener, open_listeners
from cli.system.watched_child import WatchedChild, trim_log

READY_SECONDS = 180.0
WORKER_STOP_SECONDS = 25.0
SERVICE_STOP_SECONDS = 20.0
_DEATHS_BEFORE_READY = 5
_LOOK_SECONDS = 0.5
SAME_WISH_SECONDS = 2.0  # shells and make pass one wish on twice, to process and group

Say = Callable[[str], None]


class _StopAsked(BaseException):
    """SIGINT, SIGTERM or SIGHUP while something starts; raised only where we wait."""


@dataclass(frozen=True)
class Addresses:
    """Where a running system answers."""

    urls: dict[str, str]
    admin_key_file: Path
    gateway: str | None = None

    def as_json(self) -> dict[str, str]:
        """The one line that scripts read."""
        one_address = {"gateway": self.gateway} if self.gateway else {}
        return {**self.urls, **one_address, "admin_key_file": str(self.admin_key_file)}


@dataclass
class Supervisor:
    """One running system in one data folder; `run` returns when it was asked to stop."""

    folder: DataFolder
    port_base: int
    say: Say
    external_database_url: str | None = None
    layout: Layout = field(default_factory=Layout)
    _postgres: PostgresServer | None = None
    _listeners: list[Listener] = field(default_factory=list)
    _workers: list[WatchedChild] = field(default_factory=list)
    _services: list[WatchedChild] = field(default_factory=list)
    _companions: list[WatchedChild] = field(default_factory=list)
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
        self._listeners = open_listeners(self.port_base, replicas=self.layout.replicas)
        for listener in self._listeners:
            if listener.port != listener.wished_port:
                self.say(
                    f"port {listener.wished_port} is taken: "
                    f"{listener.name} answers on {listener.port}"
                )
        if self.external_database_url is None:
            self._postgres = PostgresServer(self.folder.path, pause=self._nap)
            self._postgres.start()
        self._plan_children()
        for child in self._services:
            child.start()  # they load while the schema is brought up to date
        self._finish("migrate", python("cli.postgres.prepare_database"))
        if self.layout.gateway_port is not None:
            pages = str(self.folder.pages)
            self._finish("openapi", python("cli.main", "openapi", "--out", pages))
        for child in (*self._workers, *self._companions):
            child.start()
        self._await_ready()
        return Addresses(
            self.layout.public_urls(self._listeners),
            self.folder.admin_key_file,
            self.layout.gateway_url if self.layout.gateway_port is not None else None,
        )

    def _finish(self, name: str, command: list[str]) -> None:
        """Run a process that must end well before the others are of use."""
        log_path = self.folder.logs / f"{name}.log"
        with log_path.open("ab") as log:
            process = child_process.spawn(
                command,
                env=self._environment(),
                log=log,
                death_signal=signal.SIGKILL,
                cwd=PROJECT,
            )
        while process.poll() is None:
            self._nap(0.05)
        if process.returncode != 0:
            raise StartError(f"{name} failed, see {log_path}\n{_tail(log_path)}")

    def _plan_children(self) -> None:
        env, listeners = self._environment(), self._listeners
        services = self.layout.plan_services(self.folder, listeners, env)
        workers = self.layout.plan_workers(self.folder, env)
        companions = [
            *self.layout.plan_gateway(self.folder, listeners, env),
            *self.layout.plan_prometheus(self.folder, listeners, workers, env),
        ]
        self._services, self._workers, self._companions = (
            [WatchedChild(plan) for plan in plans] for plans in (services, workers, companions)
        )

    @property
    def _children(self) -> list[WatchedChild]:
        return [*self._services, *self._workers, *self._companions]

    def _environment(self) -> dict[str, str]:
        """What every child is told; the caller's own BTIM_ settings are passed on."""
        env = {
            **os.environ,
            **{
                f"BTIM_{service.upper()}_URL": url
                for service, url in self.layout.public_urls(self._listeners).items()
            },
            "BTIM_SECRETS_DIR": str(self.folder.secrets),
            "BTIM_AUDIT_HEADS_DIR": os.environ.get(
                "BTIM_AUDIT_HEADS_DIR", str(self.folder.audit_heads)
            ),
            leftovers.MARK_VARIABLE: self.folder.mark(),
            "PYTHONUNBUFFERED": "1",
        }
        if self._postgres is not None:
            env |= self._postgres.settings_for_children()
        return env

    def _await_ready(self) -> None:
        waiting = {listener.name: listener.port for listener in self._listeners}
        if self.layout.gateway_port is not None:
            waiting["gateway"] = self.layout.gateway_port
        deadline = time.monotonic() + READY_SECONDS
        while waiting:
            self._revive()
            for child in self._children:
                if child.deaths_in_a_row >= _DEATHS_BEFORE_READY:
                    raise StartError(f"{child.plan.name} keeps dying\n{child.log_tail()}")
            waiting = {name: port for name, port in waiting.items() if not is_ready(port)}
            if waiting and time.monotonic() > deadline:
                raise StartError(f"not ready after {READY_SECONDS:.0f} s: {', '.join(waiting)}")
            self._nap(0.1)

    # -- watching ---------------------------------------------------------------------------

    def _watch(self, wakeup: int) -> None:
        """Sleep until a child ends or a signal comes; look around at least twice a second."""
        while not self._asked:
            select.select([wakeup], [], [], _LOOK_SECONDS)
            with suppress(BlockingIOError):
                os.read(wakeup, 4096)
            self._revive()
            for child in self._children:
                trim_log(child.plan.log_path)

    def _revive(self) -> None:
        """Start again whatever is dead; Postgres first, because the others live on it."""
        if self._asked:
            return
        if self._postgres is not None and not self._postgres.is_alive():
            self.say("postgres ended and is started again")
            self._postgres.restart_if_dead()
        for child in self._children:
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
            (self._companions, SERVICE_STOP_SECONDS),
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


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
