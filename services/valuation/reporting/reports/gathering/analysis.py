"""The value analysis: initiatives judged twice, realisation by group, KPIs against before."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlmodel import Session

from services.valuation.investments.evaluations.domain import Case, evaluate
from services.valuation.investments.evaluations.figures import Figure, Rates
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.run_costs.domain import RunCost, join_run_cost
from services.valuation.investments.run_costs.workflow import ask_run_cost
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.views.answers import Presenter
from services.valuation.overviews.views.workflow import load_solutions
from services.valuation.reporting.reports import repository
from services.valuation.reporting.reports.content.analysis.facts import (
    AnalysisFacts,
    JudgedFigure,
    JudgedInitiative,
    KpiCourse,
    SolutionLine,
)
from services.valuation.reporting.reports.content.inputs import KpiFacts
from services.valuation.reporting.reports.gathering.realisation import (
    gather_bias,
    gather_realised,
)
from services.valuation.reporting.reports.gathering.value import figure_of, months_to_look_at
from shared.clients.allocation.value_views import allocation_views
from shared.contracts.valuation.initiatives import Category
from shared.contracts.valuation.reports import ReportParameters
from shared.contracts.values import name_in
from shared.errors import Unavailable
from shared.periods import last_day
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow

USUAL_DISCOUNT_RATE = Decimal("0.08")
TOLD_FIGURES = ("roi_net", "roi_gross", "npv", "payback_months", "tco")


def gather_analysis(
    session: Session,
    period: str,
    language: str,
    kpis: Sequence[KpiFacts],
    parameters: ReportParameters,
) -> AnalysisFacts:
    """Plan and actual under one discount rate, up to the end of the period."""
    rate = parameters.discount_rate
    rate = USUAL_DISCOUNT_RATE if rate is None else rate
    initiatives = repository.list_initiatives(session)
    flows = _by_initiative(repository.list_cash_flows(session, last_day(period)))
    return AnalysisFacts(
        discount_rate=rate,
        judged=tuple(
            _judged(row, flows[row.id], rate, period, language)
            for row in initiatives
            if row.id in flows
        ),
        realised=tuple(gather_realised(session, period)),
        bias=gather_bias(session, period),
        courses=tuple(_courses(session, kpis)),
        solutions=tuple(_solutions(session, period, language, parameters)),
    )


def _solutions(
    session: Session, period: str, language: str, parameters: ReportParameters
) -> list[SolutionLine]:
    """The lines of the view of cost beside value, as anybody can ask for them."""
    asked = AskedMonths(period, period, parameters.scenario, parameters.run)
    with closing(allocation_views(language)) as client:
        view, currency, facts = load_solutions(session, client, asked, parameters.level, language)
    items = Presenter(view, currency, asked, facts, language).items()
    return [
        SolutionLine(
            code=item.code,
            name=item.name,
            amount=item.amount,
            share=item.share,
            stage=item.value_chain_stage,
            worths=tuple((worth.unit, worth.amount) for worth in item.value),
            value_per_cost=item.value_per_cost,
            use=item.use.attainment if item.use else None,
            nps=item.nps.nps,
            underused=item.underused,
        )
        for item in items
    ]


def _by_initiative(
    flows: Sequence[InitiativeCashFlow],
) -> dict[UUID, list[InitiativeCashFlow]]:
    found: dict[UUID, list[InitiativeCashFlow]] = {}
    for flow in flows:
        found.setdefault(flow.initiative_id, []).append(flow)
    return found


def _judged(
    row: Initiative,
    flows: Sequence[InitiativeCashFlow],
    rate: Decimal,
    period: str,
    language: str,
) -> JudgedInitiative:
    actual = _flows(flows, "actual")
    run_cost = _run_cost(row, period) if actual else RunCost("not_asked")
    joined, _ = join_run_cost(actual, run_cost)
    plan, result = _figures(_flows(flows, "plan"), rate), _figures(joined, rate)
    currency = row.currency or (run_cost.runs[0].currency if run_cost.runs else "")
    return JudgedInitiative(
        str(row.id),
        row.code,
        name_in(row.names, language),
        currency,
        tuple(_figure(name, plan.get(name), result.get(name)) for name in TOLD_FIGURES),
    )


def _flows(flows: Sequence[InitiativeCashFlow], basis: str) -> list[CashFlow]:
    return [
        CashFlow(flow.amount, cast(Category, flow.category), on=flow.on)
        for flow in flows
        if flow.basis == basis
    ]


def _run_cost(row: Initiative, period: str) -> RunCost:
    """What its evaluation takes too, but nothing after the period of the report."""
    found = ask_run_cost(row)
    if found.code == "allocation_unreachable":
        raise Unavailable("allocation does not answer; the report is made later")
    kept = [cost for cost in found.runs if cost.period <= period]
    return RunCost(found.code, kept) if kept else RunCost("no_published_run")


def _figures(flows: Sequence[CashFlow], rate: Decimal) -> Mapping[str, Figure]:
    if not flows:
        return {}
    return evaluate(Case(cash_flows=flows, rates=Rates(rate), convention="dated")).figures


def _figure(name: str, plan: Figure | None, actual: Figure | None) -> JudgedFigure:
    return JudgedFigure(
        name,
        plan.value if plan else None,
        actual.value if actual else None,
        plan.reason if plan else "no_cash_flows",
        actual.reason if actual else "no_cash_flows",
    )


def _courses(session: Session, facts: Sequence[KpiFacts]) -> list[KpiCourse]:
    """The figure before the newest, for each KPI that has two."""
    told = [(kpi.code, kpi.measured_in) for kpi in facts if kpi.measured_in is not None]
    rows = repository.list_kpis(session)
    last = max((month for _, month in told), default=None)
    months = months_to_look_at(session, rows, last) if last else []
    if not months:
        return []
    readings = load_readings(session, close_over(session, rows), months[-1], months[0])
    courses = []
    for code, newest in told:
        for month in (each for each in months if each < newest):
            value = figure_of(readings, code, month)
            if value is not None:
                courses.append(KpiCourse(code, value, month))
                break
    return courses
