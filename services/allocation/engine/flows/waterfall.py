"""Which mapping takes which portion of whom: priorities first, then the amounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.outcomes import LEAVE_TO_NEXT, Resolver
from services.allocation.engine.model import Finding, Int32s, Int64s, MappingSpec
from services.allocation.engine.rules.order import AmbiguityWatch, skip_length
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.splitting.split import Rows, split
from shared.money import to_units

PORTION_DECIMALS = 12
WHOLE = 100 * 10**PORTION_DECIMALS
"""A portion of 100 per cent, as the whole number that `Takings.portion` holds."""


@dataclass(frozen=True)
class Takings:
    """Who takes: rows of source, mapping, outcome and portion, in the order of application.

    `rank` counts a source's rows: row of rank 0 takes its portion of the whole amount, rank 1 of
    what rank 0 left, and so on. None of it depends on amounts.
    """

    source: Int32s
    place: Int32s
    outcome: Int32s
    rank: Int32s
    portion: Int64s

    def __len__(self) -> int:
        return len(self.source)

    def at(self, rows: Int64s) -> "Takings":
        """Only these rows; all of a source or none."""
        places = (self.source[rows], self.place[rows], self.outcome[rows], self.rank[rows])
        return Takings(*places, self.portion[rows])

    def move(self, amounts: Int64s) -> tuple[Int64s, Int64s]:
        """What each row takes of amounts[line, source], and what is left of them.

        A portion is an exact split of two: the portion and the rest.
        """
        left = amounts.copy()
        moved = np.empty((len(amounts), len(self)), dtype=np.int64)
        for rank in range(int(self.rank.max(initial=-1)) + 1):
            rows = np.flatnonzero(self.rank == rank)
            sources = self.source[rows]
            taken = left[:, sources]
            parts = np.flatnonzero(self.portion[rows] != WHOLE)
            if len(parts):
                taken[:, parts] = _portions(taken[:, parts], self.portion[rows[parts]])
            moved[:, rows] = taken
            left[:, sources] -= taken
        return moved, left


def _portions(amounts: Int64s, portions: Int64s) -> Int64s:
    """The portion of each amount; the larger remainder decides on the unit between it and rest."""
    distinct, at = np.unique(portions, return_inverse=True)
    weights = [_ratio(portion) for portion in distinct.tolist()]
    firsts = at.astype(np.int64) * 2
    flat = np.array(weights, dtype=np.int64).reshape(-1)
    return split(amounts, Rows.sharing(firsts, firsts + 2), flat)[:, 0::2]


def _ratio(portion: int) -> tuple[int, int]:
    shared = gcd(portion, WHOLE)
    return portion // shared, (WHOLE - portion) // shared


class Waterfall:
    """Lets the mappings of a layer take their portions of the open sources, one after the other."""

    def __init__(self, resolver: Resolver, is_open: Mask, mappings: Sequence[MappingSpec]) -> None:
        self.resolver = resolver
        self.mappings = mappings
        self.findings: list[Finding] = []
        self._is_open = is_open.copy()
        self._taken = np.zeros(len(is_open), dtype=np.int32)
        self._rows: list[tuple[Int32s, Int32s, Int32s, Int32s, Int64s]] = []

    def apply(self) -> Takings:
        """Apply every mapping in order; what they leave has no mapping."""
        watch = AmbiguityWatch(len(self._is_open))
        matched_nothing = []
        at_rank_start, rank = self._is_open.copy(), (0, 0)
        for place, spec in enumerate(self.mappings):
            if (spec.priority, skip_length(spec)) != rank:
                at_rank_start, rank = self._is_open.copy(), (spec.priority, skip_length(spec))
            matched = parse_selector(spec.source).mask(self.resolver.sources)
            watch.see(spec, matched & at_rank_start)
            if not (matched & at_rank_start).any():
                matched_nothing.append(_matched_nothing(spec))
            rows = np.flatnonzero(matched & self._is_open)
            if len(rows):
                self._take(place, spec, rows)
        self.findings += [*watch.findings, *matched_nothing]
        return self._takings()

    def _take(self, place: int, spec: MappingSpec, rows: Int64s) -> None:
        outcomes = self.resolver.outcomes(spec, rows)
        taking = outcomes != LEAVE_TO_NEXT
        rows, outcomes = rows[taking], outcomes[taking]
        portion = to_units(spec.portion, PORTION_DECIMALS)
        if portion == WHOLE:
            self._is_open[rows] = False
        places = np.full(len(rows), place, dtype=np.int32)
        portions = np.full(len(rows), portion, dtype=np.int64)
        ranks = self._taken[rows]
        self._rows.append((rows.astype(np.int32), places, outcomes, ranks, portions))
        self._taken[rows] += 1

    def _takings(self) -> Takings:
        if not self._rows:
            none = np.empty(0, dtype=np.int32)
            return Takings(none, none, none, none, np.empty(0, dtype=np.int64))
        return Takings(*(np.concatenate(column) for column in zip(*self._rows, strict=True)))


def _matched_nothing(spec: MappingSpec) -> Finding:
    return Finding(
        code="mapping_matched_nothing",
        stage=spec.stage,
        mapping=spec.code,
        message=f"{spec.code} found nothing to move",
    )
