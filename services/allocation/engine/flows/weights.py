"""Driver quantities as weights: per target, or per source where a source has its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.model import DriverTable, Int32s, Int64s
from services.allocation.engine.numbering import Numbering

ELSEWHERE = -1
KEPT_BACK = ("idle", "capped", "floor_unmet", "rate_difference")
"""What a method keeps back on its source; in a pattern each is a target that leads nowhere."""


class UnknownCodes:
    """Numbers, above all objects, for targets that lead nowhere; shared by a whole run.

    A code leads nowhere when no layer has it, or when a mapping names it outright as a target
    although only another layer has it. After the codes come the reasons of `KEPT_BACK`.
    """

    def __init__(self, numbering: Numbering, codes: set[str]) -> None:
        self.codes = sorted(codes)
        self.first = numbering.count + 1
        self._numbers = {code: self.first + place for place, code in enumerate(self.codes)}

    def number(self, code: str) -> int:
        """The number of an unknown code."""
        return self._numbers[code]

    def code_of(self, number: int) -> str:
        """The unknown code behind a number."""
        return self.codes[number - self.first]

    def kept_back(self, reason: str) -> int:
        """The number that stands for what a method keeps back for this reason."""
        return self.first + len(self.codes) + KEPT_BACK.index(reason)

    def reason_of(self, number: int) -> str:
        """Why money stays that would go to this number."""
        place = number - self.first - len(self.codes)
        return KEPT_BACK[place] if place >= 0 else "unknown_target"


@dataclass(frozen=True)
class Quantities:
    """Sorted targets and their quantities, equal targets summed."""

    targets: Int32s
    quantities: NDArray[np.object_] | Int64s

    def among(self, allowed: Mask) -> "Quantities":
        """Only the targets that are allowed (one truth value per target number)."""
        keep = allowed[self.targets]
        return Quantities(self.targets[keep], self.quantities[keep])

    def weights(self) -> "Quantities":
        """Without the zeros."""
        keep = np.asarray(self.quantities != 0, dtype=np.bool_)
        return Quantities(self.targets[keep], self.quantities[keep])

    @property
    def has_negative(self) -> bool:
        """Whether any quantity lies below zero."""
        return bool(len(self.quantities)) and bool((self.quantities < 0).any())


class DriverWeights:
    """One driver seen from one target layer: quantities that go to it or to no known code."""

    def __init__(
        self, table: DriverTable, numbering: Numbering, layer: str, unknown: UnknownCodes
    ) -> None:
        self.table = table
        numbers = _numbers(table.targets.values, numbering, layer, unknown)
        targets = numbers[table.targets.codes] if len(table) else np.empty(0, dtype=np.int32)
        rows = np.flatnonzero(targets != ELSEWHERE)
        sources = table.sources.codes[rows]
        order = np.lexsort((targets[rows], sources))
        self._rows, self._targets = rows[order], targets[rows][order]
        self._sources = sources[order]

    @cached_property
    def general(self) -> Quantities:
        """The quantities that belong to no particular source."""
        return self._stretch(0, int(np.searchsorted(self._sources, 0)))

    @cached_property
    def _source_ends(self) -> dict[str, tuple[int, int]]:
        values = self.table.sources.values
        starts = np.searchsorted(self._sources, np.arange(len(values)), side="left").tolist()
        stops = np.searchsorted(self._sources, np.arange(len(values)), side="right").tolist()
        return {
            value: (start, stop)
            for value, start, stop in zip(values, starts, stops, strict=True)
            if stop > start
        }

    @property
    def source_codes(self) -> frozenset[str]:
        """The sources that have quantities of their own."""
        return frozenset(self._source_ends)

    def of_source(self, code: str) -> Quantities:
        """The quantities of one source's own."""
        return self._stretch(*self._source_ends[code])

    def _stretch(self, start: int, stop: int) -> Quantities:
        targets = self._targets[start:stop]
        quantities = self.table.quantities[self._rows[start:stop]]
        if len(targets) < 2 or bool((targets[1:] != targets[:-1]).all()):
            return Quantities(targets, quantities)
        heads = np.flatnonzero(np.append(True, targets[1:] != targets[:-1]))
        summed = np.add.reduceat(quantities.astype(object), heads)
        return Quantities(targets[heads], summed)


def _numbers(
    codes: Sequence[str], numbering: Numbering, layer: str, unknown: UnknownCodes
) -> Int32s:
    """The object of the layer that each code names; ELSEWHERE where only another layer has it."""
    known = numbering.layers[layer].numbers
    found = np.fromiter(map(known.get, codes, repeat(ELSEWHERE)), np.int32, len(codes))
    for place in np.flatnonzero(found == ELSEWHERE).tolist():
        if not numbering.is_known(codes[place]):
            found[place] = unknown.number(codes[place])
    return found
