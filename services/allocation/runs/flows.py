"""Flows of a run between objects, made block by block from its arrays and never all at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.model import STAGES, Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.splitting.split import stretches
from shared.money import from_units

ORDER = tuple(STAGES)
FIRST_EDGES, MOST_EDGES = 5_000, 1_000_000
"""A block has about so many edges: few at first, because a page is short, then more."""


@dataclass(frozen=True)
class FlowRow:
    """What a mapping moved from one object to another, in units."""

    stage: str
    mapping: str
    source: int
    target: int
    units: int
    quantity: Decimal | None


@dataclass(frozen=True)
class FlowFilter:
    """What a list of flows is narrowed to; numbers of objects, None is no restriction."""

    stage: str | None = None
    mapping: str | None = None
    sources: frozenset[int] | None = None
    targets: frozenset[int] | None = None

    def has_source(self, number: int) -> bool:
        """Whether flows of this object are wanted."""
        return self.sources is None or number in self.sources


@dataclass(frozen=True)
class FlowPlace:
    """A place in the order of flows: the stage, the source's number, and which of its flows."""

    stage: int = 0
    source: int = 0
    offset: int = 0


@dataclass(frozen=True)
class FlowBlock:
    """Neighbouring flows of one stage, all flows of each of their sources, as arrays.

    `mapping` is a place in `mappings`; a quantity is weight x 10^-decimals, none below 0 decimals.
    """

    stage: int
    mappings: Sequence[str]
    mapping: Int64s
    source: Int64s
    target: Int64s
    units: Int64s
    weight: Int64s
    decimals: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.units)

    def rows(self, places: Sequence[int]) -> list[FlowRow]:
        """Some of the flows."""
        return [self._row(place) for place in places]

    def _row(self, at: int) -> FlowRow:
        decimals = int(self.decimals[at])
        return FlowRow(
            stage=ORDER[self.stage],
            mapping=self.mappings[int(self.mapping[at])],
            source=int(self.source[at]),
            target=int(self.target[at]),
            units=int(self.units[at]),
            quantity=from_units(int(self.weight[at]), decimals) if decimals >= 0 else None,
        )

    def place_of(self, at: int) -> FlowPlace:
        """Where one of the flows stands in the order of all."""
        source = int(self.source[at])
        return FlowPlace(self.stage, source, at - int(np.searchsorted(self.source, source)))

    def index_of(self, place: FlowPlace) -> int:
        """The first of the flows that does not stand before a place."""
        if place.stage != self.stage:
            return 0
        start = int(np.searchsorted(self.source, place.source))
        end = int(np.searchsorted(self.source, place.source, side="right"))
        return min(start + place.offset, end)


def flow_blocks(
    result: RunResult, measure: int, wanted: FlowFilter, begin: FlowPlace | None = None
) -> Iterator[FlowBlock]:
    """Wanted flows in order of stage, source, target and mapping, from a place on."""
    start = begin or FlowPlace()
    for stage, name in enumerate(ORDER):
        if stage < start.stage or wanted.stage not in {None, name}:
            continue
        first_source = start.source if stage == start.stage else 0
        if name == "line_to_pool":
            block = _line_block(result, wanted) if measure == 0 else None
            if block is not None and len(block):
                yield block
            continue
        for leg in result.legs:
            if any(spec.stage == name for spec in leg.mappings):
                yield from _leg_blocks(result, leg, measure, wanted, stage, first_source)


def _line_block(result: RunResult, wanted: FlowFilter) -> FlowBlock | None:
    """What lines sent to pools; groups of one pool and mapping are one flow."""
    line, classified = result.numbering.line, result.classified
    if not wanted.has_source(line):
        return None
    codes = [spec.code for spec in classified.mappings]
    rows = np.flatnonzero((classified.pool >= 0) & _is_wanted(codes, wanted)[classified.mapping])
    targets = classified.pool[rows].astype(np.int64)
    keep = _among(targets, wanted.targets)
    rows, targets = rows[keep], targets[keep]
    mapping = classified.mapping[rows].astype(np.int64)
    order, heads = _grouped(targets * len(codes) + _ranks(codes)[mapping])
    firsts = order[heads]
    nothing = np.full(len(firsts), -1)
    return FlowBlock(
        stage=ORDER.index("line_to_pool"),
        mappings=codes,
        mapping=mapping[firsts],
        source=np.full(len(firsts), line, dtype=np.int64),
        target=targets[firsts],
        units=_sums(result.group_units[rows][order], heads),
        weight=nothing,
        decimals=nothing.astype(np.int8),
    )


