"""Patterns of methods that keep part of the money back: idle capacity, caps, rates."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.patterns import FALLBACK, PatternStore
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import DriverTable, Int32s, Int64s, MappingSpec
from services.allocation.engine.numbering import Numbering


class Leg(Protocol):
    """What is known of a leg: its objects, drivers, sources and the patterns found so far."""

    numbering: Numbering
    drivers: Mapping[str, DriverTable]
    unknown: UnknownCodes
    object_of: Int32s
    store: PatternStore


def with_difference(leg: Leg, found: Int32s, reason: str) -> Int32s:
    """The same outcomes with an edge for what a rate or a cap will keep back; it has no weight.

    Even parts for lack of weights have no rate, so nothing is kept back of them.
    """
    store, number = leg.store, leg.unknown.kept_back(reason)
    widened = {}
    for pattern in np.unique(found[found >= 0]).tolist():
        if reason == "rate_difference" and store.grade_of(pattern) == FALLBACK:
            widened[pattern] = pattern
        else:
            widened[pattern] = _widened(leg, pattern, number, 0)
    return np.array([widened.get(one, one) for one in found.tolist()], dtype=np.int32)


def _widened(leg: Leg, pattern: int, target: int, weight: int) -> int:
    store = leg.store
    targets = np.append(store.targets_of(pattern), np.int32(target))
    weights = store.weights_of(pattern)
    wide = weights.dtype == object or weight >= 2**61
    kind: Any = object if wide else np.int64
    return store.like(pattern, targets, np.append(weights.astype(kind), np.array([weight], kind)))


def with_idle(
    leg: Leg, spec: MappingSpec, rows: Int64s, found: Int32s, lacking: int, idle: int
) -> Int32s:
    """The outcomes of driver weights, with the unused capacity of each source as an idle edge.

    `lacking` is the outcome without a capacity, `idle` the one where nothing at all is used.
    """
    capacities = _Capacities(leg, spec)
    objects = leg.object_of[rows].tolist()
    made: dict[tuple[int, int], int] = {}
    out = found.copy()
    for row, (number, pattern) in enumerate(zip(objects, found.tolist(), strict=True)):
        if (pattern, number) not in made:
            made[pattern, number] = capacities.outcome(number, pattern, lacking, idle)
        out[row] = made[pattern, number]
    return out


class _Capacities:
    """What each source object could do, and the patterns of what it does of that."""

    def __init__(self, leg: Leg, spec: MappingSpec) -> None:
        self._leg, self._spec = leg, spec
        self._tables: dict[str, dict[str, int]] = {}
        self._patterns: dict[tuple[int, int, int], int] = {}

    def outcome(self, number: int, pattern: int, lacking: int, idle: int) -> int:
        """The pattern with its idle edge; unused or missing capacity has its own outcome."""
        leg = self._leg
        member = leg.numbering.objects[number]
        code = self._spec.capacity_driver or member.capacity_driver or ""
        capacity = self._of(code).get(member.code)
        if capacity is None:
            return lacking
        if pattern < 0:
            return idle if capacity > 0 else pattern
        if leg.store.grade_of(pattern) == FALLBACK:
            return pattern
        decimals = leg.drivers[code].decimals
        key = (pattern, capacity, decimals)
        if key not in self._patterns:
            self._patterns[key] = self._with_capacity(pattern, capacity, decimals)
        return self._patterns[key]

    def _of(self, code: str) -> dict[str, int]:
        if code not in self._tables:
            table = self._leg.drivers.get(code)
            self._tables[code] = {} if table is None else _sums(table)
        return self._tables[code]

    def _with_capacity(self, pattern: int, capacity: int, decimals: int) -> int:
        """Weights in common decimals, and what is left of the capacity as the idle edge."""
        leg, store = self._leg, self._leg.store
        used_decimals = store.decimals_of(pattern)
        common = max(used_decimals, decimals)
        weights = store.weights_of(pattern).astype(object) * 10 ** (common - used_decimals)
        spare = capacity * 10 ** (common - decimals) - int(sum(weights))
        if spare <= 0:
            return pattern
        idle = leg.unknown.kept_back("idle")
        targets = np.append(store.targets_of(pattern), np.int32(idle))
        every = _narrow(np.append(weights, np.array([spare], dtype=object)))
        return store.add(targets, every, store.grade_of(pattern), common)


def _narrow(weights: NDArray[Any]) -> NDArray[Any]:
    return weights if max(weights) >= 2**61 else weights.astype(np.int64)


def _sums(table: DriverTable) -> dict[str, int]:
    """The quantities of a driver per target, whatever their source."""
    sums: dict[str, int] = {}
    for place, quantity in zip(
        table.targets.codes.tolist(), table.quantities.tolist(), strict=True
    ):
        code = table.targets.values[place]
        sums[code] = sums.get(code, 0) + quantity
    return sums
