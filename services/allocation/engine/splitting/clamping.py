"""Parts between floors and caps: clamp(k x weight, floor, cap) with the one k that adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

Limits = Sequence[int | None]
GUESSES = 200


@dataclass(frozen=True)
class Bounded:
    """Whole parts, what the caps kept back, and what the floors lacked."""

    parts: list[int]
    capped: int
    lacking: int


def clamp_parts(
    amount: int, weights: Sequence[int], floors: Sequence[int], caps: Limits
) -> Bounded:
    """Split an amount that is not negative by weights, each part between its floor and cap.

    Parts and `capped` add up to the amount. Where the floors alone are more than it, they are its
    weights and `lacking` says by how much. A target without weight gets its floor.
    """
    lowest = sum(floors)
    if lowest > amount:
        return Bounded(_split(amount, floors, lowest), 0, lowest - amount)
    limits = [cap if weight else floor for weight, floor, cap in _each(weights, floors, caps)]
    highest = [limit for limit in limits if limit is not None]
    if len(highest) == len(limits) and sum(highest) <= amount:
        return Bounded(highest, amount - sum(highest), 0)
    k = _likely_k(amount, weights, floors, limits)
    if k is None:
        k = _exact_k(amount, weights, floors, limits)
    return Bounded(_settled(amount, k, weights, floors, limits), 0, 0)


def _each(
    weights: Sequence[int], floors: Sequence[int], caps: Limits
) -> "zip[tuple[int, int, int | None]]":
    return zip(weights, floors, caps, strict=True)


def _likely_k(
    amount: int, weights: Sequence[int], floors: Sequence[int], caps: Limits
) -> Fraction | None:
    """The k that floating point finds, made exact; None where exact arithmetic disagrees."""
    sizes = np.array(weights, dtype=np.float64)
    low_ends = np.array(floors, dtype=np.float64)
    high_ends = np.array([np.inf if cap is None else cap for cap in caps], dtype=np.float64)
    low, high = 0.0, 1.0
    while np.clip(high * sizes, low_ends, high_ends).sum() < amount and high < 1e300:
        high *= 2.0
    for _ in range(GUESSES):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if np.clip(middle * sizes, low_ends, high_ends).sum() < amount:
            low = middle
        else:
            high = middle
    is_low, is_high = high * sizes <= low_ends, high * sizes >= high_ends
    fixed = [
        (floor if low_end else cap or 0) if low_end or high_end else None
        for floor, cap, low_end, high_end in zip(floors, caps, is_low, is_high, strict=True)
    ]
    free = sum(weight for weight, part in zip(weights, fixed, strict=True) if part is None)
    if not free:
        return None
    k = Fraction(amount - sum(part for part in fixed if part is not None), free)
    clamped = _clamped(k, weights, floors, caps)
    return k if sum(clamped) == amount * k.denominator else None


def _clamped(k: Fraction, weights: Sequence[int], floors: Sequence[int], caps: Limits) -> list[int]:
    """The parts of a k, times its denominator."""
    top, bottom = k.numerator, k.denominator
    parts = []
    for weight, floor, cap in _each(weights, floors, caps):
        part = max(top * weight, floor * bottom)
        parts.append(part if cap is None else min(part, cap * bottom))
    return parts


def _exact_k(amount: int, weights: Sequence[int], floors: Sequence[int], caps: Limits) -> Fraction:
    """The k by exact arithmetic alone.

    The sum of the parts grows with k in straight pieces between the points at which a part
    reaches one of its bounds; a bisection over these points finds the piece.
    """
    points = sorted(
        {
            Fraction(bound, weight)
            for weight, floor, cap in _each(weights, floors, caps)
            for bound in (floor, cap)
            if weight and bound is not None
        }
        | {Fraction(0)}
    )
    low, high = 0, len(points)
    while high - low > 1:
        middle = (low + high) // 2
        k = points[middle]
        if sum(_clamped(k, weights, floors, caps)) <= amount * k.denominator:
            low = middle
        else:
            high = middle
    start = points[low]
    reached = Fraction(sum(_clamped(start, weights, floors, caps)), start.denominator)
    free = sum(
        weight
        for weight, floor, cap in _each(weights, floors, caps)
        if start * weight >= floor and (cap is None or start * weight < cap)
    )
    return start + (amount - reached) / free if free else start


def _settled(
    amount: int, k: Fraction, weights: Sequence[int], floors: Sequence[int], caps: Limits
) -> list[int]:
    """The parts rounded to units: floors, then one more for the largest fractions, in order."""
    exact = _clamped(k, weights, floors, caps)
    parts = [part // k.denominator for part in exact]
    order = sorted(range(len(parts)), key=lambda place: (-(exact[place] % k.denominator), place))
    for place in order[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _split(amount: int, weights: Sequence[int], total: int) -> list[int]:
    no_floors, no_caps = [0 for _ in weights], [None for _ in weights]
    return _settled(amount, Fraction(amount, total), weights, no_floors, no_caps)
