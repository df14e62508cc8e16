"""Straight-line depreciation in whole minor units, and how far an asset is used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from shared.currencies import minor_digits
from shared.money import EXACT, from_units, round_ratio
from shared.periods import Period, month_number, next_period, period_of

SIX_DECIMALS = Decimal("0.000001")
#: What sources call assets that are not in use any more, in lower case.
GONE = frozenset(
    {
        "retired", "disposed", "scrapped", "sold", "stolen", "absent", "decommissioned",
        "end of life", "7", "报废", "已报废", "退役", "已退役", "已处置",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Purchase:
    """What was paid, for how many months it is used, and what is left after them."""

    cost: Decimal
    residual_value: Decimal
    currency: str
    purchased_on: date
    months: int

    @property
    def first_period(self) -> Period:
        """The month of purchase: depreciation begins with it, whatever the day."""
        return period_of(self.purchased_on)


@dataclass(frozen=True)
class MonthOfLife:
    """One month of a depreciation; `month` counts from 1."""

    period: Period
    month: int
    amount: Decimal
    accumulated: Decimal
    book_value: Decimal


def last_period(purchased_on: date | None, months: int | None) -> Period | None:
    """The last month of the useful life, if it is known."""
    if purchased_on is None or months is None:
        return None
    return next_period(period_of(purchased_on), months - 1)


def depreciation_in(purchase: Purchase, period: Period) -> MonthOfLife | None:
    """What a month takes of the cost; nothing before the purchase, an amount of 0 after the life.

    The sum of the first n months is n parts of the whole, rounded once to the currency's minor
    unit; a month is the difference of two such sums. So no month is more than one minor unit off
    and all months add up to cost less residual value exactly.
    """
    bought = purchase.purchased_on
    elapsed = month_number(period) - (bought.year * 12 + bought.month - 1) + 1
    if elapsed < 1:
        return None
    month = min(elapsed, purchase.months)
    accumulated = _accumulated(purchase, month)
    before = accumulated if elapsed > purchase.months else _accumulated(purchase, month - 1)
    return MonthOfLife(
        period=period,
        month=month,
        amount=EXACT.subtract(accumulated, before),
        accumulated=accumulated,
        book_value=EXACT.subtract(purchase.cost, accumulated),
    )


def schedule(purchase: Purchase) -> Iterator[MonthOfLife]:
    """Every month of the useful life."""
    for offset in range(purchase.months):
        found = depreciation_in(purchase, next_period(purchase.first_period, offset))
        if found is not None:
            yield found


def _accumulated(purchase: Purchase, months: int) -> Decimal:
    """The depreciation of the first so many months; all of them take what is left to the digit."""
    whole = EXACT.subtract(purchase.cost, purchase.residual_value)
    if months >= purchase.months:
        return whole
    digits = minor_digits(purchase.currency)
    numerator, denominator = whole.scaleb(digits, EXACT).as_integer_ratio()
    return from_units(round_ratio(numerator * months, denominator * purchase.months), digits)


def utilisation(used: Decimal | None, capacity: Decimal | None) -> Decimal | None:
    """The used share of the capacity, 6 decimals; nothing where either is not known or it is 0."""
    if used is None or not capacity:
        return None
    return EXACT.divide(used, capacity).quantize(SIX_DECIMALS, ROUND_HALF_EVEN, EXACT)
