"""What a view is made of: the objects of a run and its whole units of one measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
LINES = "line"
LAYERS = ("pool", "resource", "solution", "consumer")


@dataclass(frozen=True)
class ViewObject:
    """An object as it was in the run."""

    layer: str
    code: str
    parent: str | None
    names: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    unit_driver: str | None = None
    capacity_driver: str | None = None


@dataclass(frozen=True)
class RunFigures:
    """One measure of one run in units of 10^-precision; the last number is the lines' own.

    `sources`, `targets`, `moved` are the flows between objects. `pool_costs` are the units that
    entered each pool, by (object number, cost type).
    """

    run_id: str
    period: str
    currency: str
    precision: int
    objects: Sequence[ViewObject]
    own: Int64s
    received: Int64s
    unallocated: Int64s
    retained: Int64s
    sources: Int32s
    targets: Int32s
    moved: Int64s
    pool_costs: Mapping[tuple[int, str | None], int]

    @cached_property
    def layer_of(self) -> Sequence[str]:
        """The layer of every number, the lines' own last."""
        return [*(one.layer for one in self.objects), LINES]

    @cached_property
    def amounts(self) -> list[int]:
        """What every object cost: what came in, less what it gave to others of its own layer."""
        layers = np.array([LAYERS.index(one.layer) for one in self.objects] + [-1])
        total = self.own + self.received
        within = layers[self.sources] == layers[self.targets]
        np.subtract.at(total, self.sources[within], self.moved[within])
        return [int(each) for each in total]


class Tree:
    """The ancestors of every object of a run, layer by layer."""

    def __init__(self, objects: Sequence[ViewObject]) -> None:
        self._numbers = {(one.layer, one.code): place for place, one in enumerate(objects)}
        self._objects = objects
        self._paths: dict[int, tuple[int, ...]] = {}

    def path(self, number: int) -> tuple[int, ...]:
        """The numbers from the root down to the object itself."""
        if number not in self._paths:
            one = self._objects[number]
            parent = self._numbers.get((one.layer, one.parent)) if one.parent else None
            above = self.path(parent) if parent is not None else ()
            self._paths[number] = (*above, number)
        return self._paths[number]

    def at_level(self, number: int, level: int | None) -> int:
        """The object itself, or its ancestor at a level (1 is the root) when it lies deeper."""
        path = self.path(number)
        return number if level is None else path[min(level, len(path)) - 1]

    def is_under(self, number: int, codes: frozenset[str]) -> bool:
        """Whether the object or one of its ancestors has one of the codes."""
        return any(self._objects[each].code in codes for each in self.path(number))
