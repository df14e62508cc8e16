"""Imports of ledgers, budgets and cloud bills: their rows become cost lines."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.cost_lines.draft_repository import LineWriting, make_drafts, writing_drafts
from services.ingest.cost_lines.streaming_repository import LineStream
from services.ingest.cost_lines.writing_repository import write_drafts
from services.ingest.imports.background import in_background
from services.ingest.imports.kinds.handler import Stored, Writer
from services.ingest.imports.parsing import ParsedFile, RowReader
from services.ingest.imports.reading.lines import read_lines
from services.ingest.imports.repository import live_retries
from shared.jobs.running import JobContext
from shared.money import plain
from shared.tables.ingest.imports import DataImport


class LineImport:
    """Ledgers, budgets and cloud bills: cost lines."""

    _stream: LineStream | None = None

    def reader(self, row: DataImport) -> RowReader:
        """Rows become cost lines."""
        return read_lines

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """New rows are stored while the file is read; the others wait in a temporary table.

        All wait where a bill is replaced, where they are mended rows of another import, and after
        an attempt that was broken off, which may have been because two imports with the same rows
        waited for each other.
        """
        if row.replace_mode == "billing_period" or row.retry_of or context.attempt > 1:
            return writing_drafts(context.session)
        self._stream = LineStream(context.session, _how(row))
        return _streaming(self._stream)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Lines that are there already are claimed; the rest is added."""
        how = replace(_how(row), family=_family(session, row))
        written = write_drafts(session, how, self._stream)
        return Stored(
            accepted=sum(rows for rows, _ in written.accepted.values()),
            duplicate=sum(rows for rows, _ in written.duplicate.values()),
            refused=sum(rows for rows, _ in written.refused.values()),
            refused_table="line_refused",
            periods=written.periods,
            changed_line_periods=written.changed_periods,
            superseded=_superseded(written.superseded),
            has_money=True,
            money_accepted={code: amount for code, (_, amount) in written.accepted.items()},
            money_duplicate={code: amount for code, (_, amount) in written.duplicate.items()},
            money_refused={code: amount for code, (_, amount) in written.refused.items()},
        )


@contextmanager
def _streaming(stream: LineStream) -> Iterator[Writer]:
    make_drafts(stream.session)
    stream.begin()
    with in_background(stream.write) as write:
        yield write


def _how(row: DataImport) -> LineWriting:
    return LineWriting(
        source=row.source,
        scenario=row.scenario,
        import_id=row.id,
        restate=row.restate is not None,
        replace_billing_period=row.replace_mode == "billing_period",
    )


def _family(session: Session, row: DataImport) -> tuple[UUID, ...]:
    """The import that mended rows come from, and the others that mend it."""
    if row.retry_of is None:
        return ()
    others = {one.id for one in live_retries(session, row.retry_of)} - {row.id}
    return (row.retry_of, *sorted(others))


def _superseded(found: dict[str, tuple[int, Decimal]]) -> dict[str, Any]:
    amounts = [
        {"currency": code, "amount": plain(amount)} for code, (_, amount) in sorted(found.items())
    ]
    return {
        "rows": sum(rows for rows, _ in found.values()),
        "amount": amounts[0]["amount"] if len(amounts) == 1 else ("0" if not amounts else None),
        "amounts": amounts,
    }
