"""Runs the real services and workers for tests, in this process, over the test database."""

import asyncio
import contextlib
import importlib
import os
import socket
import threading
import time
from typing import Any, Self

import uvicorn
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

SERVICES = ("ingest", "allocation", "valuation")


def outside_environment(**more: str) -> dict[str, str]:
    """The environment of a process that is to know nothing of this one's database."""
    return {name: value for name, value in os.environ.items() if name[:5] != "BTIM_"} | more


def migrate() -> None:
    """Bring the schema to its newest version."""
    from shared.postgres.migrations import alembic_config

    command.upgrade(alembic_config(), "head")


def empty_all_tables(superuser_dsn: str) -> None:
    """Empty every table but the schema's own; as superuser, past the audit trail's triggers."""
    engine = create_engine(make_url(superuser_dsn).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        names = connection.execute(
            text(
                "select tablename from pg_tables where schemaname = 'public'"
                " and tablename not in ('alembic_version', 'deployment')"
            )
        ).scalars()
        connection.execute(text("set session_replication_role = replica"))
        tables = ", ".join(f'"{name}"' for name in names)
        connection.execute(text(f"truncate {tables} restart identity cascade"))
    engine.dispose()


def make_admin_key() -> str:
    """The text of the admin's key."""
    from shared.settings import get_settings

    return (get_settings().secrets_dir / "admin.key").read_text().strip()


def a_key(
    scopes: list[str], consumers: list[str] | None = None, rate_limit: int | None = None
) -> str:
    """A new API key with just these scopes, straight from the database."""
    from shared.access.api_keys import create_key
    from shared.database import in_transaction

    with in_transaction() as session:
        _, key = create_key(
            session,
            name="test",
            subject="tester",
            scopes=scopes,
            consumers=consumers,
            rate_limit=rate_limit,
        )
    return key


class ServiceUnderTest(TestClient):
    """A TestClient of one real application that sends a key; crashes answer 500."""

    def __init__(self, service: str, key: str) -> None:
        module = importlib.import_module(f"services.{service}.main")
        super().__init__(
            module.app,
            raise_server_exceptions=False,
            headers={"Authorization": f"Bearer {key}"},
        )
        self.service = service

    def as_caller(self, key: str | None) -> dict[str, str]:
        """Headers of another caller: `client.get(path, headers=client.as_caller(key))`."""
        return {"Authorization": f"Bearer {key}" if key else ""}

    def run_jobs(self) -> None:
        """Run every job of this service that is due, here and now, with the real worker."""
        run_due_jobs(self.service)


def run_due_jobs(service: str) -> None:
    """Let a real worker run what is queued, then stop."""
    from shared.jobs import worker
    from shared.settings import get_settings

    importlib.import_module(f"services.{service}.main")

    async def drain() -> None:
        from shared.jobs.queue import queue_app

        app = queue_app(worker._connector(get_settings()))
        async with app.open_async():
            await app.run_worker_async(
                queues=[service], wait=False, install_signal_handlers=False, listen_notify=False
            )

    thread = threading.Thread(target=lambda: asyncio.run(drain()))
    thread.start()
    thread.join()


class Worker(threading.Thread):
    """The real worker of a service in a thread of this process."""

    def __init__(self, service: str) -> None:
        super().__init__(daemon=True)
        self.service = service
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Work until stopped."""
        from shared.jobs import worker
        from shared.settings import get_settings

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
            await worker._work(self.service, get_settings(), install_signal_handlers=False)

        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(main())

    def stop(self) -> None:
        """Cancel the worker and wait for its end."""
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self.join(30)


class LiveServer(threading.Thread):
    """One real application behind a real uvicorn on a free loopback port."""

    def __init__(self, service: str) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._service = service
        # Imported here: threads that import models at the same time get in each other's way.
        self._app = importlib.import_module(f"services.{service}.main").app
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until stopped."""
        config = uvicorn.Config(self._app, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._server.run(sockets=[self._socket])

    def wait_until_started(self) -> None:
        """Return once requests are answered."""
        until = time.monotonic() + 30
        while self._server is None or not self._server.started:
            if time.monotonic() > until:
                raise TimeoutError(f"{self._service} did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.should_exit = True
        self.join(30)


class LiveServices:
    """Three live services and their workers; `services.ingest.post("/v1/...")`."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.urls: dict[str, str] = {}
        self._servers: list[LiveServer] = []
        self._workers: list[Worker] = []
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start them and tell the settings their addresses."""
        import httpx2

        from shared.settings import get_settings

        settings = get_settings()
        for service in SERVICES:
            server = LiveServer(service)
            self._servers.append(server)
            setattr(settings, f"{service}_url", server.url)
            self.urls[service] = server.url
            self._clients[service] = httpx2.Client(
                base_url=server.url,
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=90,
            )
        for server in self._servers:
            server.start()
        for server in self._servers:
            server.wait_until_started()
        for client in self._clients.values():
            client.get("/healthz")  # the first request builds the routes; let it be one alone
        self._workers = [Worker(service) for service in SERVICES]
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop workers, then services."""
        for client in self._clients.values():
            client.close()
        for worker in self._workers:
            worker.stop()
        for server in self._servers:
            server.stop()

    def __getattr__(self, service: str) -> Any:
        """The HTTP client of a service: `services.allocation.get(...)`."""
        try:
            return self._clients[service]
        except KeyError as error:
            raise AttributeError(service) from error
