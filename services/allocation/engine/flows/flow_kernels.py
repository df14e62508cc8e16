"""Compiled kernels that add up what flows carry: receipts, how well founded they are."""

from services.allocation.engine.compiling import kernel


@kernel()
def add_receipts(parts, firsts, lasts, outs, targets, sources, known, received, passed, touched):  # type: ignore[no-untyped-def]
    """Add every part to its target's receipts and to what its source passed on.

    Edges to numbers from `known` on (codes that nobody knows) are left out of both. `touched`
    marks the targets that got any part, even if the parts cancel out.
    """
    for row in range(len(firsts)):
        first, out = firsts[row], outs[row]
        for k in range(lasts[row] - first):
            target = targets[first + k]
            if target >= known:
                continue
            for m in range(parts.shape[0]):
                part = parts[m, out + k]
                if part != 0:
                    received[m, target] += part
                    passed[m, sources[row]] += part
                    touched[m, target] = True


@kernel()
def add_foundations(parts, firsts, lasts, outs, targets, grades, sources, known, source_mix, mix):  # type: ignore[no-untyped-def]
    """Carry along how well founded money is: a flow is as weak as its weakest hop.

    source_mix[source, grade] are shares; mix[target, grade] gathers absolute amounts.
    """
    for row in range(len(firsts)):
        first, out, source, grade = firsts[row], outs[row], sources[row], grades[row]
        for k in range(lasts[row] - first):
            target = targets[first + k]
            if target >= known:
                continue
            size = abs(float(parts[out + k]))
            for one in range(3):
                mix[target, max(one, grade)] += size * source_mix[source, one]
