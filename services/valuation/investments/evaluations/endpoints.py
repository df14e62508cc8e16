"""`POST /v1/evaluations` and `GET /v1/initiatives/{id}/evaluation`: was it worth it, in figures."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from services.valuation.investments.cash_flows import repository as cash_flows
from services.valuation.investments.evaluations.answers import case_of, evaluation_members
from services.valuation.investments.evaluations.domain import Case, evaluate
from services.valuation.investments.evaluations.figures import Rates
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.run_costs.domain import join_run_cost
from services.valuation.investments.run_costs.workflow import NOT_ASKED, ask_run_cost, run_cost_note
from shared.auth import OWN_PART, Needs
from shared.contracts.valuation.evaluations import (
    Convention,
    EvaluationAnswer,
    EvaluationRequest,
    InitiativeEvaluation,
    Rate,
)
from shared.contracts.valuation.initiatives import Basis
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import STORES_NOTHING, new_router

router = new_router("/v1", "evaluations", [Needs("valuation:read")])


@router.post(
    "/evaluations",
    summary="Judge cash flows",
    operation_id="create_evaluation",
    openapi_extra=STORES_NOTHING,
    dependencies=[OWN_PART],
)
def create_evaluation(request: EvaluationRequest, language: LanguageDep) -> EvaluationAnswer:
    """All named figures, axes, sensitivities and scenarios of a case; nothing is stored."""
    return EvaluationAnswer(**evaluation_members(evaluate(case_of(request)), language))


@router.get(
    "/initiatives/{initiative_id:uuid}/evaluation",
    summary="Judge an initiative",
    operation_id="get_initiative_evaluation",
)
def get_initiative_evaluation(
    initiative_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    discount_rate: Annotated[Rate | None, Query()] = None,
    finance_rate: Annotated[Rate | None, Query()] = None,
    reinvest_rate: Annotated[Rate | None, Query()] = None,
    basis: Annotated[Basis, Query()] = "plan",
    convention: Annotated[Convention, Query()] = "dated",
    period_months: Annotated[int | None, Query(ge=1, le=120)] = None,
    run_cost: Annotated[
        Literal["auto", "allocation", "cash_flows"],
        Query(description="auto: allocated for `basis=actual`, as entered for `basis=plan`"),
    ] = "auto",
) -> InitiativeEvaluation:
    """Figures of its planned or actual cash flows, summed by day and category.

    With `basis=actual` the run cost is the linked solution's cost in allocation's published runs
    since go-live; `run_cost` in the answer says where it came from, or why it is missing.
    """
    initiative = initiatives.get_initiative(session, initiative_id)
    rows = cash_flows.sum_by_day(session, initiative_id, basis)
    flows = [CashFlow(amount, category, on=day) for day, category, amount in rows]
    wanted = run_cost == "allocation" or (run_cost == "auto" and basis == "actual")
    asked = ask_run_cost(initiative) if wanted else NOT_ASKED
    joined, replaced = join_run_cost(flows, asked)
    case = Case(
        cash_flows=joined,
        rates=Rates(discount_rate, finance_rate, reinvest_rate),
        convention=convention,
        period_months=period_months,
        business_impact=initiative.business_impact,
        strategic_fit=initiative.strategic_fit,
    )
    currency = initiative.currency or (asked.runs[0].currency if asked.runs else None)
    return InitiativeEvaluation(
        **evaluation_members(evaluate(case), language),
        initiative=initiative.code,
        basis=basis,
        currency=currency,
        cash_flows=len(joined),
        run_cost=run_cost_note(asked, initiative.solution, replaced, language),
    )
