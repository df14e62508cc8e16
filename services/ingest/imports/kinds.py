"""What each kind of import does: how its rows are read and where they are stored."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from sqlmodel import Session

from services.ingest.cost_lines.repository import (
    LineWriting,
    write_drafts,
    writing_drafts,
)
from services.ingest.facts import repository as facts
from services.ingest.imports.facts import (
    EVENT_COLUMNS,
    read_consumers,
    read_quantities,
    read_rates,
    read_ticket_events,
)
from services.ingest.imports.lines import read_lines
from services.ingest.imports.parsing import ParsedFile, RowReader
from services.ingest.imports.repository import keep_answers
from services.ingest.tickets.domain import TicketEvent, event_of, fold_events
from shared.bulk import BulkAnswer, BulkResult
from shared.clients.base import ServiceClient, service_key
from shared.money import plain
from shared.periods import period_of
from shared.settings import get_settings
from shared.tables.ingest.imports import DataImport

Writer = Callable[[bytes], object]
HTTP_BATCH = 5_000


@dataclass
class Stored:
    """What became of the drafts of a file."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    refused_table: str | None = None
    periods: list[str] = field(default_factory=list)
    changed_line_periods: list[str] = field(default_factory=list)
    superseded: dict[str, Any] = field(default_factory=dict)
    has_money: bool = False
    money_accepted: dict[str | None, Decimal] = field(default_factory=dict)
    money_duplicate: dict[str | None, Decimal] = field(default_factory=dict)
    money_refused: dict[str | None, Decimal] = field(default_factory=dict)


class Handler(Protocol):
    """One kind of import."""

    def reader(self, row: DataImport) -> RowReader:
        """How batches of rows are read."""

    def drafts(self, session: Session, folder: Path) -> AbstractContextManager[Writer]:
        """Where drafts are written, as CSV, while the file is read."""

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Store the drafts in the transaction of the session."""


class LineImport:
    """Ledgers, budgets and cloud bills: cost lines."""

    def reader(self, row: DataImport) -> RowReader:
        """Rows become cost lines."""
        return read_lines

    def drafts(self, session: Session, folder: Path) -> AbstractContextManager[Writer]:
        """The temporary table of lines."""
        return writing_drafts(session)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Lines that are there already are claimed; the rest is added."""
        how = LineWriting(
            source=row.source,
            scenario=row.scenario,
            import_id=row.id,
            restate=row.restate is not None,
            replace_billing_period=row.replace_mode == "billing_period",
        )
        written = write_drafts(session, how)
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


def _superseded(found: dict[str, tuple[int, Decimal]]) -> dict[str, Any]:
    amounts = [
        {"currency": code, "amount": plain(amount)} for code, (_, amount) in sorted(found.items())
    ]
    return {
        "rows": sum(rows for rows, _ in found.values()),
        "amount": amounts[0]["amount"] if len(amounts) == 1 else ("0" if not amounts else None),
        "amounts": amounts,
    }


@dataclass(frozen=True)
class FactImport:
    """Drivers' quantities and exchange rates: one row of the file is one row of the table."""

    table: facts.FactTable
    read: Callable[[DataImport], RowReader]

    def reader(self, row: DataImport) -> RowReader:
        """Rows become drafts of the table."""
        return self.read(row)

    def drafts(self, session: Session, folder: Path) -> AbstractContextManager[Writer]:
        """The temporary table of facts."""
        return facts.writing_drafts(session, self.table)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Rows with a known key replace what was there."""
        if self.table is facts.QUANTITIES:
            facts.refuse_unknown_drivers(session)
        return _stored_facts(session, self.table, row)


class SpooledImport:
    """Kinds whose drafts are looked at all together before they are stored."""

    _spool: Path
    _columns: tuple[str, ...]

    @contextmanager
    def drafts(self, session: Session, folder: Path) -> Iterator[Writer]:
        """A file of the job's own folder."""
        self._spool = folder / "drafts.csv"
        with self._spool.open("wb") as stream:
            yield stream.write

    def rows(self) -> Iterator[dict[str, str | None]]:
        """The drafts as rows of text."""
        if self._spool.stat().st_size:
            frame = pl.read_csv(
                self._spool,
                has_header=False,
                new_columns=list(self._columns),
                infer_schema=False,
            )
            yield from frame.iter_rows(named=True)


