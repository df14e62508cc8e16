"""Runs the migrations: one process at a time, each step in its own transaction, never in the way.

A step that waits for a lock makes everybody wait who comes after it. So it gives up after a
second, lets them pass and tries again.
"""

import time
from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from shared.database import database_url
from shared.settings import get_settings
from shared.tables import everything  # noqa: F401 - its import fills the metadata
from shared.tables.columns import Table

MIGRATION_LOCK = 7_204_118_000
LOCK_TIMEOUT = "1s"
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 600.0
IN_THE_WAY = {"55P03", "40P01"}  # lock not available, deadlock


def include_object(thing: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave alone what comes with the queue's own schema, and the partitions made as needed."""
    foreign = ("procrastinate_", "run_chunk_")
    return not (kind == "table" and name is not None and name.startswith(foreign))


def run() -> None:
    """Upgrade or downgrade; a second process waits until the first is done, then finds it done."""
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        _run_alone(given)
        return
    engine = create_engine(database_url(get_settings()))
    with engine.connect() as connection:
        _run_alone(connection)
    engine.dispose()


def _run_alone(connection: Connection) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    lock = {"key": MIGRATION_LOCK}
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    while not connection.execute(text("select pg_try_advisory_lock(:key)"), lock).scalar_one():
        connection.commit()
        _pause(deadline, TimeoutError("another process has been migrating for ten minutes"))
    connection.commit()
    try:
        _run_patiently(connection, deadline)
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), lock)
        connection.commit()


def _run_patiently(connection: Connection, deadline: float) -> None:
    """The steps that are left; those done before a lock was not to be had stay done."""
    while True:
        _configure(connection=connection)
        try:
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) not in IN_THE_WAY:
                raise
            _pause(deadline, error)
        else:
            return


def _pause(deadline: float, reason: Exception) -> None:
    if time.monotonic() > deadline:
        raise reason
    time.sleep(PAUSE_SECONDS)


def _configure(**where: Any) -> None:
    context.configure(
        target_metadata=Table.metadata,
        include_object=include_object,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
        **where,
    )


def print_sql() -> None:
    """Only write the statements (`alembic upgrade a:b --sql`), for linters and for reading."""
    _configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    run()
