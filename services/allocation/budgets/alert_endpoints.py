"""`/v1/budget-alerts`: where published runs went beyond budgets."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session, col

from services.allocation.budgets import repository
from services.allocation.budgets.answers import ALERT_COLUMNS, alert_answer
from services.allocation.budgets.domain import ACKNOWLEDGED, check_acknowledgeable
from services.allocation.budgets.endpoints import PeriodFilterDep
from shared.audit import trail
from shared.auth import OWN_PART, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.allocation.budgets import (
    AcknowledgeRequest,
    AlertState,
    BudgetAlertAnswer,
)
from shared.contracts.allocation.objects import Layer
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import NotFound
from shared.http.etags import set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.planning import BudgetAlert

router = new_router("/v1/budget-alerts", "budgets", [Needs("allocation:read")])
SORTABLE = {
    name: getattr(BudgetAlert, name)
    for name in ("raised_at", "period", "layer", "object", "amount", "threshold", "state")
}


def _answers(session: Session, rows: list[Any], language: str) -> list[BudgetAlertAnswer]:
    names = repository.names_of(session, {(row.layer, row.object) for row in rows})
    return [alert_answer(row, names.get((row.layer, row.object), {}), language) for row in rows]


@router.get(
    "",
    summary="List budget alerts",
    operation_id="list_budget_alerts",
    dependencies=[OWN_PART],
    response_model=Page[BudgetAlertAnswer],
    responses=EXPORT_RESPONSES,
)
def list_budget_alerts(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    when: PeriodFilterDep,
    state: Annotated[AlertState | None, Query()] = None,
    layer: Annotated[Layer | None, Query()] = None,
    object_: Annotated[str | None, Query(alias="object", max_length=200)] = None,
    code: Annotated[str | None, Query(max_length=200, description="The same as `object`")] = None,
    budget: Annotated[UUID | None, Query()] = None,
    run: Annotated[UUID | None, Query()] = None,
) -> Page[BudgetAlertAnswer] | Response:
    """The newest first; a caller bound to consumers sees those of its subtrees."""
    equal: dict[str, Any] = {
        "period": when.period,
        "state": state,
        "layer": layer,
        "object": object_ if object_ is not None else code,
        "budget_id": budget,
        "run_id": run,
    }
    query = repository.list_query(BudgetAlert, equal, when.first, when.last, caller.consumers)
    if export is not None:
        rows = repository.read_all(query, col(BudgetAlert.raised_at), col(BudgetAlert.id))
        answers = _answers(session, list(rows), language)
        cells = ([getattr(one, name) for name in ALERT_COLUMNS] for one in answers)
        return export_rows(export, "budget-alerts", ALERT_COLUMNS, cells)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable=SORTABLE,
        default_sort="-raised_at",
        filters={**equal, **vars(when), "within": caller.consumers},
        unique=BudgetAlert.id,
    )
    return Page(items=_answers(session, found, language), next_cursor=cursor)


@router.get(
    "/{alert_id:uuid}",
    summary="Read a budget alert",
    operation_id="get_budget_alert",
    openapi_extra=COMPUTED,
    dependencies=[OWN_PART],
)
def get_budget_alert(
    alert_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> BudgetAlertAnswer:
    """One alert with the amount, the budget and the run that went beyond it."""
    row = repository.get_alert(session, alert_id)
    if not repository.is_own(session, row, caller.consumers):
        raise NotFound(f"budget alert {alert_id}")
    set_etag(response, row)
    return _answers(session, [row], language)[0]


@router.post(
    "/{alert_id:uuid}/acknowledge",
    summary="Acknowledge a budget alert",
    operation_id="acknowledge_budget_alert",
    dependencies=[Needs("allocation:write")],
)
def acknowledge_budget_alert(
    alert_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: AcknowledgeRequest | None = None,
) -> BudgetAlertAnswer:
    """Somebody has seen it; 409 `wrong_state` unless it is open."""
    row = repository.get_alert(session, alert_id, for_update=True)
    check_acknowledgeable(row.state)
    row.state = ACKNOWLEDGED
    row.acknowledged_at, row.acknowledged_by = utc_now(), caller.subject
    row.note = request.note if request else None
    row.version += 1
    session.add(row)
    details = {"note": row.note}
    trail.record(
        session, caller, "allocation", "acknowledge", "budget_alert", str(row.id), details=details
    )
    set_etag(response, row)
    return _answers(session, [row], language)[0]
