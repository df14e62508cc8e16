"""Splitting one charge over all that it became: ratios add up to 1, amounts to the charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.allocation.engine.lines.classification import OUT_OF_SCOPE
from services.allocation.engine.model import Int32s
from services.allocation.engine.result import RunResult
from services.allocation.engine.tracing.trace import OBJECT, trace_lines_forward
from shared.money import decimals_of, from_units, to_units

RATIO_DECIMALS = 15
WHOLE = 10**RATIO_DECIMALS


@dataclass(frozen=True)
class Share:
    """What part of a charge ended where: at a consumer, or kept on the way there.

    `outcome` is `consumer`, `retained` or `unallocated`; `ratio` counts 10^-15 parts of the whole.
    """

    outcome: str
    number: int
    ratio: int

    @property
    def part(self) -> Decimal:
        """The ratio as a decimal."""
        return from_units(self.ratio, RATIO_DECIMALS)


def shares_of_group(result: RunResult, group: int) -> list[Share]:
    """Where the money of a line group ends; the ratios add up to the whole exactly.

    All lines of a segment go the same way. Empty for lines out of scope, which are not split.
    """
    if int(result.classified.pool[group]) == OUT_OF_SCOPE:
        return []
    trace = trace_lines_forward(result, group, WHOLE, "consumer")
    return [
        Share("consumer" if one.kind == OBJECT else one.kind, one.place, one.units)
        for one in trace.contributions
    ]


def split_exactly(value: Decimal, shares: Sequence[Share], decimals: int) -> list[Decimal]:
    """The parts of a value, with so many decimals or as many as it has; they add up to it.

    Each is rounded down; the units that lack go to the largest fractions, ties to the first.
    """
    scale = max(decimals, decimals_of(value))
    units = to_units(value, scale)
    pairs = [divmod(units * one.ratio, WHOLE) for one in shares]
    parts = [floor for floor, _ in pairs]
    order = sorted(range(len(pairs)), key=lambda place: (-pairs[place][1], place))
    for place in order[: units - sum(parts)]:
        parts[place] += 1
    return [from_units(part, scale) for part in parts]


def order_of_lines(result: RunResult, groups: Int32s) -> list[int]:
    """The places of the lines that are split, those of one segment together, else as they stand."""
    kept = np.flatnonzero(result.classified.pool[groups] != OUT_OF_SCOPE)
    segments = result.segments.of_group[groups[kept]]
    return [int(place) for place in kept[np.argsort(segments, kind="stable")].tolist()]
