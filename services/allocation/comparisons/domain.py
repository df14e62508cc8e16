"""A finished comparison: every object of two runs, why its amount differs, and who may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.allocation.engine.columns import Tree
from services.allocation.engine.comparing.comparison import Compared, Place, SplitDifferences
from services.allocation.engine.comparing.factors import FACTORS
from services.allocation.engine.model import ObjectSpec


@dataclass(frozen=True)
class RunComparison:
    """What made the figures of one run those of another, per measure over the same places."""

    places: Sequence[Place]
    names: Sequence[Mapping[str, str]]
    changed: Sequence[str]
    measures: Mapping[str, Compared]


@dataclass(frozen=True)
class Difference:
    """One figure in 10^-decimals; the parts (in the order of FACTORS) add up to after - before."""

    decimals: int
    before: int
    after: int
    parts: Sequence[int]


def difference_at(split: SplitDifferences, row: int) -> Difference:
    """One figure of many."""
    parts = [int(split.parts[factor][row]) for factor in FACTORS]
    return Difference(split.decimals, int(split.before[row]), int(split.after[row]), parts)


def summed(split: SplitDifferences, rows: Sequence[int]) -> Difference:
    """Several figures together."""
    each = [difference_at(split, row) for row in rows]
    return Difference(
        split.decimals,
        sum(one.before for one in each),
        sum(one.after for one in each),
        [sum(parts) for parts in zip(*(one.parts for one in each), strict=True)]
        or [0] * len(FACTORS),
    )


def names_of(
    places: Sequence[Place], base: Sequence[ObjectSpec], new: Sequence[ObjectSpec]
) -> list[Mapping[str, str]]:
    """What people read for each place: the newer name where both runs have the object."""
    names = {(one.layer, one.code): one.names for one in (*base, *new)}
    return [names.get((layer, code or ""), {}) for layer, code in places]


def consumers_seen(roots: Sequence[str], *sides: Sequence[ObjectSpec]) -> frozenset[str]:
    """The consumers that lie in the subtrees of these roots in every run that has them."""
    seen: set[str] = set()
    hidden: set[str] = set()
    for objects in sides:
        consumers = [one for one in objects if one.layer == "consumer"]
        tree = Tree({one.code: one.parent for one in consumers})
        stretches = [tree.intervals[root] for root in roots if root in tree.intervals]
        for one in consumers:
            place = tree.position(one.code)
            inside = any(start <= place < stop for start, stop in stretches)
            (seen if inside else hidden).add(one.code)
    return frozenset(seen - hidden)
