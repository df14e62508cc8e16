"""Rounding bills and their lines to minor units, unit prices, and the life of a statement."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

from shared.errors import Conflict
from shared.money import EXACT, round_ratio

DRAFT, ISSUED, CORRECTED = "draft", "issued", "corrected"
PRICE_STEP = Decimal(1).scaleb(-12)
HIGHEST_PRICE = Decimal(10) ** 20
Int64s = NDArray[np.int64]


def round_bills(units: Int64s, step: int) -> Int64s:
    """Whole coins of `step` units for bills, so that they add up to their sum rounded once.

    Every bill is rounded down; the coins that lack go to the largest fractions, ties to the
    earlier bill. The sum is rounded half to even.
    """
    whole = round_ratio(sum(units.tolist()), step)
    one_group = np.zeros(len(units), dtype=np.int64)
    return _settle(units, one_group, np.array([whole], dtype=np.int64), step)


def round_lines(units: Int64s, bill: Int64s, coins: Int64s, step: int) -> Int64s:
    """Whole coins for lines, so that the lines of bill i add up to coins[i].

    `bill` is the place of each line's bill. The rule is that of `round_bills`, so every line is
    less than a coin away from its exact amount. The lines of a bill add up to its units, of which
    coins[i] may be the floor or the next coin.
    """
    return _settle(units, bill, coins, step)


def _settle(units: Int64s, group: Int64s, wholes: Int64s, step: int) -> Int64s:
    """Floors, then one more for the largest fractions of each group until it has its whole."""
    floors, fractions = np.divmod(units, step)
    sums = np.zeros(len(wholes), dtype=np.int64)
    np.add.at(sums, group, floors)
    spare = wholes - sums
    order = np.lexsort((-fractions, group))
    ordered = group[order]
    starts = np.searchsorted(ordered, np.arange(len(wholes)))
    rank = np.arange(len(units)) - starts[ordered]
    floors[order[rank < spare[ordered]]] += 1
    return floors


def unit_price(amount: Decimal, quantity: Decimal | None) -> Decimal | None:
    """What one unit of the driver costs, to twelve decimals; None where nothing was counted."""
    if not quantity:
        return None
    price = EXACT.divide(amount, quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN, EXACT)
    return price if abs(price) < HIGHEST_PRICE else None


def statement_code(period: str, consumer: str, revision: int) -> str:
    """What people call a statement: the period, the consumer, and which bill of that period."""
    return f"{period}/{consumer}/{revision}"


def check_can_issue(status: str) -> None:
    """Only a draft is issued. Conflict `wrong_state`."""
    if status != DRAFT:
        raise Conflict(f"the statement is {status}; only a draft is issued", code="wrong_state")


def check_run_speaks(*, published: bool) -> None:
    """A draft of a run that was replaced is not issued any more. Conflict `run_not_published`."""
    if not published:
        message = "its run is not the published one any more; create the period's statements again"
        raise Conflict(message, code="run_not_published")
