"""`/v1/tickets`: what the service desk had to do."""

from collections.abc import Iterator
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.ingest.facts import repository as facts
from services.ingest.facts.repository import TICKETS
from services.ingest.facts.workflow import push_facts
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.facts import (
    TicketAnswer,
    TicketRequest,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep, new_session
from shared.http.bulk import BulkQueryDep, finish_bulk, read_items
from shared.http.etags import etag_of
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.periods import period_of
from shared.tables.ingest.facts import Ticket

SERVICE = "ingest"
router = new_router("/v1/tickets", "tickets", [Needs("ingest:read")])
COLUMNS = (
    "number", "kind", "service", "solution", "consumer", "opened_at", "resolved_at", "closed_at",
    "state", "priority", "category", "assignment_group", "sla_met", "reopen_count",
)  # fmt: skip
Short = Annotated[str | None, Query(max_length=500)]


def _row_of(item: TicketRequest) -> tuple[Any, ...]:
    """A ticket in the order of the columns of its table; it belongs to the month it was opened."""
    opened_at = item.opened_at.astimezone(UTC)
    return (
        item.number,
        item.kind,
        period_of(opened_at.date()),
        item.service,
        item.solution,
        item.consumer,
        opened_at,
        item.resolved_at,
        item.closed_at,
        item.state,
        item.priority,
        item.category,
        item.assignment_group,
        item.sla_met,
        item.reopen_count,
    )


@router.get(
    "",
    summary="List tickets",
    operation_id="list_tickets",
    responses=EXPORT_RESPONSES,
    response_model=Page[TicketAnswer],
)
def list_tickets(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    number: Short = None,
    kind: Short = None,
    period: Annotated[str | None, Query(max_length=7, description="Opened in")] = None,
    service: Short = None,
    solution: Short = None,
    consumer: Short = None,
    state: Short = None,
    priority: Short = None,
    category: Short = None,
    assignment_group: Short = None,
    import_id: Annotated[UUID | None, Query(alias="import")] = None,
) -> Any:
    """By number unless sorted otherwise."""
    filters = {
        "number": number, "kind": kind, "period": period, "service": service,
        "solution": solution, "consumer": consumer, "state": state, "priority": priority,
        "category": category, "assignment_group": assignment_group, "import_id": import_id,
    }  # fmt: skip
    query = facts.list_query(Ticket, filters)
    if export is not None:
        return export_rows(export, "tickets", COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={"number": Ticket.number, "opened_at": Ticket.opened_at},
        default_sort="number",
        filters=filters,
        unique=Ticket.id,
    )
    return Page(items=[_answer(row) for row in rows], next_cursor=cursor)


def _answer(row: Ticket) -> TicketAnswer:
    values = row.model_dump(exclude={"period", "row_no", "import_id", "live_to", "closed_by"})
    return TicketAnswer(**values, **{"import": row.import_id}, etag=etag_of(row.id, 1))


def _exported(query: Any) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        for row in facts.stream(session, query, Ticket.number):
            yield tuple(getattr(row, name) for name in COLUMNS)


@router.post(
    "/bulk",
    summary="Push tickets",
    operation_id="bulk_tickets",
    dependencies=[Needs("ingest:write")],
)
def bulk_tickets(
    request: BulkRequest[TicketRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by number."""
    items = read_items(TicketRequest, request.items)
    results = push_facts(session, TICKETS, items, _row_of)
    done = finish_bulk(session, results, how)
    details = {"items": len(items), "content_hash": trail.sha256_of(request.items)}
    trail.record(session, caller, SERVICE, "push", "ticket", "", details=details)
    return done
