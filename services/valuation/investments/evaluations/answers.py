"""Evaluations as callers see them, and requests as cases."""

from decimal import Decimal
from typing import Any

from services.valuation.investments.evaluations.domain import Case, Evaluation
from services.valuation.investments.evaluations.figures import Figure, Rates
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.evaluations.scoring import DEFAULT_WEIGHTS
from services.valuation.investments.evaluations.sensitivity import (
    DEFAULT_SCENARIOS,
    Factors,
    Scenario,
    Swing,
)
from services.valuation.investments.evaluations.wording import (
    FIGURES,
    FINANCIAL_RULE,
    REASONS,
    in_language,
)
from shared.contracts.valuation.evaluations import (
    Axes,
    AxisWeights,
    EvaluationRequest,
    FigureAnswer,
    Figures,
    ScenarioAnswer,
    ScenarioFactors,
    SwingAnswer,
)


def case_of(request: EvaluationRequest) -> Case:
    """A request as a case."""
    return Case(
        cash_flows=[
            CashFlow(flow.amount, flow.category, flow.index, flow.on) for flow in request.cash_flows
        ],
        rates=Rates(request.discount_rate, request.finance_rate, request.reinvest_rate),
        convention=request.convention,
        period_months=request.period_months,
        business_impact=request.business_impact,
        strategic_fit=request.strategic_fit,
        weights=_weights(request.weights),
        scenarios=_scenarios(request),
    )


def _weights(weights: AxisWeights | None) -> dict[str, Decimal]:
    if weights is None:
        return dict(DEFAULT_WEIGHTS)
    return {name: getattr(weights, name) for name in AxisWeights.model_fields}


def _scenarios(request: EvaluationRequest) -> dict[str, Factors]:
    if request.scenarios is None:
        return dict(DEFAULT_SCENARIOS)
    return {
        name: Factors(factors.investment, factors.run_cost, factors.benefit)
        for name, factors in (
            ("best", request.scenarios.best),
            ("base", request.scenarios.base),
            ("worst", request.scenarios.worst),
        )
    }


def evaluation_members(evaluation: Evaluation, language: str) -> dict[str, Any]:
    """The members of every evaluation answer."""
    axes = evaluation.axes
    shown = {key: _figure(key, figure, language) for key, figure in evaluation.figures.items()}
    return {
        "convention": evaluation.convention,
        "figures": Figures(**shown),
        "axes": Axes(
            financial=axes.financial,
            business=axes.business,
            strategic=axes.strategic,
            weights=AxisWeights(**axes.weights),
            score=axes.score,
            missing=list(axes.missing),
            financial_rule=FINANCIAL_RULE[language],
        ),
        "sensitivity": [_swing(swing) for swing in evaluation.sensitivity],
        "scenarios": [_scenario(scenario, language) for scenario in evaluation.scenarios],
    }


def _figure(key: str, figure: Figure, language: str) -> FigureAnswer:
    return FigureAnswer(
        name=in_language(FIGURES, key, language) or key,
        value=figure.value,
        formula=figure.formula,
        convention=figure.convention,
        inputs=dict(figure.inputs),
        reason=figure.reason,
        explanation=in_language(REASONS, figure.reason, language),
        roots=list(figure.roots),
        decimals=figure.decimals,
    )


def _swing(swing: Swing) -> SwingAnswer:
    return SwingAnswer(**vars(swing))


def _scenario(scenario: Scenario, language: str) -> ScenarioAnswer:
    factors = scenario.factors
    return ScenarioAnswer(
        name=scenario.name,
        factors=ScenarioFactors(
            investment=factors.investment, run_cost=factors.run_cost, benefit=factors.benefit
        ),
        figures={key: _figure(key, figure, language) for key, figure in scenario.figures.items()},
    )
