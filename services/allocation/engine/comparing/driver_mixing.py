"""Driver quantities with the totals of one run and the shares of another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import MISSING, Column
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    DriverTable,
    Int64s,
    MappingSpec,
    RunInput,
)
from shared.money import round_ratio

BY_SHARES, BY_QUANTITIES = "\x1fshares", "\x1fquantities"
"""What a mapping takes of a driver: how its total is divided, or how much each target has."""


@dataclass(frozen=True)
class DriverUses:
    """Which drivers are weights only, which count as quantities, which say a capacity."""

    by_shares: frozenset[str]
    by_quantities: frozenset[str]
    as_capacity: frozenset[str]


def driver_uses(sides: Iterable[RunInput]) -> DriverUses:
    """How the mappings of both runs use their drivers."""
    specs = [spec for side in sides for spec in side.mappings]
    objects = [one.capacity_driver for side in sides for one in side.objects]
    return DriverUses(
        frozenset(spec.driver for spec in specs if spec.driver and not _counts(spec)),
        frozenset(spec.driver for spec in specs if spec.driver and _counts(spec)),
        frozenset(code for code in (*objects, *(one.capacity_driver for one in specs)) if code),
    )


def _counts(spec: MappingSpec) -> bool:
    """Whether the mapping takes its driver's quantities as they are, not as weights only."""
    return spec.method in {"rate", "capacity"}


def with_named_uses(mappings: Sequence[MappingSpec]) -> list[MappingSpec]:
    """The mappings with drivers named by what they take of them, as `mixed_drivers` gives them."""
    return [
        replace(spec, driver=spec.driver + (BY_QUANTITIES if _counts(spec) else BY_SHARES))
        if spec.driver
        else spec
        for spec in mappings
    ]


def mixed_drivers(
    uses: DriverUses, volume: Mapping[str, DriverTable], mix: Mapping[str, DriverTable]
) -> dict[str, DriverTable]:
    """Every driver with the totals of `volume` and the shares of `mix`, once per use.

    A capacity is a total of its own. Where either has no total there are no shares to mix: the
    quantities are those of `volume`.
    """
    found: dict[str, DriverTable | None] = {code: volume.get(code) for code in uses.as_capacity}
    for code in uses.by_shares:
        found[code + BY_SHARES] = _mixed(volume.get(code), mix.get(code))
    for code in uses.by_quantities:
        mixed = _mixed(volume.get(code), mix.get(code), to_totals=True)
        found[code + BY_QUANTITIES] = mixed
    return {code: replace(table, code=code) for code, table in found.items() if table is not None}


def same_drivers(one: Mapping[str, DriverTable], other: Mapping[str, DriverTable]) -> bool:
    """Whether two mixtures would move the same money: shares count only in proportion."""
    return one.keys() == other.keys() and all(
        _same(table, other[code], in_proportion=code.endswith(BY_SHARES))
        for code, table in one.items()
    )


def _same(one: DriverTable, other: DriverTable, *, in_proportion: bool) -> bool:
    if one.quantities is other.quantities:
        return True
    first, second = _ordered(one), _ordered(other)
    if first.labels != second.labels or not np.array_equal(first.places, second.places):
        return False
    decimals = max(one.decimals, other.decimals)
    before, after = first.quantities, second.quantities
    if one.decimals != other.decimals:
        before = before.astype(object) * 10 ** (decimals - one.decimals)
        after = after.astype(object) * 10 ** (decimals - other.decimals)
    if np.array_equal(before, after):
        return True
    return in_proportion and _proportional(
        first.places[0], before.astype(object), after.astype(object)
    )


@dataclass(frozen=True)
class _Ordered:
    """A table's rows in order of source and target, and what their places mean."""

    labels: tuple[tuple[str, ...], ...]
    places: NDArray[np.int32]
    quantities: NDArray[Any]


def _ordered(table: DriverTable) -> _Ordered:
    columns = [table.sources.in_order_of_values(), table.targets.in_order_of_values()]
    order = np.lexsort((columns[1].codes, columns[0].codes))
    return _Ordered(
        tuple(column.values for column in columns),
        np.stack([column.codes[order] for column in columns]),
        table.quantities[order],
    )


