"""The SQL that numbers changes, keeps writers of a period in a row, and takes rows back."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from shared.database import raw_connection
from shared.ids import new_id
from shared.postgres import advisory_locks
from shared.postgres.period_locks import closed_periods

#: Stands for a push where an import is named: in `closed_by`, and as the claimant of a row.
A_PUSH = UUID(int=0)
Span = tuple[str, str]
"""A period and a scenario."""
_SPANS = (
    "unnest(cast(:periods as text[]), cast(:scenarios as text[]))"
    " with ordinality s (period, scenario, place)"
)


def lock_spans(session: Session, topic: str, spans: Iterable[Span]) -> None:
    """Make this transaction the only writer of these periods of a topic, until it ends.

    The rows are locked in their order, so writers of several periods cannot block each other.
    """
    session.execute(
        text(
            "insert into period_change (period, scenario, topic, last_change)"
            f" select period, scenario, :topic, 0 from {_SPANS} order by place"
            " on conflict (period, scenario, topic)"
            " do update set last_change = period_change.last_change"
        ),
        {"topic": topic, **_as_arrays(spans)},
    )


def lock_source(session: Session, source: str, scenario: str) -> None:
    """Keep other writers out whose rows are known by their ids within this source."""
    advisory_locks.hold(session, f"lines:{source}:{scenario}")


def closed_among(session: Session, periods: Iterable[str]) -> set[str]:
    """Keep these periods from being closed until the end; which of them are closed already."""
    return closed_periods(session, periods)


def next_change(session: Session) -> int:
    """The number of this change; to be taken when all its periods are locked."""
    return int(session.execute(text("select nextval('change_number')")).scalar_one())


def new_row_ids(row_no: str) -> str:
    """SQL for the ids of new rows, UUIDs of version 7 in the order of an integer column.

    Made of one id, bound by `a_new_id`, whose random part gives 32 bits to the number, because the
    server's own `uuidv7()` takes as long for each row as storing it.
    """
    number, one = f"lpad(to_hex({row_no}), 8, '0')", "cast(:new_id as text)"
    return (
        f"cast(left({one}, 13) || left({number}, 3) || substr({one}, 17, 1)"
        f" || right({number}, 5) || right({one}, 10) as uuid)"
    )


def a_new_id() -> dict[str, str]:
    """The parameter of `new_row_ids`; a new one for each statement."""
    return {"new_id": new_id().hex}


def mark_changed(session: Session, topic: str, spans: Iterable[Span], number: int) -> None:
    """Note the number as the last change of these periods."""
    session.execute(
        text(
            f"update period_change c set last_change = :number from {_SPANS}"
            " where c.period = s.period and c.scenario = s.scenario and c.topic = :topic"
        ),
        {"number": number, "topic": topic, **_as_arrays(spans)},
    )


def _as_arrays(spans: Iterable[Span]) -> dict[str, list[str]]:
    ordered = sorted(set(spans))
    return {
        "periods": [period for period, _ in ordered],
        "scenarios": [scenario for _, scenario in ordered],
    }


@contextmanager
def csv_into(
    session: Session, table: str, columns: Iterable[str]
) -> Iterator[Callable[[bytes], None]]:
    """Fill a temporary table with what is written, CSV in which an unquoted nothing is null.

    The server takes in what was written while the caller makes the next piece.
    """
    statement = f"copy {table} ({', '.join(columns)}) from stdin with (format csv)"
    with _copying(session, statement) as copy:
        yield copy.write


def copy_csv(session: Session, table: str, columns: Iterable[str], pieces: Iterator[bytes]) -> None:
    """Fill a temporary table from pieces of CSV text."""
    with csv_into(session, table, columns) as write:
        for piece in pieces:
            write(piece)


def copy_rows(
    session: Session, table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Fill a temporary table row by row."""
    statement = f"copy {table} ({', '.join(columns)}) from stdin"
    with _copying(session, statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _copying(session: Session, statement: str) -> Iterator[Any]:
    """A COPY on the session's connection; its errors become those of SQLAlchemy, as elsewhere."""
    try:
        with raw_connection(session).cursor() as cursor, cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def claim_rows(session: Session, same_table: str, import_id: UUID | None) -> None:
    """Note that this import, or a push, reports rows that are there already."""
    session.execute(
        text(
            "insert into import_claim (import_id, row_id)"
            f" select distinct cast(:import as uuid), row_id from {same_table}"
            " where row_id is not null on conflict do nothing"
        ),
        {"import": import_id or A_PUSH},
    )


CLAIMED_BY_OTHERS = """
    exists (
        select 1 from import_claim c left join data_import i on i.id = c.import_id
        where c.row_id = f.id and c.import_id <> :import
        and (c.import_id = '00000000-0000-0000-0000-000000000000' or i.status <> 'reverted')
    )
    or f.import_id is null
    or (
        f.import_id <> :import
        and exists (select 1 from data_import i where i.id = f.import_id and i.status <> 'reverted')
    )
"""
"""Whether a row `f` has a claimant other than the import that is taken back."""


def rows_to_close(
    session: Session, table: str, scenario: str, import_id: UUID, *, period: str = "f.period"
) -> list[Span]:
    """Where the live rows are that only this import claims; they are kept in `reverted_row`."""
    session.execute(text("drop table if exists reverted_row"))
    session.execute(
        text(
            "create temporary table reverted_row on commit drop as"
            f" select f.id, {period} as period, {scenario} as scenario from {table} f"
            " where f.live_to is null and (f.import_id = :import or f.id in"
            " (select row_id from import_claim where import_id = :import))"
            f" and not ({CLAIMED_BY_OTHERS})"
        ),
        {"import": import_id},
    )
    found = session.execute(text("select distinct period, scenario from reverted_row"))
    return [(period, scenario) for period, scenario in found]


def close_reverted(session: Session, table: str, import_id: UUID, number: int) -> int:
    """Close the rows of `reverted_row`; how many there were."""
    session.execute(
        text(
            f"update {table} f set live_to = :number, closed_by = :import"
            " from reverted_row r where r.id = f.id and f.live_to is null"
        ),
        {"number": number, "import": import_id},
    )
    return int(session.execute(text("select count(*) from reverted_row")).scalar_one())


def rows_to_restore(
    session: Session,
    table: str,
    scenario: str,
    key: tuple[str, ...],
    import_id: UUID,
    *,
    period: str = "f.period",
    near: tuple[str, ...] | None = None,
    unless: str = "false",
) -> list[Span]:
    """Where the rows are that this import had replaced; they are kept in `restored_row`.

    A row comes back when it still has a claimant and everything that came after it under its key is
    taken back as well. It may have been replaced by an import that was reverted before this one;
    `near` names the columns by which such rows are looked for.
    """

    def same(one: str, columns: tuple[str, ...]) -> str:
        return " and ".join(f"{one}.{name} is not distinct from f.{name}" for name in columns)

    reverted = "(select id from data_import where status = 'reverted')"
    names = ", ".join(f"f.{name}" for name in key)
    session.execute(text("drop table if exists restored_row"))
    session.execute(
        text(
            "create temporary table restored_row on commit drop as"
            f" select distinct on ({names}) f.id, {period} as period, {scenario} as scenario"
            f" from {table} f"
            " where f.live_to is not null and f.id not in (select id from reverted_row)"
            f" and (f.closed_by = :import or (f.closed_by in {reverted} and exists (select 1 from"
            f" {table} t where (t.closed_by = :import or t.import_id = :import)"
            f" and {same('t', near or key)})))"
            f" and ({CLAIMED_BY_OTHERS})"
            f" and not exists (select 1 from {table} g where {same('g', key)}"
            " and g.live_from >= f.live_to and g.id not in (select id from reverted_row)"
            f" and (g.live_to is null or not (g.closed_by = :import or g.closed_by in {reverted})))"
            f" and not ({unless})"
            f" order by {names}, f.live_to desc"
        ),
        {"import": import_id},
    )
    found = session.execute(text("select distinct period, scenario from restored_row"))
    return [(period, scenario) for period, scenario in found]


def restore_rows(session: Session, table: str, columns: tuple[str, ...], number: int) -> int:
    """Add the rows of `restored_row` again as new versions, with the claims of the old ones."""
    names = ", ".join(columns)
    new_id_of_row = new_row_ids("cast(row_number() over () as integer)")
    session.execute(
        text(
            "create temporary table restored_pair on commit drop as"
            f" select id as old_id, {new_id_of_row} as new_id"
            " from restored_row"
        ),
        a_new_id(),
    )
    session.execute(
        text(
            f"insert into {table} (id, {names}, live_from)"
            f" select p.new_id, {', '.join(f'f.{name}' for name in columns)}, :number"
            f" from {table} f join restored_pair p on p.old_id = f.id"
        ),
        {"number": number},
    )
    session.execute(
        text(
            "insert into import_claim (import_id, row_id) select c.import_id, p.new_id"
            " from import_claim c join restored_pair p on p.old_id = c.row_id"
            " on conflict do nothing"
        )
    )
    return int(session.execute(text("select count(*) from restored_pair")).scalar_one())