class TicketImport(SpooledImport):
    """Tickets, or the events of tickets, which fold into tickets."""

    _columns = EVENT_COLUMNS

    def reader(self, row: DataImport) -> RowReader:
        """Rows become events."""
        return read_ticket_events

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """The last event of a number makes the ticket; its earlier ones are accepted with it."""
        events: dict[str, list[TicketEvent]] = {}
        places: dict[str, list[int]] = {}
        for found in self.rows():
            event = event_of(found)
            events.setdefault(event.number, []).append(event)
            places.setdefault(event.number, []).append(int(found["row_no"] or 0))
        tickets = fold_events(event for group in events.values() for event in group)
        facts.make_drafts(session, facts.TICKETS)
        facts.fill_from_rows(
            session,
            facts.TICKETS,
            ((places[ticket.number][-1], *ticket_values(ticket)) for ticket in tickets),
        )
        stored = _stored_facts(session, facts.TICKETS, row)
        unchanged = {
            line for line, (status, _) in facts.outcomes(session, facts.TICKETS).items()
            if status == "unchanged"
        }  # fmt: skip
        rows_of_unchanged = sum(len(rows) for rows in places.values() if rows[-1] in unchanged)
        stored.duplicate = rows_of_unchanged
        stored.accepted = sum(len(rows) for rows in places.values()) - rows_of_unchanged
        return stored


def ticket_values(ticket: TicketEvent) -> tuple[Any, ...]:
    """A ticket in the order of the columns of its table."""
    return (
        ticket.number,
        ticket.kind,
        period_of(ticket.opened_at.date()),
        ticket.service,
        ticket.solution,
        ticket.consumer,
        ticket.opened_at,
        ticket.resolved_at,
        ticket.closed_at,
        ticket.state,
        ticket.priority,
        ticket.category,
        ticket.assignment_group,
        ticket.sla_met,
        ticket.reopen_count,
    )


class ConsumerImport(SpooledImport):
    """Consumers: they live in the allocation service and are sent there, parents first."""

    _columns = ("row_no", "code", "parent", "request")

    def reader(self, row: DataImport) -> RowReader:
        """Rows become requests."""
        return read_consumers

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Upsert by code over HTTP; what allocation refuses is a reject with its code."""
        drafts = list(self.rows())
        stored = Stored(refused_table="answer_refused")
        refused: list[tuple[int, str, str, str, str]] = []
        url = get_settings().service_url("allocation")
        with ServiceClient(url, service_key("ingest"), timeout_seconds=120) as client:
            for batch in _parents_first(drafts):
                body = {"items": [json.loads(one["request"] or "{}") for one in batch]}
                answer = client.post("/v1/consumers/bulk", body, BulkAnswer, repeatable=True)
                for one, result in zip(batch, answer.results, strict=True):
                    _count_result(stored, refused, one, result)
        keep_answers(session, refused)
        return stored


def _count_result(
    stored: Stored,
    refused: list[tuple[int, str, str, str, str]],
    draft: dict[str, str | None],
    result: BulkResult,
) -> None:
    if result.status == "error":
        error = result.error
        first = error.errors[0] if error and error.errors else None
        code = first.code if first else (error.code if error else "refused")
        message = first.message if first else (error.detail if error else "refused")
        column = first.pointer.rpartition("/")[2] if first else "code"
        row_no = int(draft["row_no"] or 0)
        stored.refused += 1
        refused.append((row_no, column, code, message, draft["code"] or ""))
    elif result.status == "unchanged":
        stored.duplicate += 1
    else:
        stored.accepted += 1


def _parents_first(
    drafts: list[dict[str, str | None]],
) -> Iterator[list[dict[str, str | None]]]:
    """Batches in which no consumer comes before its parent."""
    codes = {draft["code"] for draft in drafts}
    done: set[str | None] = set()
    left = drafts
    while left:
        ready = [one for one in left if one["parent"] not in codes or one["parent"] in done]
        ready = ready or left  # a ring of parents: let allocation say so
        for start in range(0, len(ready), HTTP_BATCH):
            yield ready[start : start + HTTP_BATCH]
        done |= {one["code"] for one in ready}
        taken = {id(one) for one in ready}
        left = [one for one in left if id(one) not in taken]


def _stored_facts(session: Session, table: facts.FactTable, row: DataImport) -> Stored:
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


#: The column that is named for a row refused while storing, by code.
REFUSED_COLUMNS = {
    "closed_period": "period",
    "unknown_code": "driver",
    "duplicate_external_id": "external_id",
}

_HANDLERS: dict[str, Callable[[], Handler]] = {
    "ledger": LineImport,
    "budget": LineImport,
    "focus": LineImport,
    "drivers": lambda: FactImport(
        facts.QUANTITIES,
        lambda row: lambda plan, batch: read_quantities(plan, batch, row.scenario),
    ),
    "exchange_rates": lambda: FactImport(facts.RATES, lambda row: read_rates),
    "tickets": TicketImport,
    "consumers": ConsumerImport,
}
KINDS_HERE = frozenset(_HANDLERS)


def handler_of(kind: str) -> Handler:
    """What does the work of one import; KeyError for a kind that is not built yet."""
    return _HANDLERS[kind]()
