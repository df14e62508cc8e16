"""`/v1/object-costs`: what objects cost, month by month, in the runs that speak for the months."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from sqlmodel import Session

from services.allocation.callers import subtrees_seen
from services.allocation.object_costs.repository import subtree_balances
from services.allocation.runs.repository import list_published
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.contracts.allocation.object_costs import (
    ObjectCost,
    ObjectCostsAnswer,
    ObjectMonth,
    PublishedRun,
)
from shared.contracts.allocation.objects import Layer
from shared.contracts.allocation.runs import Measure
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Code, Period
from shared.database import SessionDep
from shared.errors import RuleBroken
from shared.http.routing import new_router
from shared.money import from_units
from shared.tables.allocation.runs import AllocationRun

MOST_OBJECTS = 100
router = new_router("/v1/object-costs", "runs", [Needs("allocation:read")])


@router.get(
    "",
    summary="What objects cost, month by month",
    operation_id="get_object_costs",
    dependencies=[OWN_PART],
)
def get_object_costs(
    session: SessionDep,
    caller: CallerDep,
    layer: Layer,
    first: Annotated[Period, Query(alias="from")],
    last: Annotated[Period | None, Query(alias="to", description="Else up to the newest")] = None,
    code: Annotated[
        list[Code] | None, Query(max_length=MOST_OBJECTS, description="May be repeated")
    ] = None,
    scenario: Annotated[Scenario, Query(description="Whose published runs")] = "actual",
    measure: Annotated[Measure, Query(description="Which measure of the runs")] = "cost",
) -> ObjectCostsAnswer:
    """Each object counts all below it, as `/v1/runs/{id}/balances?rollup=true` counts it.

    A month without a published run is left out; a run that does not know an object has no amounts
    of it (`unknown_object`). Without a code the answer has the runs and their totals only.
    """
    within = subtrees_seen(caller, layer)
    if last is not None and last < first:
        raise RuleBroken.at("query:/to", "bad_range", "`to` lies before `from`")
    runs = list_published(session, first, last, scenario)
    return ObjectCostsAnswer(
        **{"from": first, "to": last},
        layer=layer,
        scenario=scenario,
        measure=measure,
        runs=[_published_run(run, measure, caller) for run in runs],
        items=_costs(session, runs, measure, layer, list(dict.fromkeys(code or ())), within),
    )


def _published_run(run: AllocationRun, measure: str, caller: Caller) -> PublishedRun:
    total = run.totals.get(measure, {}).get("input")
    is_told = total is not None and caller.consumers is None
    return PublishedRun(
        period=run.period,
        run=run.id,
        currency=run.currency,
        total=Decimal(total) if is_told else None,
    )


def _costs(
    session: Session,
    runs: list[AllocationRun],
    measure: str,
    layer: str,
    codes: list[str],
    within: Sequence[str] | None,
) -> list[ObjectCost]:
    ids = [run.id for run in runs if measure in run.measures]
    found = {}
    if ids and codes:
        found = subtree_balances(session, ids, measure, layer, codes, within)
    items = []
    for code in codes:
        months = [_month(run, measure, found.get((run.id, code))) for run in runs]
        known = any(month.cost is not None for month in months)
        items.append(ObjectCost(code=code, known=known, months=months))
    return items


def _month(run: AllocationRun, measure: str, balance: tuple[int, int, int] | None) -> ObjectMonth:
    amounts: dict[str, Decimal | None] = dict.fromkeys(("own", "received", "cost"))
    if balance is not None:
        precision, own, received = balance
        units = {"own": own, "received": received, "cost": own + received}
        amounts = {name: from_units(each, precision) for name, each in units.items()}
        reason = None
    else:
        reason = "unknown_object" if measure in run.measures else "measure_not_in_run"
    return ObjectMonth(
        period=run.period, run=run.id, currency=run.currency, reason=reason, **amounts
    )
