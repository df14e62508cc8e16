"""Numbers for a run's objects: layer by layer in code order, so that ties fall by code."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.allocation.engine.columns import Codes, Column, Mask, Table, Tree
from services.allocation.engine.model import OBJECT_LAYERS, ObjectSpec
from services.allocation.engine.rules.selector_reader import value_text
from services.allocation.engine.rules.selectors import Selector
from shared.periods import covers

PLAIN_FIELDS = frozenset(
    (
        "code",
        "parent",
        "standard",
        "owner",
        "unit_driver",
        "capacity_driver",
        "value_chain_stage",
    )
)


class ObjectColumns(Mapping[str, Column]):
    """The columns of one layer's objects, each made when a selector first looks at it."""

    def __init__(self, objects: Sequence[ObjectSpec]) -> None:
        self._objects = objects
        self._made: dict[str, Column] = {}

    def __getitem__(self, key: str) -> Column:
        if key not in self._made:
            self._made[key] = Column.of(field_text(found, key) for found in self._objects)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def field_text(found: ObjectSpec, key: str) -> str | None:
    """What a selector key reads from an object; None where it is missing."""
    if key.startswith("tags."):
        value = found.tags.get(key[5:])
    elif key.startswith("attributes."):
        value = found.attributes.get(key[11:])
    else:
        value = getattr(found, key) if key in PLAIN_FIELDS else None
    return None if value is None else value_text(value)


@dataclass(frozen=True)
class Layer:
    """The objects of one layer in code order; object i has the number first + i."""

    name: str
    first: int
    objects: Sequence[ObjectSpec]
    numbers: Mapping[str, int]
    tree: Tree
    table: Table
    is_leaf: Mask

    def __len__(self) -> int:
        return len(self.objects)


class Numbering:
    """Every object valid in the run's period under one number; `line` is the number after them.

    A parent that is not valid in the period counts as none.
    """

    def __init__(self, objects: Sequence[ObjectSpec], period: str) -> None:
        valid = [one for one in objects if covers(one.valid_from, one.valid_to, period)]
        self.layers: dict[str, Layer] = {}
        self.objects: list[ObjectSpec] = []
        for name in OBJECT_LAYERS:
            members = sorted((one for one in valid if one.layer == name), key=lambda o: o.code)
            self.layers[name] = _layer(name, len(self.objects), members)
            self.objects += members
        self.count = len(self.objects)
        self.line = self.count
        self._known = frozenset(found.code for found in self.objects)

    def number(self, layer: str, code: str) -> int | None:
        """The number of an object of this layer, None if there is none in the period."""
        return self.layers[layer].numbers.get(code)

    def is_known(self, code: str) -> bool:
        """Whether any layer has the code."""
        return code in self._known

    def unknown_among(self, codes: Iterable[str]) -> set[str]:
        """Those of the codes that no layer has."""
        return {code for code in codes if code not in self._known}

    def layer_of(self, number: int) -> str:
        """The layer of an object number (`line` for the lines' own)."""
        return "line" if number >= self.count else self.objects[number].layer

    def code_of(self, number: int) -> str | None:
        """The code of an object number; None for the lines' own."""
        return None if number >= self.count else self.objects[number].code

    def targets(self, layer: str, selector: Selector) -> Mask:
        """Which objects a target selector means: without valid children, unless named by code."""
        members = self.layers[layer]
        mask = selector.mask(members.table)
        named = selector.names_codes()
        return mask if named else mask & members.is_leaf


def _layer(name: str, first: int, members: Sequence[ObjectSpec]) -> Layer:
    tree = Tree({member.code: member.parent for member in members})
    positions: Codes = np.array([tree.position(member.code) for member in members], dtype=np.int32)
    return Layer(
        name=name,
        first=first,
        objects=members,
        numbers={member.code: first + index for index, member in enumerate(members)},
        tree=tree,
        table=Table(len(members), ObjectColumns(members), tree, positions),
        is_leaf=np.array([member.code not in tree.has_children for member in members], dtype=bool),
    )
