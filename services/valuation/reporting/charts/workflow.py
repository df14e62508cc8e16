"""Draws one chart by its name: asks for just the figures that it shows."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from sqlmodel import Session

from services.valuation.reporting.charts.asking import needed, run_parameters
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.of_costs import (
    draw_carbon,
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
    draw_attribution,
    draw_kpi_series,
    draw_scorecard,
)
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.reports.content.chain_section import cost_value_picture
from services.valuation.reporting.reports.content.cost_sections import (
    distribution_picture,
    flow_picture,
)
from services.valuation.reporting.reports.content.inputs import CostFacts, ValueFacts
from services.valuation.reporting.reports.content.value_section import attainment_picture
from services.valuation.reporting.reports.document import Picture
from services.valuation.reporting.reports.gathering.cost import (
    gather_cost,
    get_run,
    stages_of_solutions,
)
from services.valuation.reporting.reports.gathering.value import gather_value
from shared.clients.allocation.figures import allocation_figures
from shared.contracts.valuation.charts import ChartQuery
from shared.contracts.valuation.reports import ReportParameters


@dataclass(frozen=True)
class ChartFacts:
    """What a chart may be drawn from."""

    period: str
    cost: CostFacts | None
    value: ValueFacts


@dataclass(frozen=True)
class ChartKind:
    """What a chart needs of a run and of the value side, and how it is drawn."""

    parts: frozenset[str]
    shows_value: bool
    draw: Callable[[ChartFacts, Language], Picture]


def _with_cost(
    draw: Callable[[CostFacts, ValueFacts, Language], Picture],
) -> Callable[[ChartFacts, Language], Picture]:
    def drawn(facts: ChartFacts, language: Language) -> Picture:
        assert facts.cost is not None  # noqa: S101 - charts with parts always have a run
        return draw(facts.cost, facts.value, language)

    return drawn


_KINDS = {
    "flow": ChartKind(
        frozenset({"flow", "unallocated"}),
        False,
        _with_cost(lambda cost, value, language: flow_picture(cost, language)),
    ),
    "cost-distribution": ChartKind(
        frozenset({"layers"}),
        False,
        _with_cost(lambda cost, value, language: distribution_picture(cost, language)),
    ),
    "cost-value": ChartKind(frozenset({"stages"}), True, _with_cost(cost_value_picture)),
    "kpi-attainment": ChartKind(
        frozenset(),
        True,
        lambda facts, language: attainment_picture(facts.value, facts.period, language),
    ),
}


_OTHERS: dict[str, Callable[[Session, ChartQuery, Language], Spec]] = {
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


def draw_chart(session: Session, name: str, query: ChartQuery, language: Language) -> Spec:
    """The specification of a chart; 409 `no_published_run` when it needs a run and has none."""
    if name in _OTHERS:
        return _OTHERS[name](session, query, language)
    period: str = needed(query, "period")
    return _draw_of_period(session, _KINDS[name], period, language, run_parameters(query))


def _draw_of_period(
    session: Session, kind: ChartKind, period: str, language: Language, parameters: ReportParameters
) -> Spec:
    cost, stages = None, {}
    if kind.parts:
        with closing(allocation_figures(language)) as client:
            run = get_run(client, period, parameters)
            if "stages" in kind.parts:
                stages = stages_of_solutions(client)
            cost = gather_cost(client, run, stages, parameters, kind.parts)
    value = ValueFacts()
    if kind.shows_value:
        value = gather_value(session, period, language, stages)
    return kind.draw(ChartFacts(period, cost, value), language).spec
