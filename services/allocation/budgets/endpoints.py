"""`/v1/budgets`: reading and listing."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response
from sqlmodel import col

from services.allocation.budgets import repository
from services.allocation.budgets.answers import BUDGET_COLUMNS, budget_answer
from shared.auth import OWN_PART, CallerDep, Needs
from shared.contracts.allocation.budgets import BudgetAnswer, CostType
from shared.contracts.allocation.objects import Layer
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import NotFound
from shared.http.etags import set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.planning import Budget

router = new_router("/v1/budgets", "budgets", [Needs("allocation:read")])
CodeFilter = Annotated[str | None, Query(max_length=200)]
SORTABLE = {
    name: getattr(Budget, name)
    for name in ("layer", "object", "period", "currency", "amount", "updated_at")
}


@dataclass(frozen=True)
class PeriodFilter:
    """One month, or a stretch of months."""

    period: str | None
    first: str | None
    last: str | None


async def _period_filter(
    period: Annotated[Period | None, Query()] = None,
    from_: Annotated[Period | None, Query(alias="from", description="First month")] = None,
    to: Annotated[Period | None, Query(description="Last month")] = None,
) -> PeriodFilter:
    return PeriodFilter(period, from_, to)


PeriodFilterDep = Annotated[PeriodFilter, Depends(_period_filter)]


@router.get(
    "",
    summary="List budgets",
    operation_id="list_budgets",
    dependencies=[OWN_PART],
    response_model=Page[BudgetAnswer],
    responses=EXPORT_RESPONSES,
)
def list_budgets(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    export: ExportDep,
    when: PeriodFilterDep,
    layer: Annotated[Layer | None, Query()] = None,
    object_: Annotated[str | None, Query(alias="object", max_length=200)] = None,
    code: Annotated[str | None, Query(max_length=200, description="The same as `object`")] = None,
    currency: Annotated[str | None, Query(max_length=3)] = None,
    cost_type: Annotated[CostType | None, Query()] = None,
) -> Page[BudgetAnswer] | Response:
    """By period, layer and object; a caller bound to consumers sees those of its subtrees."""
    equal: dict[str, Any] = {
        "period": when.period,
        "layer": layer,
        "object": object_ if object_ is not None else code,
        "currency": currency,
        "cost_type": cost_type,
    }
    query = repository.list_query(Budget, equal, when.first, when.last, caller.consumers)
    if object_ is not None and code is not None:
        query = query.where(col(Budget.object) == code)
    if export is not None:
        order = (col(Budget.period), col(Budget.layer), col(Budget.object), col(Budget.id))
        rows = repository.read_all(query, *order)
        cells = ([getattr(row, name) for name in BUDGET_COLUMNS] for row in rows)
        return export_rows(export, "budgets", BUDGET_COLUMNS, cells)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable=SORTABLE,
        default_sort="period,layer,object",
        filters={**equal, **vars(when), "code": code, "within": caller.consumers},
        unique=Budget.id,
    )
    return Page(items=[budget_answer(row) for row in found], next_cursor=cursor)


@router.get(
    "/{budget_id:uuid}",
    summary="Read a budget",
    operation_id="get_budget",
    openapi_extra=COMPUTED,
    dependencies=[OWN_PART],
)
def get_budget(
    budget_id: UUID, session: SessionDep, caller: CallerDep, response: Response
) -> BudgetAnswer:
    """One budget; its ETag is needed to change it."""
    row = repository.get_budget(session, budget_id)
    if not repository.is_own(session, row, caller.consumers):
        raise NotFound(f"budget {budget_id}")
    set_etag(response, row)
    return budget_answer(row)
