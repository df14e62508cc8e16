"""What a mapping would do with what it catches: move it, retain it, keep it for a reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.allocation.engine.columns import Mask, Table
from services.allocation.engine.flows.outcomes import (
    HOLD,
    LEAVE_TO_NEXT,
    RETAIN,
    Resolver,
    reason_of,
)
from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.flows.unknown import find_unknown_codes
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.lines.classification import (
    NO_MAPPING,
    OUT_OF_SCOPE,
    UNKNOWN_TARGET,
    Segments,
    classify,
)
from services.allocation.engine.model import (
    STAGES,
    DriverTable,
    Int32s,
    Int64s,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    RunInput,
    StageSetting,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.order import within
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.same_layer.narrowing import (
    SameLayerResolver,
    closing_places,
    stage_sources,
)
from shared.periods import covers

MAX_CODES = 100
NAMES = {LEAVE_TO_NEXT: "left_to_next", RETAIN: "retained", HOLD: "stays"}
OF_LINES = {NO_MAPPING: "left_to_next", OUT_OF_SCOPE: "out_of_scope"}
MOVES, NOWHERE = "moves", "unknown_target"


@dataclass(frozen=True)
class Judged:
    """Per source row what would happen to it, None where the mapping does not want it.

    `unknown` are codes that money would be sent to although the layer has none of them.
    """

    outcomes: Sequence[str | None]
    unknown: Sequence[str]

    def by_outcome(self) -> Iterator[tuple[str, Mask]]:
        """Each outcome with its rows: first what moves, then the others by name."""
        found = {name for name in self.outcomes if name is not None}
        for name in sorted(found, key=lambda name: (name != MOVES, name)):
            yield name, np.array([one == name for one in self.outcomes], dtype=np.bool_)


@dataclass(frozen=True)
class Tried:
    """A mapping beside those of a version, over the facts of a period."""

    spec: MappingSpec
    version: Sequence[MappingSpec]
    objects: Sequence[ObjectSpec]
    numbering: Numbering
    drivers: Mapping[str, DriverTable]
    stages: Mapping[str, StageSetting]
    groups: LineGroups
    period: str

    @property
    def _wants(self) -> bool:
        return covers(self.spec.valid_from, self.spec.valid_to, self.period)

    def of_lines(self) -> Judged:
        """What a mapping of line_to_pool would do with each line group."""
        spec, table = self.spec, Table(len(self.groups), self.groups.columns)
        pools = classify(self.groups, self.numbering, [spec], self.period).pool
        wanted = parse_selector(spec.source).mask(table) & self._wants
        names = [OF_LINES.get(pool, NOWHERE if pool < 0 else MOVES) for pool in pools.tolist()]
        unknown = pools == UNKNOWN_TARGET
        return Judged(_where(names, wanted), self._named_by(table, unknown & wanted))

    def _named_by(self, table: Table, rows: Mask) -> list[str]:
        key = str(self.spec.target.get("field", ""))
        column = table.column(key)
        if column is None:
            return []
        values = np.unique(column.codes[rows]).tolist()
        return sorted(column.values[code] for code in values if code >= 0)[:MAX_CODES]

    def of_segments(self, segments: Segments) -> Judged:
        """What a mapping that leaves pools would do with each segment."""
        return self._judge(segments.table, segments.pool, segments)

    def of_objects(self) -> Judged:
        """What a mapping that leaves resources or solutions would do with each object."""
        layer = self.numbering.layers[STAGES[self.spec.stage][0]]
        numbers = np.arange(layer.first, layer.first + len(layer), dtype=np.int32)
        nothing = np.empty(0, dtype=np.int32)
        return self._judge(layer.table, numbers, Segments(nothing, nothing, Table(0, {})))

    def _judge(self, table: Table, object_of: Int32s, segments: Segments) -> Judged:
        wanted = parse_selector(self.spec.source).mask(table) & self._wants
        rows = np.flatnonzero(wanted)
        unknown = find_unknown_codes(self._input(), self.numbering, segments)
        resolver = self._resolver(unknown, table, object_of)
        outcomes = resolver.outcomes(self.spec, rows)
        patterns = resolver.store.finish()
        names = {code: self._name(code, patterns) for code in np.unique(outcomes).tolist()}
        judged: list[str | None] = [None] * table.row_count
        for row, outcome in zip(rows.tolist(), outcomes.tolist(), strict=True):
            judged[row] = names[outcome]
        return Judged(judged, _strangers(outcomes, patterns, unknown))

    def _name(self, outcome: int, patterns: Patterns) -> str:
        if outcome in NAMES:
            return NAMES[outcome]
        if outcome < 0:
            return reason_of(outcome)
        stretch = slice(patterns.firsts[outcome], patterns.firsts[outcome + 1])
        return MOVES if (patterns.targets[stretch] < self.numbering.count).any() else NOWHERE

    def _resolver(self, unknown: UnknownCodes, table: Table, object_of: Int32s) -> Resolver:
        given = (self.numbering, self.drivers, unknown, table, object_of)
        source, target = STAGES[self.spec.stage]
        if source != target:
            return Resolver(*given)
        others = [one for one in self.version if one.code != self.spec.code]
        together = within(source, [*others, self.spec], self.period)
        setting = self.stages.get(self.spec.stage, StageSetting())
        members = self.numbering.layers[source]
        is_source = stage_sources(members, together)
        closes_at = closing_places(self.numbering, members, is_source, setting)
        return SameLayerResolver(*given, setting=setting, closes_at=closes_at)

    def _input(self) -> RunInput:
        return RunInput(
            period=self.period,
            currency="",
            minor_digits=0,
            objects=self.objects,
            mappings=[self.spec],
            groups=self.groups,
            drivers=self.drivers,
        )


def _where(names: Sequence[str], wanted: Mask) -> list[str | None]:
    return [
        name if is_wanted else None for name, is_wanted in zip(names, wanted.tolist(), strict=True)
    ]


def _strangers(outcomes: Int32s, patterns: Patterns, unknown: UnknownCodes) -> list[str]:
    """The codes behind targets that lead nowhere, those aside that only keep something back."""
    used: Int64s = np.unique(outcomes[outcomes >= 0])
    found: set[int] = set()
    for number in used.tolist():
        found.update(patterns.targets[patterns.firsts[number] : patterns.firsts[number + 1]])
    last = unknown.first + len(unknown.codes)
    codes = [unknown.code_of(int(one)) for one in found if unknown.first <= one < last]
    return sorted(codes)[:MAX_CODES]
