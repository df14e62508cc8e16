"""Compiled kernels of the exact split; imported only when a run needs them.

Per row: part = floor(|amount| x weight / total weight) in 128 bits; the units left over go one
each to the largest remainders, ties to the earlier edge; the sign comes back at the end.
Amounts and total weights are below 2^62.
"""

import math

import numpy as np

from services.allocation.engine.compiling import kernel

U64 = np.uint64
LOW_32 = np.uint64(0xFFFFFFFF)
S32 = np.uint64(32)


@kernel()
def narrow_parts(size, weights, first, width, total, parts, out, remainders):  # type: ignore[no-untyped-def]
    """Floors and remainders of size x weight / total; size < 2^50, products below 2^63.

    The quotient is estimated in floating point, which is then off by one at most, and put right
    by the exact remainder, without branches.
    """
    ratio = np.float64(size) / np.float64(total)
    given = np.int64(0)
    for k in range(width):
        weight = weights[first + k]
        part = np.int64(np.float64(weight) * ratio)
        remainder = size * weight - part * total
        below = remainder >> 63
        part += below
        remainder += total & below
        reached = ~((remainder - total) >> 63)
        part -= reached
        remainder -= total & reached
        parts[out + k] = part
        remainders[k] = remainder
        given += part
    return given


@kernel(inline="always")
def multiply_wide(a, b):  # type: ignore[no-untyped-def]
    """The 128-bit product of two unsigned 64-bit numbers, as high and low limb."""
    a_low, a_high = a & LOW_32, a >> S32
    b_low, b_high = b & LOW_32, b >> S32
    low = a_low * b_low
    middle = a_high * b_low + (low >> S32)
    cross = a_low * b_high + (middle & LOW_32)
    high = a_high * b_high + (middle >> S32) + (cross >> S32)
    return high, (cross << S32) | (low & LOW_32)


@kernel(inline="always")
def wide_part(size, weight, total):  # type: ignore[no-untyped-def]
    """Floor and remainder of size x weight / total with a 128-bit product; all below 2^62.

    The quotient is corrected by the remainder's own quotient until the remainder is in range;
    each step gains about 50 bits, so two or three are enough.
    """
    goal_high, goal_low = multiply_wide(U64(size), U64(weight))
    part = np.int64(np.float64(size) * (np.float64(weight) / np.float64(total)))
    while True:
        high, low = multiply_wide(U64(part), U64(total))
        rest_low = goal_low - low
        rest_high = np.int64(goal_high - high - U64(goal_low < low))
        rest = np.float64(rest_high) * 18446744073709551616.0 + np.float64(rest_low)
        if rest_high == 0 and rest_low < U64(total):
            return part, np.int64(rest_low)
        step = np.int64(math.floor(rest / np.float64(total)))
        if step == 0:
            step = np.int64(1) if rest_high >= 0 else np.int64(-1)
        part += step


@kernel()
def wide_parts(size, weights, first, width, total, parts, out, remainders):  # type: ignore[no-untyped-def]
    """The same for any size and total below 2^62, with products of two limbs."""
    given = np.int64(0)
    for k in range(width):
        part, remainder = wide_part(size, weights[first + k], total)
        parts[out + k] = part
        remainders[k] = remainder
        given += part
    return given


@kernel()
def spare_threshold(remainders, count, spare):  # type: ignore[no-untyped-def]
    """The spare-th largest of the first `count` remainders (reorders them; quickselect)."""
    low, high, goal = 0, count - 1, spare - 1
    while low < high:
        middle = (low + high) >> 1
        a, b, c = remainders[low], remainders[middle], remainders[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while remainders[i] > pivot:
                i += 1
            while remainders[j] < pivot:
                j -= 1
            if i <= j:
                remainders[i], remainders[j] = remainders[j], remainders[i]
                i += 1
                j -= 1
        if goal <= j:
            high = j
        elif goal >= i:
            low = i
        else:
            return pivot
    return remainders[goal]


@kernel()
def dividing_remainder(remainders, width, total, spare):  # type: ignore[no-untyped-def]
    """A remainder that exactly `spare` of them reach, found by counting; -1 if not in a few tries.

    Remainders lie about evenly between 0 and the total, so interpolation finds the place quickly.
    """
    low, high = np.int64(0), total
    reach_low, reach_high = width, 0
    for _ in range(8):
        share = (reach_low - spare) / (reach_low - reach_high)
        guess = low + np.int64(np.float64(high - low) * share)
        guess = max(guess, low + 1)
        if guess >= high:
            return np.int64(-1)
        reach = 0
        for k in range(width):
            reach += remainders[k] >= guess
        if reach == spare:
            return guess
        if reach > spare:
            low, reach_low = guess, reach
        else:
            high, reach_high = guess, reach
    return np.int64(-1)


@kernel()
def give_spare(remainders, scratch, width, total, spare, parts, out):  # type: ignore[no-untyped-def]
    """One unit more to each of the `spare` largest remainders, ties to the earlier edge."""
    dividing = dividing_remainder(remainders, width, total, spare)
    if dividing >= 0:
        for k in range(width):
            parts[out + k] += remainders[k] >= dividing
        return
    scratch[:width] = remainders[:width]
    threshold = spare_threshold(scratch, width, spare)
    above = 0
    for k in range(width):
        more = remainders[k] > threshold
        parts[out + k] += more
        above += more
    equal = spare - above
    for k in range(width):
        if equal > 0 and remainders[k] == threshold:
            parts[out + k] += 1
            equal -= 1


@kernel()
def split_one(size, weights, first, last, heaviest, total, parts, out, remainders, scratch):  # type: ignore[no-untyped-def]
    """Split a size above zero over one row of weights into parts[out : out + width]."""
    width = last - first
    if size < 1125899906842624 and np.float64(size) * np.float64(heaviest) < 9.0e18:
        given = narrow_parts(size, weights, first, width, total, parts, out, remainders)
    else:
        given = wide_parts(size, weights, first, width, total, parts, out, remainders)
    if given < size:
        give_spare(remainders, scratch, width, total, size - given, parts, out)


@kernel()
def split_rows(amounts, firsts, lasts, weights, outs, parts, row_first, row_last):  # type: ignore[no-untyped-def]
    """Split every measure of the rows row_first..row_last; the row's edges share its weights.

    amounts[m, row]; the weights of a row are weights[firsts[row] : lasts[row]], its parts
    parts[m, outs[row] : ...]. A row whose weights add up to nothing is left untouched.
    """
    widest = 0
    for row in range(row_first, row_last):
        widest = max(widest, lasts[row] - firsts[row])
    remainders = np.empty(widest, np.int64)
    scratch = np.empty(widest, np.int64)
    for row in range(row_first, row_last):
        first, last, out = firsts[row], lasts[row], outs[row]
        total, heaviest = np.int64(0), np.int64(0)
        for edge in range(first, last):
            total += weights[edge]
            heaviest = max(heaviest, weights[edge])
        if total <= 0:
            continue
        for m in range(amounts.shape[0]):
            amount = amounts[m, row]
            measure = parts[m]
            if amount == 0:
                measure[out : out + last - first] = 0
                continue
            size = abs(amount)
            split_one(
                size, weights, first, last, heaviest, total, measure, out, remainders, scratch
            )
            if amount < 0:
                for k in range(out, out + last - first):
                    measure[k] = -measure[k]
