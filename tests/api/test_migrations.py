"""The schema: from empty to head and back, and equal to what the code believes."""

import os

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url

from shared.database import get_engine
from shared.postgres.migrations import alembic_config
from shared.tables import everything
from shared.tables.columns import Table


def test_the_schema_is_what_the_tables_say(database: str) -> None:
    assert everything.LOADED
    with get_engine().connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _, name, kind, *__: (
                    not (kind == "table" and str(name).startswith(("procrastinate_", "run_chunk_")))
                ),
            },
        )
        assert compare_metadata(context, Table.metadata) == []


def _upgrade_and_back(connection: Connection) -> set[str]:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    made = set(inspect(connection).get_table_names())
    command.downgrade(config, "base")
    inspector = inspect(connection)
    inspector.clear_cache()
    left = set(inspector.get_table_names())
    assert left <= {"alembic_version"}
    functions = text("select count(*) from pg_proc where pronamespace = 'public'::regnamespace")
    assert connection.execute(functions).scalar_one() == 0
    command.upgrade(config, "head")
    return made


def test_the_schema_goes_up_from_empty_down_to_nothing_and_up_again(database_server: str) -> None:
    url = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("drop database if exists up_and_down"))
        connection.execute(text("create database up_and_down"))
    engine = create_engine(url.set(database="up_and_down"))
    with engine.connect() as connection:
        made = _upgrade_and_back(connection)
    engine.dispose()
    assert {"job", "audit_event", "cost_object", "procrastinate_jobs"} <= made
    with admin.connect() as connection:
        connection.execute(text("drop database up_and_down"))
    admin.dispose()
