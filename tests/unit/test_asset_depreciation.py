"""Straight-line depreciation: whole minor units that add up to what was paid, to the digit."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.assets.domain import (
    Purchase,
    depreciation_in,
    last_period,
    schedule,
    utilisation,
)
from shared.currencies import minor_digits
from shared.periods import next_period


@st.composite
def purchases(draw):
    cost = Decimal(draw(st.integers(0, 10**14))).scaleb(-draw(st.sampled_from([0, 2, 5])))
    left = draw(st.sampled_from([Decimal(0), cost, (cost / 3).quantize(Decimal("0.01")) // 2]))
    return Purchase(
        cost=cost,
        residual_value=min(left, cost),
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        purchased_on=date(draw(st.integers(1990, 2100)), draw(st.integers(1, 12)), 15),
        months=draw(st.integers(1, 400)),
    )


@given(purchases())
def test_months_add_up_to_cost_less_residual_value(purchase):
    months = list(schedule(purchase))
    assert len(months) == purchase.months
    assert sum(month.amount for month in months) == purchase.cost - purchase.residual_value
    assert months[-1].book_value == purchase.residual_value
    assert months[-1].period == last_period(purchase.purchased_on, purchase.months)


@given(purchases())
def test_no_month_is_more_than_a_minor_unit_off_its_equal_part(purchase):
    unit = Decimal(1).scaleb(-minor_digits(purchase.currency))
    part = (purchase.cost - purchase.residual_value) / purchase.months
    for month in schedule(purchase):
        assert abs(month.amount - part) <= unit
        assert month.book_value == purchase.cost - month.accumulated


@given(purchases())
def test_all_months_but_the_last_are_whole_minor_units(purchase):
    digits = minor_digits(purchase.currency)
    for month in list(schedule(purchase))[:-1]:
        assert month.amount == round(month.amount, digits)


def test_depreciation_begins_with_the_month_of_purchase_and_ends_with_the_life():
    purchase = Purchase(Decimal(1000), Decimal(100), "EUR", date(2025, 3, 31), 7)
    assert depreciation_in(purchase, "2025-02") is None
    amounts = [str(month.amount) for month in schedule(purchase)]
    assert amounts == ["128.57", "128.57", "128.57", "128.58", "128.57", "128.57", "128.57"]
    after = depreciation_in(purchase, next_period("2025-03", 7))
    assert (after.amount, after.book_value, after.month) == (0, 100, 7)


def test_a_yen_asset_has_no_decimals():
    purchase = Purchase(Decimal(100), Decimal(0), "JPY", date(2025, 1, 1), 3)
    assert [str(month.amount) for month in schedule(purchase)] == ["33", "34", "33"]


def test_utilisation_is_the_used_share_of_a_known_capacity():
    assert utilisation(Decimal("48"), Decimal("64")) == Decimal("0.75")
    assert utilisation(Decimal("80"), Decimal("64")) == Decimal("1.25")
    assert utilisation(None, Decimal(64)) is None
    assert utilisation(Decimal(1), Decimal(0)) is None
