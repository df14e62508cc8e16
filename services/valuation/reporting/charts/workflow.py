"""Draws one chart by its name: asks for just the figures that it shows."""

from collections.abc import Callable
from contextlib import closing

from sqlmodel import Session

from services.valuation.reporting.charts.asking import needed, run_parameters
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.of_costs import (
    draw_carbon,
    draw_cost_value,
    draw_solution_value,
    draw_spend_trend,
    draw_unallocated,
)
from services.valuation.reporting.charts.of_initiatives import (
    draw_cash_flows,
    draw_review,
    draw_tornado,
    draw_value_realisation,
)
from services.valuation.reporting.charts.of_kpis import (
    draw_attainment,
    draw_attribution,
    draw_kpi_series,
    draw_scorecard,
)
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.reports.content.cost_sections import (
    distribution_picture,
    flow_picture,
)
from services.valuation.reporting.reports.content.inputs import CostFacts
from services.valuation.reporting.reports.gathering.cost import gather_cost, get_run
from shared.clients.allocation.figures import allocation_figures
from shared.contracts.valuation.charts import ChartQuery


def draw_chart(session: Session, name: str, query: ChartQuery, language: Language) -> Spec:
    """The specification of a chart; 409 `no_published_run` when it needs a run and has none."""
    return _CHARTS[name](session, query, language)


def _draw_flow(session: Session, query: ChartQuery, language: Language) -> Spec:
    cost = _cost_of(query, language, frozenset({"flow", "unallocated"}))
    return flow_picture(cost, language).spec


def _draw_distribution(session: Session, query: ChartQuery, language: Language) -> Spec:
    return distribution_picture(_cost_of(query, language, frozenset({"layers"})), language).spec


def _cost_of(query: ChartQuery, language: Language, parts: frozenset[str]) -> CostFacts:
    period, parameters = needed(query, "period"), run_parameters(query)
    with closing(allocation_figures(language)) as client:
        run = get_run(client, period, parameters)
        return gather_cost(client, run, parameters, parts)


_CHARTS: dict[str, Callable[[Session, ChartQuery, Language], Spec]] = {
    "flow": _draw_flow,
    "cost-distribution": _draw_distribution,
    "cost-value": draw_cost_value,
    "kpi-attainment": draw_attainment,
    "kpi-series": draw_kpi_series,
    "attribution": draw_attribution,
    "scorecard": draw_scorecard,
    "tornado": draw_tornado,
    "cash-flows": draw_cash_flows,
    "review": draw_review,
    "value-realisation": draw_value_realisation,
    "solution-value": draw_solution_value,
    "spend-trend": draw_spend_trend,
    "unallocated": draw_unallocated,
    "carbon": draw_carbon,
}
