"""The SQL of cost lines: reading them, and storing drafts as lines, set by set."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import Session, col

from services.ingest.changes.repository import (
    A_PUSH,
    claim_rows,
    closed_among,
    csv_into,
    lock_source,
    lock_spans,
    mark_changed,
    next_change,
)
from services.ingest.profiles.domain import DRAFT_COLUMNS
from shared.errors import NotFound
from shared.tables.ingest.facts import CostLine

TOPIC = "cost_lines"

VALUE_COLUMNS = DRAFT_COLUMNS[3:]
KEY_COLUMNS = ("identity", "ordinal", "source", "scenario")
#: What a new version of a line takes over from an older one.
KEPT_COLUMNS = (*KEY_COLUMNS, "external_id", *VALUE_COLUMNS, "row_no", "import_id")

_MAKE_DRAFT = """
drop table if exists line_draft, line_refused, line_repeated, line_repeated_out, line_same;
create temporary table line_draft (
    row_no integer not null, identity uuid not null, external_id text, period text not null,
    amount numeric(38,18) not null, currency text not null, posted_on date, cost_type text,
    account text, cost_center text, vendor text, document text, description text, asset text,
    project text, tags jsonb not null, fields jsonb not null, ordinal integer not null default 1,
    deleted boolean not null default false
) on commit drop;
create temporary table line_refused (
    row_no integer, code text, raw text, currency text, amount numeric) on commit drop;
create temporary table line_repeated (row_no integer, same boolean) on commit drop;
create temporary table line_repeated_out (currency text, amount numeric) on commit drop;
"""
# Equal rows of one file are told apart by their ordinal.
_NUMBER_EQUAL_ROWS = """
update line_draft d set ordinal = r.ordinal from (
    select row_no, row_number() over (partition by identity order by row_no) as ordinal
    from line_draft where external_id is null and identity in (
        select identity from line_draft where external_id is null
        group by identity having count(*) > 1)
) r where r.row_no = d.row_no and r.ordinal > 1
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
_INSERT = """
insert into cost_line (
    identity, ordinal, external_id, source, scenario, {columns}, row_no, import_id, live_from
)
select d.identity, d.ordinal, d.external_id, :source, :scenario, {values},
    case when cast(:import as uuid) is null then null else d.row_no end, cast(:import as uuid),
    :number
from line_draft d where not d.deleted {unless_same}
"""


@dataclass(frozen=True)
class LineWriting:
    """How drafts are to be written. `import_id` is None for a push."""

    source: str
    scenario: str
    import_id: UUID | None = None
    restate: bool = False
    replace_billing_period: bool = False


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


@contextmanager
def writing_drafts(session: Session) -> Iterator[Callable[[bytes], None]]:
    """Put drafts, as CSV with DRAFT_COLUMNS, into the temporary table of this transaction."""
    session.execute(text(_MAKE_DRAFT))
    with csv_into(session, "line_draft", DRAFT_COLUMNS) as write:
        yield write
    session.execute(text("analyze line_draft"))


def mark_deleted(session: Session, row_numbers: list[int]) -> None:
    """Drafts with these numbers end the line that they name and add none."""
    session.execute(
        text("update line_draft set deleted = true where row_no = any(:rows)"),
        {"rows": row_numbers},
    )


def write_drafts(session: Session, how: LineWriting) -> Written:
    """Make lines of the drafts.

    Rows that are there already become duplicates, rows of closed periods or with a clashing id are
    kept in `line_refused`; lines are closed and added, never changed.
    """
    by_id = _has_external_ids(session)
    if by_id:
        lock_source(session, how.source, how.scenario)
    session.execute(text(_NUMBER_EQUAL_ROWS))
    written = Written()
    _refuse(session, how, written, by_id=by_id)
    written.periods = _draft_periods(session)
    spans = [(period, how.scenario) for period in _touched_periods(session, how, by_id=by_id)]
    lock_spans(session, TOPIC, spans)
    number = next_change(session)
    binds = {
        "source": how.source,
        "scenario": how.scenario,
        "import": how.import_id,
        "by": how.import_id or A_PUSH,
        "number": number,
    }
    changed: set[str] = set()
    if how.replace_billing_period:
        changed |= _close(session, _CLOSE_BILLING_PERIODS, binds, written)
    session.execute(text(_FIND_SAME.format(same=_same_values("l"))), binds)
    if by_id:
        changed |= _close(session, _CLOSE_CHANGED, binds, written)
    written.duplicate |= _sums(session, "line_same")
    changed |= _insert(session, binds, written)
    claim_rows(session, "line_same", how.import_id)
    _take_in_repeated(session, written)
    if changed:
        mark_changed(session, TOPIC, [(period, how.scenario) for period in changed], number)
        written.number = number
    written.changed_periods = sorted(changed)
    return written


def _has_external_ids(session: Session) -> bool:
    found = session.execute(
        text("select exists (select 1 from line_draft where external_id is not null)")
    )
    return bool(found.scalar_one())


