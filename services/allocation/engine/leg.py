"""One leg of a run: everything that leaves one layer for later ones, mapping by mapping."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Finding, Int32s, Int64s, MappingSpec
from services.allocation.engine.order import AmbiguityWatch, skip_length
from services.allocation.engine.outcomes import (
    LEAVE_TO_NEXT,
    RETAIN,
    Resolver,
    because,
    reason_of,
)
from services.allocation.engine.patterns import Patterns
from services.allocation.engine.selectors import parse_selector
from services.allocation.engine.split import Rows, split, split_big
from shared.money import decimals_of, to_units

STAND_IN = 2**40
"""What a source without net amount is split as, so that a trace knows its proportions."""


@dataclass(frozen=True)
class Kept:
    """Amounts that stay on their sources: rows of (source, mapping or -1, reason) and amounts."""

    source: Int32s
    mapping: Int32s
    reason: str
    unknown: int
    amounts: Int64s


@dataclass(frozen=True)
class Leg:
    """What left one layer.

    Row i sends `moved[measure, i]` of `source[i]` by `mapping[i]` along `pattern[i]`; its parts
    begin at `rows.outs[i]` in `parts[measure, edge]`. The rows of `shape_row` have stand-in parts
    in `shape_parts`, in the same way along `shape_rows`. `holding`, `retained`, `unallocated`
    are per measure and source; their last line is the stand-in's.
    """

    layer: str
    mappings: Sequence[MappingSpec]
    object_of: Int32s
    holding: Int64s
    retained: Int64s
    unallocated: Int64s
    patterns: Patterns
    source: Int32s
    mapping: Int32s
    pattern: Int32s
    rows: Rows
    parts: Int64s
    shape_row: Int64s
    shape_rows: Rows
    shape_parts: Int64s

    @property
    def edge_targets(self) -> Int32s:
        """The target of every edge of `parts`."""
        return self.patterns.targets[edge_places(self.rows)]


def edge_places(rows: Rows) -> Int64s:
    """For every edge of the result, its place in the patterns' arrays."""
    if not rows.edge_count:
        return np.empty(0, dtype=np.int64)
    starts = np.repeat(rows.firsts - rows.outs, rows.widths)
    return starts + np.arange(rows.edge_count, dtype=np.int64)


class Waterfall:
    """Lets the mappings of a layer take their portions, one after the other."""

    def __init__(self, resolver: Resolver, amounts: Int64s, mappings: Sequence[MappingSpec]):
        self.resolver = resolver
        self.mappings = mappings
        self.left = amounts.copy()
        self.is_open = np.asarray((amounts != 0).any(axis=0), dtype=np.bool_)
        self.watch = AmbiguityWatch(amounts.shape[1])
        self.matched_nothing: list[MappingSpec] = []
        self._sources: list[Int64s] = []
        self._outcomes: list[Int32s] = []
        self._places: list[Int32s] = []
        self._moved: list[Int64s] = []

    def apply(self) -> None:
        """Apply every mapping in order; what is left afterwards has no mapping."""
        at_rank_start, rank = self.is_open.copy(), (0, 0)
        for place, spec in enumerate(self.mappings):
            if (spec.priority, skip_length(spec)) != rank:
                at_rank_start, rank = self.is_open.copy(), (spec.priority, skip_length(spec))
            matched = parse_selector(spec.source).mask(self.resolver.sources)
            self.watch.see(spec, matched & at_rank_start)
            if not (matched & at_rank_start).any():
                self.matched_nothing.append(spec)
            rows = np.flatnonzero(matched & self.is_open)
            if len(rows):
                self._take(place, spec, rows)

    def _take(self, place: int, spec: MappingSpec, rows: Int64s) -> None:
        outcomes = self.resolver.outcomes(spec, rows)
        taking = outcomes != LEAVE_TO_NEXT
        rows, outcomes = rows[taking], outcomes[taking]
        if spec.portion == 100:
            moved = self.left[:, rows]
            self.left[:, rows] = 0
            self.is_open[rows] = False
        else:
            moved = self._portion(spec, rows)
            self.left[:, rows] -= moved
        self._sources.append(rows)
        self._outcomes.append(outcomes)
        self._places.append(np.full(len(rows), place, dtype=np.int32))
        self._moved.append(moved)

    def _portion(self, spec: MappingSpec, rows: Int64s) -> Int64s:
        """The mapping's portion of what is left, as a split of two: portion and rest."""
        decimals = decimals_of(spec.portion)
        taken = to_units(spec.portion, decimals)
        weights = np.array([taken, 100 * 10**decimals - taken], dtype=np.int64)
        zeros = np.zeros(len(rows), dtype=np.int64)
        parts = split(self.left[:, rows], Rows.sharing(zeros, zeros + 2), weights)
        return parts[:, 0::2]

    def rows(self) -> tuple[Int32s, Int32s, Int32s, Int64s]:
        """Everything taken: source, mapping's place, outcome, amounts[measure, row]."""
        if not self._sources:
            none = np.empty(0, dtype=np.int32)
            return none, none, none, np.empty((self.left.shape[0], 0), dtype=np.int64)
        sources = np.concatenate(self._sources).astype(np.int32)
        places, outcomes = np.concatenate(self._places), np.concatenate(self._outcomes)
        return sources, places, outcomes, np.concatenate(self._moved, axis=1)


