"""When an amount is beyond a budget, and what becomes of an alert."""

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from shared.errors import Conflict
from shared.money import EXACT

OPEN, ACKNOWLEDGED, RESOLVED = "open", "acknowledged", "resolved"
STEP = Decimal(1).scaleb(-12)


def thresholds_passed(
    amount: Decimal, budget: Decimal, thresholds: Collection[Decimal]
) -> list[Decimal]:
    """The percentages of the budget beyond which the amount is; reaching one is not beyond it."""
    hundredfold = EXACT.multiply(amount, Decimal(100))
    return sorted(
        threshold for threshold in thresholds if hundredfold > EXACT.multiply(budget, threshold)
    )


def share_of_budget(amount: Decimal, budget: Decimal) -> Decimal | None:
    """amount / budget to twelve decimals; none of a budget of nothing."""
    if not budget:
        return None
    return EXACT.divide(amount, budget).quantize(STEP, rounding=ROUND_HALF_EVEN, context=EXACT)


def state_after(state: str, *, is_beyond: bool) -> str:
    """An alert whose amount came back is resolved; one that is beyond again is open again."""
    if not is_beyond:
        return RESOLVED
    return OPEN if state == RESOLVED else state


def check_acknowledgeable(state: str) -> None:
    """Conflict `wrong_state` for what is acknowledged or resolved already."""
    if state != OPEN:
        raise Conflict(f"the alert is {state}", code="wrong_state")


def in_order(thresholds: Sequence[Decimal]) -> list[Decimal]:
    """Thresholds as they are kept: ascending, with three decimals."""
    return sorted(EXACT.quantize(one, Decimal("0.001")) for one in thresholds)
