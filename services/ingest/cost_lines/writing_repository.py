"""The SQL that makes lines of drafts, set by set: lines are closed and added, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlmodel import Session

from services.ingest.changes.repository import (
    a_new_id,
    claim_rows,
    closed_among,
    lock_source,
    lock_spans,
    mark_changed,
    next_change,
)
from services.ingest.cost_lines.draft_repository import (
    TOPIC,
    VALUE_COLUMNS,
    LineWriting,
    insert_lines,
)
from services.ingest.cost_lines.streaming_repository import LineStream

# Equal rows of one file are told apart by their ordinal.
_NUMBER_EQUAL_ROWS = """
update line_draft d set ordinal = r.ordinal from (
    select row_no, row_number() over (partition by identity order by row_no) as ordinal
    from line_draft where external_id is null and identity in (
        select identity from line_draft where external_id is null
        group by identity having count(*) > 1)
) r where r.row_no = d.row_no and r.ordinal > 1
"""
# The same where the first ones may have been stored while the file was read.
_NUMBER_AFTER_STORED = """
update line_draft d set ordinal = r.ordinal from (
    select w.row_no, row_number() over (partition by w.identity order by w.row_no)
        + case when l.id is null then 0 else 1 end as ordinal
    from line_draft w left join cost_line l on l.identity = w.identity and l.ordinal = 1
        and l.source = :source and l.scenario = :scenario and l.live_to is null
        and l.import_id = :import
    where w.external_id is null
) r where r.row_no = d.row_no and r.ordinal > 1
"""
_NUMBER_AFTER_FAMILY = """
update line_draft d set ordinal = d.ordinal + f.rows from (
    select l.identity, count(*) as rows from cost_line l
    where l.identity in (select identity from line_draft where external_id is null)
    and l.source = :source and l.scenario = :scenario and l.live_to is null
    and (l.import_id = any(:family) or exists (
        select 1 from import_claim c where c.row_id = l.id and c.import_id = any(:family)))
    group by 1
) f where f.identity = d.identity and d.external_id is null
"""
# Rows with the external id of an earlier row of the file: equal ones repeat it, others clash.
_FIND_REPEATED_IDS = """
insert into line_repeated select d.row_no, ({same}) as same from line_draft d join (
    select identity, min(row_no) as row_no from line_draft where external_id is not null
    group by identity having count(*) > 1
) f on f.identity = d.identity and f.row_no < d.row_no
join line_draft e on e.row_no = f.row_no and e.identity = f.identity
where d.external_id is not null
"""
_FIND_SAME = """
create temporary table line_same on commit drop as
select d.row_no, d.currency, d.amount, l.id as row_id from line_draft d
join cost_line l on l.identity = d.identity and l.ordinal = d.ordinal
where l.source = :source and l.scenario = :scenario and l.live_to is null
and not d.deleted and (d.external_id is null or ({same}))
"""
_CLOSE_CHANGED = """
with closed as (
    update cost_line l set live_to = :number, closed_by = :by from line_draft d
    where l.identity = d.identity and l.ordinal = d.ordinal and l.source = :source
    and l.scenario = :scenario and l.live_to is null and d.external_id is not null
    and not exists (select 1 from line_same s where s.row_no = d.row_no)
    returning l.period, l.currency, l.amount
)
select period, currency, count(*) as rows, sum(amount) as amount from closed group by 1, 2
"""
_CLOSE_BILLING_PERIODS = """
with closed as (
    update cost_line l set live_to = :number, closed_by = :by
    from (select distinct period, account from line_draft) b
    where l.period = b.period and l.account is not distinct from b.account
    and l.source = :source and l.scenario = :scenario and l.live_to is null
    returning l.period, l.currency, l.amount
)
select period, currency, count(*) as rows, sum(amount) as amount from closed group by 1, 2
"""


@dataclass
class Written:
    """What became of the drafts: money by currency, refused rows, and the periods touched."""

    accepted: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    duplicate: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    refused: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    superseded: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    periods: list[str] = field(default_factory=list)
    changed_periods: list[str] = field(default_factory=list)
    number: int | None = None


def write_drafts(session: Session, how: LineWriting, stream: LineStream | None = None) -> Written:
    """Make lines of the drafts; `stream` has rows of the same import that are stored already.

    Rows that are there already become duplicates, rows of closed periods or with a clashing id are
    kept in `line_refused`; lines are closed and added, never changed.
    """
    session.execute(text("analyze line_draft (row_no, identity, external_id, period)"))
    drafted = _drafted(session)
    by_id = drafted.with_id > 0
    if by_id:
        lock_source(session, how.source, how.scenario)
    binds = how.binds()
    if drafted.rows > drafted.with_id:
        session.execute(text(_NUMBER_AFTER_STORED if stream else _NUMBER_EQUAL_ROWS), binds)
        if how.family:
            session.execute(text(_NUMBER_AFTER_FAMILY), {**binds, "family": list(how.family)})
    written = Written()
    touched = _refuse(session, how, written, drafted, stream)
    lock_spans(session, TOPIC, [(period, how.scenario) for period in touched])
    number = stream.number_after(touched) if stream else next_change(session)
    binds["number"] = number
    changed = stream.periods if stream else set()
    if how.replace_billing_period:
        changed |= _close(session, _CLOSE_BILLING_PERIODS, binds, written)
    session.execute(text(_FIND_SAME.format(same=_same_values("l"))), binds)
    if by_id:
        changed |= _close(session, _CLOSE_CHANGED, binds, written)
    written.duplicate |= _sums(session, "line_same")
    written.accepted |= stream.accepted() if stream else {}
    changed |= _insert(session, binds, written)
    claim_rows(session, "line_same", how.import_id)
    _take_in_repeated(session, written)
    if changed:
        mark_changed(session, TOPIC, [(period, how.scenario) for period in changed], number)
        written.number = number
    written.changed_periods = sorted(changed)
    return written


@dataclass(frozen=True)
class _Drafted:
    """What lies in `line_draft`."""

    periods: frozenset[str]
    rows: int
    with_id: int


def _drafted(session: Session) -> _Drafted:
    query = "select period, count(*), count(external_id) from line_draft group by 1"
    found = session.execute(text(query)).all()
    return _Drafted(
        frozenset(period for period, _, _ in found),
        sum(rows for _, rows, _ in found),
        sum(with_id for _, _, with_id in found),
    )


def _same_values(other: str) -> str:
    mine = ", ".join(f"d.{name}" for name in VALUE_COLUMNS)
    theirs = ", ".join(f"{other}.{name}" for name in VALUE_COLUMNS)
    return f"({mine}) is not distinct from ({theirs})"


def _refuse(
    session: Session,
    how: LineWriting,
    written: Written,
    drafted: _Drafted,
    stream: LineStream | None,
) -> set[str]:
    """Take rows out that clash or whose period is closed; the periods that are left to change."""
    by_id = drafted.with_id > 0
    if by_id:
        _refuse_repeated(session)
    ended = _ended_periods(session, how) if by_id else set()
    early = stream.periods if stream else set()
    closed = closed_among(session, {*drafted.periods, *early, *ended})
    if closed and not how.restate:
        _refuse_closed(session, how, closed, by_id=by_id)
        if stream:
            stream.take_out(closed)
            early = stream.periods
        ended -= closed
        drafted = _drafted(session)
    written.refused = _sums(session, "line_refused")
    written.periods = sorted({*drafted.periods, *early})
    return {*written.periods, *ended}


def _refuse_repeated(session: Session) -> None:
    repeated = session.execute(text(_FIND_REPEATED_IDS.format(same=_same_values("e"))))
    if not cast("CursorResult[Any]", repeated).rowcount:
        return
    clashing = "row_no in (select row_no from line_repeated where not same)"
    _move_to_refused(session, "duplicate_external_id", "external_id", clashing, {})
    session.execute(
        text(
            "with out as (delete from line_draft where row_no in (select row_no from"
            " line_repeated where same) returning currency, amount)"
            " insert into line_repeated_out select currency, amount from out"
        )
    )


def _refuse_closed(session: Session, how: LineWriting, closed: set[str], *, by_id: bool) -> None:
    condition = "period = any(:closed)"
    if by_id:
        condition += (
            " or (external_id is not null and exists (select 1 from cost_line l where"
            " l.identity = line_draft.identity and l.ordinal = 1 and l.source = :source"
            " and l.scenario = :scenario and l.live_to is null and l.period = any(:closed)))"
        )
    binds = {**how.binds(), "closed": sorted(closed)}
    _move_to_refused(session, "closed_period", "period", condition, binds)


def _move_to_refused(
    session: Session, code: str, column: str, condition: str, binds: Mapping[str, Any]
) -> None:
    session.execute(
        text(
            f"with out as (delete from line_draft where {condition}"
            f" returning row_no, {column} as raw, currency, amount)"
            " insert into line_refused select row_no, :code, raw, currency, amount from out"
        ),
        {**binds, "code": code},
    )


def _ended_periods(session: Session, how: LineWriting) -> set[str]:
    """The periods of the lines that drafts with their ids would end."""
    found = session.execute(
        text(
            "select distinct l.period from cost_line l join line_draft d"
            " on d.identity = l.identity and l.ordinal = d.ordinal where l.source = :source"
            " and l.scenario = :scenario and l.live_to is null and d.external_id is not null"
        ),
        how.binds(),
    )
    return set(found.scalars())


def _close(
    session: Session, statement: str, binds: Mapping[str, Any], written: Written
) -> set[str]:
    periods = set()
    for period, currency, rows, amount in session.execute(text(statement), binds):
        periods.add(period)
        before = written.superseded.get(currency, (0, Decimal(0)))
        written.superseded[currency] = (before[0] + rows, before[1] + amount)
    return periods


def _sums(session: Session, table: str, condition: str = "true") -> dict[str, tuple[int, Decimal]]:
    found = session.execute(
        text(f"select currency, count(*), sum(amount) from {table} where {condition} group by 1")
    )
    return {currency: (rows, amount) for currency, rows, amount in found}


def _insert(session: Session, binds: Mapping[str, Any], written: Written) -> set[str]:
    unless_same = (
        "and not exists (select 1 from line_same s where s.row_no = d.row_no)"
        if written.duplicate
        else ""
    )
    session.execute(
        text(f"{insert_lines()} from line_draft d where not d.deleted {unless_same}"),
        {**binds, **a_new_id()},
    )
    condition = f"not deleted {unless_same.replace('d.row_no', 'line_draft.row_no')}"
    found = session.execute(
        text(
            "select period, currency, count(*), sum(amount) from line_draft"
            f" where {condition} group by 1, 2"
        )
    )
    periods = set()
    for period, currency, rows, amount in found:
        periods.add(period)
        before = written.accepted.get(currency, (0, Decimal(0)))
        written.accepted[currency] = (before[0] + rows, before[1] + amount)
    return periods


def _take_in_repeated(session: Session, written: Written) -> None:
    for currency, (rows, amount) in _sums(session, "line_repeated_out").items():
        before = written.duplicate.get(currency, (0, Decimal(0)))
        written.duplicate[currency] = (before[0] + rows, before[1] + amount)


def refused_rows(session: Session) -> list[tuple[int, str, str]]:
    """Row number, code and text of the drafts that were refused."""
    found = session.execute(text("select row_no, code, raw from line_refused order by row_no"))
    return [(row, code, raw) for row, code, raw in found]


def push_outcomes(session: Session, how: LineWriting) -> dict[int, tuple[str, UUID]]:
    """By draft number the live line it stands for: `unchanged`, or the line written now."""
    found = session.execute(
        text(
            "select d.row_no, l.id, s.row_no is not null from line_draft d"
            " join cost_line l on l.identity = d.identity and l.ordinal = d.ordinal"
            " left join line_same s on s.row_no = d.row_no"
            " where l.source = :source and l.scenario = :scenario and l.live_to is null"
        ),
        how.binds(),
    )
    return {
        row: ("unchanged" if same else "written", identifier) for row, identifier, same in found
    }
