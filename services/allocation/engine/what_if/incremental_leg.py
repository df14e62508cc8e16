"""One leg of a finished run, kept so that a few of its sources can be moved again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Column, Mask, Table
from services.allocation.engine.flows.bounded import BoundedParts, is_bounded
from services.allocation.engine.flows.layers import Sources
from services.allocation.engine.flows.leg import Leg, make_leg
from services.allocation.engine.flows.patterns import Patterns, PatternStore
from services.allocation.engine.flows.prices import PriceBook
from services.allocation.engine.flows.waterfall import Takings, Waterfall
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import DriverTable, Int32s, Int64s, MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.splitting.split import stretches
from services.allocation.engine.what_if.known_outcomes import (
    GatheredPatterns,
    KnowingResolver,
    KnownOutcomes,
    gather_patterns,
)


class SomeColumns(Mapping[str, Column]):
    """The columns of a table at some of its rows, each taken when a selector first looks at it."""

    def __init__(self, columns: Mapping[str, Column], rows: Int64s) -> None:
        self._columns, self._rows = columns, rows
        self._taken: dict[str, Column] = {}

    def __getitem__(self, key: str) -> Column:
        if key not in self._taken:
            self._taken[key] = self._columns[key].take(self._rows)
        return self._taken[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def some_rows(table: Table, rows: Int64s) -> Table:
    """A table's rows in the order in which they are chosen."""
    columns = SomeColumns(table.columns, rows)
    return Table(len(rows), columns, table.tree, table.positions[rows])


@dataclass(frozen=True)
class Rules:
    """What decides where money goes: mappings in order of application, drivers, prices."""

    mappings: Sequence[MappingSpec]
    drivers: Mapping[str, DriverTable]
    unknown: UnknownCodes
    prices: PriceBook

    @property
    def bounded(self) -> list[MappingSpec]:
        """Mappings whose parts do not follow from weights alone."""
        return [spec for spec in self.mappings if is_bounded(spec)]


@dataclass(frozen=True)
class WarmLeg:
    """A leg with who takes from every source, as if each held something: no amount decides that.

    `patterns` are the leg's own and those that only sources without money would use.
    """

    leg: Leg
    sources: Table
    takings: Takings
    patterns: tuple[Patterns, Patterns]

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Every array that this holds."""
        for held in (self.leg, self.takings, *self.patterns, self.leg.rows, self.leg.shape_rows):
            yield from (one for one in vars(held).values() if isinstance(one, np.ndarray))

    @cached_property
    def known(self) -> KnownOutcomes:
        """Every outcome by mapping and source."""
        takings = self.takings
        return KnownOutcomes(takings.source, takings.place, takings.outcome, self.sources.row_count)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each mapping by its code."""
        return {spec.code: place for place, spec in enumerate(self.leg.mappings)}

    @cached_property
    def _taking_order(self) -> tuple[Int64s, Int64s]:
        return _by_source(self.takings.source, self.sources.row_count)

    @cached_property
    def _row_order(self) -> tuple[Int64s, Int64s]:
        return _by_source(self.leg.source, self.sources.row_count)

    def rows_of(self, chosen: Int64s) -> Int64s:
        """The leg's rows that start at these sources."""
        return _at(self._row_order, chosen)

    def takings_of(self, chosen: Int64s) -> Int64s:
        """The takings of these sources, each source's in their order."""
        return _at(self._taking_order, chosen)


def _by_source(source: Int32s, count: int) -> tuple[Int64s, Int64s]:
    order = np.argsort(source, kind="stable")
    return order, np.searchsorted(source[order], np.arange(count + 1)).astype(np.int64)


def _at(ordered: tuple[Int64s, Int64s], chosen: Int64s) -> Int64s:
    order, starts = ordered
    return order[stretches(starts[chosen], starts[chosen + 1] - starts[chosen])]


