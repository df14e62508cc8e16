"""Plan against actual as callers see it."""

from decimal import Decimal
from typing import Any

from services.valuation.investments.plan_and_actual.domain import Variance, compare
from services.valuation.investments.plan_and_actual.wording import FINDINGS
from services.valuation.investments.plan_and_actual.workflow import look_at
from services.valuation.measures.value_kpis.domain import measure_attainment
from shared.contracts.valuation.variances import (
    FigureConflict,
    Finding,
    InitiativeVariance,
    PromiseVariance,
    ScheduleVariance,
    VarianceAnswer,
)
from shared.contracts.values import name_in
from shared.http.links import href
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

EXPORT_COLUMNS = (
    "initiative", "name", "stage", "kind", "sponsor", "solution", "portfolio", "currency",
    "planned_cost", "actual_cost", "cost_variance", "cost_variance_percent", "planned_benefit",
    "actual_benefit", "benefit_variance", "benefit_variance_percent", "planned_go_live_on",
    "go_live_on", "schedule_variance_days", "schedule_variance_percent", "conflicts", "findings",
)  # fmt: skip


def variance_answer(row: Initiative, language: str) -> InitiativeVariance:
    """An initiative, plan against actual."""
    return InitiativeVariance(**variance_members(row, language))


def variance_members(row: Initiative, language: str) -> dict[str, Any]:
    """The members that the single answer and the list have in common."""
    view = look_at(row)
    return {
        "id": row.id,
        "href": href(f"/v1/initiatives/{row.id}/variances"),
        "initiative": row.code,
        "name": name_in(row.names, language),
        "stage": row.stage,
        "kind": row.kind,
        "sponsor": row.sponsor,
        "solution": row.solution,
        "tags": row.tags,
        "currency": row.currency,
        "cost": VarianceAnswer(**variance_fields(view.cost)),
        "benefit": VarianceAnswer(**variance_fields(view.benefit)),
        "schedule": _schedule(row, view.schedule),
        "stated": row.stated,
        "recomputed": dict(view.recomputed),
        "conflicts": [
            FigureConflict(**vars(conflict), code="stated_differs") for conflict in view.conflicts
        ],
        "findings": [
            Finding(code=code, message=FINDINGS[code][language]) for code in view.findings
        ],
    }


def variance_fields(found: Variance) -> dict[str, Any]:
    """A variance by the names of the wire."""
    return {
        "planned": found.planned,
        "actual": found.actual,
        "variance": found.variance,
        "variance_percent": found.percent,
        "reason": found.reason,
    }


def _schedule(row: Initiative, found: Variance) -> ScheduleVariance:
    return ScheduleVariance(
        planned_started_on=row.planned_started_on,
        started_on=row.started_on,
        planned_go_live_on=row.planned_go_live_on,
        go_live_on=row.go_live_on,
        planned_days=found.planned,
        actual_days=found.actual,
        variance_days=found.variance,
        variance_percent=found.percent,
        reason=found.reason,
    )


def promise_answer(
    promise: ValueExpectation, kpi: ValueKpi, measured: tuple[str, Decimal] | None
) -> PromiseVariance:
    """A promise beside its newest measured value (period, value)."""
    actual = measured[1] if measured else None
    found = compare(promise.target, actual, less_is_good=kpi.direction == "down")
    reasons = {"no_plan": "no_target", "no_actual": "not_measured"}
    return PromiseVariance(
        kpi=kpi.code,
        unit=kpi.unit,
        direction=kpi.direction,
        level=promise.level,
        due_period=promise.due_period,
        benefit_kind=promise.benefit_kind,
        baseline=promise.baseline,
        target=promise.target,
        period=measured[0] if measured else None,
        actual=actual,
        variance=found.variance,
        variance_percent=found.percent,
        attainment=measure_attainment(promise.baseline, promise.target, actual).share,
        reason=reasons.get(found.reason or "", found.reason),
    )


def exported_row(row: Initiative, language: str) -> list[Any]:
    """An initiative in the order of `EXPORT_COLUMNS`."""
    ours = look_at(row).recomputed
    cells = {
        "initiative": row.code,
        "name": name_in(row.names, language),
        "portfolio": row.tags.get("portfolio"),
        "conflicts": " ".join(row.conflicts),
        "findings": " ".join(row.findings),
        **ours,
    }
    return [cells[name] if name in cells else getattr(row, name) for name in EXPORT_COLUMNS]
