"""Sums of whole units of several precisions; in int64 where nothing can overflow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAFE = 2.0**61
Units = NDArray[Any]
"""Whole numbers: int64, or Python integers where they may be larger."""


def gross(units: Units) -> float:
    """The sum of the absolute amounts, about."""
    return float(np.abs(units.astype(np.float64)).sum())


def widened(units: Units) -> Units:
    """The same whole numbers, as Python integers when their sums may not fit int64."""
    return units.astype(object) if gross(units) >= SAFE else units


def to_precision(columns: Sequence[tuple[Units, int]]) -> tuple[list[Units], int]:
    """Columns of different precisions in the finest of them, fit to be added up together."""
    precision = max((digits for _, digits in columns), default=0)
    factors = [10 ** (precision - digits) for _, digits in columns]
    sizes = [gross(units) * factor for (units, _), factor in zip(columns, factors, strict=True)]
    kind = object if sum(sizes) >= SAFE else np.int64
    return [
        units.astype(kind) * factor for (units, _), factor in zip(columns, factors, strict=True)
    ], precision


def sum_by(places: NDArray[Any], units: Units, count: int) -> Units:
    """Units added up per place, exactly."""
    units = widened(units)
    sums = np.zeros(count, dtype=units.dtype)
    np.add.at(sums, places, units)
    return sums
