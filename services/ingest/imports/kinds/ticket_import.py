"""Imports of tickets, or of the events of tickets, which fold into tickets."""

from contextlib import AbstractContextManager

from sqlmodel import Session

from services.ingest.facts.repository import TICKETS
from services.ingest.imports.kinds.fact_import import store_facts
from services.ingest.imports.kinds.handler import Stored, Writer
from services.ingest.imports.parsing import ParsedFile, RowReader
from services.ingest.imports.reading.ticket_rows import read_ticket_events
from services.ingest.tickets import repository as tickets
from shared.jobs.running import JobContext
from shared.tables.ingest.imports import DataImport


class TicketImport:
    """The last event of a number makes the ticket; its earlier ones are accepted with it."""

    def reader(self, row: DataImport) -> RowReader:
        """Rows become events."""
        return read_ticket_events

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """The temporary table of events."""
        return tickets.writing_events(context.session)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """The database folds the events, however many there are; rows are counted as events."""
        tickets.fold_events(session)
        stored = store_facts(session, TICKETS, row)
        events = tickets.count_events(session)
        stored.accepted, stored.duplicate = events.changing, events.unchanged
        return stored
