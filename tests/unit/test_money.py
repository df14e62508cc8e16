"""Units and joint rounding lose nothing, whatever the amounts; periods are calendar months."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import (
    add_exactly,
    decimals_of,
    from_units,
    plain,
    round_jointly,
    round_ratio,
    to_units,
)
from shared.periods import (
    covers,
    first_day,
    is_period,
    last_day,
    months_between,
    next_period,
    period_of,
    period_range,
    previous_period,
)


@given(st.decimals("-1e15", "1e15", places=9))
def test_units_carry_an_amount_without_loss(amount: Decimal) -> None:
    assert from_units(to_units(amount, 9), 9) == amount
    assert Decimal(plain(amount)) == amount
    assert "E" not in plain(amount)


def test_an_amount_with_more_decimals_is_no_number_of_units() -> None:
    with pytest.raises(ValueError, match="decimals"):
        to_units(Decimal("0.001"), 2)
    assert (decimals_of(Decimal("1.500")), decimals_of(Decimal("1E+3"))) == (1, 0)
    assert plain(Decimal("-0.00")) == "0"


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**10))
def test_rounding_a_ratio_is_off_by_half_at_most(numerator: int, denominator: int) -> None:
    rounded = round_ratio(numerator, denominator)
    assert abs(2 * (rounded * denominator - numerator)) <= denominator
    assert round_ratio(-numerator, denominator) == -rounded


@given(st.dictionaries(st.text("abc", min_size=1), st.decimals("-1000", "1000", places=5)))
def test_joint_rounding_keeps_the_rounded_sum(values: dict[str, Decimal]) -> None:
    rounded = round_jointly(values, 2)
    assert sum(rounded.values()) == round(sum(values.values(), Decimal(0)), 2)
    for code, value in values.items():
        assert abs(rounded[code] - value) < Decimal("0.01")


def test_months_count_on_over_the_year() -> None:
    assert list(period_range("2025-11", "2026-02")) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert (next_period("2025-12"), previous_period("2026-01")) == ("2026-01", "2025-12")
    assert months_between("2025-11", "2026-02") == 3
    assert (first_day("2024-02"), last_day("2024-02")) == (date(2024, 2, 1), date(2024, 2, 29))
    assert period_of(date(2026, 1, 31)) == "2026-01"


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "0000-01", "2026-00", "26-01", "2026-01 "])
def test_other_texts_are_no_periods(text: str) -> None:
    assert not is_period(text)


def test_validity_includes_both_ends() -> None:
    assert covers("2026-01", "2026-01", "2026-01")
    assert covers(None, None, "2026-01")
    assert not covers("2026-02", None, "2026-01")
    assert not covers(None, "2025-12", "2026-01")


def test_sums_of_stored_amounts_keep_every_digit() -> None:
    large, small = Decimal("99999999999999999999"), Decimal("0.000000000000000001")
    assert add_exactly([large, small]) == Decimal("99999999999999999999.000000000000000001")
    assert sum([large, small]) != add_exactly(iter([large, small]))
    assert add_exactly([]) == 0
