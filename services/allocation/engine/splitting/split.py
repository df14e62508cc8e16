"""The exact split: amounts of many sources by whole weights over their targets, to the unit."""

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.compiling import run_parts, thread_count
from services.allocation.engine.model import Int64s

LIMIT = 2**62
"""Amounts and the weights of a row stay below this, so that two of them add in int64."""


@dataclass(frozen=True)
class Rows:
    """Which stretch of the weights belongs to each row, and where its parts begin in the result.

    Rows may share weights: row i has weights[firsts[i] : lasts[i]], its parts begin at outs[i].
    """

    firsts: Int64s
    lasts: Int64s
    outs: Int64s
    edge_count: int

    @classmethod
    def sharing(cls, firsts: Int64s, lasts: Int64s) -> "Rows":
        """Rows whose parts lie one after the other, in the order of the rows."""
        ends = np.cumsum(lasts - firsts)
        return cls(firsts, lasts, ends - (lasts - firsts), int(ends[-1]) if len(ends) else 0)

    @property
    def widths(self) -> Int64s:
        """How many edges each row has."""
        return self.lasts - self.firsts


def stretches(starts: Int64s, widths: Int64s) -> Int64s:
    """All places of several stretches, one stretch after the other."""
    ends = np.cumsum(widths)
    shift = np.repeat(starts - (ends - widths), widths)
    return np.asarray(shift + np.arange(int(ends[-1]) if len(ends) else 0), dtype=np.int64)


def split(amounts: Int64s, rows: Rows, weights: Int64s) -> Int64s:
    """Split amounts[measure, row] by the row's weights into parts[measure, edge].

    The parts of a row add up to its amount. The units that rounding down leaves go one each to
    the largest remainders, ties to the earlier edge (edges stand in code order). Credits mirror
    charges. The result does not depend on the number of threads.
    """
    from services.allocation.engine.splitting.split_kernels import split_rows

    parts = np.empty((amounts.shape[0], rows.edge_count), dtype=np.int64)
    if not rows.edge_count:
        return parts
    amounts = np.ascontiguousarray(amounts)

    def work(first: int, last: int) -> None:
        split_rows(amounts, rows.firsts, rows.lasts, weights, rows.outs, parts, first, last)

    run_parts(work, even_cuts(rows.widths, thread_count() * 4))
    return parts


def split_csr(amounts: Int64s, indptr: Int64s, weights: Int64s) -> Int64s:
    """The same for plain compressed sparse rows: weights[indptr[row] : indptr[row + 1]]."""
    return split(amounts, Rows(indptr[:-1], indptr[1:], indptr[:-1], int(indptr[-1])), weights)


def even_cuts(widths: Int64s, stretches: int) -> list[int]:
    """Cut rows into stretches of about as many edges each."""
    ends = np.cumsum(widths + 1)
    goals = np.linspace(0, int(ends[-1]), stretches + 1)[1:-1]
    inner = np.searchsorted(ends, goals).tolist()
    return sorted({0, *inner, len(widths)})


def fit_weights(weights: NDArray[Any]) -> NDArray[Any]:
    """Weights whose total stays below the limit, as int64; else Python integers, unchanged.

    Dividing all by their greatest common divisor changes no split.
    """
    if weights.dtype == np.int64 and float(weights.astype(np.float64).sum()) < 2.0**61:
        return weights
    whole = [int(weight) for weight in weights]
    divisor = gcd(*whole) or 1
    reduced = [weight // divisor for weight in whole]
    small = sum(reduced) < LIMIT
    return np.array(reduced, dtype=np.int64 if small else object)


def split_big(amount: int, weights: list[int]) -> list[int]:
    """The same split in Python integers, for weights that do not fit into 62 bits."""
    total, size = sum(weights), abs(amount)
    products = [divmod(size * weight, total) for weight in weights]
    parts = [part for part, _ in products]
    largest = sorted(range(len(weights)), key=lambda edge: (-products[edge][1], edge))
    for edge in largest[: size - sum(parts)]:
        parts[edge] += 1
    return [-part for part in parts] if amount < 0 else parts
