"""Dictionary-encoded text columns and object trees: what selectors look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.rules.plain_decimal import read_plain_decimal

Mask = NDArray[np.bool_]
Codes = NDArray[np.int32]

MISSING = -1


@dataclass(frozen=True)
class Column:
    """One text column: every distinct value once, and per row its position (-1: missing).

    `is_ordered` says that the values are known to stand in code point order and to be all in use.
    """

    codes: Codes
    values: tuple[str, ...]
    is_ordered: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> "Column":
        """Encode plain texts; None is a missing value."""
        index: dict[str, int] = {}
        codes = [MISSING if text is None else index.setdefault(text, len(index)) for text in texts]
        return cls(np.array(codes, dtype=np.int32), tuple(index))

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each distinct value stands in the dictionary."""
        return {value: position for position, value in enumerate(self.values)}

    @cached_property
    def numbers(self) -> tuple[Decimal | None, ...]:
        """Each distinct value as an exact decimal, None where it is not one."""
        return tuple(read_plain_decimal(value) for value in self.values)

    @cached_property
    def arrow_values(self) -> Any:
        """The distinct values as an Arrow array, for bulk text tests."""
        import pyarrow as pa

        return pa.array(self.values, pa.large_string())

    def texts(self) -> list[str | None]:
        """The rows as plain texts again."""
        return [None if code < 0 else self.values[code] for code in self.codes.tolist()]

    def in_terms_of(self, other: "Column") -> Codes:
        """The rows in another column's dictionary; values that it lacks come after its own."""
        known, strange = other.index, len(other.values)
        places = [*(known.get(value, strange) for value in self.values), MISSING]
        return np.asarray(np.array(places, dtype=np.int32)[self.codes], dtype=np.int32)

    def take(self, rows: NDArray[np.int64] | Mask) -> "Column":
        """The same dictionary over chosen rows."""
        return Column(self.codes[rows], self.values)

    def lookup(self, per_value: Mask) -> Mask:
        """Turn one answer per distinct value into one per row; missing rows answer False."""
        padded = np.append(per_value, False)
        return np.asarray(padded[self.codes], dtype=np.bool_)

    def in_order_of_values(self) -> "Column":
        """The same rows with the used values only, in code point order: one way to write it."""
        if self.is_ordered:
            return self
        used = self.compact()
        order = sorted(range(len(used.values)), key=used.values.__getitem__)
        places = np.empty(len(order) + 1, dtype=np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        places[-1] = MISSING
        values = tuple(map(used.values.__getitem__, order))
        return Column(places[used.codes], values, is_ordered=True)

    def compact(self) -> "Column":
        """The same rows with the used values only, in the order in which they stood."""
        return self.only(slice(None))

    def only(self, rows: NDArray[np.int64] | slice) -> "Column":
        """Some rows with the values that they use, in the order in which these stood."""
        used, codes = np.unique(self.codes[rows], return_inverse=True)
        has_missing = bool(len(used)) and int(used[0]) == MISSING
        kept = used[has_missing:].tolist()
        values = tuple(map(self.values.__getitem__, kept))
        return Column((codes - has_missing).astype(np.int32), values, self.is_ordered)


class Tree:
    """Who stands under whom, as intervals of a preorder walk, so that `under` is a comparison."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        children: dict[str | None, list[str]] = {}
        for code in sorted(parents):
            parent = parents[code]
            children.setdefault(parent if parent in parents else None, []).append(code)
        self.intervals: dict[str, tuple[int, int]] = {}
        self._walk(children)
        self.has_children = frozenset(code for code in children if code is not None)

    def _walk(self, children: Mapping[str | None, Sequence[str]]) -> None:
        """Number the objects in preorder without recursion; a cycle is never reached."""
        position = 0
        stack: list[tuple[str, bool]] = [(root, False) for root in reversed(children.get(None, ()))]
        starts: dict[str, int] = {}
        while stack:
            code, done = stack.pop()
            if done:
                self.intervals[code] = (starts[code], position)
                continue
            starts[code] = position
            position += 1
            stack.append((code, True))
            stack.extend((child, False) for child in reversed(children.get(code, ())))

    def position(self, code: str) -> int:
        """The preorder number of an object, -1 for a code that is not in the tree."""
        return self.intervals.get(code, (MISSING, MISSING))[0]


@dataclass(frozen=True)
class Table:
    """Rows that selectors judge: columns by key and, for `under`, the place of each row's object.

    A key without a column is missing on every row.
    """

    row_count: int
    columns: Mapping[str, Column]
    tree: Tree | None = None
    positions: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    def column(self, key: str) -> Column | None:
        """The column of a key, None when no row has it."""
        return self.columns.get(key)

    def under(self, codes: Iterable[str]) -> Mask:
        """Rows whose object is one of the codes or stands below one of them."""
        mask = np.zeros(self.row_count, dtype=np.bool_)
        if self.tree is None:
            return mask
        for code in codes:
            start, stop = self.tree.intervals.get(code, (0, 0))
            mask |= (self.positions >= start) & (self.positions < stop)
        return mask
