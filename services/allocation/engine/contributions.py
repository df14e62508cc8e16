"""The terms of a trace: gathered unrounded, settled once, handed out one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int64s
from services.allocation.engine.pairs import Pairs, settle_pairs


@dataclass(frozen=True)
class Contribution:
    """One term of a trace: what kind, the object's number or the line group's or line's place."""

    kind: str
    layer: str
    place: int
    units: int


class Contributions(Sequence[Contribution]):
    """Terms in their order, kept as arrays: a trace to lines may have a million of them."""

    def __init__(
        self, names: Sequence[tuple[str, str]], kinds: Int64s, places: Int64s, units: Int64s
    ) -> None:
        self._names = names
        self._kinds, self._places, self._units = kinds, places, units

    def __len__(self) -> int:
        return len(self._units)

    @overload
    def __getitem__(self, index: int) -> Contribution: ...
    @overload
    def __getitem__(self, index: slice) -> "Contributions": ...

    def __getitem__(self, index: int | slice) -> "Contribution | Contributions":
        if isinstance(index, slice):
            rows = (self._kinds[index], self._places[index], self._units[index])
            return Contributions(self._names, *rows)
        kind, layer = self._names[self._kinds[index]]
        return Contribution(kind, layer, int(self._places[index]), int(self._units[index]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contributions) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


NOTHING = Contributions((), *(np.empty(0, dtype=np.int64) for _ in range(3)))


@dataclass(frozen=True)
class Trace:
    """All terms of a trace, the largest first; they add up to `units` exactly."""

    units: int
    contributions: Contributions


@dataclass
class Terms:
    """Unsettled terms: stretches of one kind and layer."""

    names: list[tuple[str, str]] = field(default_factory=list)
    places: list[Int64s] = field(default_factory=list)
    pairs: list[Pairs] = field(default_factory=list)

    def add(self, kind: str, layer: str, places: NDArray[Any], pairs: Pairs) -> None:
        """Add the terms that are not zero."""
        there = np.flatnonzero(pairs[0])
        if len(there):
            self.names.append((kind, layer))
            self.places.append(np.asarray(places[there], dtype=np.int64))
            self.pairs.append(pairs[:, there])

    def settle(self, units: int) -> Trace:
        """Whole units for every term, so that they add up to `units`; terms of zero fall away."""
        if not self.names:
            return Trace(units, NOTHING)
        widths = [len(places) for places in self.places]
        kinds = np.repeat(np.arange(len(widths), dtype=np.int64), widths)
        places = np.concatenate(self.places)
        settled = settle_pairs(np.concatenate(self.pairs, axis=1), units)
        order = np.lexsort((places, kinds, -np.abs(settled)))
        order = order[settled[order] != 0]
        return Trace(units, Contributions(self.names, kinds[order], places[order], settled[order]))


def only(kind: str, layer: str, place: int, units: int) -> Trace:
    """A trace of one term."""
    one = (np.array([number], dtype=np.int64) for number in (0, place, units))
    return Trace(units, Contributions([(kind, layer)], *one) if units else NOTHING)
