"""Named figures against published examples and the laws they must obey."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.investments.evaluations.domain import Case, Evaluation, evaluate
from services.valuation.investments.evaluations.figures import Figure, Rates, round_figure, sum_up
from services.valuation.investments.evaluations.flows import CashFlow, Convention, read_clock
from services.valuation.investments.evaluations.roots import list_rates
from shared.errors import RuleBroken

D = Decimal


def flows(*amounts: str | int) -> list[CashFlow]:
    return [CashFlow(D(amount)) for amount in amounts]


def judged(
    *amounts: str | int, rate: str | None = None, convention: Convention = "indexed"
) -> Evaluation:
    discount = D(rate) if rate is not None else None
    return evaluate(Case(flows(*amounts), Rates(discount), convention))


def figure(name: str, *amounts: str | int, rate: str | None = None) -> Figure:
    return judged(*amounts, rate=rate).figures[name]


def value(name: str, *amounts: str | int, rate: str | None = None) -> Decimal:
    found = figure(name, *amounts, rate=rate).value
    assert found is not None
    return found


def test_npv_takes_the_first_flow_at_time_zero() -> None:
    npv = value("npv", -40000, 5000, 8000, 12000, 30000, rate="0.08")
    assert abs(npv - D("3065.222668179535")) < D("1e-9")


def test_the_green_book_factors_at_three_and_a_half_per_cent() -> None:
    expected = [1000, 966, 934, 902, 871, 842, 814, 786, 759, 734, 709]
    for year, worth in enumerate(expected):
        case = Case([CashFlow(D(1000), index=year)], Rates(D("0.035")), "indexed")
        assert round(evaluate(case).figures["npv"].value or D(0)) == worth


def test_irr_of_the_spreadsheet_manual() -> None:
    irr = value("irr", -70000, 12000, 15000, 18000, 21000, 26000)
    assert abs(irr - D("0.08663094803653162")) < D("1e-11")


def test_mirr_of_the_spreadsheet_manual() -> None:
    rates = Rates(None, finance=D("0.1"), reinvest=D("0.12"))
    found = evaluate(Case(flows(-120000, 39000, 30000, 21000, 37000, 46000), rates, "indexed"))
    assert abs((found.figures["mirr"].value or 0) - D("0.1260941303659051")) < D("1e-11")


def test_xirr_of_the_spreadsheet_manual() -> None:
    days = [(2008, 1, 1), (2008, 3, 1), (2008, 10, 30), (2009, 2, 15), (2009, 4, 1)]
    amounts = [-10000, 2750, 4250, 3250, 2750]
    dated = [CashFlow(D(a), on=date(*day)) for a, day in zip(amounts, days, strict=True)]
    xirr = evaluate(Case(dated)).figures["xirr"]
    assert xirr.convention == "dated"
    assert abs((xirr.value or 0) - D("0.3733625335188314")) < D("1e-11")


def test_payback_of_exactly_two_years_is_24_months() -> None:
    assert value("payback_months", -50000, 30000, 20000, 10000) == 24


def test_payback_is_interpolated_and_counts_from_the_first_expenditure() -> None:
    assert value("payback_months", 0, -100, 50, 100) == 18


def test_120_million_against_480_million_is_400_per_cent_gross_and_300_per_cent_net() -> None:
    assert value("roi_gross", -120_000_000, 480_000_000) == 4
    assert value("roi_net", -120_000_000, 480_000_000) == 3


def test_a_rate_with_several_roots_is_null_and_lists_them_all() -> None:
    irr = figure("irr", -1000, 2300, -1320)
    assert irr.value is None
    assert irr.reason == "several_roots"
    assert irr.roots == (D("0.1"), D("0.2"))


def test_a_rate_that_only_touches_zero_is_found() -> None:
    assert figure("irr", 100, -220, 121).roots == (D("0.1"),)


def test_roots_of_zero_one_and_two_hundred_per_cent() -> None:
    assert figure("irr", -1, 6, -11, 6).roots == (D(0), D(1), D(2))


@pytest.mark.parametrize(
    ("name", "amounts", "rate", "reason"),
    [
        ("irr", (100, 100), None, "no_sign_change"),
        ("irr", (-100, -5), None, "no_sign_change"),
        ("irr", (100, -200, 150), None, "no_real_root"),
        ("irr", (), None, "no_sign_change"),
        ("xirr", (-100, 120), None, "no_dates"),
        ("payback_months", (-100, 50, 20), None, "never_pays_back"),
        ("payback_months", (-100, 150, -80), None, "benefit_below_cost"),
        ("payback_months", (100, 50), None, "no_cost"),
        ("discounted_payback_months", (-100, 50, 55), "0.08", "never_pays_back"),
        ("roi_net", (100,), None, "no_cost"),
        ("roi_npv", (100,), "0.1", "no_cost"),
        ("npv", (-100, 120), None, "no_discount_rate"),
        ("mirr", (-100, -5), "0.1", "no_sign_change"),
        ("equivalent_annual_cost", (-100,), "0.1", "no_duration"),
    ],
)
def test_what_is_undefined_is_null_and_says_why(
    name: str, amounts: tuple[int, ...], rate: str | None, reason: str
) -> None:
    found = figure(name, *amounts, rate=rate)
    assert (found.value, found.reason) == (None, reason)


def test_equivalent_annual_cost_is_the_annuity_worth_the_cost() -> None:
    eac = value("equivalent_annual_cost", -1000, 0, 0, rate="0.1")
    assert abs(eac / D("1.1") + eac / D("1.21") - 1000) < D("1e-9")


def test_apr_by_months_divides_the_rate_by_twelve() -> None:
    found = judged(-1000, 1010, rate="0.12", convention="monthly_apr").figures
    assert found["npv"].value == 0
    assert found["irr"].value == D("0.12")
    assert found["payback_months"].value == round_figure(D(1000) / D(1010))


def test_mixed_timing_is_refused() -> None:
    with pytest.raises(RuleBroken) as refused:
        evaluate(Case([CashFlow(D(-1), index=0), CashFlow(D(2))]))
    assert refused.value.errors[0].pointer == "/cash_flows/1/index"


def test_a_rate_close_to_minus_one_over_a_long_time_has_reasons_and_no_crash() -> None:
    rate = D("-0.999999999999999999")
    made = evaluate(
        Case([CashFlow(D(-1), index=0), CashFlow(D(10) ** 19, index=1200)], Rates(rate), "indexed")
    )
    assert (made.figures["npv"].value, made.figures["npv"].reason) == (None, "out_of_range")
    assert round_figure(D(10) ** 20_000 + D("0.5")) == D(10) ** 20_000 + D("0.5")


def test_a_rate_at_minus_one_is_refused() -> None:
    with pytest.raises(RuleBroken):
        judged(-100, 120, rate="-1")


def test_break_even_of_each_assumption_makes_npv_zero() -> None:
    found = judged(-1000, 600, 700, rate="0.08")
    swings = {swing.assumption: swing for swing in found.sensitivity}
    factor = swings["benefit"].break_even or D(0)
    again = judged(-1000, str(600 * factor), str(700 * factor), rate="0.08")
    assert abs(again.figures["npv"].value or 0) < D("1e-8")
    assert swings["discount_rate"].break_even == found.figures["irr"].value
    delay = swings["benefit_delay_months"].break_even or D(0)
    late = sum(D(b) / D("1.08") ** (t + delay / 12) for t, b in ((1, 600), (2, 700)))
    assert abs(late - 1000) < D("1e-8")


def test_the_assumption_with_the_widest_swing_comes_first() -> None:
    swings = judged(-1000, 600, 700, rate="0.08").sensitivity
    assert [s.swing for s in swings] == sorted((s.swing for s in swings), reverse=True)


def test_scenarios_state_their_factors_and_bracket_the_base() -> None:
    played = {s.name: s for s in judged(-1000, 600, 700, rate="0.08").scenarios}
    npv = {name: scenario.figures["npv"].value or D(0) for name, scenario in played.items()}
    assert npv["worst"] < npv["base"] < npv["best"]
    assert played["best"].factors.benefit == D("1.2")


def test_axes_leave_out_what_nobody_judged_and_say_so() -> None:
    axes = judged(-100, 150).axes
    assert axes.score == axes.financial == D(75)
    assert axes.missing == ("business", "strategic")


amounts = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
rates = st.decimals("-0.5", "2", places=4)


@given(st.lists(amounts, max_size=12), st.lists(amounts, max_size=12), rates)
@settings(deadline=None)
def test_npv_is_additive(one: list[Decimal], other: list[Decimal], rate: Decimal) -> None:
    def npv(parts: list[Decimal]) -> Decimal:
        placed = [CashFlow(amount, index=at) for at, amount in enumerate(parts)]
        return sum_up(read_clock(placed, "indexed", 12), rate).npv or D(0)

    width = max(len(one), len(other))
    both = [sum(pair) for pair in zip(_wide(one, width), _wide(other, width), strict=True)]
    assert abs(npv(one) + npv(other) - npv([D(total) for total in both])) <= D("1e-12")


def _wide(parts: list[Decimal], width: int) -> list[Decimal]:
    return parts + [D(0)] * (width - len(parts))


@given(st.lists(amounts, min_size=2, max_size=15))
@settings(max_examples=60, deadline=None)
def test_every_rate_found_makes_the_cash_flows_worth_nothing(parts: list[Decimal]) -> None:
    nets = [(Fraction(at), amount) for at, amount in enumerate(parts)]
    for rate in list_rates(nets):
        terms = [amount / (1 + rate) ** at for at, amount in enumerate(parts)]
        assert abs(sum(terms)) <= sum(map(abs, terms)) * D("1e-12")


@given(st.sets(st.integers(-90, 400), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_no_rate_is_missed(percents: set[int]) -> None:
    coefficients = [Fraction(1)]
    for percent in percents:
        growth = 1 + Fraction(percent, 100)
        shifted = [*coefficients, Fraction(0)]
        for at, coefficient in enumerate(coefficients):
            shifted[at + 1] -= coefficient * growth
        coefficients = shifted
    nets = [(Fraction(at), D(c.numerator) / D(c.denominator)) for at, c in enumerate(coefficients)]
    found = [round_figure(rate.quantize(D("1e-9"))) for rate in list_rates(nets)]
    assert found == [D(percent) / 100 for percent in sorted(percents)]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30), st.integers(1, 10**7))
@settings(max_examples=40, deadline=None)
def test_conventional_cash_flows_agree_with_the_library(inflows: list[int], out: int) -> None:
    days = [date(2020, 1, 1) + timedelta(days=17 * at) for at in range(len(inflows) + 1)]
    amounts = [D(-out), *map(D, inflows)]
    dated = [CashFlow(amount, on=day) for amount, day in zip(amounts, days, strict=True)]
    mine = evaluate(Case(dated)).figures["xirr"].value
    theirs = pyxirr.xirr(days, amounts, silent=True)
    if mine is not None and theirs is not None and abs(theirs) < 1e6:
        assert abs(float(mine) - theirs) <= 1e-7 * max(1.0, abs(theirs))


def test_a_rate_that_only_touches_zero_is_found_among_many_flows() -> None:
    growth = Fraction(107, 100)
    squared = [Fraction(1), -2 * growth, growth * growth]
    annuity = [Fraction(3 + at % 5) for at in range(24)]
    product = [Fraction(0)] * 26
    for at, one in enumerate(annuity):
        for more, other in enumerate(squared):
            product[at + more] += one * other
    nets = [(Fraction(at), D(c.numerator) / D(c.denominator)) for at, c in enumerate(product)]
    assert [round_figure(rate) for rate in list_rates(nets)] == [D("0.07")]
