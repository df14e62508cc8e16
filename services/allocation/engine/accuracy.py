"""How well founded a run's cost is: measured, estimated, spread for lack of better, unallocated."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.patterns import MEASURED
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import Accuracy, Balances
from services.allocation.engine.tracing.shares_within import OUTSIDE, shares_within
from shared.money import round_jointly

SHARE_DECIMALS = 6


def judge_accuracy(
    numbering: Numbering, legs: Sequence[Leg], balances: Balances, measure: int = 0
) -> Accuracy:
    """Follow the cost hop by hop; every amount counts with its size, whatever its sign.

    Cost is `measured` when every hop was direct or by a measured driver, `fallback` when any hop
    was even, `estimated` otherwise.
    """
    from services.allocation.engine.flows.flow_kernels import add_foundations

    mix = np.zeros((numbering.count + 1, 3))
    mix[:, MEASURED] = np.abs(balances.own[measure])
    pools = numbering.layers["pool"]
    received = np.abs(balances.received[measure])
    mix[pools.first : pools.first + len(pools), MEASURED] += received[: len(pools)]
    for leg in legs:
        if leg.within:
            mix[leg.object_of] = _after_rounds(leg, mix[leg.object_of], measure)
            continue
        shares = _shares(mix)[leg.object_of]
        add_foundations(
            leg.parts[measure],
            leg.rows.firsts,
            leg.rows.lasts,
            leg.rows.outs,
            leg.patterns.targets,
            leg.patterns.grades[leg.pattern],
            leg.source,
            numbering.count,
            shares,
            mix,
        )
    return _as_shares(_shares(mix), balances, measure)


def _after_rounds(leg: Leg, mix: NDArray[np.float64], measure: int) -> NDArray[np.float64]:
    """The mix of gross amounts, after any number of rounds inside the layer.

    What is at least as well founded as a grade came that way over edges at least as good.
    """
    shares = shares_within(leg, measure)
    grades = np.repeat(leg.patterns.grades[leg.pattern], leg.rows.widths)
    inside = shares.targets != OUTSIDE
    at_least = np.zeros_like(mix)
    for grade in range(mix.shape[1]):
        if not grade or (inside & (grades == grade)).any():
            gross = shares.over(np.flatnonzero(inside & (grades <= grade)))
        at_least[:, grade] = gross(mix[:, : grade + 1].sum(axis=1))
    return np.maximum(np.diff(at_least, axis=1, prepend=0.0), 0.0)


def _shares(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each object's amounts as shares of their sum; measured where there is nothing."""
    sums = mix.sum(axis=1, keepdims=True)
    empty = np.zeros_like(mix)
    empty[:, MEASURED] = 1.0
    np.divide(mix, sums, out=empty, where=sums > 0)
    return empty


def _as_shares(shares: NDArray[np.float64], balances: Balances, measure: int) -> Accuracy:
    kept = np.abs(balances.retained[measure]).astype(np.float64)
    founded = kept @ shares
    lost = float(np.abs(balances.unallocated[measure]).astype(np.float64).sum())
    amounts = [*founded.tolist(), lost]
    whole = sum(amounts)
    if not whole:
        return Accuracy(*(Decimal(0),) * 4)
    fractions = {str(place): Decimal(amount / whole) for place, amount in enumerate(amounts)}
    rounded = round_jointly(fractions, SHARE_DECIMALS)
    return Accuracy(*(rounded[str(place)] for place in range(4)))
