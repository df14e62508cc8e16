"""What a database holds, read in one snapshot that pg_dump shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from cli.backups.manifest import Contents, TableContent
from shared.audit import trail
from shared.database import new_session

_TABLES = text(
    "select relname from pg_class where relnamespace = 'public'::regnamespace"
    " and relkind in ('r', 'p') and not relispartition order by relname collate \"C\""
)
_SETTINGS = (
    "set local statement_timeout = 0",
    "set local idle_in_transaction_session_timeout = 0",  # it waits while pg_dump works
    "set local datestyle = 'ISO'",
    "set local extra_float_digits = 1",
    "set local bytea_output = 'hex'",
)


@contextmanager
def snapshot() -> Iterator[tuple[Session, str]]:
    """A session that sees one moment, and the name under which others may see the same.

    The tables are locked (ACCESS SHARE) before the moment is fixed, so no migration comes between.
    """
    with new_session() as session:
        names = list(session.execute(_TABLES).scalars())
        session.commit()
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for setting in _SETTINGS:
            session.execute(text(setting))
        if names:
            listed = ", ".join(f'"{name}"' for name in names)
            session.execute(text(f"lock table {listed} in access share mode"))
        yield session, session.execute(text("select pg_export_snapshot()")).scalar_one()
        session.rollback()


def read_contents(session: Session) -> Contents:
    """Counts and hashes of everything; the sum of the rows' hashes knows no order."""
    tables = {}
    for name in list(session.execute(_TABLES).scalars()):
        rows, digest = session.execute(
            text(
                "select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
                f' from "{name}" t'
            )
        ).one()
        tables[name] = TableContent(rows=rows, digest=digest)
    position, last_hash = trail.head(session)
    runs = session.execute(
        text("select id, output_hash from allocation_run where output_hash is not null order by id")
    )
    return Contents(
        revision=session.execute(text("select version_num from alembic_version")).scalar_one(),
        postgres=session.execute(text("show server_version")).scalar_one(),
        audit_position=position,
        audit_hash=last_hash,
        tables=tables,
        runs={str(run): output_hash for run, output_hash in runs},
    )


def table_bytes(session: Session) -> dict[str, int]:
    """The size of each table and partition, by name."""
    rows = session.execute(
        text(
            "select relname, pg_table_size(oid) from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
    )
    return {row.relname: row.pg_table_size for row in rows}


def files_in_folder(session: Session) -> list[UUID]:
    """The files whose bytes lie in the files folder."""
    found = session.execute(text("select id from stored_file where place = 'folder' order by id"))
    return list(found.scalars())


def is_empty(session: Session) -> bool:
    """Whether the database has no table yet."""
    return not session.execute(_TABLES).scalars().all()


def other_sessions(session: Session) -> list[str]:
    """Who else is connected to this database."""
    rows = session.execute(
        text(
            "select pid, application_name from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend' order by pid"
        )
    )
    return [f"{name or 'a client'} (backend {pid})" for pid, name in rows]
