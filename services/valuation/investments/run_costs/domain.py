"""Run cost of an initiative: what allocation says its solution costs, not what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.valuation.investments.evaluations.flows import CashFlow
from shared.periods import last_day, period_of

NoteCode = Literal[
    "allocated",
    "not_asked",
    "no_solution",
    "not_live",
    "no_published_run",
    "not_in_runs",
    "currency_differs",
    "allocation_unreachable",
]

MESSAGES: Mapping[NoteCode, Mapping[str, str]] = {
    "allocated": {
        "en": "Run cost is the solution's cost in the published runs since go-live.",
        "zh-CN": "运行成本取自上线以来已发布分摊运行中该解决方案的成本。",
    },
    "not_asked": {
        "en": "Run cost is as planned; allocation was not asked.",
        "zh-CN": "运行成本按计划计，未查询分摊结果。",
    },
    "no_solution": {
        "en": "No solution is linked, so no run cost is allocated to it.",
        "zh-CN": "未关联解决方案，因此没有分摊的运行成本。",
    },
    "not_live": {
        "en": "There is no day of going live yet, so there is no run cost.",
        "zh-CN": "尚无上线日期，因此没有运行成本。",
    },
    "no_published_run": {
        "en": "No run has been published since go-live.",
        "zh-CN": "上线以来没有已发布的分摊运行。",
    },
    "not_in_runs": {
        "en": "The published runs since go-live do not know this solution.",
        "zh-CN": "上线以来已发布的分摊运行中没有该解决方案。",
    },
    "currency_differs": {
        "en": "The runs are in another currency than the initiative; their cost is left out.",
        "zh-CN": "分摊运行与该举措币种不同，其成本未计入。",
    },
    "allocation_unreachable": {
        "en": "Allocation does not answer now; the run cost is missing here.",
        "zh-CN": "分摊服务暂时无法访问，此处缺少运行成本。",
    },
}


@dataclass(frozen=True)
class AllocatedCost:
    """A solution's cost in one published run."""

    period: str
    run: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class RunCost:
    """Where the run cost comes from (`allocated`), or why it is not there."""

    code: NoteCode
    runs: Sequence[AllocatedCost] = ()


def join_run_cost(flows: Sequence[CashFlow], run_cost: RunCost) -> tuple[list[CashFlow], int]:
    """Cash flows with the allocated run cost, and how many own entries it took the place of.

    In a month with a published run the allocated cost stands instead of own run-cost entries, so
    that nothing counts twice; it is dated on the month's last day.
    """
    if run_cost.code != "allocated":
        return list(flows), 0
    periods = {cost.period for cost in run_cost.runs}
    kept = [flow for flow in flows if not _is_replaced(flow, periods)]
    allocated = [
        CashFlow(-cost.amount, "run_cost", on=last_day(cost.period)) for cost in run_cost.runs
    ]
    return [*kept, *allocated], len(flows) - len(kept)


def _is_replaced(flow: CashFlow, periods: set[str]) -> bool:
    return flow.kind == "run_cost" and flow.on is not None and period_of(flow.on) in periods
