"""The named figures of an investment: formula, convention, inputs and, if undefined, why.

Sums, ratios and present values are decimals of 50 digits; floats only find where a rate lies.
Every value is rounded half-even to 12 decimals (`DECIMALS`), money included, so that a figure
can be compared with any other system's before it is shown with fewer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache, partial

from services.valuation.investments.evaluations.flows import Clock, Point
from services.valuation.investments.evaluations.roots import (
    TooManySignChanges,
    count_sign_changes,
    list_rates,
)

DECIMALS = 12
_DIGITS = 50
_LARGEST = Decimal(10) ** 40


@dataclass(frozen=True)
class Figure:
    """A number that says how it was made; `value` is None exactly when `reason` is given."""

    value: Decimal | None
    formula: str
    convention: str
    inputs: Mapping[str, Decimal | None]
    reason: str | None = None
    roots: tuple[Decimal, ...] = ()
    decimals: int = DECIMALS


@dataclass(frozen=True)
class Rates:
    """Annual rates as shares (0.08); finance and reinvest default to the discount rate."""

    discount: Decimal | None = None
    finance: Decimal | None = None
    reinvest: Decimal | None = None


@dataclass(frozen=True)
class Sums:
    """Cost and benefit of one case, plain and at their present values (None without a rate)."""

    cost: Decimal
    benefit: Decimal
    pv_cost: Decimal | None
    pv_benefit: Decimal | None

    @property
    def net(self) -> Decimal:
        """Benefit less cost, undiscounted."""
        return self.benefit - self.cost

    @property
    def npv(self) -> Decimal | None:
        """Present value of benefits less that of costs."""
        if self.pv_cost is None or self.pv_benefit is None:
            return None
        return self.pv_benefit - self.pv_cost


@dataclass
class _Maker:
    """Builds figures of one clock, rounding in one place."""

    convention: str
    made: dict[str, Figure] = field(default_factory=dict)

    def add(
        self,
        name: str,
        formula: str,
        inputs: Mapping[str, Decimal | None],
        value: Decimal | None,
        reason: str | None = None,
        *,
        roots: Iterable[Decimal] = (),
    ) -> None:
        if value is not None and abs(value) >= _LARGEST:
            value, reason = None, "out_of_range"
        self.made[name] = Figure(
            value=round_figure(value) if value is not None else None,
            formula=formula,
            convention=self.convention,
            inputs={key: _shown(amount) for key, amount in inputs.items()},
            reason=None if value is not None else reason,
            roots=tuple(round_figure(root) for root in roots if abs(root) < _LARGEST),
        )


def round_figure(value: Decimal) -> Decimal:
    """12 decimals, half to even, without trailing zeros or a negative zero."""
    step = Decimal(1).scaleb(-DECIMALS)
    enough = Context(prec=max(value.adjusted(), 0) + DECIMALS + 2)
    rounded = value.quantize(step, rounding=ROUND_HALF_EVEN, context=enough)
    plain = Decimal(f"{rounded.normalize(enough):f}")
    return plain if plain else Decimal(0)


def sum_up(clock: Clock, rate: Decimal | None) -> Sums:
    """Cost (positive), benefit and their present values at the clock's origin."""
    with localcontext(prec=_DIGITS):
        costs = [point for point in clock.points if point.is_cost]
        benefits = [point for point in clock.points if not point.is_cost]
        worth = discounter(clock, rate) if rate is not None else None
        return Sums(
            cost=-sum((point.amount for point in costs), Decimal(0)),
            benefit=sum((point.amount for point in benefits), Decimal(0)),
            pv_cost=-_present(costs, worth) if worth else None,
            pv_benefit=_present(benefits, worth) if worth else None,
        )


def discounter(clock: Clock, rate: Decimal) -> Callable[[Fraction], Decimal]:
    """The factor (1 + rate per clock period) ^ -time."""
    with localcontext(prec=_DIGITS):
        growth = 1 + rate / clock.rate_divisor
    return partial(_discount, growth)


@lru_cache(maxsize=20_000)
def _discount(growth: Decimal, time: Fraction) -> Decimal:
    """growth ^ -time in 50 digits; one case asks for the same few rates again and again."""
    with localcontext(prec=_DIGITS):
        return growth ** -_decimal(time)


