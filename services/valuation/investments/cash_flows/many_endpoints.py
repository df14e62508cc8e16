"""`/v1/cash-flows`: what all initiatives pay and earn, in one list and one call."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query

from services.valuation.investments.cash_flows import repository
from services.valuation.investments.cash_flows.endpoints import (
    EXPORT_COLUMNS,
    SERVICE,
    cash_flow_answer,
)
from services.valuation.investments.cash_flows.workflow import put_payments
from services.valuation.investments.initiatives import repository as initiatives
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.cash_flows import CashFlowAnswer, CashFlowOfInitiative
from shared.contracts.valuation.initiatives import Basis, Category
from shared.database import SessionDep, new_session
from shared.errors import Problem
from shared.http.bulk import BulkQueryDep, read_items
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow

router = new_router("/v1/cash-flows", "cash-flows", [Needs("valuation:read")])


@router.get(
    "",
    summary="List the cash flows of all initiatives",
    operation_id="list_all_cash_flows",
    responses=EXPORT_RESPONSES,
)
def list_all_cash_flows(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    initiative: Annotated[str | None, Query(max_length=200)] = None,
    external_id: Annotated[str | None, Query(max_length=200)] = None,
    basis: Annotated[Basis | None, Query()] = None,
    category: Annotated[Category | None, Query()] = None,
) -> Page[CashFlowAnswer] | Any:
    """Ordered by day unless sorted otherwise."""
    equal = {"external_id": external_id, "basis": basis, "category": category}
    query = repository.list_all_query(initiative, equal)
    if export is not None:
        columns = ("initiative", *EXPORT_COLUMNS)
        return export_rows(export, "cash-flows", columns, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "on": InitiativeCashFlow.on,
            "amount": InitiativeCashFlow.amount,
            "initiative": Initiative.code,
        },
        default_sort="on",
        filters={"initiative": initiative, **equal},
        unique=InitiativeCashFlow.id,
    )
    return Page(items=[cash_flow_answer(row[0], row[1]) for row in rows], next_cursor=cursor)


def _exported(query: Any) -> Iterator[list[Any]]:
    with new_session() as session:
        for row, initiative in repository.walk_all(session, query):
            yield [initiative, *(getattr(row, name) for name in EXPORT_COLUMNS)]


@router.post(
    "/bulk",
    summary="Add or change cash flows of many initiatives",
    operation_id="bulk_cash_flows_of_initiatives",
    dependencies=[Needs("valuation:write")],
)
def bulk_cash_flows_of_initiatives(
    request: BulkRequest[CashFlowOfInitiative],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """As for one initiative, with the code of the `initiative` in every item."""
    items = read_items(CashFlowOfInitiative, request.items)
    named = [item.initiative for item in items if not isinstance(item, Problem)]
    known = initiatives.find_by_codes(session, named, lock=True)
    owners = [None if isinstance(item, Problem) else known.get(item.initiative) for item in items]
    done = put_payments(session, items, owners, how)
    trail.record(
        session, caller, SERVICE, "bulk", "cash_flow", "",
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
