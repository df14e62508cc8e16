"""The SQL that stores driver quantities, exchange rates and tickets, version by version."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import Session

from services.ingest.changes.repository import (
    A_PUSH,
    a_new_id,
    claim_rows,
    closed_among,
    copy_rows,
    csv_into,
    lock_spans,
    mark_changed,
    new_row_ids,
    next_change,
)

#: Stands for the period of rows that belong to none.
ALL_TIME = ""


@dataclass(frozen=True)
class FactTable:
    """A table of versions: its natural key, its values, and which closed periods bind it.

    `period` and `scenario` are SQL over a row; `identity` is the column that callers know it by.
    """

    name: str
    topic: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    types: Mapping[str, str]
    scenario: str = "'actual'"
    period: str = "period"
    identity: str = "id"
    closes_with_period: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Key and values."""
        return (*self.key, *self.values)

    @property
    def moves(self) -> bool:
        """Whether a row may come to belong to another period than it did."""
        return self.period == "period" and "period" not in self.key

    def type_of(self, column: str) -> str:
        """The SQL type of a column."""
        return self.types.get(column, "text")


QUANTITIES = FactTable(
    "driver_quantity",
    "driver_quantities",
    key=("driver", "period", "scenario", "source", "target"),
    values=("quantity",),
    types={"quantity": "numeric(38,18)"},
    scenario="scenario",
)
RATES = FactTable(
    "exchange_rate",
    "exchange_rates",
    key=("period", "from_currency", "to_currency", "kind"),
    values=("rate",),
    types={"rate": "numeric(38,18)"},
)
TICKETS = FactTable(
    "ticket",
    "tickets",
    key=("number",),
    values=(
        "kind",
        "period",
        "service",
        "solution",
        "consumer",
        "opened_at",
        "resolved_at",
        "closed_at",
        "state",
        "priority",
        "category",
        "assignment_group",
        "sla_met",
        "reopen_count",
    ),
    types={
        "opened_at": "timestamptz",
        "resolved_at": "timestamptz",
        "closed_at": "timestamptz",
        "sla_met": "boolean",
        "reopen_count": "integer",
    },
    closes_with_period=False,
)


@dataclass
class FactsWritten:
    """What became of the drafts, by their row numbers where rows are few, else in counts."""

    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    removed: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    periods: list[str] = field(default_factory=list)


def make_drafts(session: Session, table: FactTable) -> None:
    """An empty temporary table for the drafts of this transaction."""
    columns = ", ".join(f"{name} {table.type_of(name)}" for name in table.columns)
    session.execute(
        text(
            "drop table if exists fact_draft, fact_refused, fact_same, fact_changed;"
            f" create temporary table fact_draft (row_no integer not null, {columns})"
            " on commit drop;"
            " create temporary table fact_refused (row_no integer, code text, raw text)"
            " on commit drop"
        )
    )


@contextmanager
def writing_drafts(session: Session, table: FactTable) -> Iterator[Callable[[bytes], None]]:
    """Fill new drafts with CSV of row_no and the columns of the table."""
    make_drafts(session, table)
    with csv_into(session, "fact_draft", ("row_no", *table.columns)) as write:
        yield write


def fill_from_rows(session: Session, table: FactTable, rows: Iterable[tuple[Any, ...]]) -> None:
    """Fill the drafts from tuples of row_no and the columns of the table."""
    copy_rows(session, "fact_draft", ("row_no", *table.columns), rows)


def refuse_where(session: Session, code: str, condition: str, raw: str, **binds: Any) -> None:
    """Take the drafts of which the condition holds out of the drafts.

    `raw` is SQL over a draft for the text that is at fault.
    """
    session.execute(
        text(
            f"with out as (delete from fact_draft d where {condition}"
            f" returning row_no, {raw} as raw)"
            " insert into fact_refused select row_no, :code, raw from out"
        ),
        {**binds, "code": code},
    )