def _leg_blocks(
    result: RunResult, leg: Leg, measure: int, wanted: FlowFilter, stage: int, first_source: int
) -> Iterator[FlowBlock]:
    codes = [spec.code for spec in leg.mappings]
    of_stage = np.array([spec.stage == ORDER[stage] for spec in leg.mappings], dtype=np.bool_)
    objects = leg.object_of[leg.source].astype(np.int64)
    keep = (of_stage & _is_wanted(codes, wanted)[:-1])[leg.mapping] & (objects >= first_source)
    rows = np.flatnonzero(keep & _among(objects, wanted.sources))
    rows = rows[np.argsort(objects[rows], kind="stable")]
    ends = np.cumsum(leg.rows.widths[rows])
    for first, last in _batches(objects[rows], ends):
        block = _block(result, leg, measure, wanted, stage, codes, rows[first:last])
        if len(block):
            yield block


def _block(
    result: RunResult,
    leg: Leg,
    measure: int,
    wanted: FlowFilter,
    stage: int,
    codes: Sequence[str],
    rows: Int64s,
) -> FlowBlock:
    """The flows of some rows of a leg; rows of one source, target and mapping are one flow."""
    widths = leg.rows.widths[rows]
    at = stretches(leg.rows.firsts[rows], widths)
    targets = leg.patterns.targets[at].astype(np.int64)
    edges = np.flatnonzero((targets < result.numbering.count) & _among(targets, wanted.targets))
    row_of = np.repeat(rows, widths)[edges]
    at, targets = at[edges], targets[edges]
    units = leg.parts[measure][stretches(leg.rows.outs[rows], widths)[edges]]
    sources = leg.object_of[leg.source[row_of]].astype(np.int64)
    mapping = leg.mapping[row_of].astype(np.int64)
    pairs = sources * result.numbering.count + targets  # below 2^63 for 10^7 objects
    order, heads = _grouped(pairs * len(codes) + _ranks(codes)[mapping])
    firsts = order[heads]
    return FlowBlock(
        stage=stage,
        mappings=codes,
        mapping=mapping[firsts],
        source=sources[firsts],
        target=targets[firsts],
        units=_sums(units[order], heads),
        weight=leg.patterns.weights[at[firsts]],
        decimals=leg.patterns.decimals[leg.pattern[row_of[firsts]]],
    )


def _batches(sources: Int64s, ends: Int64s) -> Iterator[tuple[int, int]]:
    """Stretches of rows of a bounded number of edges; rows of one source stay together."""
    first, size = 0, FIRST_EDGES
    while first < len(sources):
        done = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, done + size)), first + 1)
        last = int(np.searchsorted(sources, sources[min(last, len(sources)) - 1], side="right"))
        yield first, last
        first, size = last, min(size * 8, MOST_EDGES)


def _is_wanted(codes: Sequence[str], wanted: FlowFilter) -> NDArray[np.bool_]:
    """Per mapping, and at last for none (place -1), whether its flows are wanted."""
    answers = [wanted.mapping in {None, code} for code in codes]
    return np.array([*answers, False], dtype=np.bool_)


def _among(numbers: Int64s, allowed: frozenset[int] | None) -> NDArray[np.bool_]:
    if allowed is None:
        return np.ones(len(numbers), dtype=np.bool_)
    return np.isin(numbers, np.array(sorted(allowed), dtype=np.int64))


def _ranks(codes: Sequence[str]) -> Int64s:
    """The place of each code in the order of codes."""
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[sorted(range(len(codes)), key=codes.__getitem__)] = np.arange(len(codes))
    return ranks


def _grouped(keys: Int64s) -> tuple[Int64s, Int64s]:
    """The order by keys, and where in it new ones begin; most often they are in order already."""
    steps = np.diff(keys)
    order = np.arange(len(keys))
    if not bool((steps >= 0).all()):
        order = np.argsort(keys, kind="stable")
        steps = np.diff(keys[order])
    begins = np.ones(len(keys), dtype=np.bool_)
    begins[1:] = steps != 0
    return order, np.flatnonzero(begins)


def _sums(units: Int64s, heads: Int64s) -> Int64s:
    return np.add.reduceat(units, heads) if len(heads) else units
