"""Looks at one initiative as it is kept: plan, actual, what its source states otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.valuation.investments.plan_and_actual.domain import (
    Conflict,
    Days,
    Variance,
    compare,
    compare_days,
    find_conflicts,
    find_doubts,
    recompute,
)
from shared.tables.valuation.initiatives import Initiative


@dataclass(frozen=True)
class PlanAndActual:
    """One initiative, plan against actual."""

    cost: Variance
    benefit: Variance
    schedule: Variance
    recomputed: Mapping[str, Decimal | None]
    conflicts: list[Conflict]
    findings: list[str]


def look_at(initiative: Initiative) -> PlanAndActual:
    """Compare the sums and days of an initiative, and hold what is stated against them."""
    days = Days(
        initiative.planned_started_on,
        initiative.started_on,
        initiative.planned_go_live_on,
        initiative.go_live_on,
    )
    cost = compare(initiative.planned_cost, initiative.actual_cost, less_is_good=True)
    benefit = compare(initiative.planned_benefit, initiative.actual_benefit, less_is_good=False)
    schedule = compare_days(days)
    ours = recompute(cost, benefit, schedule)
    return PlanAndActual(
        cost,
        benefit,
        schedule,
        ours,
        find_conflicts(initiative.stated, ours),
        find_doubts(initiative.stated, ours, days),
    )
