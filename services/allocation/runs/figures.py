"""Balances of a loaded run as rows: amounts exact, names in the caller's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from services.allocation.engine.model import Int64s
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import RunResult
from shared.contracts.values import name_in
from shared.money import EXACT

SHARE_STEP = Decimal(1).scaleb(-12)
LAYER_ORDER = ("line", "pool", "resource", "solution", "consumer")


def share_of(part: int, whole: int) -> Decimal | None:
    """part / whole to twelve decimals; None when the whole is nothing."""
    if not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(
        SHARE_STEP, rounding=ROUND_HALF_EVEN, context=EXACT
    )


def name_of(numbering: Numbering, number: int, language: str) -> str | None:
    """What people read for an object number; None for the lines' own account."""
    if number >= numbering.count:
        return None
    found = numbering.objects[number]
    return name_in(found.names, language) or found.code


@dataclass(frozen=True)
class BalanceRow:
    """What an object, or a subtree, got and did with it, in units."""

    number: int
    layer: str
    code: str | None
    own: int
    received: int
    passed_on: int
    retained: int
    unallocated: int

    @property
    def holding(self) -> int:
        """Everything it had."""
        return self.own + self.received


def balance_rows(
    result: RunResult, measure: int, layer: str | None = None, *, rollup: bool = False
) -> list[BalanceRow]:
    """Balances in order of layer and code; with `rollup` every object counts all below it."""
    balances, numbering = result.balances, result.numbering
    sums = np.stack(
        [
            balances.own[measure],
            balances.received[measure],
            balances.passed_on[measure],
            balances.retained[measure],
            balances.unallocated[measure],
        ]
    )
    if rollup:
        sums = _rolled_up(numbering, sums)
    numbers: list[int] = []
    for name in LAYER_ORDER if layer is None else (layer,):
        if name == "line":
            numbers.append(numbering.line)
        else:
            members = numbering.layers[name]
            numbers.extend(range(members.first, members.first + len(members)))
    columns = sums[:, numbers].T.tolist()
    return [
        BalanceRow(number, numbering.layer_of(number), numbering.code_of(number), *units)
        for number, units in zip(numbers, columns, strict=True)
    ]


def _rolled_up(numbering: Numbering, sums: Int64s) -> Int64s:
    """Each object's sums with those of all objects below it."""
    out = sums.copy()
    for layer in numbering.layers.values():
        if not len(layer):
            continue
        stretch = slice(layer.first, layer.first + len(layer))
        positions = layer.table.positions
        in_preorder = np.zeros((len(sums), len(layer) + 1), dtype=np.int64)
        in_preorder[:, positions + 1] = sums[:, stretch]
        running = np.cumsum(in_preorder, axis=1)
        ends = np.array([layer.tree.intervals[one.code][1] for one in layer.objects])
        out[:, stretch] = running[:, ends] - running[:, positions]
    return out


def subtree_numbers(result: RunResult, layer: str, roots: Sequence[str]) -> frozenset[int]:
    """The numbers of the roots and of all below them."""
    members = result.numbering.layers[layer]
    inside = np.flatnonzero(members.table.under(roots)) + members.first
    return frozenset(inside.tolist())
