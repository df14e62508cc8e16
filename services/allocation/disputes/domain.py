"""The life of a dispute, who may decide it, and the zero-sum pair that a correction becomes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from services.allocation.engine.model import Finding, OwnAmount
from shared.errors import Conflict, FieldError, RuleBroken
from shared.money import EXACT, decimals_of, plain

OPEN, IN_REVIEW, UPHELD = "open", "in_review", "upheld"
REJECTED, CORRECTED = "rejected", "corrected"
CONVERTED_STEP = Decimal(1).scaleb(-6)

_STEPS: dict[str, tuple[str, str]] = {
    "review": (OPEN, IN_REVIEW),
    "uphold": (IN_REVIEW, UPHELD),
    "reject": (IN_REVIEW, REJECTED),
    "correct": (UPHELD, CORRECTED),
}


def state_after(action: str, state: str) -> str:
    """The state that an action leads to; Conflict `wrong_state` when it is not possible now.

    open -> in_review -> upheld -> corrected, or in_review -> rejected.
    """
    needed, reached = _STEPS[action]
    if state != needed:
        message = (
            f"a dispute that is {state} does not take `{action}`; it would have to be {needed}"
        )
        raise Conflict(message, code="wrong_state")
    return reached


def check_within_line(line: Decimal, corrected: Decimal, amount: Decimal) -> None:
    """Corrections take back a line at most; a charge that was too small may grow."""
    after = corrected + amount
    if line and abs(after) > abs(line) and (after > 0) == (line > 0):
        left = plain(line - corrected)
        message = f"the line is {plain(line)}, of which {left} has not been corrected yet"
        errors = [FieldError("/amount", "beyond_line", message)]
        raise RuleBroken(message, code="beyond_line", errors=errors)


def check_amount(amount: Decimal, digits: int) -> None:
    """An amount is not zero and has no more decimals than its currency's minor unit."""
    if not amount:
        message = "the amount is zero"
        raise RuleBroken(message, code="zero_amount", errors=[_at_amount("zero_amount", message)])
    if decimals_of(amount) > digits:
        message = f"the currency has {digits} decimals"
        error = _at_amount("too_many_digits", message)
        raise RuleBroken(message, code="too_many_digits", errors=[error])


def _at_amount(code: str, message: str) -> FieldError:
    return FieldError("/amount", code, message)


@dataclass(frozen=True)
class Moved:
    """What a correction moves: `amount` from consumer to counterparty, because of a dispute."""

    dispute: UUID
    disputed_period: str
    consumer: str
    counterparty: str
    amount: Decimal
    currency: str

    def sides(self) -> Iterator[tuple[str, Decimal]]:
        """Both own amounts; they cancel out."""
        yield self.consumer, -self.amount
        yield self.counterparty, self.amount


def in_currency(
    moved: Iterable[Moved], currency: str, rates: Mapping[str, Decimal]
) -> tuple[list[Moved], list[Moved]]:
    """Corrections in a run's currency, and those that have no rate.

    Each is converted once, to six decimals, so that both sides still cancel out. `rates` are units
    of the run's currency per unit of each other one.
    """
    found, missing = [], []
    for one in moved:
        if one.currency == currency:
            found.append(one)
        elif one.currency in rates:
            exact = EXACT.multiply(one.amount, rates[one.currency])
            amount = exact.quantize(CONVERTED_STEP, ROUND_HALF_EVEN, EXACT)
            found.append(replace(one, amount=amount, currency=currency))
        else:
            missing.append(one)
    return found, missing


def missing_rate(missing: Iterable[Moved], currency: str) -> RuleBroken:
    """Says which rates the corrections of a run lack."""
    codes = sorted({one.currency for one in missing})
    message = f"corrections of earlier bills need rates from {', '.join(codes)} to {currency}"
    errors = [FieldError("/currency", "missing_rate", message)]
    return RuleBroken(message, code="missing_rate", errors=errors)


def set_aside(missing: Iterable[Moved], currency: str) -> list[Finding]:
    """What a run says of corrections that it could not convert; both their sides are left out."""
    return [
        Finding(
            code="correction_set_aside",
            stage=None,
            mapping=None,
            message=f"{plain(one.amount)} {one.currency} from {one.consumer} to {one.counterparty}"
            f" have no rate to {currency} and were left out",
            details={
                "dispute": str(one.dispute),
                "period": one.disputed_period,
                "amount": plain(one.amount),
                "currency": one.currency,
                "consumer": one.consumer,
                "counterparty": one.counterparty,
            },
        )
        for one in missing
    ]


def own_amounts(moved: Iterable[Moved]) -> list[OwnAmount]:
    """The own amounts of consumers that corrections are in a run; they add up to zero."""
    return [
        OwnAmount("cost", "consumer", code, amount) for one in moved for code, amount in one.sides()
    ]
