"""The SQL of rows on their way to another service: kept in a temporary table, however many."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.changes.repository import copy_rows, csv_into
from services.ingest.handed_over.domain import BETWEEN_LEVELS

#: `key` is what a row is known by; `place` and `above` are the paths of tree objects.
COLUMNS = ("row_no", "key", "code", "parent", "place", "above", "request")
REFUSED_COLUMNS = ("row_no", "column_name", "code", "message", "raw")
Refused = tuple[int, str | None, str, str, str]


@dataclass(frozen=True)
class RowToHandOver:
    """A request to another service and the row that it stands for; None: the row implies it."""

    row_no: int | None
    key: str
    request: dict[str, Any]


@contextmanager
def writing_rows(session: Session) -> Iterator[Callable[[bytes], None]]:
    """Fill the temporary table with CSV of its columns."""
    session.execute(
        text(
            "drop table if exists row_to_hand_over, answer_refused;"
            " create temporary table row_to_hand_over (row_no integer, key text, code text,"
            " parent text, place text, above text, request jsonb, level integer) on commit drop;"
            " create temporary table answer_refused (row_no integer, column_name text, code text,"
            " message text, raw text) on commit drop"
        )
    )
    with csv_into(session, "row_to_hand_over", COLUMNS) as write:
        yield write


def keep_refused(session: Session, rows: Iterable[Refused]) -> None:
    """Keep rows that the other service refused, as rejects to be."""
    copy_rows(session, "answer_refused", REFUSED_COLUMNS, rows)


def refuse_repeated(session: Session, column: str, message: str) -> int:
    """Refuse the rows whose key an earlier row of the file has; how many there are."""
    found = session.execute(
        text(
            "with repeated as (delete from row_to_hand_over where row_no in (select row_no from"
            " (select row_no, row_number() over (partition by key order by row_no) as place"
            " from row_to_hand_over) r where place > 1) returning row_no, key), refused as"
            " (insert into answer_refused (row_no, column_name, code, message, raw)"
            " select row_no, :column, 'repeated_key', :message, key from repeated returning 1)"
            " select count(*) from refused"
        ),
        {"column": column, "message": message},
    )
    return int(found.scalar_one())


def place_in_tree(session: Session) -> None:
    """Give the rows their parents by place, make the places that no row names, order by level.

    A place that no row names becomes an object of its own, unless allocation has one of that code.
    Rows whose parents go round in a circle come last.
    """
    bound = {"between": BETWEEN_LEVELS}
    session.execute(
        text("create index on row_to_hand_over (place, code); analyze row_to_hand_over")
    )
    session.execute(text(_IMPLIED), bound)
    session.execute(text(_PARENT_BY_PLACE), bound)
    session.execute(text("create index on row_to_hand_over (parent); analyze row_to_hand_over"))
    session.execute(text(_LEVELS))


def rows_in_order(session: Session, size: int) -> Iterator[list[RowToHandOver]]:
    """All rows in stretches, parents before their children."""
    session.execute(
        text(
            "create temporary table row_in_order on commit drop as select row_number() over"
            " (order by level nulls last, row_no nulls first, code) as number, row_no, key,"
            " request || case when parent is null then '{}'::jsonb"
            " else jsonb_build_object('parent', parent) end as request from row_to_hand_over;"
            " create index on row_in_order (number)"
        )
    )
    first = 0
    while True:
        found = session.execute(
            text(
                "select row_no, key, request from row_in_order where number > :first"
                " and number <= :last order by number"
            ),
            {"first": first, "last": first + size},
        ).all()
        if not found:
            return
        yield [RowToHandOver(row.row_no, row.key, row.request) for row in found]
        first += size


_IMPLIED = """
insert into row_to_hand_over (key, code, place, above, request)
select code, code, place, above, jsonb_build_object('code', code, 'names',
    jsonb_build_object(case when name ~ '[一-鿿]' then 'zh-CN' else 'en' end, name))
from (
    select distinct array_to_string(levels[1:depth], :between) as place,
        nullif(array_to_string(levels[1:depth - 1], :between), '') as above,
        array_to_string(levels[1:depth], '/') as code, levels[depth] as name
    from (select distinct string_to_array(above, :between) as levels
          from row_to_hand_over where above is not null and parent is null) a,
        lateral generate_series(1, cardinality(levels)) as depth
) p
where not exists (select 1 from row_to_hand_over r where r.place = p.place)
and not exists (select 1 from row_to_hand_over r where r.code = p.code)
and not exists (select 1 from cost_object o where o.layer = 'consumer' and o.code = p.code)
"""
_PARENT_BY_PLACE = """
update row_to_hand_over r set parent = coalesce(
    (select min(p.code) from row_to_hand_over p where p.place = r.above),
    array_to_string(string_to_array(r.above, :between), '/'))
where r.above is not null and r.parent is null
"""
_LEVELS = """
with recursive tree as (
    select r.ctid as row_id, r.code, 0 as level from row_to_hand_over r
    where r.parent is null
    or not exists (select 1 from row_to_hand_over p where p.code = r.parent)
    union all
    select r.ctid, r.code, t.level + 1 from tree t join row_to_hand_over r on r.parent = t.code
    where r.code <> r.parent
)
update row_to_hand_over r set level = t.level from tree t where t.row_id = r.ctid
"""
