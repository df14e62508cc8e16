"""Takes in the promises of one initiative or of many, under their natural keys."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlmodel import Session

from services.valuation.changes import write_changes
from services.valuation.investments.initiatives.domain import (
    Stage,
    check_expectation,
    check_promise_stands,
)
from services.valuation.investments.value_expectations import repository
from services.valuation.measures.value_kpis import repository as kpis
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer
from shared.contracts.valuation.promises import ValueExpectationPatch, ValueExpectationRequest
from shared.errors import FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQuery, Outcome, apply_items
from shared.periods import next_period, period_of
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

Item = TypeVar("Item", bound=ValueExpectationRequest)


def put_promises(
    session: Session,
    items: Sequence[Item | Problem],
    owners: Sequence[Initiative | None],
    how: BulkQuery,
) -> BulkAnswer:
    """Upsert promises by kpi, level and due period, each of the initiative in its place.

    An item whose initiative or KPI is not known is refused (`unknown_code`).
    """
    named = [item.kpi for item in items if not isinstance(item, Problem) and item.kpi is not None]
    known = kpis.find_by_codes(session, named)
    owner_of = {id(item): owner for item, owner in zip(items, owners, strict=True)}
    present = repository.find_of_initiatives(
        session, [owner.id for owner in owners if owner is not None]
    )

    def apply(item: Item) -> Outcome:
        owner = owner_of[id(item)]
        if owner is None:
            raise RuleBroken.at("/initiative", "unknown_code", "no such initiative")
        wanted = new_promise(owner, item, known)
        row = present.get(repository.natural_key(wanted))
        if row is None:
            present[repository.natural_key(wanted)] = wanted
            session.add(wanted)
            return "created", wanted.id
        given, stage = _stored(item), cast(Stage, owner.stage)
        check_promise_stands(stage, row.model_dump(), given, historic=owner.historic)
        changed = write_changes(row, given)
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    return apply_items(session, items, how, apply)


def new_promise(
    initiative: Initiative, request: ValueExpectationRequest, known: Mapping[str, ValueKpi]
) -> ValueExpectation:
    """A row of a request; RuleBroken for an unknown KPI or a promise that says nothing."""
    kpi = known.get(request.kpi) if request.kpi is not None else None
    if request.kpi is not None and kpi is None:
        error = FieldError("/kpi", "unknown_code", f"no value KPI {request.kpi}")
        raise RuleBroken("the KPI is not known", code="unknown_code", errors=[error])
    check_expectation(
        kpi=request.kpi,
        monetary_value=request.monetary_value,
        currency=request.currency,
        kind=request.benefit_kind,
    )
    now = utc_now()
    return ValueExpectation(
        initiative_id=initiative.id,
        kpi_id=kpi.id if kpi is not None else None,
        **_stored(request),
        level=request.level,
        due_period=_due_period(initiative, request),
        created_at=now,
        updated_at=now,
    )


def _due_period(initiative: Initiative, request: ValueExpectationRequest) -> str | None:
    """The month stated, or the one so many months after going live."""
    months = request.due_months_after_go_live
    if months is None:
        return request.due_period
    if request.due_period is not None:
        message = "give due_period or due_months_after_go_live, not both"
        raise RuleBroken.at("/due_months_after_go_live", "due_twice", message)
    day = initiative.go_live_on or initiative.planned_go_live_on
    if day is None:
        message = "the initiative has no day of going live to count from"
        raise RuleBroken.at("/due_months_after_go_live", "no_go_live_day", message)
    due = next_period(period_of(day), months)
    if due >= "3000":
        message = "this is due after the year 2999"
        raise RuleBroken.at("/due_months_after_go_live", "out_of_range", message)
    return due


def _stored(request: ValueExpectationRequest) -> dict[str, Any]:
    """What an upsert may change; kpi, level and due period name the promise."""
    return {name: getattr(request, name) for name in ValueExpectationPatch.model_fields}
