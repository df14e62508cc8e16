"""Results of a review as its row keeps them (JSON, decimals as text) and as callers see them."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.valuation.reviews.domain import Result
from services.valuation.run_costs.domain import AllocatedCost, RunCost
from services.valuation.run_costs.workflow import run_cost_note
from shared.contracts.valuation.evaluations import RunCostNote
from shared.contracts.valuation.reviews import ReviewResult
from shared.contracts.values import decimal_to_text
from shared.links import href
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview


def store_result(
    expectation_id: UUID, kpi: ValueKpi | None, result: Result, period: str | None
) -> dict[str, Any]:
    """One result as the row keeps it, with the promise as it was at that time."""
    expected = result.expected
    kept = {
        "expectation": str(expectation_id),
        "kpi": expected.kpi,
        "level": expected.level,
        "unit": kpi.unit if kpi is not None else expected.currency,
        "direction": expected.direction,
        "baseline": expected.baseline,
        "target": expected.target,
        "actual": result.actual,
        "actual_period": period,
        "attainment": result.attainment,
        "reason": result.reason,
        "variance": result.variance,
        "favourable": result.favourable,
        "verdict": result.verdict,
        "monetary_value": expected.monetary_value,
        "currency": expected.currency,
        "benefit_kind": expected.kind,
        "realised_value": result.realised_value,
        "evidence": list(result.evidence),
    }
    return {name: _text(value) for name, value in kept.items()}


def _text(value: Any) -> Any:
    return decimal_to_text(value) if isinstance(value, Decimal) else value


def shown_results(review: PostImplementationReview) -> list[ReviewResult]:
    """The results of a row as callers see them; addresses carry the gateway's prefix."""
    return [
        ReviewResult.model_validate(
            kept | {"evidence": [href(address) for address in kept["evidence"]]}
        )
        for kept in review.results
    ]


def store_run_cost(run_cost: RunCost) -> dict[str, Any]:
    """A run cost as the row keeps it."""
    runs = [{name: _text(value) for name, value in asdict(cost).items()} for cost in run_cost.runs]
    return {"code": run_cost.code, "runs": runs}


def shown_run_cost(
    review: PostImplementationReview, initiative: Initiative, language: str
) -> RunCostNote | None:
    """The allocated cost of a row as callers see it."""
    kept = review.allocated_cost
    if kept is None:
        return None
    runs = [AllocatedCost(**{**run, "amount": Decimal(run["amount"])}) for run in kept["runs"]]
    return run_cost_note(RunCost(kept["code"], runs), initiative.solution, 0, language)