def run_leg(
    layer: str, resolver: Resolver, amounts: Int64s, mappings: Sequence[MappingSpec]
) -> tuple[Leg, list[Kept], list[Finding]]:
    """Move what the sources of a layer hold; `amounts` ends with the line of stand-ins.

    Gives the flows, the amounts that stay unallocated (retained ones are in the leg) and findings.
    """
    fall = Waterfall(resolver, amounts, mappings)
    fall.apply()
    source, place, outcome, moved = fall.rows()
    patterns = resolver.store.finish()
    flowing = outcome >= 0
    leg = _flows(layer, resolver, patterns, mappings, amounts)
    leg = _with_rows(leg, source[flowing], place[flowing], outcome[flowing], moved[:, flowing])
    kept = _kept(source, place, outcome, moved, fall.left)
    kept += _to_unknown(leg, resolver.unknown.first)
    for one in kept:
        add_at(leg.unallocated, one.source, one.amounts)
    retained = outcome == RETAIN
    add_at(leg.retained, source[retained], moved[:, retained])
    return leg, kept, [*fall.watch.findings, *_matched_nothing(fall)]


def add_at(totals: Int64s, places: Int32s, amounts: Int64s) -> None:
    """Add amounts[line, i] to totals[line, places[i]]; places may repeat."""
    for line in range(len(totals)):
        np.add.at(totals[line], places, amounts[line])


def _flows(
    layer: str,
    resolver: Resolver,
    patterns: Patterns,
    mappings: Sequence[MappingSpec],
    amounts: Int64s,
) -> Leg:
    """A leg without rows."""
    none32, none64 = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    no_rows = Rows(none64, none64, none64, 0)
    no_parts = np.empty((amounts.shape[0] - 1, 0), dtype=np.int64)
    return Leg(
        layer=layer,
        mappings=mappings,
        object_of=resolver.object_of,
        holding=amounts,
        retained=np.zeros_like(amounts),
        unallocated=np.zeros_like(amounts),
        patterns=patterns,
        source=none32,
        mapping=none32,
        pattern=none32,
        rows=no_rows,
        parts=no_parts,
        shape_row=none64,
        shape_rows=no_rows,
        shape_parts=no_parts[:1],
    )


def _with_rows(leg: Leg, source: Int32s, place: Int32s, pattern: Int32s, moved: Int64s) -> Leg:
    """The leg with its rows split over their patterns."""
    firsts = leg.patterns.firsts[pattern]
    rows = Rows.sharing(firsts, leg.patterns.firsts[pattern + 1])
    parts = split(moved[:-1], rows, leg.patterns.weights)
    shape_row = np.flatnonzero(moved[-1])
    shape_rows = Rows.sharing(rows.firsts[shape_row], rows.lasts[shape_row])
    shape_parts = split(moved[-1:, shape_row], shape_rows, leg.patterns.weights)
    _split_big(leg.patterns, pattern, moved[:-1], rows, parts)
    _split_big(leg.patterns, pattern[shape_row], moved[-1:, shape_row], shape_rows, shape_parts)
    return Leg(
        **{
            **leg.__dict__,
            "source": source,
            "mapping": place,
            "pattern": pattern,
            "rows": rows,
            "parts": parts,
            "shape_row": shape_row,
            "shape_rows": shape_rows,
            "shape_parts": shape_parts,
        }
    )


def _split_big(
    patterns: Patterns, pattern: NDArray[np.int32], moved: Int64s, rows: Rows, parts: Int64s
) -> None:
    """Split again, in Python integers, the rows whose weights do not fit into 62 bits."""
    if not patterns.big:
        return
    for row in np.flatnonzero(np.isin(pattern, list(patterns.big))).tolist():
        weights = patterns.big[int(pattern[row])]
        out = int(rows.outs[row])
        for measure in range(moved.shape[0]):
            exact = split_big(int(moved[measure, row]), weights)
            parts[measure, out : out + len(weights)] = exact


def _kept(
    source: Int32s, place: Int32s, outcome: Int32s, moved: Int64s, left: Int64s
) -> list[Kept]:
    """What mappings could not move, by reason, and what no mapping wanted."""
    kept = []
    for code in sorted(set(outcome[outcome <= because("no_mapping")].tolist()), reverse=True):
        rows = outcome == code
        kept.append(Kept(source[rows], place[rows], reason_of(code), -1, moved[:, rows]))
    rest = np.flatnonzero((left != 0).any(axis=0)).astype(np.int32)
    nobody = np.full(len(rest), -1, dtype=np.int32)
    return [*kept, Kept(rest, nobody, "no_mapping", -1, left[:, rest])]


def _to_unknown(leg: Leg, first_unknown: int) -> list[Kept]:
    """The parts that would have gone to codes which no layer has stay on their sources."""
    strange = leg.patterns.targets >= first_unknown
    if not strange.any():
        return []
    parts = np.zeros((leg.holding.shape[0], leg.rows.edge_count), dtype=np.int64)
    parts[:-1] = leg.parts
    shape_starts = np.repeat(
        leg.rows.outs[leg.shape_row] - leg.shape_rows.outs, leg.shape_rows.widths
    )
    parts[-1, shape_starts + np.arange(leg.shape_rows.edge_count)] = leg.shape_parts[0]
    places = edge_places(leg.rows)
    edges = np.flatnonzero(strange[places])
    rows = np.repeat(np.arange(len(leg.source)), leg.rows.widths)[edges]
    targets = leg.patterns.targets[places[edges]]
    return [
        Kept(
            leg.source[rows[mine]],
            leg.mapping[rows[mine]],
            "unknown_target",
            int(target),
            parts[:, edges[mine]],
        )
        for target in np.unique(targets).tolist()
        for mine in [np.flatnonzero(targets == target)]
    ]


def _matched_nothing(fall: Waterfall) -> list[Finding]:
    return [
        Finding(
            code="mapping_matched_nothing",
            stage=spec.stage,
            mapping=spec.code,
            message=f"{spec.code} found nothing to move",
        )
        for spec in fall.matched_nothing
    ]
