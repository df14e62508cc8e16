"""`/v1/budgets`: adding, changing, deleting; each change is held against published runs."""

from typing import Any
from uuid import UUID

from fastapi import Response
from sqlmodel import Session

from services.allocation.budgets import repository
from services.allocation.budgets.alerting import hold_changed_budgets
from services.allocation.budgets.answers import budget_answer
from services.allocation.budgets.domain import in_order
from services.allocation.cost_objects.domain import unknown_object
from services.allocation.cost_objects.repository import unknown_objects
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.changes import write_differences
from shared.clock import utc_now
from shared.contracts.allocation.budgets import BudgetAnswer, BudgetPatch, BudgetRequest
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.natural_keys import check_key_stays
from shared.http.routing import new_router
from shared.tables.allocation.planning import Budget

SERVICE = "allocation"
router = new_router("/v1/budgets", "budgets", [Needs("allocation:read")])
WRITE = [Needs("allocation:write")]
KEY_FIELDS = ("layer", "object", "period", "currency", "cost_type")


def _apply(row: Budget, wanted: dict[str, Any]) -> bool:
    """Write values into a row; whether anything changed."""
    if "thresholds" in wanted:
        wanted = {**wanted, "thresholds": in_order(wanted["thresholds"])}
    return write_differences(row, wanted)


def _new_row(request: BudgetRequest) -> Budget:
    key = {name: getattr(request, name) for name in KEY_FIELDS}
    row = Budget(**key, created_at=utc_now())
    _apply(row, _values(request))
    return row


def _values(request: BudgetRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("amount", "thresholds", "note")}


def _change(session: Session, caller: Caller, row: Budget, wanted: dict[str, Any]) -> Budget:
    before = row.model_dump()
    if _apply(row, wanted):
        row.version += 1
        session.add(row)
        hold_changed_budgets(session, [row])
        after = row.model_dump()
        trail.record(
            session, caller, SERVICE, "update", "budget", str(row.id), before=before, after=after
        )
    return row


@router.post(
    "",
    summary="Add a budget",
    operation_id="create_budget",
    status_code=201,
    dependencies=WRITE,
)
def create_budget(
    request: BudgetRequest, session: SessionDep, caller: CallerDep, response: Response
) -> BudgetAnswer:
    """409 `budget_exists` for one known by the same; 422 `unknown_code` without its object."""
    if unknown_objects(session, [(request.layer, request.object)]):
        raise unknown_object(request.layer, request.object)
    if repository.find_budgets(session, [repository.key_of(request)]):
        raise Conflict("it has a budget already", code="budget_exists")
    row = _new_row(request)
    session.add(row)
    hold_changed_budgets(session, [row])
    after = row.model_dump()
    trail.record(session, caller, SERVICE, "create", "budget", str(row.id), after=after)
    set_etag(response, row)
    return budget_answer(row)


@router.put(
    "/{budget_id:uuid}",
    summary="Replace a budget",
    operation_id="replace_budget",
    dependencies=WRITE,
)
def replace_budget(
    budget_id: UUID,
    request: BudgetRequest,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> BudgetAnswer:
    """Amount, thresholds and note; what a budget is known by stays (422 `key_fixed`)."""
    row = repository.lock_budget(session, budget_id)
    check_if_match(if_match, row)
    check_key_stays(row, request, KEY_FIELDS)
    _change(session, caller, row, _values(request))
    set_etag(response, row)
    return budget_answer(row)


@router.patch(
    "/{budget_id:uuid}",
    summary="Change a budget",
    operation_id="update_budget",
    dependencies=WRITE,
)
def update_budget(
    budget_id: UUID,
    patch: BudgetPatch,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
    response: Response,
) -> BudgetAnswer:
    """A merge patch; only the note may be taken away."""
    row = repository.lock_budget(session, budget_id)
    check_if_match(if_match, row)
    wanted = {name: getattr(patch, name) for name in patch.model_fields_set}
    for name in ("amount", "thresholds"):
        if name in wanted and wanted[name] is None:
            message = f"a budget has {name}"
            errors = [FieldError(f"/{name}", "missing_value", message)]
            raise RuleBroken(message, code="missing_value", errors=errors)
    _change(session, caller, row, wanted)
    set_etag(response, row)
    return budget_answer(row)


@router.delete(
    "/{budget_id:uuid}",
    summary="Delete a budget",
    operation_id="delete_budget",
    status_code=204,
    dependencies=WRITE,
)
def delete_budget(
    budget_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """With its alerts."""
    row = repository.lock_budget(session, budget_id)
    check_if_match(if_match, row)
    before = row.model_dump()
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", "budget", str(row.id), before=before)


@router.post(
    "/bulk",
    summary="Add or change many budgets",
    operation_id="bulk_budgets",
    dependencies=WRITE,
)
def bulk_budgets(
    request: BulkRequest[BudgetRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by layer, object, period, currency and cost type."""
    items = read_items(BudgetRequest, request.items)
    good = [item for item in items if not isinstance(item, Problem)]
    unknown = unknown_objects(session, {(one.layer, one.object) for one in good})
    known = repository.find_budgets(session, (repository.key_of(one) for one in good))
    changed: dict[UUID, Budget] = {}

    def apply_one(item: BudgetRequest) -> Outcome:
        if (item.layer, item.object) in unknown:
            raise unknown_object(item.layer, item.object)
        key = repository.key_of(item)
        row = known.get(key)
        if row is None:
            row = known[key] = _new_row(item)
            changed[row.id] = row
            session.add(row)
            return "created", row.id
        if not _apply(row, _values(item)):
            return "unchanged", row.id
        if row not in session.new:
            row.version += 1
        session.add(row)
        changed[row.id] = row
        return "updated", row.id

    done = apply_items(session, items, how, apply_one)
    if not how.dry_run:
        hold_changed_budgets(session, list(changed.values()))
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", "budget", "", details=details)
    return done
