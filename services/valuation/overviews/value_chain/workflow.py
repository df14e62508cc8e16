"""Loads both sides of the value chain: costs over HTTP, revenue from this service's own tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from services.valuation.overviews.asked_months import AskedMonths, read_costs
from services.valuation.overviews.value_chain import repository
from services.valuation.overviews.value_chain.domain import (
    SolutionCost,
    StageFigures,
    cost_by_stage,
    inherit_stages,
    join_stages,
    parts_of_no_stage,
)
from services.valuation.overviews.value_chain.revenue import (
    Places,
    Revenue,
    RevenueKpi,
    tell_revenue,
)
from shared.clients.allocation.value_views import AllocationViews, WholeView
from shared.contracts.values import name_in
from shared.money import add_exactly


@dataclass(frozen=True)
class ChainCosts:
    """The cost side: solutions with their stages, the parts of no stage, and the input of all."""

    currency: str
    view: WholeView
    solutions: Sequence[SolutionCost]
    stage_of: Mapping[str, str]
    parts: Mapping[str, Decimal]
    by_stage: Mapping[str | None, Decimal]

    @property
    def total(self) -> Decimal:
        """The input of the runs."""
        return self.view.totals["input"]


@dataclass(frozen=True)
class Chain:
    """Both sides by stage."""

    costs: ChainCosts
    revenue: Revenue
    figures: Mapping[str | None, StageFigures]


def load_chain(
    session: Session, client: AllocationViews, asked: AskedMonths, language: str
) -> Chain:
    """The value chain of the asked months; 409 `no_published_run` when there is no cost."""
    view, currency = read_costs(client, asked, "solutions", parts=0)
    stage_of = inherit_stages(client.list_objects("solution"))
    costs = costs_of(view, currency, stage_of)
    revenue = load_revenue(session, stage_of, asked.months, language)
    return Chain(costs, revenue, join_stages(costs.by_stage, revenue.values))


def costs_of(view: WholeView, currency: str, stage_of: Mapping[str, str]) -> ChainCosts:
    """The cost side from the solutions of a view; the cost of no stage takes in all its parts."""
    solutions = solution_costs(view.items)
    sums = cost_by_stage(solutions, stage_of)
    parts = parts_of_no_stage(sums.pop(None, Decimal(0)), solutions, view.totals)
    beyond = add_exactly(parts.values())
    return ChainCosts(currency, view, solutions, stage_of, parts, {**sums, None: beyond})


def solution_costs(items: Iterable[Mapping[str, Any]]) -> list[SolutionCost]:
    """The lines of allocation's view of solutions as plain values."""
    return [
        SolutionCost(
            item["code"] or "",
            item["name"],
            Decimal(item["amount"]),
            Decimal(item["retained"]),
            Decimal(item["unallocated"]),
        )
        for item in items
    ]


def load_revenue(
    session: Session, stage_of: Mapping[str, str], months: Sequence[str], language: str
) -> Revenue:
    """What the revenue KPIs say of each stage over some months."""
    rows = repository.list_revenue_kpis(session)
    initiatives = {
        code: stage or stage_of.get(solution or "")
        for code, stage, solution in repository.places_of_initiatives(session)
    }
    kpis = [
        RevenueKpi(str(row.id), row.code, name_in(row.names, language), row.unit, row.links)
        for row in rows
    ]
    readings = load_readings(session, close_over(session, rows), months[0], months[-1])
    return tell_revenue(kpis, Places(stage_of, initiatives), readings, months)
