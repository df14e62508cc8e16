"""Exact money: units of a precision, plain decimal text, splits that lose nothing."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
"""Wide enough that adding, scaling and multiplying stored decimals never rounds."""


def decimals_of(amount: Decimal) -> int:
    """How many digits after the point an exact decimal needs; trailing zeros do not count."""
    exponent = amount.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_units(amount: Decimal, precision: int) -> int:
    """The amount as a whole number of 10^-precision; raises ValueError if it is not one."""
    scaled = amount.scaleb(precision, EXACT)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{amount} has more than {precision} decimals")
    return units


def from_units(units: int, precision: int) -> Decimal:
    """A whole number of 10^-precision as a decimal; never rounds."""
    return Decimal(int(units)).scaleb(-precision, EXACT)


def add_exactly(amounts: Iterable[Decimal]) -> Decimal:
    """The sum without rounding; 0 of nothing. Python's own `sum` keeps 28 digits."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def plain(amount: Decimal) -> str:
    """The decimal as the wire writes it: no exponent, no superfluous zeros, `-0` is `0`."""
    if not amount:
        return "0"
    return format(amount.normalize(EXACT), "f")


def round_ratio(numerator: int, denominator: int) -> int:
    """The nearest whole number to an exact ratio, halves to the even one; denominator > 0."""
    quotient, remainder = divmod(numerator, denominator)
    if 2 * remainder > denominator or (2 * remainder == denominator and quotient % 2 == 1):
        return quotient + 1
    return quotient


def round_jointly(values: Mapping[str, Decimal], precision: int) -> dict[str, Decimal]:
    """Round values to `precision` decimals so that they still add up to their rounded sum.

    Each is rounded down; the units that lack go to the largest fractions, ties to the lower code.
    """
    scale = max((decimals_of(value) for value in values.values()), default=0)
    step = 10 ** max(0, scale - precision)
    exact = {code: to_units(value, max(scale, precision)) for code, value in values.items()}
    settled = settle_exact(exact, step)
    return {code: from_units(units, precision) for code, units in settled.items()}


def settle_exact(numerators: Mapping[str, int], denominator: int) -> dict[str, int]:
    """Whole units for exact ratios: floors, then one more for the largest fractions.

    They add up to the sum of the ratios, rounded once (halves to even). Ties by code.
    """
    floors = {code: value // denominator for code, value in numerators.items()}
    fractions = {code: value % denominator for code, value in numerators.items()}
    spare = round_ratio(sum(numerators.values()), denominator) - sum(floors.values())
    for code in sorted(fractions, key=lambda code: (-fractions[code], code))[:spare]:
        floors[code] += 1
    return floors