def refuse_unknown_drivers(session: Session) -> None:
    """Take out the drafts whose driver nobody has defined; nobody deletes the others' meanwhile."""
    session.execute(
        text(
            "select 1 from driver where code in (select driver from fact_draft)"
            " order by code for key share"
        )
    )
    missing = "not exists (select 1 from driver k where k.code = d.driver)"
    refuse_where(session, "unknown_code", missing, "d.driver")


def write_facts(
    session: Session,
    table: FactTable,
    import_id: UUID | None,
    *,
    restate: bool = False,
    replace_feeds: bool = False,
    replace_feed: tuple[str, str, str] | None = None,
) -> FactsWritten:
    """Make rows of the drafts: equal ones are claimed, others replace what was there.

    With `replace_feeds` rows of the same driver, period and scenario that are not among the drafts
    end; `replace_feed` names one such feed, which may have no drafts at all. Drafts of closed
    periods and repeated keys are refused.
    """
    session.execute(text("analyze fact_draft"))
    _refuse_repeated(session, table)
    spans = _spans(session, table)
    if replace_feed is not None:
        spans = [(replace_feed[1], replace_feed[2])]
    if table.closes_with_period:
        closed = closed_among(session, {period for period, _ in spans})
        if closed and not restate:
            refuse_where(
                session, "closed_period", "period = any(:closed)", "d.period",
                closed=sorted(closed),
            )  # fmt: skip
            spans = [span for span in spans if span[0] not in closed]
    written = FactsWritten(periods=sorted({period for period, _ in spans} - {ALL_TIME}))
    lock_moving(session, table)
    if table.moves:
        spans = sorted({*spans, *_left_spans(session, table)})
    lock_spans(session, table.topic, spans)
    number = next_change(session)
    _compare(session, table)
    binds = {"import": import_id, "by": import_id or A_PUSH, "number": number}
    written.superseded = _close_changed(session, table, binds)
    if replace_feeds or replace_feed is not None:
        written.removed = _close_stale(session, table, binds, replace_feed)
    written.accepted = _insert(session, table, binds)
    written.duplicate = _count(session, "fact_same")
    claim_rows(session, "fact_same", import_id)
    if written.accepted or written.removed:
        mark_changed(session, table.topic, spans, number)
    found = session.execute(text("select row_no, code from fact_refused"))
    written.refused = {row[0]: row[1] for row in found}
    return written


def lock_moving(session: Session, table: FactTable) -> None:
    """Make this transaction the only writer of a table whose rows move between periods.

    Two writers of one row may name different periods, so that the locks of these do not meet.
    """
    if table.moves:
        lock_spans(session, table.topic, [(ALL_TIME, "actual")])


def outcomes(session: Session, table: FactTable) -> dict[int, tuple[str, UUID]]:
    """By draft number: created, updated or unchanged, and the live row."""
    found = session.execute(
        text(
            f"select d.row_no, f.{table.identity}, case when s.row_no is not null then 'unchanged'"
            " when c.row_no is not null then 'updated' else 'created' end"
            f" from fact_draft d join {table.name} f on {_same_key(table)} and f.live_to is null"
            " left join fact_same s on s.row_no = d.row_no"
            " left join fact_changed c on c.row_no = d.row_no"
        )
    )
    return {row: (status, identifier) for row, identifier, status in found}


def list_query(model: Any, filters: Mapping[str, Any]) -> Select[Any]:
    """The live rows of a table with these values."""
    query = select(model).where(model.live_to.is_(None))
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(model, name) == value)
    return query


def stream(session: Session, query: Select[Any], order: Any) -> Iterator[Any]:
    """All rows of a query, read piece by piece."""
    return iter(session.execute(query.order_by(order).execution_options(yield_per=2_000)).scalars())


