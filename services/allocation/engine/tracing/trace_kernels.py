"""Compiled kernels of the trace: sums of products in twice the usual floating-point width.

A number is a pair (high, low) of float64 that together carry about 105 bits, so that a share of
an amount of 2^62 units is right to far below one unit even after several hops.
"""

import numpy as np

from services.allocation.engine.compiling import kernel

SPLITTER = 134217729.0  # 2^27 + 1 halves a float64 into two of 26 bits


@kernel(inline="always")
def add_pairs(a_high, a_low, b_high, b_low):  # type: ignore[no-untyped-def]
    """The sum of two pairs."""
    total = a_high + b_high
    shift = total - a_high
    error = (a_high - (total - shift)) + (b_high - shift) + a_low + b_low
    high = total + error
    return high, error - (high - total)


@kernel(inline="always")
def multiply_pairs(a_high, a_low, b_high, b_low):  # type: ignore[no-untyped-def]
    """The product of two pairs."""
    product = a_high * b_high
    t = SPLITTER * a_high
    a_head = t - (t - a_high)
    a_tail = a_high - a_head
    t = SPLITTER * b_high
    b_head = t - (t - b_high)
    b_tail = b_high - b_head
    error = ((a_head * b_head - product) + a_head * b_tail + a_tail * b_head) + a_tail * b_tail
    error += a_high * b_low + a_low * b_high
    high = product + error
    return high, error - (high - product)


@kernel(inline="always")
def pair_of(whole):  # type: ignore[no-untyped-def]
    """A whole number below 2^62 as a pair, without loss."""
    high = np.float64(whole)
    return high, np.float64(whole - np.int64(high))


@kernel(inline="always")
def divide_pair(a_high, a_low, whole):  # type: ignore[no-untyped-def]
    """A pair divided by a whole number that is not zero."""
    b_high, b_low = pair_of(whole)
    first = a_high / b_high
    p_high, p_low = multiply_pairs(first, 0.0, b_high, b_low)
    rest_high, _ = add_pairs(a_high, a_low, -p_high, -p_low)
    second = rest_high / b_high
    high = first + second
    return high, second - (high - first)


@kernel()
def reach_back(parts, firsts, lasts, outs, targets, sources, holding, known, goal, reached):  # type: ignore[no-untyped-def]
    """Per source add the share of its holding that ends where `goal` says.

    goal[0], goal[1] are pairs per target: the share of a target's holding that counts. Sources
    without holding are left out. reached[0], reached[1] take the pairs per source.
    """
    for row in range(len(firsts)):
        held = holding[sources[row]]
        if held == 0:
            continue
        first, out = firsts[row], outs[row]
        high, low = 0.0, 0.0
        for k in range(lasts[row] - first):
            target = targets[first + k]
            if target >= known or goal[0, target] == 0.0:
                continue
            part_high, part_low = pair_of(parts[out + k])
            p_high, p_low = multiply_pairs(part_high, part_low, goal[0, target], goal[1, target])
            high, low = add_pairs(high, low, p_high, p_low)
        if high != 0.0:
            high, low = divide_pair(high, low, held)
            source = sources[row]
            high, low = add_pairs(reached[0, source], reached[1, source], high, low)
            reached[0, source], reached[1, source] = high, low


@kernel()
def flow_on(parts, firsts, lasts, outs, targets, sources, holding, known, given, arrived):  # type: ignore[no-untyped-def]
    """Pass pairs of amounts on from sources to targets in the proportions of the parts."""
    for row in range(len(firsts)):
        source = sources[row]
        held = holding[source]
        if held == 0 or given[0, source] == 0.0:
            continue
        share_high, share_low = divide_pair(given[0, source], given[1, source], held)
        first, out = firsts[row], outs[row]
        for k in range(lasts[row] - first):
            target = targets[first + k]
            if target >= known:
                continue
            part_high, part_low = pair_of(parts[out + k])
            p_high, p_low = multiply_pairs(part_high, part_low, share_high, share_low)
            high, low = add_pairs(arrived[0, target], arrived[1, target], p_high, p_low)
            arrived[0, target], arrived[1, target] = high, low


@kernel()
def weigh(units, pairs, places, out):  # type: ignore[no-untyped-def]
    """out = units[i] x pairs[places[i]], as pairs; a place below zero gives zero."""
    for i in range(len(units)):
        place = places[i]
        if place < 0 or pairs[0, place] == 0.0:
            out[0, i], out[1, i] = 0.0, 0.0
            continue
        high, low = pair_of(units[i])
        out[0, i], out[1, i] = multiply_pairs(high, low, pairs[0, place], pairs[1, place])


@kernel()
def sum_pairs(pairs, places, out):  # type: ignore[no-untyped-def]
    """Add pairs[:, i] to out[:, places[i]]."""
    for i in range(len(places)):
        at = places[i]
        out[0, at], out[1, at] = add_pairs(out[0, at], out[1, at], pairs[0, i], pairs[1, i])


@kernel()
def take_share(given, kept, held, out):  # type: ignore[no-untyped-def]
    """out = given x kept / held per source, as pairs; nothing where nothing is held."""
    for i in range(len(kept)):
        if held[i] == 0 or kept[i] == 0 or given[0, i] == 0.0:
            continue
        high, low = pair_of(kept[i])
        high, low = multiply_pairs(high, low, given[0, i], given[1, i])
        high, low = divide_pair(high, low, held[i])
        out[0, i], out[1, i] = add_pairs(out[0, i], out[1, i], high, low)


@kernel()
def whole_parts(pairs, units, fractions):  # type: ignore[no-untyped-def]
    """Floor and fraction of each pair."""
    for i in range(len(units)):
        floor = np.floor(pairs[0, i])
        fraction = (pairs[0, i] - floor) + pairs[1, i]
        carry = np.floor(fraction)
        units[i] = np.int64(floor) + np.int64(carry)
        fractions[i] = fraction - carry
