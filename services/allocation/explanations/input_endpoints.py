"""What a run took: driver quantities, exchange rates, own amounts, emissions, as stored with it."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response

from services.allocation.engine.model import DriverTable
from services.allocation.engine.storing.driver_storage import load_drivers
from services.allocation.explanations import repository
from services.allocation.runs import repository as runs
from services.allocation.runs.input_repository import read_head_document
from services.allocation.runs.stored_input import read_emissions
from shared.auth import Needs
from shared.contracts.allocation.explanations import (
    EmissionPart,
    RunEmissionAnswer,
    RunOwnAmountAnswer,
    RunQuantityAnswer,
    RunRateAnswer,
)
from shared.contracts.allocation.runs import Measure, RunLayer
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import Conflict, NotFound
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.pages_in_memory import page_of
from shared.http.routing import new_router
from shared.money import from_units
from shared.pagination import PageQueryDep
from shared.tables.allocation.runs import AllocationRun

router = new_router("/v1/runs/{run_id}", "runs", [Needs("allocation:read")])
CodeQuery = Annotated[str | None, Query(max_length=200)]
COLUMNS = tuple(RunQuantityAnswer.model_fields)


def _finished(session: SessionDep, run_id: UUID) -> AllocationRun:
    run = runs.get_run(session, run_id)
    if run.status != "succeeded":
        raise Conflict(f"the run is {run.status}; it has no figures", code="run_not_finished")
    return run


@router.get(
    "/driver-quantities",
    summary="The driver quantities that a run took",
    operation_id="list_run_driver_quantities",
    response_model=Page[RunQuantityAnswer],
    responses=EXPORT_RESPONSES,
)
def list_quantities(
    run_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    driver: Annotated[str, Query(max_length=200)],
    target: CodeQuery = None,
    source: CodeQuery = None,
    used_by: Annotated[
        str | None,
        Query(max_length=200, description="Its own quantities if it has any, else those of all"),
    ] = None,
) -> Page[RunQuantityAnswer] | Response:
    """In order of source and target; 404 for a driver that no mapping of the run used."""
    table = _table(session, _finished(session, run_id).id, driver)
    rows = _rows(table)
    if used_by is not None:
        own = [row for row in rows if row[0] == used_by]
        rows = own or [row for row in rows if row[0] is None]
    rows = [row for row in rows if source in {None, row[0]} and target in {None, row[1]}]
    if export is not None:
        cells = ((table.code, table.basis, *row) for row in rows)
        return export_rows(export, "driver-quantities", COLUMNS, cells)
    bound = {"run": run_id, "driver": driver, "target": target, "source": source, "by": used_by}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return Page(items=[_quantity(table, row) for row in shown], next_cursor=cursor)


Row = tuple[str | None, str, Decimal]


def _table(session: SessionDep, run_id: UUID, driver: str) -> DriverTable:
    heads = read_head_document(session, run_id)["drivers"]
    if driver not in {head["code"] for head in heads}:
        raise NotFound(f"driver {driver} in this run")
    tables = load_drivers(heads, repository.read_quantity_chunks(session, run_id))
    return next(table for table in tables if table.code == driver)


def _rows(table: DriverTable) -> list[Row]:
    quantities = (from_units(one, table.decimals) for one in table.quantities.tolist())
    targets = (str(target) for target in table.targets.texts())
    rows = zip(table.sources.texts(), targets, quantities, strict=True)
    return sorted(rows, key=lambda row: (row[0] is not None, row[0] or "", row[1]))


def _quantity(table: DriverTable, row: Row) -> RunQuantityAnswer:
    basis: Literal["measured", "estimated"] = (
        "measured" if table.basis == "measured" else "estimated"
    )
    source, target, quantity = row
    return RunQuantityAnswer(
        driver=table.code, basis=basis, source=source, target=target, quantity=quantity
    )


@router.get(
    "/exchange-rates",
    summary="The exchange rates that a run took",
    operation_id="list_run_exchange_rates",
)
def list_rates(
    run_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    from_currency: Annotated[str | None, Query(alias="from", max_length=3)] = None,
) -> Page[RunRateAnswer]:
    """In order of currency."""
    run = _finished(session, run_id)
    rates = read_head_document(session, run_id)["rates"]
    rows = [
        RunRateAnswer.model_validate(
            {"from": code, "to": run.currency, "kind": run.rate_kind, "rate": Decimal(rate)}
        )
        for code, rate in sorted(rates.items())
        if from_currency in {None, code}
    ]
    bound = {"run": run_id, "from": from_currency}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return Page(items=list(shown), next_cursor=cursor)


@router.get(
    "/own-amounts",
    summary="What entered a run at objects themselves",
    operation_id="list_run_own_amounts",
)
def list_own_amounts(
    run_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    measure: Measure | None = None,
    layer: RunLayer | None = None,
    code: CodeQuery = None,
) -> Page[RunOwnAmountAnswer]:
    """Energy and carbon of resources, corrections of bills; in order of measure and object."""
    _finished(session, run_id)
    rows = [
        {**one, "amount": Decimal(one["amount"])}
        for one in read_head_document(session, run_id)["own_amounts"]
        if measure in {None, one["measure"]}
        and layer in {None, one["layer"]}
        and code in {None, one["code"]}
    ]
    rows.sort(key=lambda one: (one["measure"], one["layer"], one["code"]))
    bound = {"run": run_id, "measure": measure, "layer": layer, "code": code}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return Page(items=[RunOwnAmountAnswer(**one) for one in shown], next_cursor=cursor)


@router.get(
    "/emissions",
    summary="How a run's operational carbon came about",
    operation_id="list_run_emissions",
)
def list_emissions(
    run_id: UUID, session: SessionDep, page: PageQueryDep, resource: CodeQuery = None
) -> Page[RunEmissionAnswer]:
    """Per resource its energy, its region's factors and the kilograms of CO2e."""
    _finished(session, run_id)
    rows = [one for one in read_emissions(session, run_id) if resource in {None, one.resource}]
    bound = {"run": run_id, "resource": resource}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return Page(items=[_emission(one) for one in shown], next_cursor=cursor)


def _emission(one: Any) -> RunEmissionAnswer:
    fields = ("code", "scope", "valid_from", "kg_per_kwh")
    factors = [
        EmissionPart(**{name: getattr(factor, name) for name in fields}) for factor in one.factors
    ]
    return RunEmissionAnswer(
        resource=one.resource, region=one.region, kwh=one.kwh, factors=factors, kg=one.kg
    )
