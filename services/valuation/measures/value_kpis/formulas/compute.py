"""The value of a formula from the values of what it speaks of: exact fractions, or a reason."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.valuation.measures.value_kpis.domain import round_fraction
from services.valuation.measures.value_kpis.formulas.tree import Call, Formula, Leaf, Node, Number

LARGEST = 10**40


@dataclass(frozen=True)
class Outcome:
    """A computed value, or None with a reason: division_by_zero, missing_value, out_of_range.

    `missing` is what has no value.
    """

    value: Decimal | None
    reason: str | None = None
    missing: tuple[Leaf, ...] = ()


class _Undefined(Exception):
    """The formula has no value, for the reason given."""


def compute_formula(formula: Formula, values: Mapping[Leaf, Decimal | None]) -> Outcome:
    """The formula's value, exact until rounded half-even to 18 decimals, or why it has none."""
    missing = tuple(leaf for leaf in formula.leaves if values.get(leaf) is None)
    if missing:
        return Outcome(None, "missing_value", missing)
    known = {leaf: Fraction(value) for leaf, value in values.items() if value is not None}
    try:
        result = _compute(formula.root, known)
    except _Undefined as undefined:
        return Outcome(None, str(undefined))
    return Outcome(round_fraction(result, 18))


def _compute(node: Node, values: Mapping[Leaf, Fraction]) -> Fraction:
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Call):
        return values[node]
    result = _COMPUTE[node.operation](*(_compute(part, values) for part in node.parts))
    if node.operation != "inv" and abs(result) > LARGEST:
        raise _Undefined("out_of_range")
    return result


def _invert(below: Fraction) -> Fraction:
    if not below:
        raise _Undefined("division_by_zero")
    return 1 / below


def _multiply(*parts: Fraction) -> Fraction:
    """The product, made shorter once at the end: a thousand factors stay quick."""
    above = math.prod(part.numerator for part in parts)
    return Fraction(above, math.prod(part.denominator for part in parts))


_COMPUTE: Mapping[str, Callable[..., Fraction]] = {
    "+": lambda *parts: sum(parts, Fraction(0)),
    "*": _multiply,
    "neg": lambda part: -part,
    "inv": _invert,
    "abs": abs,
    "min": lambda *parts: min(parts),
    "max": lambda *parts: max(parts),
}
