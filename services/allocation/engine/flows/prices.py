"""Amounts of money that a mapping names: rates, floors, caps, in exact units of the run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.allocation.engine.lines.conversion import Ratio
from services.allocation.engine.model import MappingSpec, RunInput
from shared.errors import FieldError, RuleBroken
from shared.money import round_ratio
from shared.periods import covers

EVERY = "*"
PRICED = ("rates", "floor", "cap")


@dataclass(frozen=True)
class PriceList:
    """Units per code; the price of every other code is `usual`, if there is one."""

    by_code: Mapping[str, Fraction]
    usual: Fraction | None

    def of(self, code: str) -> Fraction | None:
        """The exact price of a code in units; None where it has none."""
        return self.by_code.get(code, self.usual)

    def units(self, code: str) -> int | None:
        """The same rounded to whole units, halves to the even one."""
        price = self.of(code)
        return None if price is None else round_ratio(price.numerator, price.denominator)


@dataclass(frozen=True)
class PriceBook:
    """Turns the prices of mappings into units of 10^-precision of the run's currency."""

    rates: Mapping[str, Ratio]
    precision: int

    def read(self, raw: object) -> PriceList:
        """A price list from its JSON form; None is an empty one."""
        if not isinstance(raw, Mapping):
            return PriceList({}, None)
        prices = {str(code): self._units(price) for code, price in raw.items()}
        usual = prices.pop(EVERY, None)
        return PriceList(prices, usual)

    def _units(self, price: Mapping[str, object]) -> Fraction:
        rate = self.rates[str(price["currency"])]
        amount = Fraction(Decimal(str(price["amount"])))
        return amount * Fraction(rate.numerator * 10**self.precision, 10**rate.decimals)


def price_currencies(mappings: Iterable[MappingSpec]) -> set[str]:
    """Every currency that a rate, floor or cap is given in."""
    found: set[str] = set()
    for spec in mappings:
        for name in PRICED:
            raw = getattr(spec, name)
            found.update(str(price["currency"]) for price in (raw or {}).values())
    return found


def refuse_missing_prices(taken: RunInput, rates: Mapping[str, Ratio]) -> None:
    """RuleBroken `missing_rate` when a price's currency has none; prices are never set aside."""
    active = (one for one in taken.mappings if covers(one.valid_from, one.valid_to, taken.period))
    missing = sorted(price_currencies(active) - rates.keys())
    if missing:
        message = (
            f"there is no exchange rate for {', '.join(missing)}, in which rates, floors or caps"
            " of mappings are given"
        )
        errors = [FieldError(f"/rates/{code}", "missing_rate", message) for code in missing]
        raise RuleBroken(message, code="missing_rate", errors=errors)
