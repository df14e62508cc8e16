"""Every rate at which cash flows are worth nothing, found so that none is missed.

With x = -ln(1 + rate) the present value is f(x) = sum of a_i * e^(t_i x). If the signs of the
a_i (in order of time) change k times, multiplying by e^(-sx) with s between two times where
the sign changes and differentiating leaves a sum of the same kind with k - 1 changes (the proof
of Descartes' rule for real exponents). Its roots cut the line into pieces on which f crosses zero
at most once. So the roots come by bisection, level by level, for whole periods and days alike.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pyxirr
from numpy.typing import NDArray

MOST_SIGN_CHANGES = 72
_DIGITS = 50
_TOUCHES = Decimal("1e-26")  # a value this small beside its terms is a root that only touches zero
_EPSILON = 2.0**-52
_CLOSE = 1e-13
_FLAT = Decimal("1e-24")  # a slope this small beside its terms says nothing about direction


class TooManySignChanges(Exception):
    """The flows change sign so often that their rates say nothing and cost too much to list."""


def list_rates(nets: Sequence[tuple[Fraction, Decimal]]) -> list[Decimal]:
    """All rates > -1 (per unit of time) with present value zero, ascending, each once.

    `nets` is the net amount at each time, times ascending and distinct. No sign change gives [].
    Raises TooManySignChanges above 72 changes.
    """
    return list(_rates(tuple((time, amount) for time, amount in nets if amount != 0)))


@lru_cache(maxsize=64)
def _rates(terms: tuple[tuple[Fraction, Decimal], ...]) -> tuple[Decimal, ...]:
    """The rates of net amounts without zeros; one case asks several times for the same."""
    if not terms:
        return ()
    total = _ExpSum.of(terms)
    if total.sign_changes() > MOST_SIGN_CHANGES:
        raise TooManySignChanges
    zeros = [_one_zero(total)] if total.sign_changes() == 1 else _zeros(total)
    return tuple(sorted({_rate_of(total, zero) for zero in zeros}))


def count_sign_changes(nets: Sequence[tuple[Fraction, Decimal]]) -> int:
    """How often the net amounts change sign in order of time, zeros left out."""
    return _changes([amount for _, amount in nets if amount != 0])


def _changes(amounts: Sequence[Decimal]) -> int:
    return sum((one > 0) != (other > 0) for one, other in pairwise(amounts))


@dataclass(frozen=True)
class _ExpSum:
    """f(x) = sum of a_i e^(t_i x): floats to look with, decimals to decide with."""

    times: tuple[Fraction, ...]
    amounts: tuple[Decimal, ...]
    signs: NDArray[np.float64]
    logs: NDArray[np.float64]
    exponents: NDArray[np.float64]

    @classmethod
    def of(cls, terms: Sequence[tuple[Fraction, Decimal]]) -> "_ExpSum":
        times = tuple(time for time, _ in terms)
        amounts = tuple(amount for _, amount in terms)
        return cls(
            times=times,
            amounts=amounts,
            signs=np.array([1.0 if amount > 0 else -1.0 for amount in amounts]),
            logs=np.array([float(abs(amount).ln(Context(prec=20))) for amount in amounts]),
            exponents=np.array([float(time) for time in times]),
        )

    def sign_changes(self) -> int:
        return _changes(self.amounts)

    def derived(self) -> "_ExpSum":
        """The derivative of e^(-sx) f, with s inside the first sign change: one change less."""
        pairs = enumerate(pairwise(self.amounts))
        turn = next(at for at, (one, other) in pairs if (one > 0) != (other > 0))
        between = (self.times[turn] + self.times[turn + 1]) / 2
        with localcontext(prec=_DIGITS):
            factors = [_decimal(time - between) for time in self.times]
            amounts = [amount * by for amount, by in zip(self.amounts, factors, strict=True)]
        return _ExpSum.of(list(zip(self.times, amounts, strict=True)))

    def sign(self, x: float) -> int:
        """Sign of f(x): by floats where their error bound allows, else by 50 digits."""
        powers = self.logs + self.exponents * x
        terms = self.signs * np.exp(powers - powers.max())
        total, size = math.fsum(terms), float(np.abs(terms).sum())
        doubt = _EPSILON * size * (8 + 4 * float(np.abs(powers).max()))
        if abs(total) > doubt:
            return 1 if total > 0 else -1
        exact, _, size_exact = self.value(Decimal(x))
        if abs(exact) <= size_exact * _TOUCHES:
            return 0
        return 1 if exact > 0 else -1

    def value(self, x: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """f(x), f'(x) and the sum of the sizes of f's terms, in 50 digits."""
        with localcontext(prec=_DIGITS):
            total = slope = size = Decimal(0)
            for time, amount in zip(self.times, self.amounts, strict=True):
                exponent = _decimal(time)
                term = amount * (x * exponent).exp()
                total, slope, size = total + term, slope + term * exponent, size + abs(term)
            return total, slope, size


def _zeros(total: _ExpSum) -> list[float]:
    """All zeros of a sum, through those of the derived sum with one sign change less."""
    if total.sign_changes() == 0:
        return []
    if total.sign_changes() == 1:
        return [_bisect(total.sign, *_bracket_all(total))]
    below = total.derived()
    turning = sorted(float(_polish(below, x)) for x in _zeros(below))
    if not turning:
        first, last = _end_signs(total)
        return [] if first == last else [_bisect(total.sign, *_bracket_all(total))]
    low, high = _left_end(total, turning[0]), _right_end(total, turning[-1])
    edges = [low, *turning, high]
    signs = [_end_signs(total)[0], *map(total.sign, turning), _end_signs(total)[1]]
    zeros = [x for x, sign in zip(turning, signs[1:-1], strict=True) if sign == 0]
    for at in range(len(edges) - 1):
        if signs[at] * signs[at + 1] < 0:
            zeros.append(_bisect(total.sign, edges[at], edges[at + 1]))
    return sorted(zeros)


def _one_zero(total: _ExpSum) -> float:
    """The zero of a conventional cash flow: pyxirr's, if it brackets the sign change, else ours."""
    rate = _library_rate(total)
    if rate is not None and rate > -1:
        x = -math.log1p(rate)
        step = 1e-9 * max(1.0, abs(x))
        if total.sign(x - step) * total.sign(x + step) < 0:
            return _bisect(total.sign, x - step, x + step)
    return _bisect(total.sign, *_bracket_all(total))


