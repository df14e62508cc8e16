"""The terms of a trace: gathered unrounded, settled once, handed out one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int64s
from services.allocation.engine.tracing.pairs import Pairs, largest, settle_pairs

LEAST_ORDERED = 1_000


@dataclass(frozen=True)
class Contribution:
    """One term of a trace: what kind, the object's number or the line group's or line's place."""

    kind: str
    layer: str
    place: int
    units: int


class Contributions(Sequence[Contribution]):
    """Terms, the largest first, ties in the order in which they were given.

    They are kept as arrays, and only as many as are looked at are put in order: a trace to lines
    may have a million of them.
    """

    def __init__(
        self, names: Sequence[tuple[str, str]], kinds: Int64s, places: Int64s, units: Int64s
    ) -> None:
        self._names = names
        self._kinds, self._places, self._units = kinds, places, units
        self._order: Int64s = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._units)

    @overload
    def __getitem__(self, index: int) -> Contribution: ...
    @overload
    def __getitem__(self, index: slice) -> "Contributions": ...

    def __getitem__(self, index: int | slice) -> "Contribution | Contributions":
        if isinstance(index, slice):
            _, stop, step = index.indices(len(self))
            rows = self._first(stop if step > 0 else len(self))[index]
            parts = (self._kinds[rows], self._places[rows], self._units[rows])
            return Contributions(self._names, *parts)
        place = range(len(self))[index]
        row = self._first(place + 1)[place]
        kind, layer = self._names[self._kinds[row]]
        return Contribution(kind, layer, int(self._places[row]), int(self._units[row]))

    def __iter__(self) -> Iterator[Contribution]:
        rows = self._first(len(self))
        parts = (self._kinds[rows], self._places[rows], self._units[rows])
        for kind, place, units in zip(*(part.tolist() for part in parts), strict=True):
            yield Contribution(self._names[kind][0], self._names[kind][1], place, units)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contributions) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _first(self, count: int) -> Int64s:
        """The rows of at least the `count` largest terms, in order."""
        if count > len(self._order):
            sizes = np.abs(self._units)
            rows = largest(sizes, max(2 * count, LEAST_ORDERED))
            self._order = rows[np.argsort(-sizes[rows], kind="stable")]
        return self._order


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
        there = np.flatnonzero(settled)
        return Trace(units, Contributions(self.names, kinds[there], places[there], settled[there]))


def only(kind: str, layer: str, place: int, units: int) -> Trace:
    """A trace of one term."""
    one = (np.array([number], dtype=np.int64) for number in (0, place, units))
    return Trace(units, Contributions([(kind, layer)], *one) if units else NOTHING)
