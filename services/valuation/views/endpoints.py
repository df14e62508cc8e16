"""`/v1/views/solution-value`: what each solution costs beside what it brings."""

from contextlib import closing
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import StringConstraints

from services.valuation.reports.gather_cost import gather_cost, get_run, stages_of_solutions
from services.valuation.reports.gather_value import gather_value
from services.valuation.views.domain import SolutionValue, join_cost_and_value
from shared.auth import UNBOUND, Needs
from shared.clients.allocation.figures import allocation_figures
from shared.contracts.valuation.reports import ReportParameters, Scenario
from shared.contracts.valuation.views import SolutionKpi, SolutionValueItem, SolutionValueView
from shared.contracts.values import PERIOD_PATTERN
from shared.database import SessionDep
from shared.language import LanguageDep
from shared.routing import new_router

router = new_router("/v1/views", "views", [Needs("valuation:read"), UNBOUND])


@router.get(
    "/solution-value",
    summary="Cost beside value for each solution",
    operation_id="get_solution_value_view",
)
def get_solution_value_view(
    session: SessionDep,
    language: LanguageDep,
    period: Annotated[str, StringConstraints(pattern=PERIOD_PATTERN), Query(examples=["2026-01"])],
    scenario: Annotated[Scenario, Query()] = "actual",
    run: Annotated[UUID | None, Query(description="A run instead of the published one")] = None,
    level: Annotated[int | None, Query(ge=1, le=20, description="1 shows the roots")] = None,
) -> SolutionValueView:
    """Costs of the published run; KPIs with their newest figure up to the period.

    409 `no_published_run` when the period has none.
    """
    parameters = ReportParameters(run=run, scenario=scenario, level=level)
    with closing(allocation_figures(language)) as client:
        facts = get_run(client, period, parameters)
        stages = stages_of_solutions(client)
        cost = gather_cost(client, facts, stages, parameters, {"solutions"})
    value = gather_value(session, period, language, stages)
    joined = join_cost_and_value(
        cost.solutions, value.kpis, value.initiatives, stages, period, cost.run.currency
    )
    return SolutionValueView(
        period=period,
        run=UUID(cost.run.id),
        currency=cost.run.currency,
        total=cost.run.input,
        items=[_item(each) for each in joined],
    )


def _item(each: SolutionValue) -> SolutionValueItem:
    return SolutionValueItem(
        key=each.cost.code,
        code=each.cost.code,
        name=each.cost.name,
        amount=each.cost.amount,
        share=each.share,
        value_chain_stage=each.stage,
        kpis=[
            SolutionKpi(
                kpi=kpi.code,
                name=kpi.name,
                value_role=kpi.value_role,
                unit=kpi.unit,
                value=kpi.actual,
                period=kpi.measured_in,
                target=kpi.target,
                attainment=kpi.attainment,
                value_per_cost=ratio,
            )
            for kpi, ratio in each.kpis
        ],
        initiatives=list(each.initiatives),
        underused=each.underused,
    )
