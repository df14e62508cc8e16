"""The SQL that stores the new rows of a file while the file is still being read.

Nothing of an import is visible before all of it is, so a row that nobody has yet need not wait for
the end of its file. No period is locked meanwhile. What is not simply new waits in `line_draft`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.changes.repository import a_new_id, csv_into, next_change
from services.ingest.cost_lines.draft_repository import TOPIC, LineWriting, insert_lines
from services.ingest.profiles.domain import DRAFT_COLUMNS

_MAKE_CHUNK = """
drop table if exists line_chunk;
create temporary table line_chunk (like line_draft including defaults) on commit drop
"""
# Equal rows of one file conflict with each other: the first one is stored, the others wait.
_STORE_NEW = """
with added as (
    {insert_lines} from line_chunk d
    where d.external_id is null and not d.period = any(:closed)
    on conflict (identity, ordinal, source, scenario) where live_to is null do nothing
    returning period, currency, amount
)
select period, currency, count(*), sum(amount) from added group by 1, 2
"""
_KEEP_THE_REST = """
insert into line_draft select d.* from line_chunk d where not exists (
    select 1 from cost_line l where l.import_id = :import and l.row_no = d.row_no
    and l.row_no >= :first and l.row_no <= :last
)
"""
_RENUMBER = """
update cost_line set live_from = :number
where import_id = :import and period = any(:periods) and live_from = :earlier
"""
_TAKE_OUT_CLOSED = """
with out as (
    delete from cost_line where import_id = :import and live_from = :number
    and period = any(:closed) returning row_no, period, currency, amount
)
insert into line_refused select row_no, 'closed_period', period, currency, amount from out
"""

Sums = dict[str, tuple[int, Decimal]]


@dataclass
class LineStream:
    """The rows of one import that are stored already, under a number taken before any lock."""

    session: Session
    how: LineWriting
    number: int = 0
    stored: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    _closed: list[str] = field(default_factory=list)
    _all_wait: bool = False

    def begin(self) -> None:
        """Take the number; from here on rows can be written."""
        self.session.execute(text(_MAKE_CHUNK))
        self.number = next_change(self.session)
        if not self.how.restate:
            closed = text("select period from accounting_period where status = 'closed'")
            self._closed = list(self.session.execute(closed).scalars())

    def write(self, piece: bytes) -> None:
        """Store what is new of these drafts (CSV with DRAFT_COLUMNS); the rest waits.

        Rows with an id of their own wait, because they may change one that is there.
        """
        table = "line_draft" if self._all_wait else "line_chunk"
        self.session.execute(text("truncate line_chunk"))
        with csv_into(self.session, table, DRAFT_COLUMNS) as write:
            write(piece)
        span = "select count(*), count(external_id), min(row_no), max(row_no) from line_chunk"
        rows, with_id, first, last = self.session.execute(text(span)).one()
        self._all_wait = self._all_wait or rows == with_id
        stored = 0 if rows == with_id else self._store()
        if stored < rows:
            binds = {"import": self.how.import_id, "first": first, "last": last}
            self.session.execute(text(_KEEP_THE_REST), binds)

    def _store(self) -> int:
        statement = _STORE_NEW.format(insert_lines=insert_lines())
        binds = {
            **self.how.binds(),
            **a_new_id(),
            "number": self.number,
            "closed": self._closed,
        }
        count = 0
        for period, currency, rows, amount in self.session.execute(text(statement), binds):
            before = self.stored.get((period, currency), (0, Decimal(0)))
            self.stored[period, currency] = (before[0] + rows, before[1] + amount)
            count += rows
        return count

    @property
    def periods(self) -> set[str]:
        """The periods of the rows that are stored."""
        return {period for period, _ in self.stored}

    def accepted(self) -> Sums:
        """Rows and money by currency."""
        found: Sums = defaultdict(lambda: (0, Decimal(0)))
        for (_, currency), (rows, amount) in self.stored.items():
            found[currency] = (found[currency][0] + rows, found[currency][1] + amount)
        return dict(found)

    def take_out(self, closed: Iterable[str]) -> None:
        """Refuse the rows of periods that were closed while the file was read."""
        late = sorted(self.periods & set(closed))
        if late:
            binds = {"import": self.how.import_id, "number": self.number, "closed": late}
            self.session.execute(text(_TAKE_OUT_CLOSED), binds)
            self.stored = {key: found for key, found in self.stored.items() if key[0] not in late}

    def number_after(self, periods: Iterable[str]) -> int:
        """The number of the change, once all its periods are locked.

        Where another change of a period has overtaken this one, its rows get a later number, so
        that the changes of a period still commit in the order of their numbers.
        """
        overtaken = text(
            "select period from period_change where topic = :topic and scenario = :scenario"
            " and period = any(:periods) and last_change > :number"
        )
        binds = {
            "topic": TOPIC,
            "scenario": self.how.scenario,
            "periods": sorted(periods),
            "number": self.number,
        }
        late = list(self.session.execute(overtaken, binds).scalars())
        if late:
            earlier, self.number = self.number, next_change(self.session)
            binds = {"import": self.how.import_id, "periods": late, "earlier": earlier}
            self.session.execute(text(_RENUMBER), {**binds, "number": self.number})
        return self.number
