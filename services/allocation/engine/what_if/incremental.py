"""A finished run kept warm: after changes only what lies downstream of them is moved again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.layers import Sources
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.prices import PriceBook, refuse_missing_prices
from services.allocation.engine.flows.unknown import find_unknown_codes
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.lines.classification import segment_keys
from services.allocation.engine.lines.conversion import currency_rates
from services.allocation.engine.model import STAGES, DriverTable, MappingSpec, RunInput
from services.allocation.engine.result import Balances, RunResult
from services.allocation.engine.rules.order import leaving
from services.allocation.engine.same_layer.settling import GrossTooLarge
from services.allocation.engine.what_if.changes import (
    Change,
    change_drivers,
    change_mappings,
    changed_pools,
)
from services.allocation.engine.what_if.incremental_leg import (
    Rules,
    WarmLeg,
    move_again,
    wanted_by,
    warm_leg,
)
from services.allocation.engine.what_if.incremental_stage import WarmStage
from services.allocation.engine.what_if.incremental_sums import (
    Sums,
    changed_segments,
    segment_sources,
    touched_by_own,
)
from services.allocation.engine.what_if.known_outcomes import MoreUnknownCodes
from services.allocation.engine.what_if.simulation import Effect, effect_of, simulate_whole

LAYERS = ("pool", "resource", "solution")
BYTES_PER_OBJECT, BYTES_PER_GROUP, BYTES_PER_CODE = 4_000, 1_000, 120


@dataclass(frozen=True)
class Changed:
    """The changes of one simulation, worked out: the input afterwards and what differs.

    `codes` are mappings that may do something else now; `specs` those that are themselves other
    ones, as they were and as they are.
    """

    taken: RunInput
    codes: frozenset[str]
    specs: Sequence[MappingSpec]
    unknown: UnknownCodes


class WarmRun:
    """A finished run with its input, ready for changes; everything slow is done once."""

    def __init__(self, taken: RunInput, result: RunResult) -> None:
        self.taken, self.result = taken, result
        self._prices = PriceBook(currency_rates(taken), result.precision["cost"])

    @property
    def size_in_bytes(self) -> int:
        """About how much memory this takes, with the run itself; makes everything ready."""
        held = [array for one in self.legs.values() for array in one.arrays()]
        held += [self.sums.moved, self.sums.reached, self.sums.retained]
        return sum(array.nbytes for array in held) + size_of_input(self.taken)

    @cached_property
    def unknown(self) -> UnknownCodes:
        """The codes that lead nowhere in this run."""
        return find_unknown_codes(self.taken, self.result.numbering, self.result.segments)

    @cached_property
    def legs(self) -> dict[str, WarmLeg]:
        """What leaves each layer for later ones."""
        numbering = self.result.numbering
        tables = {layer: numbering.layers[layer].table for layer in LAYERS[1:]}
        tables["pool"] = self.result.segments.table
        nothing = Changed(self.taken, frozenset(), (), self.unknown)
        return {
            leg.layer: warm_leg(leg, tables[leg.layer], numbering, self._rules(leg.layer, nothing))
            for leg in self.result.legs
            if not leg.within
        }

    @cached_property
    def stages(self) -> dict[str, WarmStage]:
        """The layers that may have a same-layer stage."""
        touched = self.own_touched | (self.sums.reached > 0)
        return {
            layer: WarmStage(self.taken, self.result, self.unknown, layer, self.sums, touched)
            for layer in LAYERS[1:]
        }

    @cached_property
    def segments(self) -> Sources:
        """What each segment held."""
        return segment_sources(self.result, self.taken.own_amounts)

    @cached_property
    def own_touched(self) -> NDArray[np.bool_]:
        """Which objects any amount of their own came to, per measure."""
        return touched_by_own(self.result, self.taken.own_amounts)

    @cached_property
    def sums(self) -> Sums:
        """The run's own sums; what consumers have is not counted as retained here."""
        balances, known = self.result.balances, self.result.numbering.count
        consumers = self.result.numbering.layers["consumer"]
        retained = balances.retained.copy()
        retained[:, consumers.first : consumers.first + len(consumers)] = 0
        moved = np.stack([balances.received, balances.passed_on])
        counted = Sums(balances.own, np.zeros_like(moved), np.zeros_like(retained), retained)
        for warm in self.legs.values():
            counted.book(warm.leg, np.arange(len(warm.leg.source)), known, 1)
        return Sums(balances.own, moved, counted.reached, retained)

    def simulate(
        self, changes: Sequence[Change], more: Mapping[str, DriverTable] | None = None
    ) -> Effect:
        """The effect of the changes; exactly that of a whole run with them.

        `more` are drivers that only changed mappings use. Raises RuleBroken `unknown_code`,
        `no_quantity`, `amount_too_large`, `missing_rate`, `closed_loop`, `near_singular`.
        """
        taken = self.taken
        if more:
            taken = replace(taken, drivers={**taken.drivers, **more})
        try:
            sums = self._moved_again(taken, changes)
        except GrossTooLarge:
            sums = None
        if sums is None:
            return simulate_whole(taken, self.result, changes)
        return effect_of(self.result.numbering, self.result.balances, self._balances(sums))

    def _moved_again(self, taken: RunInput, changes: Sequence[Change]) -> Sums | None:
        """The sums after the changes; None where the lines must be told apart in another way."""
        changed = self._changed(taken, changes)
        if self._tells_lines_apart(changed):
            return None
        sums, segments = self.sums.copy(), self.segments
        if changed_pools(changes):
            found = changed_segments(taken, self.result, sums, changes)
            if found is None:
                return None
            segments = found
        self._replace(sums, "pool", changed, segments, self.segments)
        for layer, stage in self.stages.items():
            touched = self.own_touched | (sums.reached > 0)
            sources = stage.after(sums, touched, changed.taken, changed.unknown, changed.codes)
            self._replace(sums, layer, changed, sources, stage.before)
        return sums

    def _changed(self, taken: RunInput, changes: Sequence[Change]) -> Changed:
        before = {spec.code: spec for spec in taken.mappings}
        mappings = change_mappings(taken.mappings, changes)
        after = {spec.code: spec for spec in mappings}
        taken = replace(taken, mappings=mappings)
        drivers = change_drivers(taken, self.result.numbering, changes)
        taken = replace(taken, drivers={**taken.drivers, **drivers})
        other = {code for code in before | after if before.get(code) != after.get(code)}
        codes = other | {spec.code for spec in mappings if self._uses(spec, drivers)}
        specs = [found[code] for found in (before, after) for code in other if code in found]
        if specs:
            refuse_missing_prices(taken, self._prices.rates)
        concerned = [spec for spec in mappings if spec.code in codes]
        some = replace(taken, mappings=concerned)
        found = find_unknown_codes(some, self.result.numbering, self.result.segments)
        unknown = MoreUnknownCodes(self.unknown, found.codes)
        return Changed(taken, frozenset(codes), specs, unknown)

    def _uses(self, spec: MappingSpec, drivers: Collection[str]) -> bool:
        if spec.driver in drivers or spec.capacity_driver in drivers:
            return True
        objects = self.result.numbering.objects
        return spec.method == "capacity" and any(one.capacity_driver in drivers for one in objects)

    def _tells_lines_apart(self, changed: Changed) -> bool:
        """Whether the mappings tell the lines apart in another way than the run did."""
        layers = {STAGES[spec.stage][0] for spec in changed.specs}
        if "line" in layers:
            return True
        period = self.taken.period
        return "pool" in layers and (
            segment_keys(self.taken.mappings, period)
            != segment_keys(changed.taken.mappings, period)
        )

    def _rules(self, layer: str, changed: Changed) -> Rules:
        """The rules by which money leaves a layer."""
        taken = changed.taken
        mappings = leaving(layer, taken.mappings, taken.period)
        return Rules(mappings, taken.drivers, changed.unknown, self._prices)

    def _replace(
        self, sums: Sums, layer: str, changed: Changed, sources: Sources, before: Sources
    ) -> None:
        """Take out what the sources that differ moved, and put in what they move now."""
        warm, known = self.legs[layer], self.result.numbering.count
        rules = self._rules(layer, changed)
        chosen = np.flatnonzero(_differing(warm.leg, rules, changed.codes, sources, before))
        if not len(chosen):
            return
        now = move_again(warm, self.result.numbering, rules, sources, chosen, changed.codes)
        sums.book(warm.leg, warm.rows_of(chosen), known, -1)
        sums.retain(warm.leg, chosen, -1)
        sums.book(now, np.arange(len(now.source)), known, 1)
        sums.retain(now, np.arange(len(chosen)), 1)

    def _balances(self, sums: Sums) -> Balances:
        """The sums as balances: what is neither passed on nor retained is unallocated."""
        received, passed_on = sums.moved
        holding = sums.own + received
        retained = sums.retained.copy()
        consumers = self.result.numbering.layers["consumer"]
        stretch = slice(consumers.first, consumers.first + len(consumers))
        retained[:, stretch] = holding[:, stretch]
        unallocated = holding - passed_on - retained
        touched = self.own_touched | (sums.reached > 0)
        return Balances(sums.own, received, passed_on, retained, unallocated, touched)


def _differing(
    leg: Leg, rules: Rules, codes: Collection[str], sources: Sources, before: Sources
) -> NDArray[np.bool_]:
    """The sources with other amounts or rules; of one object all, where bounds join them."""
    concerned = [spec for spec in (*leg.mappings, *rules.mappings) if spec.code in codes]
    found = wanted_by(concerned, sources.table)
    if sources is not before:
        found |= (sources.amounts != before.amounts).any(axis=0)
        found |= sources.has_cost != before.has_cost
    if rules.bounded and found.any():
        found |= np.isin(sources.object_of, sources.object_of[found])
    return found


def size_of_input(taken: RunInput) -> int:
    """About how much memory a run's input takes."""
    drivers = sum(_size_of_driver(table) for table in taken.drivers.values())
    objects = BYTES_PER_OBJECT * len(taken.objects)
    return drivers + objects + BYTES_PER_GROUP * len(taken.groups)


def _size_of_driver(table: DriverTable) -> int:
    columns = (table.sources, table.targets)
    codes = sum(column.codes.nbytes for column in columns)
    texts = BYTES_PER_CODE * sum(len(column.values) for column in columns)
    return int(table.quantities.nbytes) + codes + texts
