"""Compiled kernels of a simulation: taking rows out of a run's sums and putting others in."""

import numpy as np

from services.allocation.engine.compiling import kernel


@kernel()
def book_rows(chosen, parts, firsts, lasts, outs, targets, sources, known, sign, sums, counts):  # type: ignore[no-untyped-def]
    """Add what the chosen rows carry, with a sign, to what objects received and passed on.

    sums[0, measure, object] is received, sums[1, ...] passed on; counts[measure, object] counts
    the parts that reached an object at all. Edges to numbers from `known` on lead nowhere.
    """
    for m in range(parts.shape[0]):
        received, passed, reached, carried = sums[0, m], sums[1, m], counts[m], parts[m]
        for row in chosen:
            first, out, sent = firsts[row], outs[row], np.int64(0)
            for k in range(lasts[row] - first):
                target, part = targets[first + k], carried[out + k]
                if target < known and part != 0:
                    received[target] += sign * part
                    reached[target] += sign
                    sent += part
            passed[sources[row]] += sign * sent


@kernel()
def copy_stretches(values, starts, widths, outs, out):  # type: ignore[no-untyped-def]
    """Copy several stretches of an array to their places in another."""
    for i in range(len(starts)):
        start, at = starts[i], outs[i]
        for k in range(widths[i]):
            out[at + k] = values[start + k]


@kernel()
def reach_goal(parts, firsts, lasts, outs, targets, sources, held, known, reach, out):  # type: ignore[no-untyped-def]
    """Add to out[source] the share of its holding that ends in the goal by these rows.

    reach[object] is that share of what comes to an object.
    """
    for row in range(len(firsts)):
        source = sources[row]
        if held[source] == 0:
            continue
        first, start, reached = firsts[row], outs[row], 0.0
        for k in range(lasts[row] - first):
            target = targets[first + k]
            if target < known:
                reached += parts[start + k] * reach[target]
        out[source] += reached / held[source]


@kernel()
def weigh_targets(rows, parts, firsts, lasts, outs, targets, known, reach, is_priced, out):  # type: ignore[no-untyped-def]
    """Add to out[target] what the goal would gain if all its weights in these rows doubled.

    To first order: a target takes its gain from all targets of its row in proportion; a priced one
    takes it from what stays behind.
    """
    for row in rows:
        first, start = firsts[row], outs[row]
        width = lasts[row] - first
        whole, reached = 0.0, 0.0
        for k in range(width):
            whole += parts[start + k]
            if targets[first + k] < known:
                reached += parts[start + k] * reach[targets[first + k]]
        if reached == 0.0 or whole == 0.0:
            continue
        usual = 0.0 if is_priced else reached / whole
        for k in range(width):
            target = targets[first + k]
            if target < known:
                out[target] += parts[start + k] * (reach[target] - usual)