def _same_key(table: FactTable) -> str:
    return " and ".join(
        f"coalesce(f.{name}, '') = coalesce(d.{name}, '')"
        if name == "source"
        else f"f.{name} = d.{name}"
        for name in table.key
    )


def _refuse_repeated(session: Session, table: FactTable) -> None:
    key = ", ".join(table.key)
    refuse_where(
        session,
        "repeated_key",
        "row_no in (select row_no from (select row_no, row_number() over"
        f" (partition by {key} order by row_no) as place from fact_draft) r where place > 1)",
        f"concat_ws(' | ', {', '.join(f'd.{name}' for name in table.key)})",
    )


def _spans(session: Session, table: FactTable) -> list[tuple[str, str]]:
    found = session.execute(
        text(f"select distinct {table.period}, {table.scenario} from fact_draft")
    )
    return [(period, scenario) for period, scenario in found]


def _left_spans(session: Session, table: FactTable) -> list[tuple[str, str]]:
    """Where the live rows are that the drafts may change."""
    found = session.execute(
        text(
            f"select distinct f.period, {table.scenario} from fact_draft d join {table.name} f"
            f" on {_same_key(table)} and f.live_to is null"
        )
    )
    return [(period, scenario) for period, scenario in found]


def _compare(session: Session, table: FactTable) -> None:
    mine = ", ".join(f"d.{name}" for name in table.values)
    theirs = ", ".join(f"f.{name}" for name in table.values)
    for name, condition in (("fact_same", ""), ("fact_changed", "not")):
        session.execute(
            text(
                f"create temporary table {name} on commit drop as"
                f" select d.row_no, f.id as row_id from fact_draft d join {table.name} f"
                f" on {_same_key(table)} and f.live_to is null"
                f" where {condition} (({mine}) is not distinct from ({theirs}))"
            )
        )


def _close_changed(session: Session, table: FactTable, binds: Mapping[str, Any]) -> int:
    session.execute(
        text(
            f"update {table.name} f set live_to = :number, closed_by = :by"
            " from fact_changed c where c.row_id = f.id"
        ),
        binds,
    )
    return _count(session, "fact_changed")


def _close_stale(
    session: Session,
    table: FactTable,
    binds: Mapping[str, Any],
    feed: tuple[str, str, str] | None,
) -> int:
    feeds = "(select distinct driver, period, scenario from fact_draft)"
    named: dict[str, str] = {}
    if feed is not None:
        feeds = "(values (cast(:driver as text), cast(:period as text), cast(:scenario as text)))"
        named = dict(zip(("driver", "period", "scenario"), feed, strict=True))
    found = session.execute(
        text(
            f"with closed as (update {table.name} f set live_to = :number, closed_by = :by"
            f" from {feeds} g (driver, period, scenario)"
            " where f.driver = g.driver and f.period = g.period and f.scenario = g.scenario"
            " and f.live_to is null and f.live_from < :number and not exists"
            f" (select 1 from fact_draft d where {_same_key(table)}) returning 1)"
            " select count(*) from closed"
        ),
        {**binds, **named},
    )
    return int(found.scalar_one())


def _insert(session: Session, table: FactTable, binds: Mapping[str, Any]) -> int:
    names = ", ".join(table.columns)
    mine = ", ".join(f"d.{name}" for name in table.columns)
    found = session.execute(
        text(
            f"with added as (insert into {table.name} (id, {names}, row_no, import_id, live_from)"
            f" select {new_row_ids('d.row_no')}, {mine},"
            " case when cast(:import as uuid) is null then null else d.row_no end,"
            " cast(:import as uuid), :number from fact_draft d"
            " where not exists (select 1 from fact_same s where s.row_no = d.row_no)"
            " order by d.row_no returning 1) select count(*) from added"
        ),
        {**binds, **a_new_id()},
    )
    return int(found.scalar_one())


def _count(session: Session, table: str) -> int:
    return int(session.execute(text(f"select count(*) from {table}")).scalar_one())
