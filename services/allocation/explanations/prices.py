"""The prices that a mapping names (rates, floors, caps), exactly and in units of the run's cost."""

from decimal import Decimal
from typing import Any

from services.allocation.engine.model import MappingSpec
from services.allocation.engine.result import RunResult
from services.allocation.explanations.domain import Weights
from shared.money import EXACT, from_units, round_ratio

ONE = Decimal(1)
Price = tuple[Decimal, str]
"""An amount and its currency."""


class Prices:
    """What one mapping says of its targets; bounds of credits are mirrored."""

    def __init__(self, result: RunResult, mapping: MappingSpec, *, is_credit: bool) -> None:
        self._result, self._mapping, self._is_credit = result, mapping, is_credit

    def of(self, which: str, target: int) -> Price | None:
        """The rate, floor or cap of a target: its own, or that of `*`."""
        named: Any = getattr(self._mapping, which) or {}
        found = named.get(self._result.numbering.code_of(target) or "") or named.get("*")
        return None if found is None else (Decimal(str(found["amount"])), str(found["currency"]))

    def exchange_rate(self, currency: str) -> Decimal:
        """Units of the run's currency per unit of a price's."""
        return self._result.rates.get(currency, ONE)

    def bound(self, which: str, target: int) -> int | None:
        """A floor or cap in units of the run's cost."""
        price = self.of(which, target)
        if price is None:
            return None
        return -self._units(price) if self._is_credit else self._units(price)

    def is_at_bound(self, target: int, got: int) -> bool:
        """Whether a target got just what its floor or cap says."""
        return got in {self.bound("cap", target), self.bound("floor", target)}

    def floors(self, weights: Weights) -> dict[int, int]:
        """The floor of every target that has one, in units."""
        found = {target: self.bound("floor", target) for target, _, _ in weights.by_target}
        return {target: abs(floor) for target, floor in found.items() if floor is not None}

    def charges(self, weights: Weights, target: int) -> tuple[int, int]:
        """What quantity x rate comes to in units: for one target, and for all."""
        charged: dict[int, int] = {}
        for number, weight, _ in weights.by_target:
            rate = self.of("rates", number)
            if rate is not None:
                quantity = from_units(weight, max(weights.decimals, 0))
                charged[number] = self._units((EXACT.multiply(rate[0], quantity), rate[1]))
        return charged.get(target, 0), sum(charged.values())

    def _units(self, price: Price) -> int:
        rate = self.exchange_rate(price[1])
        exact = EXACT.multiply(price[0], rate).scaleb(self._result.precision["cost"], EXACT)
        return round_ratio(*exact.as_integer_ratio())
