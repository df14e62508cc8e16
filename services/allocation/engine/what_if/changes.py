"""Changes tried on a run's input: driver quantities, mappings, what a pool holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.columns import MISSING, Column, Mask
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    DriverTable,
    MappingSpec,
    RunInput,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.used_drivers import used_drivers
from shared.errors import FieldError, RuleBroken
from shared.money import decimals_of, round_ratio, to_units

EXTRA_DECIMALS = 6
"""Finer than the quantities themselves, where one quantity is shared out over several rows."""


@dataclass(frozen=True)
class DriverChange:
    """Quantities of a driver times a factor, or as a given quantity.

    Without a target (or source) those of all targets (or sources); together they become the
    quantity in proportion.
    """

    driver: str
    target: str | None = None
    source: str | None = None
    factor: Decimal | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True)
class MappingChange:
    """A mapping instead of the one of the same code, or beside the others."""

    mapping: MappingSpec


@dataclass(frozen=True)
class MappingRemoval:
    """A run without one of its mappings."""

    code: str


@dataclass(frozen=True)
class PoolChange:
    """What a pool and all pools below it hold: times a factor, or a new amount in all."""

    pool: str
    factor: Decimal | None = None
    amount: Decimal | None = None


Change = DriverChange | MappingChange | MappingRemoval | PoolChange


def change_mappings(
    mappings: Sequence[MappingSpec], changes: Sequence[Change]
) -> list[MappingSpec]:
    """The mappings after all changes of mappings, in the order in which they are asked.

    Raises RuleBroken `unknown_code` for a removal of a mapping that is not there.
    """
    after = {spec.code: spec for spec in mappings}
    for place, change in enumerate(changes):
        if isinstance(change, MappingChange):
            after[change.mapping.code] = change.mapping
        elif isinstance(change, MappingRemoval):
            if change.code not in after:
                message = f"the run has no mapping {change.code}"
                raise unknown_code(place, "disable_mapping", message)
            del after[change.code]
    return list(after.values())


def change_drivers(
    taken: RunInput, numbering: Numbering, changes: Sequence[Change]
) -> dict[str, DriverTable]:
    """The drivers that the changes touch, as they are afterwards.

    A driver that a mapping names may still be without quantities. Raises RuleBroken
    `unknown_code`, `no_quantity`.
    """
    named = used_drivers(taken.mappings, taken.objects)
    after: dict[str, DriverTable] = {}
    for place, change in enumerate(changes):
        if not isinstance(change, DriverChange):
            continue
        table = after.get(change.driver) or taken.drivers.get(change.driver)
        if table is None:
            if change.driver not in named:
                message = f"no mapping of the run uses a driver {change.driver}"
                raise unknown_code(place, "driver", message)
            table = _without_quantities(change.driver)
        after[change.driver] = _changed(table, change, numbering, place)
    return after


def _without_quantities(code: str) -> DriverTable:
    nothing = Column.of(())
    return DriverTable(code, "measured", nothing, nothing, np.empty(0, dtype=np.int64), 0)


def _changed(
    table: DriverTable, change: DriverChange, numbering: Numbering, place: int
) -> DriverTable:
    """One driver after one change."""
    for name, code, column in (
        ("target", change.target, table.targets),
        ("source", change.source, table.sources),
    ):
        if code is not None and code not in column.index and not numbering.is_known(code):
            raise unknown_code(place, name, f"the run knows no {code}")
    rows = np.flatnonzero(_rows(table, change))
    if change.factor is not None:
        if not len(rows):
            raise _no_quantity(place, change, "factor")
        return _times(table, rows, change.factor)
    quantity = change.quantity or Decimal(0)
    if len(rows):
        return _shared_out(table, rows, quantity, change, place)
    if change.target is None:
        raise _no_quantity(place, change, "target")
    return _added(table, change.source, change.target, quantity)


def _rows(table: DriverTable, change: DriverChange) -> Mask:
    found = np.ones(len(table), dtype=np.bool_)
    if change.target is not None:
        found &= table.targets.codes == table.targets.index.get(change.target, -2)
    if change.source is not None:
        found &= table.sources.codes == table.sources.index.get(change.source, -2)
    return found


def _times(table: DriverTable, rows: Any, factor: Decimal) -> DriverTable:
    more = decimals_of(factor)
    scaled = _as_whole(table.quantities[rows], to_units(factor, more)).tolist()
    quantities = _put(_as_whole(table.quantities, 10**more), rows, scaled)
    return _fewer_decimals(replace(table, quantities=quantities, decimals=table.decimals + more))


def _shared_out(
    table: DriverTable, rows: Any, quantity: Decimal, change: DriverChange, place: int
) -> DriverTable:
    """Several quantities together become the new one, each in proportion to what it was."""
    decimals = max(table.decimals, decimals_of(quantity))
    if len(rows) > 1:
        decimals = max(decimals, min(decimals + EXTRA_DECIMALS, EXACT_DECIMALS))
    step = 10 ** (decimals - table.decimals)
    before = [int(one) for one in table.quantities[rows].tolist()]
    total = sum(before)
    if len(rows) > 1 and not total:
        raise _no_quantity(place, change, "quantity")
    wanted = to_units(quantity, decimals)
    parts = [wanted] if len(rows) == 1 else in_proportion(before, wanted, total)
    quantities = _put(_as_whole(table.quantities, step), rows, parts)
    return _fewer_decimals(replace(table, quantities=quantities, decimals=decimals))


def _added(table: DriverTable, source: str | None, target: str, quantity: Decimal) -> DriverTable:
    """One more quantity."""
    decimals = max(table.decimals, decimals_of(quantity))
    quantities = _as_whole(table.quantities, 10 ** (decimals - table.decimals))
    last = np.array([len(quantities)])
    return replace(
        table,
        sources=_with(table.sources, source),
        targets=_with(table.targets, target),
        quantities=_put(np.append(quantities, 0), last, [to_units(quantity, decimals)]),
        decimals=decimals,
    )


def _with(column: Column, value: str | None) -> Column:
    values = column.values
    if value is not None and value not in column.index:
        values = (*values, value)
    code = MISSING if value is None else values.index(value)
    return Column(np.append(column.codes, np.int32(code)).astype(np.int32), values)


def _as_whole(quantities: Any, factor: int) -> Any:
    """quantities x factor without overflow: int64 where it fits, else Python integers."""
    if quantities.dtype != object:
        largest = max(int(quantities.max(initial=0)), -int(quantities.min(initial=0)))
        if largest * max(factor, 1) < 2**62:
            return quantities * factor
    return quantities.astype(object) * factor


def _put(quantities: Any, rows: Any, values: Sequence[int]) -> Any:
    """Quantities with new values at some rows, as Python integers where they need to be."""
    fits = quantities.dtype != object and all(abs(value) < 2**62 for value in values)
    changed = quantities.copy() if fits else quantities.astype(object)
    changed[rows] = values if fits else np.array(values, dtype=object)
    return changed


def _fewer_decimals(table: DriverTable) -> DriverTable:
    quantities, decimals = table.quantities, table.decimals
    while decimals > 0 and bool((quantities % 10 == 0).all()):
        quantities, decimals = quantities // 10, decimals - 1
    return replace(table, quantities=quantities, decimals=decimals)


def in_proportion(parts: Sequence[int], numerator: int, denominator: int) -> list[int]:
    """Whole numbers for parts x numerator / denominator that add up to their sum, rounded once.

    Floors first, then one more for the largest fractions, ties to the earlier part.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    pairs = [divmod(part * numerator, denominator) for part in parts]
    units = [floor for floor, _ in pairs]
    spare = round_ratio(sum(parts) * numerator, denominator) - sum(units)
    if spare:
        order = sorted(range(len(pairs)), key=lambda row: (-pairs[row][1], row))
        for row in order[:spare]:
            units[row] += 1
    return units


def changed_pools(changes: Sequence[Change]) -> list[tuple[int, PoolChange]]:
    """The changes of pools, each with its place among all changes."""
    return [(at, change) for at, change in enumerate(changes) if isinstance(change, PoolChange)]


def unknown_code(place: int, name: str, message: str) -> RuleBroken:
    """The refusal of a change that names what the run does not have."""
    errors = [FieldError(f"/changes/{place}/{name}", "unknown_code", message)]
    return RuleBroken(message, code="unknown_code", errors=errors)


def _no_quantity(place: int, change: DriverChange, name: str) -> RuleBroken:
    where = f" for {change.target}" if change.target else ""
    message = f"{change.driver} has no quantity{where} that could be changed"
    errors = [FieldError(f"/changes/{place}/{name}", "no_quantity", message)]
    return RuleBroken(message, code="no_quantity", errors=errors)
