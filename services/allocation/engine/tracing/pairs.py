"""Unrounded amounts as pairs of float64, and settling them to whole units once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int64s
from services.allocation.engine.totals import exact_sum

Pairs = NDArray[np.float64]
"""Two lines, high and low, that together carry about 105 bits per number."""


def as_pairs(units: Int64s) -> Pairs:
    """Whole units as pairs, without loss."""
    high = units.astype(np.float64)
    return np.stack([high, (units - high.astype(np.int64)).astype(np.float64)])


def summed(pairs: Pairs, places: NDArray[np.integer], count: int) -> Pairs:
    """Pairs added up per place; places from `count` on do not occur."""
    from services.allocation.engine.tracing.trace_kernels import sum_pairs

    out = np.zeros((2, count))
    sum_pairs(np.ascontiguousarray(pairs), places.astype(np.int64), out)
    return out


def added(*terms: Pairs) -> Pairs:
    """The sum of several arrays of pairs, place by place."""
    from services.allocation.engine.tracing.trace_kernels import sum_pairs

    out = np.zeros_like(terms[0])
    places = np.arange(len(out[0]), dtype=np.int64)
    for term in terms:
        sum_pairs(np.ascontiguousarray(term), places, out)
    return out


def weighed(units: Int64s, pairs: Pairs, places: Int64s | None = None) -> Pairs:
    """units[i] x pairs[places[i]]; by default place i, and a place below zero gives zero."""
    from services.allocation.engine.tracing.trace_kernels import weigh

    at = np.arange(len(units)) if places is None else places
    out = np.empty((2, len(units)))
    weigh(np.ascontiguousarray(units), np.ascontiguousarray(pairs), at.astype(np.int64), out)
    return out


def settle_pairs(pairs: Pairs, units: int) -> Int64s:
    """Whole units for unrounded terms that add up to `units`: floors, then largest fractions.

    Terms of a negative figure are settled as those of the positive one. Ties to the earlier term.
    """
    from services.allocation.engine.tracing.trace_kernels import whole_parts

    sign = -1 if units < 0 else 1
    count = pairs.shape[1]
    settled, fractions = np.empty(count, dtype=np.int64), np.empty(count)
    whole_parts(np.ascontiguousarray(sign * pairs), settled, fractions)
    spare = sign * units - exact_sum(settled)
    rounds, spare = divmod(spare, count)
    settled += rounds
    if spare:
        settled[largest(fractions, spare)] += 1
    return sign * settled


def largest(values: NDArray[Any], count: int) -> Int64s:
    """The places of the `count` largest values in ascending order, ties to the earlier one."""
    if count >= len(values):
        return np.arange(len(values))
    least = np.partition(values, len(values) - count)[len(values) - count]
    above = np.flatnonzero(values > least)
    equal = np.flatnonzero(values == least)[: count - len(above)]
    return np.sort(np.concatenate([above, equal]))