def make_figures(clock: Clock, dated: Clock | None, rates: Rates) -> dict[str, Figure]:
    """All named figures; `dated` is the same case by days, for `xirr`, when the days are known."""
    sums = sum_up(clock, rates.discount)
    maker = _Maker(clock.convention)
    with localcontext(prec=_DIGITS):
        _add_ratios(maker, sums)
        _add_present_values(maker, sums, rates)
        _add_irr(maker, clock)
        _add_mirr(maker, clock, rates)
        _add_paybacks(maker, clock, sums, rates)
        _add_yearly_cost(maker, clock, sums, rates)
    _add_xirr(maker, dated)
    return maker.made


def _add_ratios(maker: _Maker, sums: Sums) -> None:
    inputs = {"benefit": sums.benefit, "cost": sums.cost}
    net, gross = _over(sums.net, sums.cost), _over(sums.benefit, sums.cost)
    maker.add("roi_net", "(benefit - cost) / cost", inputs, net, "no_cost")
    maker.add("roi_gross", "benefit / cost", inputs, gross, "no_cost")


def _add_present_values(maker: _Maker, sums: Sums, rates: Rates) -> None:
    inputs = {
        "discount_rate": rates.discount,
        "pv_benefit": sums.pv_benefit,
        "pv_cost": sums.pv_cost,
    }
    reason = "no_discount_rate" if rates.discount is None else "no_cost"
    npv, cost = sums.npv, sums.pv_cost
    maker.add("npv", "pv(benefit) - pv(cost)", inputs, npv, reason)
    by_cost = {"npv": npv, **inputs}
    ratio = _over(npv, cost) if npv is not None and cost is not None else None
    maker.add("roi_npv", "npv / pv(cost)", by_cost, ratio, reason)
    benefit = sums.pv_benefit
    ratio = _over(benefit, cost) if benefit is not None and cost is not None else None
    maker.add("bcr", "pv(benefit) / pv(cost)", inputs, ratio, reason)


def _add_irr(maker: _Maker, clock: Clock) -> None:
    formula = "rate at which npv is 0, by whole periods"
    if clock.convention == "dated":
        maker.add("irr", formula, {}, None, "dated_flows_have_xirr")
        return
    _add_rate(maker, "irr", formula, clock)


def _add_xirr(maker: _Maker, dated: Clock | None) -> None:
    formula = "rate at which npv is 0, days / 365"
    if dated is None:
        maker.add("xirr", formula, {}, None, "no_dates")
        return
    _add_rate(maker, "xirr", formula, dated)


def _add_rate(maker: _Maker, name: str, formula: str, clock: Clock) -> None:
    nets = clock.nets
    changes = count_sign_changes(nets)
    inputs = {"cash_flows": Decimal(len(clock.points)), "sign_changes": Decimal(changes)}
    try:
        roots = [root * clock.rate_divisor for root in list_rates(nets)]
    except TooManySignChanges:
        maker.add(name, formula, inputs, None, "too_many_sign_changes")
        return
    if len(roots) == 1:
        maker.add(name, formula, inputs, roots[0], roots=roots)
    elif roots:
        maker.add(name, formula, inputs, None, "several_roots", roots=roots)
    else:
        reason = "no_real_root" if changes else "no_sign_change"
        maker.add(name, formula, inputs, None, reason)


def _add_mirr(maker: _Maker, clock: Clock, rates: Rates) -> None:
    finance = rates.finance if rates.finance is not None else rates.discount
    reinvest = rates.reinvest if rates.reinvest is not None else rates.discount
    inputs = {"finance_rate": finance, "reinvest_rate": reinvest}
    formula = "(fv(inflows, reinvest_rate) / pv(outflows, finance_rate)) ^ (1 / periods) - 1"
    if finance is None or reinvest is None:
        maker.add("mirr", formula, inputs, None, "no_discount_rate")
        return
    nets, periods = clock.nets, clock.end - clock.start
    pay, earn = discounter(clock, finance), discounter(clock, reinvest)
    out = -sum((net * pay(time - clock.start) for time, net in nets if net < 0), Decimal(0))
    back = sum((net * earn(time - clock.end) for time, net in nets if net > 0), Decimal(0))
    inputs = {**inputs, "pv_outflows": out, "fv_inflows": back, "periods": _decimal(periods)}
    if not out or not back:
        maker.add("mirr", formula, inputs, None, "no_sign_change")
    elif not periods:
        maker.add("mirr", formula, inputs, None, "no_duration")
    else:
        rate = (back / out) ** (1 / _decimal(periods)) - 1
        maker.add("mirr", formula, inputs, rate * clock.rate_divisor)


