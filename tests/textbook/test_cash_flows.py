"""Published and worked cases of NPV, IRR, MIRR, XIRR and payback through the API.

What is worked here is checked against another way: exact fractions, and the roots of the
polynomial as NumPy finds them.
"""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.running import ServiceUnderTest

Json = dict[str, Any]
D = Decimal

CASES = [
    pytest.param(case, id=case["name"])
    for case in json.loads((Path(__file__).parent / "cases.json").read_text())
    if case["method"] in {"npv", "irr", "mirr", "xirr", "payback_simple"}
]


def judge(valuation: ServiceUnderTest, flows: list[Json], **more: object) -> Json:
    """All figures of a case."""
    answer = valuation.post("/v1/evaluations", json={"cash_flows": flows, **more})
    assert answer.status_code == 200, answer.text
    figures: Json = answer.json()["figures"]
    return figures


def amounts(*given: object) -> list[Json]:
    return [{"amount": str(amount)} for amount in given]


def asked(case: Json) -> tuple[list[Json], Json]:
    """The cash flows and the rates of a published case."""
    inputs = case["inputs"]
    rates = {"npv": ("rate", "discount_rate")}
    more = {
        name: inputs[given]
        for given, name in (rates.get(case["method"], ("", "")), ("finance_rate", "finance_rate"),
                            ("reinvest_rate", "reinvest_rate"))
        if given in inputs
    }  # fmt: skip
    flows = amounts(*inputs["cash_flows"])
    if case["method"] == "payback_simple":
        flows = amounts(f"-{inputs['investment']}", *inputs["cash_flows"])
    for flow, day in zip(flows, inputs.get("dates", []), strict=False):
        flow["on"] = day
    return flows, more


@pytest.mark.parametrize("case", CASES)
def test_published_cases_come_out(valuation: ServiceUnderTest, case: Json) -> None:
    flows, more = asked(case)
    ((name, expected),) = case["expected"].items()
    figures = judge(valuation, flows, **more)
    if name == "payback_years":
        name, expected = "payback_months", str(D(expected) * 12)
    found = D(figures[name]["value"])
    assert abs(found - D(expected)) <= D(case["tolerance"])


def exact_npv(rate: str, given: list[object]) -> Fraction:
    growth = 1 + Fraction(rate)
    return sum((Fraction(str(a)) / growth**at for at, a in enumerate(given)), Fraction(0))


def numeric_roots(given: list[float]) -> list[float]:
    """Every rate above -1 with a present value of 0, from the polynomial in 1 / (1 + rate)."""
    found = np.roots(given[::-1])
    real = found[np.abs(found.imag) < 1e-7].real
    return sorted(1 / x - 1 for x in real if x > 0)


@pytest.mark.parametrize("year", range(11))
def test_a_thousand_pounds_a_year_at_the_social_discount_rate(
    valuation: ServiceUnderTest, year: int
) -> None:
    printed = [1000, 966, 934, 902, 871, 842, 814, 786, 759, 734, 709][year]
    figures = judge(valuation, [{"amount": "1000", "index": year}], discount_rate="0.035")
    found = D(figures["npv"]["value"])
    assert round(found) == printed
    assert abs(Fraction(found) - exact_npv("0.035", [0] * year + [1000])) < Fraction(1, 10**11)


TOUCHING = [1000, -2200, 1210]
ROOTS = [
    pytest.param([-1000, 2300, -1320], ["0.1", "0.2"], id="two"),
    pytest.param([-4000, 25000, -25000], ["0.25", "4"], id="pump: 25 and 400 per cent"),
    pytest.param([-1, 6, -11, 6], ["0", "1", "2"], id="three"),
    pytest.param([-1000, 3600, -4310, 1716], ["0.1", "0.2", "0.3"], id="three near together"),
    pytest.param([-12, 25, -12], ["-0.25", "0.333333333333"], id="a negative one and another"),
    pytest.param(TOUCHING, ["0.1"], id="one that touches"),
    pytest.param([-100, 1], ["-0.99"], id="near minus one"),
    pytest.param([-1000, 0, 0, 0, 0, 0, 0, 0, 0, 2593.7424601], ["0.111710921978"], id="gaps"),
]