def _proportional(
    sources: NDArray[np.int32], before: NDArray[np.object_], after: NDArray[np.object_]
) -> bool:
    """Whether every source's quantities are one positive multiple of what they were."""
    begins = np.append(True, sources[1:] != sources[:-1])
    segment = np.cumsum(begins) - 1
    sums = [np.add.reduceat(values, np.flatnonzero(begins)) for values in (before, after)]
    scales = np.asarray(sums[0] * sums[1] > 0, dtype=np.bool_)[segment]
    products = before * sums[1][segment], after * sums[0][segment]
    return bool(np.where(scales, products[0] == products[1], before == after).all())


def _mixed(
    volume: DriverTable | None, mix: DriverTable | None, *, to_totals: bool = False
) -> DriverTable | None:
    if volume is mix or volume is None or mix is None:
        return volume
    totals, shares = _totals(volume), _totals(mix)
    kept = {code for code, total in shares.items() if total and totals.get(code)}
    kept |= {code for code, total in shares.items() if not total and not totals.get(code)}
    table = _joined(_of_sources(mix, kept), _of_sources(volume, set(totals) - kept))
    grown = {code: (totals[code], shares[code]) for code in kept if shares[code]}
    if not to_totals or all(total == share for total, share in grown.values()):
        return table
    return _scaled(table, grown)


def _totals(table: DriverTable) -> dict[str | None, int]:
    """The total per source (None: no particular one), in 10^-18."""
    places = table.sources.codes.astype(np.int64) + 1
    sums = np.zeros(len(table.sources.values) + 1, dtype=object)
    np.add.at(sums, places, table.quantities.astype(object))
    names: tuple[str | None, ...] = (None, *table.sources.values)
    scale = 10 ** (EXACT_DECIMALS - table.decimals)
    return {names[place]: int(sums[place]) * scale for place in np.unique(places).tolist()}


def _of_sources(table: DriverTable, sources: set[str | None]) -> DriverTable:
    """Only the rows of these sources."""
    names: tuple[str | None, ...] = (None, *table.sources.values)
    wanted = np.array([name in sources for name in names], dtype=np.bool_)
    rows = wanted[table.sources.codes.astype(np.int64) + 1]
    if rows.all():
        return table
    return replace(
        table,
        sources=table.sources.take(rows),
        targets=table.targets.take(rows),
        quantities=table.quantities[rows],
    )


def _joined(one: DriverTable, other: DriverTable) -> DriverTable:
    """The rows of both; their sources do not overlap."""
    if not len(other):
        return one
    if not len(one):
        return other
    decimals = max(one.decimals, other.decimals)
    texts = [
        Column.of([*getattr(one, name).texts(), *getattr(other, name).texts()])
        for name in ("sources", "targets")
    ]
    whole = [_at(table, decimals) for table in (one, other)]
    return replace(
        one,
        sources=texts[0],
        targets=texts[1],
        quantities=_fitted(np.concatenate(whole)),
        decimals=decimals,
    )


def _at(table: DriverTable, decimals: int) -> NDArray[np.object_]:
    return np.asarray(table.quantities.astype(object) * 10 ** (decimals - table.decimals))


def _scaled(table: DriverTable, grown: Mapping[str | None, tuple[int, int]]) -> DriverTable:
    """Each source's quantities times total / share, to 18 decimals."""
    values = table.sources.values
    quantities = _at(table, EXACT_DECIMALS)
    for row, code in enumerate(table.sources.codes.tolist()):
        total, share = grown.get(None if code == MISSING else values[code], (1, 1))
        if total != share:
            sign = -1 if share < 0 else 1
            quantities[row] = round_ratio(sign * int(quantities[row]) * total, abs(share))
    return replace(table, quantities=_fitted(quantities), decimals=EXACT_DECIMALS)


def _fitted(quantities: NDArray[Any]) -> NDArray[np.object_] | Int64s:
    """As int64 where all of them fit."""
    fits = all(abs(int(one)) < 2**62 for one in quantities)
    return quantities.astype(np.int64) if fits else quantities