def warm_leg(leg: Leg, sources: Table, numbering: Numbering, rules: Rules) -> WarmLeg:
    """Find out who would take from every source; what the leg's rows say is not asked again."""
    count = sources.row_count
    resolver = KnowingResolver(
        numbering,
        rules.drivers,
        rules.unknown,
        sources,
        leg.object_of,
        known=KnownOutcomes(leg.source, leg.mapping, leg.pattern, count),
        places={spec.code: place for place, spec in enumerate(leg.mappings)},
        chosen=np.arange(count),
        first=len(leg.patterns),
    )
    takings = Waterfall(resolver, np.ones(count, dtype=np.bool_), leg.mappings).apply()
    return WarmLeg(leg, sources, takings, (leg.patterns, resolver.store.finish()))


def move_again(
    warm: WarmLeg,
    numbering: Numbering,
    rules: Rules,
    sources: Sources,
    chosen: Int64s,
    changed: Collection[str],
) -> Leg:
    """The leg of the chosen sources alone, with the amounts that they have now.

    `changed` are the codes of mappings that may do something else now than they did in the run.
    """
    bounded = rules.bounded
    afresh = {*changed, *(spec.code for spec in bounded)}
    others = wanted_by(
        [spec for spec in (*warm.leg.mappings, *rules.mappings) if spec.code in afresh],
        warm.sources,
    )
    again = np.flatnonzero(others[chosen])
    same = chosen[~others[chosen]]
    places = np.full(warm.sources.row_count, -1, dtype=np.int32)
    places[chosen] = np.arange(len(chosen))
    kept = warm.takings.at(warm.takings_of(same))
    kept = replace(kept, source=places[kept.source])
    found, store = _decide_again(warm, numbering, rules, chosen[again], afresh)
    found = replace(found, source=again[found.source].astype(np.int32))
    takings = _joined([kept, found])
    held = sources.amounts[:, chosen]
    takings = takings.at(np.flatnonzero((held != 0).any(axis=0)[takings.source]))
    patterns = [*warm.patterns, store.finish()]
    gathered, outcome, used = gather_patterns(patterns, takings.outcome)
    takings = replace(takings, outcome=outcome)
    moved, _ = takings.move(held)
    object_of = warm.leg.object_of[chosen]
    leg = make_leg(warm.leg.layer, rules.mappings, object_of, gathered, held, takings, moved)
    if bounded:
        later = GatheredPatterns(store, used - len(warm.patterns[0]) - len(warm.patterns[1]))
        parts = BoundedParts(
            numbering, rules.unknown, later, rules.prices, sources.has_cost[chosen]
        )
        parts.settle(leg, moved[:, np.flatnonzero(outcome >= 0)])
    return leg


def _decide_again(
    warm: WarmLeg,
    numbering: Numbering,
    rules: Rules,
    chosen: Int64s,
    afresh: Collection[str],
) -> tuple[Takings, PatternStore]:
    """Who takes from some sources; what mappings that are not afresh did is known."""
    resolver = KnowingResolver(
        numbering,
        rules.drivers,
        rules.unknown,
        some_rows(warm.sources, chosen),
        warm.leg.object_of[chosen],
        known=warm.known,
        places={code: place for code, place in warm.places.items() if code not in afresh},
        chosen=chosen,
        first=sum(len(patterns) for patterns in warm.patterns),
    )
    mappings = rules.mappings if len(chosen) else ()
    is_open = np.ones(len(chosen), dtype=np.bool_)
    return Waterfall(resolver, is_open, mappings).apply(), resolver.store


def _joined(takings: Sequence[Takings]) -> Takings:
    columns = [(one.source, one.place, one.outcome, one.rank, one.portion) for one in takings]
    return Takings(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def wanted_by(specs: Sequence[MappingSpec], sources: Table) -> Mask:
    """Which sources any of the mappings means."""
    wanted = np.zeros(sources.row_count, dtype=np.bool_)
    for spec in specs:
        wanted |= parse_selector(spec.source).mask(sources)
    return wanted
