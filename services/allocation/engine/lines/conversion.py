"""From exact amounts in many currencies to whole units of one: precision, rounding, residual.

Per currency the exact total times its rate is rounded once; groups get units by floor and largest
fraction of their own exact values. So the input of a run does not depend on how it was grouped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.allocation.engine.model import EXACT_DECIMALS, Int64s, LineGroups, OwnAmount, RunInput
from services.allocation.engine.splitting.split import LIMIT
from shared.errors import RuleBroken
from shared.money import EXACT, decimals_of, from_units, round_ratio

USUAL_PRECISION = 6


@dataclass(frozen=True)
class Ratio:
    """An exact rate: numerator / 10^decimals units of the run's currency per unit."""

    numerator: int
    decimals: int

    @classmethod
    def of(cls, rate: Decimal) -> "Ratio":
        """The rate as whole numbers; raises RuleBroken for one that is not above zero."""
        if not rate.is_finite() or rate <= 0:
            raise RuleBroken(f"an exchange rate must be above zero, not {rate}", code="bad_rate")
        decimals = decimals_of(rate)
        return cls(int(rate.scaleb(decimals, EXACT)), decimals)


@dataclass(frozen=True)
class Unconverted:
    """Lines set aside because their currency has no rate."""

    currency: str
    amount: Decimal
    lines: int


@dataclass(frozen=True)
class ConvertedLines:
    """Units per group and what rounding left: `total` is exact, `residual` = total - units."""

    units: Int64s
    kept: Int64s
    total: Decimal
    residual: Decimal
    unconverted: tuple[Unconverted, ...]


def currency_rates(taken: RunInput) -> dict[str, Ratio]:
    """The rate of every currency that has one; the run's own currency is worth itself."""
    rates = {code: Ratio.of(rate) for code, rate in taken.rates.items()}
    return {**rates, taken.currency: Ratio(1, 0)}


def choose_precision(
    groups: LineGroups | None,
    rates: Mapping[str, Ratio],
    own: Sequence[OwnAmount],
    minor_digits: int,
    fixed: int | None = None,
) -> int:
    """Decimals of a measure's units: six, more where the input has more, fewer if amounts are huge.

    Every amount and total, taken without signs, must stay below 2^62 units; raises RuleBroken
    `amount_too_large` when even the currency's smallest coin, or the fixed precision, is too fine
    for that.
    """
    decimals = max((decimals_of(one.amount) for one in own), default=0)
    gross = _gross(own)
    if groups is not None:
        decimals = max(decimals, groups.decimals)
        gross += _gross_of_lines(groups, rates)
    precision = min(max(USUAL_PRECISION, decimals), EXACT_DECIMALS) if fixed is None else fixed
    while fixed is None and precision > minor_digits and gross.scaleb(precision, EXACT) >= LIMIT:
        precision -= 1
    if gross.scaleb(precision, EXACT) >= LIMIT:
        message = "the amounts of this run are too large to be counted exactly"
        raise RuleBroken(message, code="amount_too_large")
    return precision


def convert_lines(
    groups: LineGroups, rates: Mapping[str, Ratio], precision: int, on_missing_rate: str
) -> ConvertedLines:
    """Give every group whole units of 10^-precision in the run's currency.

    Raises RuleBroken `missing_rate` when a currency has none, unless they are to be set aside.
    """
    members = _by_currency(groups)
    missing = sorted(code for code in members if code not in rates)
    if missing and on_missing_rate != "set_aside":
        message = f"there is no exchange rate for {', '.join(missing)} in this period"
        raise RuleBroken(message, code="missing_rate")
    units = np.zeros(len(groups), dtype=np.int64)
    total, settled = Decimal(0), 0
    for code in sorted(set(members) - set(missing)):
        rows, rate = members[code], rates[code]
        numerators = [groups.amounts[row] * rate.numerator for row in rows]
        units[rows] = settle(numerators, EXACT_DECIMALS + rate.decimals, precision)
        exact = from_units(sum(numerators), EXACT_DECIMALS + rate.decimals)
        total = EXACT.add(total, exact)
        settled += int(sum(units[rows].tolist()))
    kept = np.setdiff1d(
        np.arange(len(groups)), [row for code in missing for row in members[code]]
    ).astype(np.int64)
    residual = EXACT.subtract(total, from_units(settled, precision))
    aside = tuple(_set_aside(groups, code, members[code]) for code in missing)
    return ConvertedLines(units, kept, total, residual, aside)


def settle(numerators: Sequence[int], decimals: int, precision: int) -> list[int]:
    """Whole units of 10^-precision for exact values numerator x 10^-decimals.

    They add up to their exact sum rounded once (halves to even): floors first, then one unit more
    for the largest fractions, ties to the earlier value.
    """
    scale = 10 ** max(0, precision - decimals)
    divisor = 10 ** max(0, decimals - precision)
    if divisor == 1:
        return [numerator * scale for numerator in numerators]
    pairs = [divmod(numerator, divisor) for numerator in numerators]
    units = [floor for floor, _ in pairs]
    spare = round_ratio(sum(numerators), divisor) - sum(units)
    if spare:
        order = sorted(range(len(pairs)), key=lambda row: (-pairs[row][1], row))
        for row in order[:spare]:
            units[row] += 1
    return units


def convert_own(own: Sequence[OwnAmount], precision: int) -> tuple[list[int], Decimal]:
    """Units of each own amount, rounded by itself, and what rounding left in all."""
    units: list[int] = []
    residual = Decimal(0)
    for one in own:
        decimals = decimals_of(one.amount)
        numerator = int(one.amount.scaleb(decimals, EXACT))
        shift = precision - decimals
        unit = numerator * 10**shift if shift >= 0 else round_ratio(numerator, 10**-shift)
        units.append(unit)
        residual = EXACT.add(residual, EXACT.subtract(one.amount, from_units(unit, precision)))
    return units, residual


def _by_currency(groups: LineGroups) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for row, code in enumerate(groups.currency.texts()):
        members.setdefault(code or "", []).append(row)
    return members


def _gross(own: Sequence[OwnAmount]) -> Decimal:
    total = Decimal(0)
    for one in own:
        total = EXACT.add(total, abs(one.amount))
    return total


def _gross_of_lines(groups: LineGroups, rates: Mapping[str, Ratio]) -> Decimal:
    total = Decimal(0)
    for code, rows in _by_currency(groups).items():
        if code in rates:
            gross = sum(groups.gross[row] for row in rows) * rates[code].numerator
            decimals = EXACT_DECIMALS + rates[code].decimals
            total = EXACT.add(total, from_units(gross, decimals))
    return total


def _set_aside(groups: LineGroups, code: str, rows: Sequence[int]) -> Unconverted:
    amount = from_units(sum(groups.amounts[row] for row in rows), EXACT_DECIMALS)
    return Unconverted(code, amount, int(groups.line_counts[list(rows)].sum()))