@pytest.mark.parametrize(("given", "expected"), ROOTS)
def test_every_rate_is_found_and_several_are_no_value(
    valuation: ServiceUnderTest, given: list[float], expected: list[str]
) -> None:
    irr = judge(valuation, amounts(*given))["irr"]
    if len(expected) == 1:
        assert (irr["value"], irr["reason"]) == (irr["roots"][0], None)
    else:
        assert (irr["value"], irr["reason"]) == (None, "several_roots")
    assert [float(root) for root in irr["roots"]] == pytest.approx([float(e) for e in expected])
    if given != TOUCHING:  # a double root leaves the real line in floats
        assert [float(r) for r in irr["roots"]] == pytest.approx(numeric_roots(given), abs=1e-6)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([10, 20, 30], "no_sign_change"),
        ([-10, -20], "no_sign_change"),
        ([0, 0, 0], "no_sign_change"),
        ([], "no_sign_change"),
        ([100, -200, 150], "no_real_root"),
        ([-10, 20, -15], "no_real_root"),
    ],
)
def test_no_rate_is_null_and_says_why(
    valuation: ServiceUnderTest, given: list[float], reason: str
) -> None:
    irr = judge(valuation, amounts(*given))["irr"]
    assert (irr["value"], irr["reason"], irr["roots"]) == (None, reason, [])
    assert numeric_roots([float(a) for a in given if a]) == [] or reason == "no_sign_change"


def test_a_borrowing_that_begins_with_money_in_has_its_rate(valuation: ServiceUnderTest) -> None:
    figures = judge(valuation, amounts(1000, -300, -300, -300, -300), discount_rate="0.05")
    assert D(figures["irr"]["value"]) == pytest.approx(D("0.077138472952"))
    assert D(figures["npv"]["value"]) < 0
    assert figures["payback_months"]["reason"] == "benefit_below_cost"


def test_a_hundred_years_are_judged_as_exactly_as_one(valuation: ServiceUnderTest) -> None:
    given = [-1_000_000, *[50_000] * 100]
    figures = judge(valuation, amounts(*given), discount_rate="0.04")
    npv = Fraction(figures["npv"]["value"])
    assert abs(npv - exact_npv("0.04", list(given))) < Fraction(1, 10**11)
    assert numeric_roots([float(a) for a in given]) == pytest.approx(
        [float(figures["irr"]["value"])]
    )
    assert abs(exact_npv(figures["irr"]["value"], list(given))) < Fraction(1, 1000)


def test_order_gaps_and_equal_indexes_do_not_matter(valuation: ServiceUnderTest) -> None:
    flows = [
        {"index": 4, "amount": "30000"}, {"index": 0, "amount": "-30000"},
        {"index": 2, "amount": "8000"}, {"index": 0, "amount": "-10000"},
        {"index": 3, "amount": "12000"}, {"index": 1, "amount": "5000"},
    ]  # fmt: skip
    straight = amounts(-40000, 5000, 8000, 12000, 30000)
    found = judge(valuation, flows, discount_rate="0.08")
    wanted = judge(valuation, straight, discount_rate="0.08")
    for name in ("npv", "irr", "payback_months", "discounted_payback_months", "roi_npv"):
        assert found[name]["value"] == wanted[name]["value"]


def test_several_payments_on_one_day_are_one(valuation: ServiceUnderTest) -> None:
    def dated(*rows: tuple[str, str]) -> list[Json]:
        return [{"on": day, "amount": amount} for day, amount in rows]

    parts = dated(("2026-01-01", "-60"), ("2027-01-01", "110"), ("2026-01-01", "-40"))
    whole = dated(("2026-01-01", "-100"), ("2027-01-01", "110"))
    assert judge(valuation, parts)["xirr"]["value"] == "0.1"
    assert judge(valuation, whole)["xirr"]["value"] == "0.1"


