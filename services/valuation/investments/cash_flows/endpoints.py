"""`/v1/initiatives/{id}/cash-flows`: what an initiative pays and earns, planned and actual."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.investments.cash_flows import repository
from services.valuation.investments.cash_flows.workflow import put_payments
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.initiatives.workflow import rescore
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.cash_flows import (
    CashFlowAnswer,
    CashFlowRequest,
)
from shared.contracts.valuation.initiatives import Basis, Category
from shared.database import SessionDep, new_session
from shared.http.bulk import BulkQueryDep, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import InitiativeCashFlow

SERVICE = "valuation"
EXPORT_COLUMNS = ("external_id", "on", "amount", "category", "basis", "note")

router = new_router(
    "/v1/initiatives/{initiative_id:uuid}/cash-flows",
    "cash-flows",
    [Needs("valuation:read")],
)


def cash_flow_answer(row: InitiativeCashFlow, initiative: str) -> CashFlowAnswer:
    """A row as callers see it."""
    return CashFlowAnswer(
        **row.model_dump(exclude={"version", "initiative_id", "natural_key"}),
        initiative=initiative,
        etag=etag_of(row.id, row.version),
    )


@router.get(
    "", summary="List cash flows", operation_id="list_cash_flows", responses=EXPORT_RESPONSES
)
def list_cash_flows(
    initiative_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    basis: Annotated[Basis | None, Query()] = None,
    category: Annotated[Category | None, Query()] = None,
) -> Page[CashFlowAnswer] | Any:
    """Ordered by day unless sorted otherwise."""
    initiative = initiatives.get_initiative(session, initiative_id)
    query = repository.list_query(initiative_id, basis, category)
    if export is not None:
        return export_rows(export, "cash-flows", EXPORT_COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={"on": InitiativeCashFlow.on, "amount": InitiativeCashFlow.amount},
        default_sort="on",
        filters={"initiative": initiative_id, "basis": basis, "category": category},
        unique=InitiativeCashFlow.id,
    )
    return Page(items=[cash_flow_answer(row, initiative.code) for row in rows], next_cursor=cursor)


def _exported(query: Any) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, query):
            yield [getattr(row, name) for name in EXPORT_COLUMNS]


@router.get("/{cash_flow_id:uuid}", summary="Read a cash flow", operation_id="get_cash_flow")
def get_cash_flow(
    initiative_id: UUID, cash_flow_id: UUID, session: SessionDep, response: Response
) -> CashFlowAnswer:
    """One payment."""
    initiative = initiatives.get_initiative(session, initiative_id)
    row = repository.get_cash_flow(session, initiative_id, cash_flow_id)
    set_etag(response, row)
    return cash_flow_answer(row, initiative.code)


@router.delete(
    "/{cash_flow_id:uuid}",
    summary="Delete a cash flow",
    operation_id="delete_cash_flow",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_cash_flow(
    initiative_id: UUID,
    cash_flow_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
) -> None:
    """For what was entered wrongly."""
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    row = repository.get_cash_flow(session, initiative_id, cash_flow_id)
    check_if_match(if_match, row)
    session.delete(row)
    session.flush()
    rescore(session, [initiative])
    trail.record(
        session, caller, SERVICE, "delete", "cash_flow", str(cash_flow_id), before=row.model_dump()
    )


@router.post(
    "/bulk",
    summary="Add or change many cash flows",
    operation_id="bulk_cash_flows",
    dependencies=[Needs("valuation:write")],
)
def bulk_cash_flows(
    initiative_id: UUID,
    request: BulkRequest[CashFlowRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by external id; without one, equal rows of a request are all kept."""
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    items = read_items(CashFlowRequest, request.items)
    done = put_payments(session, items, [initiative] * len(items), how)
    trail.record(
        session, caller, SERVICE, "bulk", "cash_flow", str(initiative_id),
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
