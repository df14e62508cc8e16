"""What it cost against its plan, and whether the decision was right: rules on plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from services.valuation.investments.evaluations.figures import Figure, Rates, make_figures
from services.valuation.investments.evaluations.flows import CashFlow, read_clock
from services.valuation.investments.plan_and_actual.domain import compare
from services.valuation.measures.value_kpis.domain import round_fraction

Verdict = Literal["confirmed", "weaker", "not_confirmed", "not_judgeable"]
CATEGORIES = ("investment", "run_cost", "benefit")
COST_CATEGORIES = ("investment", "run_cost")
TOLD = ("roi_net", "roi_gross", "npv", "xirr", "payback_months")
DECISION_RULE: Mapping[str, str] = {
    "en": (
        "By roi_net of the outlook (actual cash flows so far, the rest as planned): confirmed if"
        " it is at least the planned one, weaker if it is lower and not negative, not_confirmed"
        " if it is negative; not_judgeable without plan or actual cash flows."
    ),
    "zh-CN": (
        "按展望的roi_net判断（迄今为实际现金流，其后按计划）：不低于计划为confirmed，"
        "低于计划且不为负为weaker，为负为not_confirmed；无计划或无实际现金流时为not_judgeable。"
    ),
}


@dataclass(frozen=True)
class CostLine:
    """Planned and actual money of a category; a positive variance is good news."""

    category: str
    planned: Decimal | None
    actual: Decimal | None
    variance: Decimal | None
    variance_percent: Decimal | None
    reason: str | None


def compare_costs(
    plan: Sequence[CashFlow], actual: Sequence[CashFlow], until: date
) -> list[CostLine]:
    """Each category that has any money up to a day, and cost (investment and run cost) in sum."""
    planned, reached = _sums(plan, until), _sums(actual, until)
    for sums in (planned, reached):
        parts = [sums[name] for name in COST_CATEGORIES if name in sums]
        if parts:
            sums["cost"] = sum(parts, Fraction(0))
    return [
        _line(category, planned.get(category), reached.get(category))
        for category in (*CATEGORIES, "cost")
        if category in planned or category in reached
    ]


def _sums(flows: Sequence[CashFlow], until: date) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for flow in flows:
        if flow.on is not None and flow.on <= until:
            sign = 1 if flow.kind == "benefit" else -1
            sums[flow.kind] = sums.get(flow.kind, Fraction(0)) + sign * Fraction(flow.amount)
    return sums


def _line(category: str, planned: Fraction | None, actual: Fraction | None) -> CostLine:
    sides = (round_fraction(side, 18) if side is not None else None for side in (planned, actual))
    found = compare(*sides, less_is_good=category != "benefit")
    return CostLine(
        category=category,
        planned=found.planned,
        actual=found.actual,
        variance=found.variance,
        variance_percent=found.percent,
        reason=found.reason,
    )


@dataclass(frozen=True)
class Decided:
    """A named figure by plan, by what happened, and by the outlook; or why one is missing."""

    plan: Decimal | None
    actual: Decimal | None
    outlook: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Decision:
    """The evaluation run again, and what it says of the decision."""

    verdict: Verdict
    figures: Mapping[str, Decided]


def judge_decision(
    plan: Sequence[CashFlow],
    actual: Sequence[CashFlow],
    until: date,
    discount_rate: Decimal | None,
) -> Decision:
    """Plan against outlook; the verdict by `DECISION_RULE`."""
    so_far = [flow for flow in actual if flow.on is not None and flow.on <= until]
    rest = [flow for flow in plan if flow.on is not None and flow.on > until]
    by_plan, by_fact, by_outlook = (
        _figures(flows, discount_rate) for flows in (plan, so_far, [*so_far, *rest])
    )
    figures = {name: _decided(name, by_plan, by_fact, by_outlook) for name in TOLD}
    verdict: Verdict = "not_judgeable"
    if plan and so_far:
        verdict = _verdict(figures["roi_net"])
    return Decision(verdict, figures)


def _figures(flows: Sequence[CashFlow], discount_rate: Decimal | None) -> Mapping[str, Figure]:
    if not flows:
        return {}
    clock = read_clock(flows, "dated", None)
    return make_figures(clock, clock, Rates(discount_rate))


def _decided(name: str, *by: Mapping[str, Figure]) -> Decided:
    found = [figures.get(name) for figures in by]
    plan, actual, outlook = (figure.value if figure is not None else None for figure in found)
    reasons = (figure.reason if figure is not None else "no_cash_flows" for figure in found)
    return Decided(plan, actual, outlook, next((reason for reason in reasons if reason), None))


def _verdict(figure: Decided) -> Verdict:
    if figure.plan is None or figure.outlook is None:
        return "not_judgeable"
    if figure.outlook < 0:
        return "not_confirmed"
    return "confirmed" if figure.outlook >= figure.plan else "weaker"