def _same_values(other: str) -> str:
    mine = ", ".join(f"d.{name}" for name in VALUE_COLUMNS)
    theirs = ", ".join(f"{other}.{name}" for name in VALUE_COLUMNS)
    return f"({mine}) is not distinct from ({theirs})"


def _refuse(session: Session, how: LineWriting, written: Written, *, by_id: bool) -> None:
    """Take rows out of the drafts that clash or whose period is closed."""
    if by_id:
        session.execute(text(_FIND_REPEATED_IDS.format(same=_same_values("e"))))
        clashing = "row_no in (select row_no from line_repeated where not same)"
        _move_to_refused(session, "duplicate_external_id", "external_id", clashing, {})
        session.execute(
            text(
                "with out as (delete from line_draft where row_no in (select row_no from"
                " line_repeated where same) returning currency, amount)"
                " insert into line_repeated_out select currency, amount from out"
            )
        )
    closed = closed_among(session, _touched_periods(session, how, by_id=by_id))
    if closed and not how.restate:
        _refuse_closed(session, how, closed, by_id=by_id)
    written.refused = _sums(session, "line_refused")


def _refuse_closed(session: Session, how: LineWriting, closed: set[str], *, by_id: bool) -> None:
    condition = "period = any(:closed)"
    if by_id:
        condition += (
            " or (external_id is not null and exists (select 1 from cost_line l where"
            " l.identity = line_draft.identity and l.ordinal = 1 and l.source = :source"
            " and l.scenario = :scenario and l.live_to is null and l.period = any(:closed)))"
        )
    binds = {"closed": sorted(closed), "source": how.source, "scenario": how.scenario}
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


def _draft_periods(session: Session) -> list[str]:
    found = session.execute(text("select distinct period from line_draft order by 1"))
    return list(found.scalars())


def _touched_periods(session: Session, how: LineWriting, *, by_id: bool) -> list[str]:
    """The periods of the drafts, and of the lines that they end."""
    periods = set(_draft_periods(session))
    if by_id:
        found = session.execute(
            text(
                "select distinct l.period from cost_line l join line_draft d"
                " on d.identity = l.identity and l.ordinal = d.ordinal where l.source = :source"
                " and l.scenario = :scenario and l.live_to is null and d.external_id is not null"
            ),
            {"source": how.source, "scenario": how.scenario},
        )
        periods |= set(found.scalars())
    return sorted(periods)


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
        text(
            _INSERT.format(
                columns=", ".join(VALUE_COLUMNS),
                values=", ".join(f"d.{name}" for name in VALUE_COLUMNS),
                unless_same=unless_same,
            )
        ),
        binds,
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
            "select d.row_no, l.id, exists (select 1 from line_same s where s.row_no = d.row_no)"
            " from line_draft d join cost_line l on l.identity = d.identity"
            " and l.ordinal = d.ordinal where l.source = :source and l.scenario = :scenario"
            " and l.live_to is null"
        ),
        {"source": how.source, "scenario": how.scenario},
    )
    return {
        row: ("unchanged" if same else "written", identifier) for row, identifier, same in found
    }


def find_live(
    session: Session, source: str, scenario: str, external_ids: list[str]
) -> dict[str, UUID]:
    """The live lines of a source by external id."""
    query = select(col(CostLine.external_id), col(CostLine.id)).where(
        col(CostLine.source) == source,
        col(CostLine.scenario) == scenario,
        col(CostLine.live_to).is_(None),
        col(CostLine.external_id).in_(external_ids),
    )
    return {name: identifier for name, identifier in session.execute(query) if name is not None}


def get_cost_line(session: Session, line_id: UUID) -> CostLine:
    """One version of a line by its id."""
    found = session.get(CostLine, line_id)
    if found is None:
        raise NotFound(f"cost line {line_id}")
    return found


def list_query(
    filters: Mapping[str, Any], tags: Mapping[str, str], fields: Mapping[str, str], *, live: bool
) -> Select[Any]:
    """The lines with these values."""
    query = select(CostLine)
    if live:
        query = query.where(col(CostLine.live_to).is_(None))
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(CostLine, name) == value)
    for name, value in tags.items():
        query = query.where(col(CostLine.tags)[name].astext == value)
    for name, value in fields.items():
        query = query.where(col(CostLine.fields)[name].astext == value)
    return query


def stream(session: Session, query: Select[Any]) -> Iterator[CostLine]:
    """All lines of a query in the order in which they came, read piece by piece."""
    ordered = query.order_by(col(CostLine.id)).execution_options(yield_per=2_000)
    return iter(session.execute(ordered).scalars())


def imports_of(session: Session, line: CostLine) -> list[UUID]:
    """The imports, not reverted, that report a line."""
    found = session.execute(
        text(
            "select id from data_import where status <> 'reverted' and (id = :own or id in"
            " (select import_id from import_claim where row_id = :line)) order by id"
        ),
        {"own": line.import_id, "line": line.id},
    )
    return list(found.scalars())