@pytest.mark.parametrize(
    ("given", "months"),
    [
        ([-100, 40, 40, 40], "30"),
        ([-100, 100], "12"),
        ([0, -100, 50, 100], "18"),
        ([-100, -100, 150, 100], "30"),
        ([50, -100, 60, 60], "10"),
    ],
)
def test_payback_counts_from_the_first_expenditure(
    valuation: ServiceUnderTest, given: list[int], months: str
) -> None:
    assert judge(valuation, amounts(*given))["payback_months"]["value"] == months


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([-100, 50, 20], "never_pays_back"),
        ([-100, 150, -80], "benefit_below_cost"),
        ([100, 50], "no_cost"),
        ([-100], "never_pays_back"),
    ],
)
def test_what_never_pays_back_says_so(
    valuation: ServiceUnderTest, given: list[int], reason: str
) -> None:
    found = judge(valuation, amounts(*given))["payback_months"]
    assert (found["value"], found["reason"]) == (None, reason)


def test_discounted_payback_is_later_than_the_simple_one(valuation: ServiceUnderTest) -> None:
    given = [-1000, 500, 400, 300, 100]
    figures = judge(valuation, amounts(*given), discount_rate="0.1")
    left, growth, years = Fraction(1000), Fraction(11, 10), Fraction(0)
    for at, amount in enumerate(given[1:], start=1):
        worth = amount / growth**at
        if worth >= left:
            years = at - 1 + left / worth
            break
        left -= worth
    found = Fraction(figures["discounted_payback_months"]["value"])
    assert abs(found - years * 12) < Fraction(1, 10**10)
    assert found > Fraction(figures["payback_months"]["value"])


def test_the_equivalent_annual_cost_of_two_machines(valuation: ServiceUnderTest) -> None:
    for price, running, years in ((15000, 4000, 3), (10000, 6000, 2)):
        figures = judge(valuation, amounts(-price, *[-running] * years), discount_rate="0.06")
        annuity = (1 - Fraction(100, 106) ** years) / Fraction("0.06")
        expected = price / annuity + running
        found = Fraction(figures["equivalent_annual_cost"]["value"])
        assert abs(found - expected) < Fraction(1, 10**10)
        assert figures["tco"]["value"] == str(price + running * years)


def test_a_yearly_rate_by_months_is_a_twelfth_a_month(valuation: ServiceUnderTest) -> None:
    given = [-1200, *[110] * 12]
    figures = judge(valuation, amounts(*given), discount_rate="0.12", convention="monthly_apr")
    assert abs(Fraction(figures["npv"]["value"]) - exact_npv("0.01", list(given))) < Fraction(
        1, 10**10
    )
    monthly = numeric_roots([float(a) for a in given])
    assert float(figures["irr"]["value"]) == pytest.approx(monthly[0] * 12, abs=1e-9)
    assert figures["payback_months"]["value"] == "10.909090909091"


def test_the_published_company_earned_four_times_its_cost(valuation: ServiceUnderTest) -> None:
    flows = [
        {"amount": "-120000000", "category": "investment"},
        {"amount": "480000000", "category": "benefit"},
    ]
    figures = judge(valuation, flows, discount_rate="0")
    assert (figures["roi_gross"]["value"], figures["roi_net"]["value"]) == ("4", "3")
    assert (figures["bcr"]["value"], figures["roi_npv"]["value"]) == ("4", "3")


def test_a_case_without_cost_has_no_ratio(valuation: ServiceUnderTest) -> None:
    figures = judge(valuation, amounts(100, 50), discount_rate="0.1")
    for name in ("roi_net", "roi_gross", "roi_npv", "bcr"):
        assert (figures[name]["value"], figures[name]["reason"]) == (None, "no_cost")
    assert figures["tco"]["value"] == "0"


@pytest.mark.parametrize("rate", ["-1", "-1.5", "1001"])
def test_a_rate_at_or_below_minus_one_is_refused(valuation: ServiceUnderTest, rate: str) -> None:
    body = {"cash_flows": amounts(-1, 2), "discount_rate": rate}
    assert valuation.post("/v1/evaluations", json=body).status_code == 422


def test_a_negative_rate_above_minus_one_is_taken(valuation: ServiceUnderTest) -> None:
    figures = judge(valuation, amounts(-100, 50), discount_rate="-0.5")
    assert figures["npv"]["value"] == "0"
