"""The unit of a whole formula, and whether it is what its KPI declares."""

from collections.abc import Mapping
from functools import lru_cache

from services.valuation.measures.value_kpis.formulas.figures import TICKET_UNITS
from services.valuation.measures.value_kpis.formulas.tree import (
    Call,
    Formula,
    Leaf,
    Node,
    Number,
    PublishedCost,
    TicketFigure,
)
from services.valuation.measures.value_kpis.formulas.unit_words import ANY_MONEY
from services.valuation.measures.value_kpis.formulas.units import (
    NUMBER,
    OPEN,
    Unit,
    UnitMismatch,
    add,
    check_declared,
    invert,
    multiply,
    parse_unit,
)

Mismatch = tuple[Unit, Unit]


def find_mismatch(formula: Formula, declared: str, units: Mapping[Leaf, str]) -> Mismatch | None:
    """The first two units that do not go together, the declared one included.

    `units` says what is known of the units of what the formula speaks of; the rest fits anything,
    but for tickets and costs, whose units are always known (costs: money of any currency).
    """
    return _find(formula, declared, tuple(units.get(leaf) for leaf in formula.leaves))


@lru_cache(maxsize=4096)
def _find(formula: Formula, declared: str, units: tuple[str | None, ...]) -> Mismatch | None:
    told = {leaf: unit for leaf, unit in zip(formula.leaves, units, strict=True) if unit}
    try:
        check_declared(unit_of_formula(formula, told), parse_unit(declared))
    except UnitMismatch as mismatch:
        return mismatch.one, mismatch.other
    return None


def unit_of_formula(formula: Formula, units: Mapping[Leaf, str]) -> Unit:
    """The unit of the result; UnitMismatch when parts do not go together."""
    known = {leaf: _unit_of_leaf(leaf, units.get(leaf)) for leaf in formula.leaves}
    return _unit_of(formula.root, known)


def _unit_of_leaf(leaf: Leaf, told: str | None) -> Unit:
    if told is not None:
        return parse_unit(told)
    if isinstance(leaf, PublishedCost):
        return parse_unit(ANY_MONEY)
    if isinstance(leaf, TicketFigure):
        return parse_unit(TICKET_UNITS[leaf.figure])
    return OPEN


def _unit_of(node: Node, known: Mapping[Leaf, Unit]) -> Unit:
    if isinstance(node, Number):
        return NUMBER
    if not isinstance(node, Call):
        return known[node]
    parts = [_unit_of(part, known) for part in node.parts]
    if node.operation == "*":
        return multiply(parts)
    if node.operation == "inv":
        return invert(parts[0])
    return add(parts)
