"""Observations of the value KPIs: monthly figures that end where the published ones stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

from cli.demo.home_furnishing.calendar import CASE_MONTH, LAST_YEAR, MEASURED, MONTHS
from cli.demo.home_furnishing.inventing.correlated import tool_use_and_signing
from cli.demo.home_furnishing.inventing.plan import ONLINE_CHANNEL, SEASON
from cli.demo.home_furnishing.inventing.splitting import split_evenly_enough
from shared.periods import months_between, period_range

HEADER = ("kpi", "period", "value", "source")


@dataclass(frozen=True)
class Change:
    """A measure that stands at a level, moves from one month to another, and stays."""

    before: str
    after: str
    starts: str
    ends: str
    first: str = "2023-06"


#: What an initiative changed, from the month before it went live to the month it had settled.
CHANGES: Mapping[str, Change] = {
    "new-product-days": Change("45", "28", "2024-04", CASE_MONTH),
    "customers-per-designer": Change("3.0", "7.0", "2024-04", CASE_MONTH),
    "yearly-output": Change("1300000", "1500000", "2024-04", CASE_MONTH),
    "delivery-days": Change("25", "18", "2024-04", CASE_MONTH),
    "report-hours": Change("200", "60", "2024-04", "2025-02"),
    "it-staff": Change("60", "120", "2023-01", CASE_MONTH, "2022-05"),
    "certified-staff": Change("0", "96", "2023-06", CASE_MONTH, "2022-05"),
    "design-pass-rate": Change("71.0", "88.0", "2024-04", CASE_MONTH),
    "availability": Change("99.20", "99.90", "2023-12", CASE_MONTH),
    "dealer-satisfaction": Change("6.8", "8.4", "2024-04", CASE_MONTH),
    "ar-matching-use": Change("0", "34", "2024-04", CASE_MONTH),
    "new-technologies": Change("2", "9", "2023-06", CASE_MONTH),
    "btim:crm-response-time": Change("6.0", "1.5", "2024-04", CASE_MONTH),
    "btim:crm-active-users": Change("55.0", "90.0", "2024-04", CASE_MONTH),
    "btim:retention-rate": Change("61.0", "74.0", "2024-04", CASE_MONTH),
    "btim:csat": Change("78", "88", "2024-04", CASE_MONTH),
    "btim:crm-leads": Change("42000", "60000", "2024-04", CASE_MONTH),
    "btim:crm-leads-won": Change("6300", "12000", "2024-04", CASE_MONTH),
}


@dataclass(frozen=True)
class Quotient:
    """A measure that a formula makes of two others: `above` is `level` x `below` / `per`."""

    level: Change
    above: str
    below: str
    usual: int
    per: int = 100


QUOTIENTS = (
    Quotient(
        Change("4.2", "6.8", "2022-01", "2023-02", "2021-08"),
        "cost-of-sales-of-a-year",
        "average-inventory",
        250_000_000,
        1,
    ),
    Quotient(
        Change("15.0", "28.0", "2024-04", CASE_MONTH), "repeat-customers", "customers", 40_000
    ),
    Quotient(
        Change("72.0", "82.8", "2024-04", CASE_MONTH), "running-hours", "planned-hours", 50_000
    ),
    Quotient(Change("24.0", "42.0", "2024-04", CASE_MONTH), "store-orders", "store-visits", 60_000),
    Quotient(
        Change("0.0", "18.0", "2025-01", CASE_MONTH, "2024-06"),
        "purchases-saved",
        "purchases-at-former-prices",
        30_000_000,
    ),
    Quotient(Change("1.20", "2.76", "2024-04", CASE_MONTH), "ad-orders", "ad-clicks", 500_000),
    Quotient(
        Change("200", "130", "2024-04", CASE_MONTH),
        "btim:crm-marketing-cost",
        "btim:crm-new-customers",
        12_000,
        1,
    ),
)
BASKET = Change("5000", "6100", "2024-04", CASE_MONTH)
#: What adds up over the last year.
SUMS: Mapping[str, int] = {
    "btim:crm-extra-revenue": 80_000_000,
    "sample-cost-saved": 3_000_000,
    "production-waste-saved": 12_000_000,
    "orders-by-design-tools": 50_000,
}
#: Revenue by the stage that brings it in: in the first month measured and in the published one.
REVENUE: Mapping[str, tuple[int, int]] = {
    "revenue-design": (80_000_000, 180_000_000),
    "revenue-production": (70_000_000, 80_000_000),
    "revenue-sales": (75_000_000, 100_000_000),
    "revenue-service": (25_000_000, 40_000_000),
}
WHOLE_HOUSE_SHARE = (12, 35)  # per cent of all revenue
SHARE_OF_CHANNEL = 8  # per cent of the channel's cost that is IT

Row = tuple[str, ...]


def observation_rows() -> Iterator[Row]:
    """All observations with their header."""
    random = Random(450_28)
    yield HEADER
    for kpi, change in CHANGES.items():
        for period in period_range(change.first, CASE_MONTH):
            yield kpi, period, _level(change, period), "data platform"
    for kpi, whole in SUMS.items():
        for period, part in zip(
            period_range(*LAST_YEAR), split_evenly_enough(whole, 12, random), strict=True
        ):
            yield kpi, period, str(part), "data platform"
    yield from _revenues(random)
    yield from _channel_costs()
    yield from _quotients(random)
    for period, use, rate in tool_use_and_signing():
        visits = random.randint(180, 240) * 100
        contracts = round(visits * Fraction(rate) / 100)
        yield "design-tool-use", period, use, "design tools"
        yield "design-visits", period, str(visits), "store system"
        yield "design-contracts", period, str(contracts), "store system"


def _quotients(random: Random) -> Iterator[Row]:
    """Both parts of every quotient, month by month; sales of stores are orders x basket."""
    for each in QUOTIENTS:
        for period in period_range(each.level.first, CASE_MONTH):
            below = each.usual * random.randint(95, 110) // 100_000 * 1000
            above = round(Fraction(_level(each.level, period)) * below / each.per)
            yield each.below, period, str(below), "data platform"
            yield each.above, period, str(above), "data platform"
            if each.above == "store-orders":
                sales = Fraction(_level(BASKET, period)) * above
                yield "store-sales", period, str(round(sales)), "store system"


def _level(change: Change, period: str) -> str:
    """The level of a month, with as many decimals as the levels are written with."""
    step = Decimal((0, (1,), int(Decimal(change.before).as_tuple().exponent)))
    before, after = Fraction(change.before), Fraction(change.after)
    value = before + (after - before) * _way(change.starts, change.ends, period)
    return str((Decimal(value.numerator) / value.denominator).quantize(step))


def _way(starts: str, ends: str, period: str) -> Fraction:
    months = months_between(starts, ends)
    done = months_between(starts, period)
    return Fraction(max(0, min(done, months)), months)


def _revenues(random: Random) -> Iterator[Row]:
    """Revenue by stage, with a season; the whole-house business has a growing share of it."""
    for period in MEASURED:
        way = _way(MEASURED[0], MEASURED[-1], period)
        season = Fraction(100 + _season(period), 100)
        if period not in {MEASURED[0], CASE_MONTH}:
            season *= Fraction(random.randint(985, 1015), 1000)
        whole = 0
        for kpi, (first, last) in REVENUE.items():
            revenue = round((first + (last - first) * way) * season / 1000) * 1000
            whole += revenue
            yield kpi, period, str(revenue), "finance system"
        lowest, highest = WHOLE_HOUSE_SHARE
        share = (lowest + (highest - lowest) * way) / 100
        yield "whole-house-revenue", period, str(round(whole * share)), "finance system"


def _season(period: str) -> int:
    """Per cent more or less than usual; none in May."""
    return {"02": -12, "03": 3, "06": 4, "09": 5, "10": 6, "11": 9, "12": 2}.get(period[-2:], 0)


def _channel_costs() -> Iterator[Row]:
    """What the e-commerce channel costs in all; over the last year IT is 8 per cent of it."""
    usual = [(ONLINE_CHANNEL + part) * 1000 * 100 // SHARE_OF_CHANNEL for part in SEASON]
    for before, after in pairwise(range(1, len(usual) - 1)):
        if before % 2:
            usual[before] += 260_000
            usual[after] -= 260_000
    for period, cost in zip(MONTHS, usual, strict=True):
        yield "online-channel-cost", period, str(cost), "finance system"
