"""What a review's row keeps of its figures: JSON, decimals as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.valuation.benefits.reviews.domain import Result
from services.valuation.benefits.reviews.measuring import Measured
from services.valuation.benefits.reviews.retrospect import CostLine, Decision
from services.valuation.investments.run_costs.domain import RunCost
from services.valuation.measures.value_kpis.domain import judge, measure_attainment
from shared.contracts.values import decimal_to_text
from shared.money import add_exactly
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi


def _texts(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: decimal_to_text(value) if isinstance(value, Decimal) else value
        for name, value in kept.items()
    }


def store_result(
    expectation_id: UUID,
    kpi: ValueKpi | None,
    result: Result,
    period: str | None,
    by_hand: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """One result as the row keeps it, with the promise as it was at that time.

    `by_hand`: id and source of what was entered for the promise.
    """
    kept_id, source = by_hand or (None, None)
    return _result(result) | {
        "id": kept_id,
        "expectation": str(expectation_id),
        "names": dict(kpi.names) if kpi is not None else None,
        "unit": kpi.unit if kpi is not None else result.expected.currency,
        "actual_period": period,
        "manual": by_hand is not None,
        "source": source,
    }


def store_free_result(kept: Mapping[str, Any], result: Result) -> dict[str, Any]:
    """A result that stands beside the promises."""
    return _result(result) | {
        "id": kept["id"],
        "expectation": None,
        "names": kept["names"],
        "unit": kept["unit"],
        "actual_period": kept["period"],
        "manual": True,
        "source": kept["source"],
    }


def _result(result: Result) -> dict[str, Any]:
    expected = result.expected
    return _texts(
        {
            "kpi": expected.kpi,
            "level": expected.level,
            "direction": expected.direction,
            "baseline": expected.baseline,
            "target": expected.target,
            "actual": result.actual,
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
    )


def store_run_cost(run_cost: RunCost) -> dict[str, Any]:
    """A run cost as the row keeps it."""
    return {"code": run_cost.code, "runs": [_texts(asdict(cost)) for cost in run_cost.runs]}


def store_cost(
    initiative: Initiative, until: str, lines: Sequence[CostLine], run_cost: RunCost
) -> dict[str, Any]:
    """Planned and actual money as the row keeps it."""
    allocated = add_exactly(cost.amount for cost in run_cost.runs)
    currency = initiative.currency or (run_cost.runs[0].currency if run_cost.runs else None)
    return {
        "currency": currency,
        "until": until,
        "lines": [_texts(asdict(line)) for line in lines],
        "allocated_run_cost": decimal_to_text(allocated) if run_cost.runs else None,
        "evidence": [
            f"/v1/initiatives/{initiative.id}/cash-flows?basis={basis}"
            for basis in ("plan", "actual")
        ],
    }


def store_decision(
    initiative: Initiative, decision: Decision, discount_rate: Decimal | None
) -> dict[str, Any]:
    """The judged decision as the row keeps it."""
    rate = decimal_to_text(discount_rate) if discount_rate is not None else None
    asked = f"&discount_rate={rate}" if rate is not None else ""
    return {
        "verdict": decision.verdict,
        "discount_rate": rate,
        "figures": {name: _texts(asdict(figure)) for name, figure in decision.figures.items()},
        "evidence": [
            f"/v1/initiatives/{initiative.id}/evaluation?basis={basis}{asked}"
            for basis in ("plan", "actual")
        ],
    }


def store_use(kpi: ValueKpi, measured: Measured) -> dict[str, Any]:
    """How far an output is used, as the row keeps it."""
    attained = measure_attainment(measured.baseline, measured.target, measured.actual)
    return _texts(
        {
            "kpi": kpi.code,
            "names": dict(kpi.names),
            "unit": kpi.unit,
            "direction": kpi.direction,
            "baseline": measured.baseline,
            "target": measured.target,
            "actual": measured.actual,
            "actual_period": measured.period,
            "attainment": attained.share,
            "reason": attained.reason,
            "verdict": judge(attained, measured.target, measured.actual, kpi.direction),  # type: ignore[arg-type]
            "evidence": list(measured.evidence),
        }
    )
