"""Judge an investment case: named figures, three axes, what they hang on, and three scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.valuation.investments.evaluations.figures import Figure, Rates, make_figures
from services.valuation.investments.evaluations.flows import (
    CashFlow,
    Clock,
    Convention,
    choose_convention,
    has_days,
    read_clock,
)
from services.valuation.investments.evaluations.scoring import (
    DEFAULT_WEIGHTS,
    Axes,
    score_financially,
    weigh_axes,
)
from services.valuation.investments.evaluations.sensitivity import (
    DEFAULT_SCENARIOS,
    Factors,
    Scenario,
    Swing,
    play_scenarios,
    rank_assumptions,
)
from shared.errors import RuleBroken


@dataclass(frozen=True)
class Case:
    """What is judged and by which conventions; the judged axes are 0 to 100."""

    cash_flows: Sequence[CashFlow]
    rates: Rates = field(default_factory=Rates)
    convention: Convention | None = None
    period_months: int | None = None
    business_impact: Decimal | None = None
    strategic_fit: Decimal | None = None
    weights: Mapping[str, Decimal] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    scenarios: Mapping[str, Factors] = field(default_factory=lambda: DEFAULT_SCENARIOS)


@dataclass(frozen=True)
class Evaluation:
    """The judgement of one case."""

    convention: Convention
    figures: Mapping[str, Figure]
    axes: Axes
    sensitivity: Sequence[Swing]
    scenarios: Sequence[Scenario]


def evaluate(case: Case) -> Evaluation:
    """All figures, axes, sensitivities and scenarios of a case.

    Undefined figures are None with a reason. Raises RuleBroken for mixed timing, rates at or
    below -100 % a period, or weights that do not add up to 1.
    """
    convention = choose_convention(case.cash_flows, case.convention)
    clock = read_clock(case.cash_flows, convention, case.period_months)
    _check_rates(case.rates, clock)
    dated = read_clock(case.cash_flows, "dated", None) if has_days(case.cash_flows) else None
    figures = make_figures(clock, dated, case.rates)
    ratio = figures["bcr"].value if case.rates.discount is not None else figures["roi_gross"].value
    return Evaluation(
        convention=convention,
        figures=figures,
        axes=weigh_axes(
            score_financially(ratio), case.business_impact, case.strategic_fit, case.weights
        ),
        sensitivity=rank_assumptions(clock, case.rates),
        scenarios=play_scenarios(
            case.cash_flows, convention, case.period_months, case.rates, case.scenarios
        ),
    )


def _check_rates(rates: Rates, clock: Clock) -> None:
    for rate in (rates.discount, rates.finance, rates.reinvest):
        if rate is not None and not Decimal(-1) < rate / clock.rate_divisor <= Decimal(1000):
            raise RuleBroken("a rate is above -1 and at most 1000 a period", code="rate_range")
