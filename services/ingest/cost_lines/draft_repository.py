"""The SQL of drafts: rows on their way to become cost lines, in temporary tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.changes.repository import A_PUSH, csv_into, new_row_ids
from services.ingest.profiles.domain import DRAFT_COLUMNS

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


@dataclass(frozen=True)
class LineWriting:
    """How drafts are to be written. `import_id` is None for a push.

    `family` are the imports whose rows stand in the same file as these: mended rows that equal
    one of theirs are further rows, not the same ones again.
    """

    source: str
    scenario: str
    import_id: UUID | None = None
    restate: bool = False
    replace_billing_period: bool = False
    family: tuple[UUID, ...] = ()

    def binds(self) -> dict[str, Any]:
        """The parameters that the statements of this writing have in common."""
        return {
            "source": self.source,
            "scenario": self.scenario,
            "import": self.import_id,
            "by": self.import_id or A_PUSH,
        }


def make_drafts(session: Session) -> None:
    """The empty temporary tables of this transaction."""
    session.execute(text(_MAKE_DRAFT))


@contextmanager
def writing_drafts(session: Session) -> Iterator[Callable[[bytes], None]]:
    """Put drafts, as CSV with DRAFT_COLUMNS, into the temporary table of this transaction."""
    make_drafts(session)
    with csv_into(session, "line_draft", DRAFT_COLUMNS) as write:
        yield write


def mark_deleted(session: Session, row_numbers: list[int]) -> None:
    """Drafts with these numbers end the line that they name and add none."""
    session.execute(
        text("update line_draft set deleted = true where row_no = any(:rows)"),
        {"rows": row_numbers},
    )


def insert_lines() -> str:
    """An INSERT of lines whose SELECT lacks only where it reads drafts `d` from."""
    columns = ", ".join(VALUE_COLUMNS)
    values = ", ".join(f"d.{name}" for name in VALUE_COLUMNS)
    return f"""
        insert into cost_line (
            id, identity, ordinal, external_id, source, scenario, {columns}, row_no, import_id,
            live_from
        )
        select {new_row_ids("d.row_no")}, d.identity, d.ordinal, d.external_id, :source, :scenario,
            {values}, case when cast(:import as uuid) is null then null else d.row_no end,
            cast(:import as uuid), :number
    """
