"""Simultaneous equations of a reciprocal stage: gross = base + shares of gross from inside."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.same_layer.factoring import Factored
from services.allocation.engine.splitting.split import LIMIT
from services.allocation.engine.tracing.pairs import as_pairs

CLOSE_ENOUGH = 2.0**-20
MOST_STEPS = 40
HOPELESS = 1e10
"""How often money may circle before rounding alone would decide its way."""
TIE_OFFSET = 2.0**-10
"""Halves are rounded towards zero by this much, so that noise at a half decides nothing."""


@dataclass(frozen=True)
class Equations:
    """Members 0..count-1; edge e sends shares[:, e] (pairs) of a source's gross to a target."""

    count: int
    sources: Int32s
    targets: Int32s
    shares: NDArray[np.float64]

    @cached_property
    def _factors(self) -> Factored:
        return Factored(self.count, self.targets, self.sources, self.shares[0])

    def rounds(self) -> NDArray[np.float64]:
        """How many stops a unit makes that starts at each member; infinite where it never leaves.

        The inverse has no negative entries, so this is its norm, member by member.
        """
        try:
            found = self._factors.solve(np.ones(self.count), transposed=True)
        except RuntimeError:  # a factor is exactly singular
            return np.full(self.count, np.inf)
        return np.where(np.isfinite(found) & (found >= 0.5), found, np.inf)

    def gross(self, base: Int64s) -> tuple[Int64s, float]:
        """The gross amounts rounded to units, and the largest of them by size, unrounded.

        Where that reaches 2^62 there are no units to give. The solution is refined with residuals
        in twice the usual width until the correction is far below a unit.
        """
        from services.allocation.engine.same_layer.joint_kernels import (
            add_correction,
            gross_residual,
        )

        known, gross = as_pairs(base), np.zeros((2, self.count))
        residual = np.empty((2, self.count))
        for _ in range(MOST_STEPS):
            gross_residual(known, gross, self.sources, self.targets, self.shares, residual)
            correction = self._factors.solve(residual[0])
            add_correction(gross, correction)
            largest = float(np.abs(gross[0]).max(initial=0.0))
            if largest >= float(LIMIT) or np.abs(correction).max(initial=0.0) < CLOSE_ENOUGH:
                break
        if largest >= float(LIMIT):
            return np.zeros(self.count, dtype=np.int64), largest
        return _rounded(gross), largest


def _rounded(pairs: NDArray[np.float64]) -> Int64s:
    """The nearest whole number of each pair, right for signs."""
    from services.allocation.engine.tracing.trace_kernels import whole_parts

    signs = np.where(pairs[0] < 0, -1.0, 1.0)
    units, fractions = np.empty(pairs.shape[1], dtype=np.int64), np.empty(pairs.shape[1])
    whole_parts(np.ascontiguousarray(pairs * signs), units, fractions)
    units += fractions >= 0.5 + TIE_OFFSET
    return units * signs.astype(np.int64)
