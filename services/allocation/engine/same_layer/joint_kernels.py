"""Compiled kernels of same-layer stages: shares as pairs, residuals of the equations."""

from services.allocation.engine.compiling import kernel
from services.allocation.engine.tracing.trace_kernels import (
    add_pairs,
    divide_pair,
    multiply_pairs,
    pair_of,
)


@kernel()
def row_shares(sources, portions, whole, left, shares):  # type: ignore[no-untyped-def]
    """The share of its source's gross amount that each row takes; `left` is what stays of one.

    Rows stand in the order of application; left[0] begins as ones.
    """
    for row in range(len(sources)):
        source = sources[row]
        if portions[row] == whole:
            shares[0, row], shares[1, row] = left[0, source], left[1, source]
            left[0, source], left[1, source] = 0.0, 0.0
            continue
        p_high, p_low = pair_of(portions[row])
        high, low = multiply_pairs(left[0, source], left[1, source], p_high, p_low)
        high, low = divide_pair(high, low, whole)
        shares[0, row], shares[1, row] = high, low
        high, low = add_pairs(left[0, source], left[1, source], -high, -low)
        left[0, source], left[1, source] = high, low


@kernel()
def edge_shares(row_share, firsts, lasts, outs, weights, out):  # type: ignore[no-untyped-def]
    """The share of its source's gross amount that runs along each edge."""
    for row in range(len(firsts)):
        first, width = firsts[row], lasts[row] - firsts[row]
        total = 0
        for k in range(width):
            total += weights[first + k]
        if total <= 0:
            continue
        for k in range(width):
            w_high, w_low = pair_of(weights[first + k])
            high, low = multiply_pairs(row_share[0, row], row_share[1, row], w_high, w_low)
            high, low = divide_pair(high, low, total)
            out[0, outs[row] + k], out[1, outs[row] + k] = high, low


@kernel()
def gross_residual(base, gross, sources, targets, shares, out):  # type: ignore[no-untyped-def]
    """out = base - gross + what the shares of the gross amounts send inside, all as pairs."""
    for i in range(gross.shape[1]):
        out[0, i], out[1, i] = add_pairs(base[0, i], base[1, i], -gross[0, i], -gross[1, i])
    for edge in range(len(sources)):
        source, target = sources[edge], targets[edge]
        high, low = multiply_pairs(
            gross[0, source], gross[1, source], shares[0, edge], shares[1, edge]
        )
        out[0, target], out[1, target] = add_pairs(out[0, target], out[1, target], high, low)


@kernel()
def add_correction(gross, correction):  # type: ignore[no-untyped-def]
    """gross += correction, which is plain floating point."""
    for i in range(len(correction)):
        gross[0, i], gross[1, i] = add_pairs(gross[0, i], gross[1, i], correction[i], 0.0)
