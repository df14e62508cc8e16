"""Joins the cost of solutions with their KPIs; marks those that cost much and are used little."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from services.valuation.charts.figures import add_exactly, share_of
from services.valuation.reports.content.inputs import CostRow, InitiativeFacts, KpiFacts

LITTLE_USED_BELOW = Decimal("0.5")
_MONEY_ROLES = {"revenue", "saving"}


@dataclass(frozen=True)
class SolutionValue:
    """One solution with its cost and the KPIs that speak of it."""

    cost: CostRow
    share: Decimal | None
    stage: str | None
    kpis: tuple[tuple[KpiFacts, Decimal | None], ...]
    initiatives: tuple[str, ...]
    underused: bool | None


def join_cost_and_value(
    solutions: Sequence[CostRow],
    kpis: Sequence[KpiFacts],
    initiatives: Sequence[InitiativeFacts],
    stages: Mapping[str, str],
    period: str,
    currency: str,
) -> list[SolutionValue]:
    """Every solution with cost, largest first; KPIs count for the solutions they are linked to."""
    total = add_exactly([row.amount for row in solutions])
    middle = median([row.amount for row in solutions]) if solutions else Decimal(0)
    joined = []
    for row in sorted(solutions, key=lambda row: (-row.amount, row.code)):
        own = [kpi for kpi in kpis if row.code in kpi.solutions]
        joined.append(
            SolutionValue(
                row,
                share_of(row.amount, total),
                stages.get(row.code),
                tuple((kpi, value_per_cost(kpi, row.amount, period, currency)) for kpi in own),
                tuple(each.code for each in initiatives if each.solution == row.code),
                is_underused(row.amount, middle, own),
            )
        )
    return joined


def value_per_cost(kpi: KpiFacts, cost: Decimal, period: str, currency: str) -> Decimal | None:
    """Value for one unit of cost, if both are money of the same month and currency."""
    comparable = (
        kpi.value_role in _MONEY_ROLES and kpi.unit == currency and kpi.measured_in == period
    )
    # One KPI linked to several solutions cannot say what each of them brought.
    if not comparable or kpi.actual is None or len(kpi.solutions) != 1:
        return None
    return share_of(kpi.actual, cost)


def is_underused(cost: Decimal, middle: Decimal, kpis: Sequence[KpiFacts]) -> bool | None:
    """At least as costly as the median, and no `use` KPI half way to its target."""
    uses = [
        kpi.attainment for kpi in kpis if kpi.value_role == "use" and kpi.attainment is not None
    ]
    if not uses:
        return None
    return cost >= middle and max(uses) < LITTLE_USED_BELOW
