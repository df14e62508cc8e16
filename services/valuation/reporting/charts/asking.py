"""What a chart is asked with, held against what it needs."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.measures.value_kpis import repository as kpis
from services.valuation.overviews.asked_months import LONGEST_STRETCH, AskedMonths
from shared.contracts.valuation.charts import ChartQuery
from shared.contracts.valuation.reports import ReportParameters
from shared.errors import NotFound, RuleBroken
from shared.periods import months_between
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi


def needed(query: ChartQuery, name: str) -> Any:
    """A parameter that the chart cannot do without; 422 `missing_parameter`."""
    found = getattr(query, name)
    if found is None:
        wire = ChartQuery.model_fields[name].alias or name
        raise RuleBroken.at(f"query:/{wire}", "missing_parameter", f"this chart needs `{wire}`")
    return found


def asked_months(query: ChartQuery) -> AskedMonths:
    """`period`, or `from` and `to`; 422 `bad_stretch` when they make no stretch of months."""
    if query.first is None and query.last is None:
        period = needed(query, "period")
        return AskedMonths(period, period, query.scenario, query.run)
    first, last = needed(query, "first"), needed(query, "last")
    if query.run is not None or not 0 <= months_between(first, last) < LONGEST_STRETCH:
        message = f"`from` lies before `to`, at most {LONGEST_STRETCH} months, and without a run"
        raise RuleBroken.at("query:/from", "bad_stretch", message)
    return AskedMonths(first, last, query.scenario, None)


def run_parameters(query: ChartQuery) -> ReportParameters:
    """Which run a chart of one month shows."""
    return ReportParameters(run=query.run, scenario=query.scenario, level=query.level)


def find_initiative(session: Session, query: ChartQuery) -> Initiative:
    """The initiative that is named by code or id; 404 when there is none."""
    named: str = needed(query, "initiative")
    found = initiatives.find_by_codes(session, [named]).get(named)
    return found or initiatives.get_initiative(session, _id_of(named, "initiative"))


def find_kpi(session: Session, query: ChartQuery) -> ValueKpi:
    """The KPI that is named by code or id; 404 when there is none."""
    named: str = needed(query, "kpi")
    found = kpis.find_by_codes(session, [named]).get(named)
    return found or kpis.get_value_kpi(session, _id_of(named, "value KPI"))


def _id_of(named: str, what: str) -> UUID:
    try:
        return UUID(named)
    except ValueError as error:
        raise NotFound(f"{what} {named}") from error
