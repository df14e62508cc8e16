"""Equations x = b + P x for shares P, factored once: dense where a sparse form would fill."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int32s

DENSE_COUNT = 2_500
DENSE_DEGREE = 4
"""Up to so many unknowns a dense factor fits easily; with more edges per unknown it is faster."""

Floats = NDArray[np.float64]


class Factored:
    """The factors of 1 - P, where P[row, column] are shares; raises RuntimeError if singular."""

    def __init__(self, count: int, rows: Int32s, columns: Int32s, shares: Floats) -> None:
        self._is_dense = count <= DENSE_COUNT and len(rows) > DENSE_DEGREE * count
        make = _dense if self._is_dense else _sparse
        self._factors = make(count, rows, columns, shares)

    def solve(self, known: Floats, *, transposed: bool = False) -> Floats:
        """The x of (1 - P) x = known, or of the transposed equations; known may have columns."""
        if not self._is_dense:
            return np.asarray(self._factors.solve(known, "T" if transposed else "N"))
        from scipy.linalg.lapack import dgetrs

        found, _ = dgetrs(*self._factors, known, trans=int(transposed))
        return np.asarray(found, dtype=np.float64)


def _sparse(count: int, rows: Int32s, columns: Int32s, shares: Floats) -> Any:
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import splu

    shared = csc_matrix((shares, (rows, columns)), shape=(count, count))
    return splu(csc_matrix(identity(count, format="csc") - shared))


def _dense(count: int, rows: Int32s, columns: Int32s, shares: Floats) -> Any:
    from scipy.linalg.lapack import dgetrf

    table = np.eye(count, order="F")
    np.subtract.at(table, (rows, columns), shares)
    factors, pivots, zero_at = dgetrf(table, overwrite_a=1)
    if zero_at:
        raise RuntimeError("the factor is exactly singular")
    return factors, pivots
