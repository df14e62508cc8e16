"""What the result hangs on: each assumption moved alone, its break-even, and scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from services.valuation.investments.evaluations.figures import (
    Figure,
    Rates,
    discounter,
    make_figures,
    round_figure,
    sum_up,
)
from services.valuation.investments.evaluations.flows import (
    CashFlow,
    Category,
    Clock,
    Convention,
    read_clock,
)

CATEGORIES: tuple[Category, ...] = ("investment", "run_cost", "benefit")
DEFAULT_SWING = Decimal("0.20")
RATE_SWING = Decimal("0.02")
DELAY_MONTHS = 6
SCENARIO_FIGURES = ("npv", "roi_net", "roi_gross", "irr", "xirr", "payback_months")
_LARGEST = Decimal(10) ** 40


@dataclass(frozen=True)
class Swing:
    """One assumption moved down and up alone, and the value of it at which nothing is gained.

    For categories `low`, `high` and `break_even` are factors on their amounts, for the discount
    rate they are rates, for the delay of benefits months.
    """

    assumption: str
    measure: str
    low: Decimal
    high: Decimal
    result_at_low: Decimal
    result_at_high: Decimal
    swing: Decimal
    break_even: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Factors:
    """What a scenario does to the amounts of each category."""

    investment: Decimal = Decimal(1)
    run_cost: Decimal = Decimal(1)
    benefit: Decimal = Decimal(1)

    def of(self, kind: Category) -> Decimal:
        """The factor on one category."""
        return {
            "investment": self.investment,
            "run_cost": self.run_cost,
            "benefit": self.benefit,
        }[kind]


DEFAULT_SCENARIOS: Mapping[str, Factors] = {
    "best": Factors(Decimal("0.9"), Decimal("0.9"), Decimal("1.2")),
    "base": Factors(),
    "worst": Factors(Decimal("1.2"), Decimal("1.1"), Decimal("0.8")),
}


@dataclass(frozen=True)
class Scenario:
    """A case with its stated factors and the figures that follow."""

    name: str
    factors: Factors
    figures: Mapping[str, Figure]


def rank_assumptions(clock: Clock, rates: Rates) -> list[Swing]:
    """Every assumption's effect on NPV (on benefit - cost without a discount rate), largest first.

    Categories move by 20 %, the discount rate by two points, benefits come six months late.
    """
    rate = rates.discount if rates.discount is not None else Decimal(0)
    measure = "npv" if rates.discount is not None else "net_benefit"
    with localcontext(prec=50):
        swings = [
            swing
            for kind in CATEGORIES
            if (swing := _swing_category(clock, rate, kind, measure)) is not None
        ]
        if rates.discount is not None and clock.end > 0:
            swings.append(_swing_rate(clock, rate))
            swings.append(_swing_delay(clock, rate))
    shown = [swing for swing in swings if max(abs(swing.swing), abs(swing.low)) < _LARGEST]
    return sorted(shown, key=lambda swing: (-swing.swing, swing.assumption))


def play_scenarios(
    flows: Sequence[CashFlow],
    convention: Convention,
    period_months: int | None,
    rates: Rates,
    scenarios: Mapping[str, Factors],
) -> list[Scenario]:
    """The main figures of each scenario: the amounts of each category times its stated factor."""
    played = []
    for name, factors in scenarios.items():
        changed = [_times(flow, factors.of(flow.kind)) for flow in flows]
        clock = read_clock(changed, convention, period_months)
        dated = clock if convention == "dated" else None
        figures = make_figures(clock, dated, rates)
        kept = {key: figures[key] for key in SCENARIO_FIGURES}
        played.append(Scenario(name, factors, kept))
    return played


def _times(flow: CashFlow, factor: Decimal) -> CashFlow:
    """The flow scaled; its category is pinned, so that a changed sign cannot change it."""
    with localcontext(prec=50):
        return replace(flow, amount=flow.amount * factor, category=flow.kind)


def _worth(clock: Clock, rate: Decimal) -> Decimal:
    npv = sum_up(clock, rate).npv
    return npv if npv is not None else Decimal(0)


def _swing_category(clock: Clock, rate: Decimal, kind: Category, measure: str) -> Swing | None:
    """NPV is linear in a category's amounts: NPV(f) = rest + f x part; zero at f = -rest / part."""
    factor = discounter(clock, rate)
    part = sum(
        (point.amount * factor(point.time) for point in clock.points if point.kind == kind),
        Decimal(0),
    )
    if not part:
        return None
    rest = _worth(clock, rate) - part
    low, high = 1 - DEFAULT_SWING, 1 + DEFAULT_SWING
    even = -rest / part
    ends = (low, rest + low * part), (high, rest + high * part)
    return _swing(kind, measure, *ends, even=even, reason="no_break_even")


def _swing_rate(clock: Clock, rate: Decimal) -> Swing:
    low, high = max(rate - RATE_SWING, Decimal("-0.99")), rate + RATE_SWING
    name = "xirr" if clock.convention == "dated" else "irr"
    figures = make_figures(clock, clock if clock.convention == "dated" else None, Rates())
    root = figures[name]
    ends = (low, _worth(clock, low)), (high, _worth(clock, high))
    return _swing("discount_rate", "npv", *ends, even=root.value, reason=root.reason)


def _swing_delay(clock: Clock, rate: Decimal) -> Swing:
    """All benefits later by d: NPV(d) = pv(benefit) x factor^d - pv(cost)."""
    sums = sum_up(clock, rate)
    benefit, cost = sums.pv_benefit or Decimal(0), sums.pv_cost or Decimal(0)
    periods = Fraction(DELAY_MONTHS) / clock.months
    late = benefit * discounter(clock, rate)(periods) - cost
    months = Decimal(clock.months.numerator) / Decimal(clock.months.denominator)
    base = 1 + rate / clock.rate_divisor
    if base > 1 and benefit >= cost > 0:
        even, reason = (benefit / cost).ln() / base.ln() * months, None
    else:
        even, reason = None, "no_break_even"
    ends = (Decimal(0), benefit - cost), (Decimal(DELAY_MONTHS), late)
    return _swing("benefit_delay_months", "npv", *ends, even=even, reason=reason)


def _swing(
    name: str,
    measure: str,
    low: tuple[Decimal, Decimal],
    high: tuple[Decimal, Decimal],
    *,
    even: Decimal | None,
    reason: str | None,
) -> Swing:
    shown = even if even is not None and 0 <= abs(even) < _LARGEST else None
    return Swing(
        assumption=name,
        measure=measure,
        low=low[0],
        high=high[0],
        result_at_low=round_figure(low[1]),
        result_at_high=round_figure(high[1]),
        swing=round_figure(abs(high[1] - low[1])),
        break_even=round_figure(shown) if shown is not None else None,
        reason=None if shown is not None else reason or "out_of_range",
    )
