"""What one mapping does with each source it matches: a pattern, keep, leave, or why it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Column, Mask, Table
from services.allocation.engine.flows.keeping_back import with_difference, with_idle
from services.allocation.engine.flows.patterns import ESTIMATED, FALLBACK, MEASURED, PatternStore
from services.allocation.engine.flows.weights import DriverWeights, Quantities, UnknownCodes
from services.allocation.engine.lines.classification import UNKNOWN_TARGET, FieldTargets
from services.allocation.engine.model import STAGES, DriverTable, Int32s, Int64s, MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.selectors import Selector
from services.allocation.engine.rules.targets import (
    Chosen,
    Retain,
    Shares,
    ToField,
    ToObject,
    parse_target,
)
from shared.money import decimals_of, to_units

WEIGHED = frozenset(("driver", "rate", "capacity"))
"""Methods whose weights are the quantities of a driver."""
REASONS = (
    "no_mapping",
    "no_driver",
    "zero_weight",
    "negative_weight",
    "unknown_target",
    "capped",
    "floor_unmet",
    "idle",
    "rate_difference",
)
LEAVE_TO_NEXT, RETAIN, HOLD = -1, -2, -3
"""Take nothing; keep as retained; keep as holding that later stages move on."""
FIRST_REASON = -10
NOT_OWN = -1_000


def because(reason: str) -> int:
    """The outcome that keeps money on its source as unallocated for a reason."""
    return FIRST_REASON - REASONS.index(reason)


def reason_of(outcome: int) -> str:
    """The reason behind such an outcome."""
    return REASONS[FIRST_REASON - outcome]


@dataclass
class Resolver:
    """Turns the targets and drivers of a leg's mappings into outcomes per source.

    `sources` is what selectors see; `object_of` gives each source its object's number (the pool of
    a segment). An outcome of zero or more is the number of a pattern.
    """

    numbering: Numbering
    drivers: Mapping[str, DriverTable]
    unknown: UnknownCodes
    sources: Table
    object_of: Int32s
    store: PatternStore = field(default_factory=PatternStore)
    _views: dict[tuple[str, str], DriverWeights] = field(default_factory=dict)

    @cached_property
    def _named_targets(self) -> FieldTargets:
        return FieldTargets(self.sources)

    def outcomes(self, spec: MappingSpec, rows: Int64s) -> Int32s:
        """What the mapping does with each of the source rows."""
        found = self._by_target(spec, rows)
        if spec.method == "capacity":
            return self._with_idle(spec, rows, found)
        if spec.method == "rate":
            return with_difference(self, found, "rate_difference")
        return with_difference(self, found, "capped") if spec.cap else found

    def _with_idle(self, spec: MappingSpec, rows: Int64s, found: Int32s) -> Int32s:
        """Unused capacity stays as idle; without a capacity `on_zero` decides."""
        target = parse_target(spec.target)
        if not isinstance(target, Chosen) or spec.driver not in self.drivers:
            return found
        lacking = self._without_weight(spec, target.selector, "no_driver")
        unused = found == because("zero_weight")
        idle = because("idle")
        judged = np.flatnonzero((found >= 0) | unused)
        found[judged] = with_idle(self, spec, rows[judged], found[judged], lacking, idle)
        return found

    def _by_target(self, spec: MappingSpec, rows: Int64s) -> Int32s:
        target = parse_target(spec.target)
        if isinstance(target, Retain):
            return np.full(len(rows), RETAIN, dtype=np.int32)
        if isinstance(target, ToField):
            return self._by_field(spec, target, rows)
        if isinstance(target, ToObject):
            outcome = self.store.single(self._number(STAGES[spec.stage][1], target.code))
        elif isinstance(target, Shares):
            outcome = self._by_shares(STAGES[spec.stage][1], target)
        elif isinstance(target, Chosen) and spec.method in WEIGHED:
            return self._by_driver(spec, target.selector, rows)
        elif isinstance(target, Chosen):
            outcome = self._evenly(spec, target.selector, FALLBACK, "zero_weight")
        else:
            raise TypeError(f"{spec.code} cannot leave a pool or object")
        return np.full(len(rows), outcome, dtype=np.int32)

    def _number(self, layer: str, code: str) -> int:
        found = self.numbering.number(layer, code)
        return self.unknown.number(code) if found is None else found

    def _by_field(self, spec: MappingSpec, target: ToField, rows: Int64s) -> Int32s:
        """Each source goes where its own field says."""
        column = self.sources.column(target.key)
        layer = self.numbering.layers[STAGES[spec.stage][1]]
        named = self._named_targets.of(target, layer)[rows]
        nothing = LEAVE_TO_NEXT if spec.on_zero == "next" else because("unknown_target")
        outcomes = np.full(len(rows), nothing, dtype=np.int32)
        known = np.flatnonzero(named >= 0)
        outcomes[known] = self._singles(named[known])
        if column is not None:
            strange = np.flatnonzero(named == UNKNOWN_TARGET)
            values, at = np.unique(column.codes[rows[strange]], return_inverse=True)
            texts = [column.values[value] for value in values.tolist()]
            codes = [target.aliases.get(text, text) for text in texts]
            numbers = np.array([self.unknown.number(code) for code in codes], dtype=np.int32)
            outcomes[strange] = self._singles(numbers[at])
        return outcomes

    def _singles(self, targets: Int32s) -> Int32s:
        """Per target the pattern that sends everything there."""
        distinct, at = np.unique(targets, return_inverse=True)
        patterns = [self.store.single(number) for number in distinct.tolist()]
        return np.array(patterns, dtype=np.int32)[at]

    def _by_shares(self, layer: str, target: Shares) -> int:
        decimals = max(decimals_of(share) for share in target.shares.values())
        pairs = sorted(
            (self._number(layer, code), to_units(share, decimals))
            for code, share in target.shares.items()
        )
        numbers, weights = zip(*pairs, strict=True)
        return self.store.add(
            np.array(numbers, dtype=np.int32), np.array(weights, dtype=np.int64), ESTIMATED
        )

    def _evenly(self, spec: MappingSpec, selector: Selector, grade: int, reason: str) -> int:
        """The pattern of equal parts, or what `on_zero` says when there is no target at all."""
        targets = self._chosen(STAGES[spec.stage][1], selector)
        if len(targets):
            return self.store.even(targets, grade)
        return LEAVE_TO_NEXT if spec.on_zero == "next" else because(reason)

    def _chosen(self, layer: str, selector: Selector) -> Int32s:
        """The numbers of the objects that a target means, with named codes that nobody knows."""
        members = self.numbering.layers[layer]
        known = np.flatnonzero(self.numbering.targets(layer, selector)) + members.first
        strangers = [
            self.unknown.number(code)
            for code in selector.names_codes()
            if self.numbering.number(layer, code) is None and selector.keys() == {"code"}
        ]
        return np.append(known, np.array(sorted(strangers), dtype=np.int64)).astype(np.int32)

    def _allowed(self, layer: str, selector: Selector) -> Mask:
        """Per target number whether a driver's quantity for it counts.

        A code that nobody knows counts, unless the selector asks for codes only and not for it.
        """
        allowed = np.zeros(self.unknown.first + len(self.unknown.codes), dtype=np.bool_)
        members = self.numbering.layers[layer]
        stretch = slice(members.first, members.first + len(members))
        allowed[stretch] = self.numbering.targets(layer, selector)
        if selector.keys() == {"code"}:
            allowed[self.unknown.first :] = selector.mask(self._unknown_table())
        else:
            allowed[self.unknown.first :] = True
        return allowed

    def _unknown_table(self) -> Table:
        return Table(len(self.unknown.codes), {"code": Column.of(self.unknown.codes)})

    def _by_driver(self, spec: MappingSpec, selector: Selector, rows: Int64s) -> Int32s:
        layer = STAGES[spec.stage][1]
        table = self.drivers.get(spec.driver or "")
        if table is None or not len(table):
            outcome = self._without_weight(spec, selector, "no_driver")
            return np.full(len(rows), outcome, dtype=np.int32)
        view = self._view(table, layer)
        allowed = self._allowed(layer, selector)
        lacking = self._without_weight(spec, selector, "zero_weight")
        outcomes = np.full(len(rows), lacking, dtype=np.int32)
        objects = self.object_of[rows]
        own = self._own(view, objects)
        if not np.isin(objects, list(own)).all():
            outcomes[:] = self._pattern(spec, view.general.among(allowed), allowed, table, lacking)
        by_object = {
            number: self._pattern(
                spec, view.of_source(code).among(allowed), allowed, table, lacking
            )
            for number, code in own.items()
        }
        if by_object:
            lookup = np.full(self.numbering.count, NOT_OWN, dtype=np.int32)
            lookup[list(by_object)] = list(by_object.values())
            found = lookup[objects]
            outcomes = np.where(found == NOT_OWN, outcomes, found).astype(np.int32)
        return outcomes

    def _own(self, view: DriverWeights, objects: Int32s) -> dict[int, str]:
        """Which of the sources' objects have quantities of their own."""
        codes = view.source_codes
        if not codes:
            return {}
        present = np.unique(objects).tolist()
        named = ((number, self.numbering.objects[number].code) for number in present)
        return {number: code for number, code in named if code in codes}

    def _view(self, table: DriverTable, layer: str) -> DriverWeights:
        key = (table.code, layer)
        if key not in self._views:
            self._views[key] = DriverWeights(table, self.numbering, layer, self.unknown)
        return self._views[key]

    def _pattern(
        self,
        spec: MappingSpec,
        quantities: Quantities,
        allowed: Mask,
        table: DriverTable,
        lacking: int,
    ) -> int:
        if quantities.has_negative:
            return because("negative_weight")
        weighted = quantities.weights()
        if not len(weighted.targets):
            return lacking
        if spec.floor:
            weighted = self._with_floors(spec, quantities, allowed)
        grade = MEASURED if table.basis == "measured" else ESTIMATED
        return self.store.add(weighted.targets, weighted.quantities, grade, table.decimals)

    def _with_floors(self, spec: MappingSpec, quantities: Quantities, allowed: Mask) -> Quantities:
        """All quantities, zeros too, and the targets that a floor names: they get their floor."""
        layer = STAGES[spec.stage][1]
        numbers = (self.numbering.number(layer, code) for code in spec.floor or ())
        named = [number for number in numbers if number is not None and allowed[number]]
        more = np.setdiff1d(np.array(named, dtype=np.int32), quantities.targets)
        targets = np.append(quantities.targets, more)
        weights: NDArray[Any] = np.append(
            quantities.quantities, np.zeros(len(more), dtype=np.int64)
        )
        order = np.argsort(targets, kind="stable")
        return Quantities(targets[order], weights[order])

    def _without_weight(self, spec: MappingSpec, selector: Selector, reason: str) -> int:
        """What `on_zero` says about a source that has no weight."""
        if spec.on_zero == "even":
            return self._evenly(spec, selector, FALLBACK, reason)
        return LEAVE_TO_NEXT if spec.on_zero == "next" else because(reason)