def _add_paybacks(maker: _Maker, clock: Clock, sums: Sums, rates: Rates) -> None:
    formula = "months from the first expenditure until the running {}sum reaches 0, interpolated"
    months, reason = pay_back(clock.nets, clock)
    inputs: dict[str, Decimal | None] = {"benefit": sums.benefit, "cost": sums.cost}
    maker.add("payback_months", formula.format(""), inputs, months, reason)
    inputs = {"discount_rate": rates.discount, **inputs}
    name, text = "discounted_payback_months", formula.format("discounted ")
    if rates.discount is None:
        maker.add(name, text, inputs, None, "no_discount_rate")
        return
    worth = discounter(clock, rates.discount)
    inputs = {**inputs, "pv_benefit": sums.pv_benefit, "pv_cost": sums.pv_cost}
    months, reason = pay_back([(time, net * worth(time)) for time, net in clock.nets], clock)
    maker.add(name, text, inputs, months, reason)


def pay_back(
    nets: Iterable[tuple[Fraction, Decimal]], clock: Clock
) -> tuple[Decimal | None, str | None]:
    """Months from the first expenditure until the running sum first reaches 0, or why never.

    Between two times the later amount is taken as coming in evenly. `never_pays_back`: the sum
    never gets there. `benefit_below_cost`: it does, but later costs outweigh all benefits.
    """
    costs = [point.time for point in clock.points if point.is_cost and point.amount < 0]
    if not costs:
        return None, "no_cost"
    first, running, before, reached = min(costs), Decimal(0), Fraction(0), None
    for time, net in nets:
        after = running + net
        if reached is None and time >= first and after >= 0:
            missing = max(-running, Decimal(0))
            share = missing / net if net > 0 and time > first else Decimal(0)
            start = max(before, first)
            reached = _decimal(start - first) + _decimal(time - start) * share
        running, before = after, time
    if reached is None:
        return None, "never_pays_back"
    if running < 0:
        return None, "benefit_below_cost"
    return reached * _decimal(clock.months), None


def _add_yearly_cost(maker: _Maker, clock: Clock, sums: Sums, rates: Rates) -> None:
    maker.add("tco", "investment + run_cost", {"cost": sums.cost}, sums.cost)
    formula = "pv(cost) * rate / (1 - (1 + rate) ^ -periods), for a year"
    periods = _decimal(clock.end)
    inputs = {
        "pv_cost": sums.pv_cost,
        "discount_rate": rates.discount,
        "periods": periods,
        "period_months": _decimal(clock.months),
    }
    if rates.discount is None or sums.pv_cost is None:
        reason, value = "no_discount_rate", None
    elif not periods:
        reason, value = "no_duration", None
    else:
        rate = rates.discount / clock.rate_divisor
        factor = rate / (1 - (1 + rate) ** -periods) if rate else 1 / periods
        reason, value = None, sums.pv_cost * factor * 12 / _decimal(clock.months)
    maker.add("equivalent_annual_cost", formula, inputs, value, reason)


def _present(points: Iterable[Point], worth: Callable[[Fraction], Decimal]) -> Decimal:
    return sum((point.amount * worth(point.time) for point in points), Decimal(0))


def _over(above: Decimal, below: Decimal) -> Decimal | None:
    return above / below if below > 0 else None


def _shown(value: Decimal | None) -> Decimal | None:
    """An input as figures show it, or nothing where it is beyond showing."""
    return round_figure(value) if value is not None and abs(value) < _LARGEST else None


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