def _library_rate(total: _ExpSum) -> float | None:
    days = [time * 365 for time in total.times]
    if all(time.denominator == 1 for time in total.times):
        dense = [Decimal(0)] * (int(total.times[-1]) - int(total.times[0]) + 1)
        for time, amount in zip(total.times, total.amounts, strict=True):
            dense[int(time - total.times[0])] = amount
        rate = pyxirr.irr(dense, silent=True)
    elif all(day.denominator == 1 for day in days) and days[-1] < 1_000_000:
        dates = [date(1900, 1, 1) + timedelta(days=int(day)) for day in days]
        rate = pyxirr.xirr(dates, list(total.amounts), silent=True)
    else:
        return None
    return float(rate) if rate is not None and math.isfinite(rate) else None


def _end_signs(total: _ExpSum) -> tuple[int, int]:
    """Signs of f far to the left (the earliest flow rules) and far to the right (the last)."""
    return int(total.signs[0]), int(total.signs[-1])


def _bracket_all(total: _ExpSum) -> tuple[float, float]:
    return _left_end(total, 0.0), _right_end(total, 0.0)


def _left_end(total: _ExpSum, start: float) -> float:
    return _walk(total.sign, start, -1.0, _end_signs(total)[0])


def _right_end(total: _ExpSum, start: float) -> float:
    return _walk(total.sign, start, 1.0, _end_signs(total)[1])


def _walk(sign: Callable[[float], int], start: float, step: float, wanted: int) -> float:
    """Go outward in doubling steps until the sign is that of the outermost term."""
    x = start + step
    while sign(x) != wanted:
        step *= 2
        x = start + step
    return x


def _bisect(sign: Callable[[float], int], low: float, high: float) -> float:
    """The place of the one sign change in [low, high], close enough for Newton's method."""
    high_sign = sign(high)
    while True:
        middle = (low + high) / 2
        if high - low <= _CLOSE * max(1.0, abs(middle)) or middle in (low, high):
            return middle
        here = sign(middle)
        if here == 0:
            return middle
        if here == high_sign:
            high = middle
        else:
            low = middle


def _rate_of(total: _ExpSum, x: float) -> Decimal:
    """The rate at a zero."""
    with localcontext(prec=_DIGITS):
        rate = (-_polish(total, x)).exp() - 1
        return rate.quantize(Decimal("1e-30"), context=Context(prec=10_000))


def _polish(total: _ExpSum, x: float) -> Decimal:
    """A zero by Newton in 50 digits where the sum crosses zero; as it was where it only touches."""
    start = Decimal(x)
    with localcontext(prec=_DIGITS):
        polished = start
        for _ in range(3):
            value, slope, size = total.value(polished)
            if abs(slope) <= size * _FLAT:
                break
            polished -= value / slope
        strayed = abs(polished - start) > Decimal("1e-9") * max(Decimal(1), abs(start))
        return start if strayed else polished


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
