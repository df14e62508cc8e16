"""A real Postgres, the real services over it, and their workers.

One embedded server per test process, built by `alembic upgrade head`. Every test module starts
with empty tables; tests inside a module use codes of their own.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.running import LiveServices, ServiceUnderTest, make_admin_key, migrate

OPEN_ENVIRONMENT = {
    "BTIM_LOG_LEVEL": "ERROR",
    "BTIM_WEBHOOK_ALLOW_PRIVATE": "true",
    "BTIM_WORKER_HEARTBEAT_SECONDS": "0.5",
    "BTIM_WORKER_STALLED_SECONDS": "3",
    "BTIM_DATABASE_POOL_SIZE": "30",
    "BTIM_PRODUCTION": "false",  # the throw-away server makes nothing durable
    "BTIM_RATE_LIMIT_REQUESTS": "100000000",
    "BTIM_RATE_LIMIT_STRANGERS": "100000000",
}

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A throw-away server with the schema in place; the settings of this process point to it."""
    from cli.postgres.server import PostgresServer

    with PostgresServer.throw_away() as server:
        os.environ.update(OPEN_ENVIRONMENT)
        os.environ["BTIM_DATABASE_URL"] = server.dsn
        os.environ["BTIM_SECRETS_DIR"] = str(tmp_path_factory.mktemp("secrets"))
        from shared.database import close_connections, forget_engines
        from shared.settings import get_settings

        get_settings.cache_clear()
        forget_engines()
        migrate()
        os.environ["BTIM_TEST_SUPERUSER_URL"] = server.superuser_dsn
        yield server.dsn
        close_connections()


@pytest.fixture(scope="module")
def database(database_server: str) -> str:
    """The database with empty tables, and key files for the admin and the services."""
    from shared.access.api_keys import write_all_key_files
    from shared.database import in_transaction
    from shared.settings import get_settings
    from tests.running import empty_all_tables

    empty_all_tables(os.environ["BTIM_TEST_SUPERUSER_URL"])
    with in_transaction() as session:
        write_all_key_files(session, get_settings().secrets_dir)
    return database_server


@pytest.fixture
def session(database: str) -> Iterator[Any]:
    """A session whose work is rolled back after the test."""
    from shared.database import new_session

    with new_session() as opened:
        yield opened
        opened.rollback()


@pytest.fixture(scope="module")
def admin_key(database: str) -> str:
    """The key of the admin: every scope of every service."""
    return make_admin_key()


@pytest.fixture(scope="module")
def services(database: str, admin_key: str) -> Iterator[LiveServices]:
    """The three real services on loopback ports, with one worker each, over this database."""
    with LiveServices(admin_key) as running:
        yield running


@pytest.fixture(scope="module")
def ingest(database: str, admin_key: str) -> Iterator[ServiceUnderTest]:
    """The real ingest application in this process (no worker); calls carry the admin's key."""
    with ServiceUnderTest("ingest", admin_key) as client:
        yield client


@pytest.fixture(scope="module")
def allocation(database: str, admin_key: str) -> Iterator[ServiceUnderTest]:
    """The real allocation application in this process (no worker); calls carry the admin's key."""
    with ServiceUnderTest("allocation", admin_key) as client:
        yield client


@pytest.fixture(scope="module")
def valuation(database: str, admin_key: str) -> Iterator[ServiceUnderTest]:
    """The real valuation application in this process (no worker); calls carry the admin's key."""
    with ServiceUnderTest("valuation", admin_key) as client:
        yield client


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder with the real inputs and the worked company."""
    return Path(__file__).resolve().parent.parent / "examples"
