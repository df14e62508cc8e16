"""Runs the migrations: one at a time, with a short lock timeout."""

from alembic import context
from sqlalchemy import create_engine, text

from shared.database import database_url
from shared.settings import get_settings
from shared.tables import everything  # noqa: F401 - its import fills the metadata
from shared.tables.columns import Table

MIGRATION_LOCK = 7_204_118_000


def include_object(thing: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave the queue's own tables alone; they come with the queue's own schema."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run() -> None:
    """Upgrade or downgrade in one transaction, held apart by an advisory lock."""
    connection = context.config.attributes.get("connection")
    engine = None
    if connection is None:
        engine = create_engine(database_url(get_settings()))
        connection = engine.connect()
    try:
        connection.execute(text("set lock_timeout = '5s'"))
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            include_object=include_object,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    finally:
        if engine is not None:
            connection.close()
            engine.dispose()


run()
