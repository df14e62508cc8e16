"""What a view is made of: the objects of a layer of one run, and what they cost in whole units."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.views.exact_sums import widened

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Mask = NDArray[np.bool_]
LAYERS = ("pool", "resource", "solution", "consumer")
ROOT = -1


@dataclass(frozen=True)
class LayerFigures:
    """One measure of one layer of a run, in units of 10^-precision.

    Objects stand in the order of their codes. `amounts` is what each cost: own and received, less
    what it gave to others of its layer. Every row of `units` is an amount of the object `at`, in
    the finance view one per cost type (`kinds`). `read_objects` gives their descriptions.
    """

    layer: str
    period: str
    precision: int
    first: int
    codes: Sequence[str]
    parents: Int32s
    own: Int64s
    retained: Int64s
    unallocated: Int64s
    amounts: Int64s
    touched: Mask
    at: Int64s
    units: Int64s
    kinds: Sequence[str | None] | None
    read_objects: Callable[[], Sequence[Any]]

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def objects(self) -> Sequence[Any]:
        """The descriptions of the objects as they were in the run."""
        return self.read_objects()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each code stands."""
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def depths(self) -> Int32s:
        """The level of every object; 1 for a root."""
        depths, above = np.ones(len(self), dtype=np.int32), self.parents.copy()
        while (above != ROOT).any():
            inner = above != ROOT
            depths[inner] += 1
            above[inner] = self.parents[above[inner]]
        return depths

    def at_level(self, level: int | None) -> Int32s:
        """For every object itself, or its ancestor at a level where it lies deeper."""
        reached = np.arange(len(self), dtype=np.int32)
        if level is None:
            return reached
        for _ in range(int(self.depths.max(initial=1)) - level):
            deeper = self.depths[reached] > level
            reached[deeper] = self.parents[reached[deeper]]
        return reached

    def under(self, codes: Collection[str]) -> Mask:
        """Which objects are one of the codes or stand below one of them."""
        mask = np.zeros(len(self) + 1, dtype=np.bool_)  # the last place stands for "no parent"
        mask[[self.places[code] for code in codes if code in self.places]] = True
        for _ in range(int(self.depths.max(initial=1)) - 1):
            mask[:-1] |= mask[self.parents]
        return np.asarray(mask[:-1])


@dataclass(frozen=True)
class Edges:
    """What left one layer: units from a source's number to a target's."""

    layer: str
    sources: Int32s
    targets: Int32s
    moved: Int64s


def parents_of(codes: Sequence[str], parents: Sequence[str | None]) -> Int32s:
    """The place of each object's parent; a parent that is not there counts as none."""
    places = {code: place for place, code in enumerate(codes)}
    found = (ROOT if parent is None else places.get(parent, ROOT) for parent in parents)
    return np.fromiter(found, dtype=np.int32, count=len(parents))


def subtree_sums(figures: LayerFigures, units: Int64s) -> list[int]:
    """Each object's units with those of all objects below it, as Python integers."""
    sums = widened(units).copy()
    for level in range(int(figures.depths.max(initial=1)), 1, -1):
        inner = np.flatnonzero(figures.depths == level)
        np.add.at(sums, figures.parents[inner], sums[inner])
    return [int(each) for each in sums.tolist()]
