"""Imports of driver quantities, exchange rates and assets: one row of the file is one row here."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlmodel import Session

from services.ingest.facts import repository as facts
from services.ingest.imports.kinds.handler import Stored, Writer
from services.ingest.imports.parsing import ParsedFile, RowReader
from shared.jobs.running import JobContext
from shared.tables.ingest.imports import DataImport


@dataclass(frozen=True)
class FactImport:
    """Rows with a known key replace what was there.

    `prepare` looks at the drafts before they are stored, `follow` does what follows from them.
    """

    table: facts.FactTable
    read: Callable[[DataImport], RowReader]
    prepare: Callable[[Session], None] | None = None
    follow: Callable[[Session, DataImport], None] | None = None

    def reader(self, row: DataImport) -> RowReader:
        """Rows become drafts of the table."""
        return self.read(row)

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """The temporary table of facts."""
        return facts.writing_drafts(context.session, self.table)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Rows with a known key replace what was there."""
        if self.prepare is not None:
            self.prepare(session)
        stored = store_facts(session, self.table, row)
        if self.follow is not None:
            self.follow(session, row)
        return stored


def store_facts(session: Session, table: facts.FactTable, row: DataImport) -> Stored:
    """Make rows of the drafts of a table, and tell what became of them."""
    written = facts.write_facts(
        session,
        table,
        row.id,
        restate=row.restate is not None,
        replace_feeds=row.parameters.get("mode") == "replace",
    )
    return Stored(
        accepted=written.accepted,
        duplicate=written.duplicate,
        refused=len(written.refused),
        refused_table="fact_refused",
        periods=written.periods,
        superseded={"rows": written.superseded + written.removed, "amount": None, "amounts": []},
    )
