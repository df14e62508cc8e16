"""`/v1/value-kpis/{id}/attribution`: what moves a value KPI, and what an event did to it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import Session

from services.valuation.measures.attribution.answers import attribution_answer
from services.valuation.measures.attribution.sources import Source, find_cost, find_kpi, name_driver
from services.valuation.measures.attribution.workflow import Question, attribute
from services.valuation.measures.value_kpis import repository
from shared.auth import Needs
from shared.contracts.valuation.attribution import AttributionAnswer
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import RuleBroken
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.tables.valuation.kpis import ValueKpi

router = new_router("/v1/value-kpis", "value-kpis", [Needs("valuation:read")])


@router.get(
    "/{kpi_id:uuid}/attribution",
    summary="What moves a KPI",
    operation_id="get_value_kpi_attribution",
)
def get_value_kpi_attribution(
    kpi_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    driver: Annotated[
        str | None, Query(max_length=200, description="A driver of ingest: its total of the month")
    ] = None,
    target: Annotated[
        str | None, Query(max_length=200, description="With `driver`: of this target only")
    ] = None,
    kpi: Annotated[str | None, Query(max_length=200, description="Another KPI, by code")] = None,
    cost_of: Annotated[
        str | None,
        Query(
            max_length=220,
            description="A solution, or `layer:code`: its cost in published runs",
            examples=["ERP", "consumer:ECOMMERCE"],
        ),
    ] = None,
    event: Annotated[
        Period | None,
        Query(description="The first month after a change: interrupted time series"),
    ] = None,
    control: Annotated[
        str | None,
        Query(max_length=200, description="With `event`: a KPI that the event did not touch"),
    ] = None,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    max_lag: Annotated[
        int, Query(ge=0, le=24, description="Months by which the other series may lead")
    ] = 6,
) -> AttributionAnswer:
    """How a KPI goes together with a driver, another KPI or a cost, month by month.

    Name exactly one of `driver`, `kpi` and `cost_of`; with an `event` none is needed. An event
    alone is judged as an interrupted time series, with a `control` as difference in differences.
    Months in which one series has no value are left out. 409 `too_little_data` under eight months,
    or under four before or after the event. Without `from` and `to`: the observed months.
    """
    row = repository.get_value_kpi(session, kpi_id)
    _check_one(driver, kpi, cost_of, event)
    if control is not None and event is None:
        raise RuleBroken.at("query:/control", "control_without_event", "a control needs an `event`")
    if target is not None and driver is None:
        raise RuleBroken.at("query:/target", "target_without_driver", "a target needs a `driver`")
    question = Question(
        row,
        _find_source(session, row, driver, target, kpi, cost_of),
        _find_other(session, row, "control", control) if control is not None else None,
        event,
        first,
        last,
        max_lag,
    )
    return attribution_answer(question, attribute(session, question), language)


def _check_one(driver: str | None, kpi: str | None, cost_of: str | None, event: str | None) -> None:
    given = {"driver": driver, "kpi": kpi, "cost_of": cost_of}
    named = [name for name, code in given.items() if code is not None]
    if len(named) > 1 or (not named and event is None):
        where = named[-1] if named else "driver"
        message = "name one of `driver`, `kpi` and `cost_of`; with an `event` it may be none"
        raise RuleBroken.at(f"query:/{where}", "one_explanation", message)


def _find_source(
    session: Session,
    row: ValueKpi,
    driver: str | None,
    target: str | None,
    kpi: str | None,
    cost_of: str | None,
) -> Source | None:
    if driver is not None:
        return name_driver(driver, target)
    if cost_of is not None:
        return find_cost(cost_of)
    return _find_other(session, row, "kpi", kpi) if kpi is not None else None


def _find_other(session: Session, row: ValueKpi, parameter: str, code: str) -> Source:
    if code == row.code:
        message = "a KPI is not held against itself"
        raise RuleBroken.at(f"query:/{parameter}", "same_kpi", message)
    return find_kpi(session, parameter, code)
