"""Which pool each line group belongs to, and the segments that the groups merge into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.allocation.engine.columns import MISSING, Column, Mask, Table
from services.allocation.engine.lines.grouping import number_combinations
from services.allocation.engine.model import (
    Finding,
    Int32s,
    Int64s,
    LineGroups,
    MappingSpec,
)
from services.allocation.engine.numbering import Layer, Numbering, field_text
from services.allocation.engine.rules.order import AmbiguityWatch, leaving
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import (
    OutOfScope,
    ToField,
    ToObject,
    line_keys,
    parse_target,
)

NO_MAPPING, OUT_OF_SCOPE, UNKNOWN_TARGET, UNDECIDED = -1, -2, -3, -4


@dataclass(frozen=True)
class Classified:
    """Per group the pool's number or why it has none, and the mapping (its place in `mappings`)."""

    mappings: Sequence[MappingSpec]
    pool: Int32s
    mapping: Int32s
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Segments:
    """Distinct combinations of pool, cost type and the line fields that later rules look at.

    `of_group` is each group's segment, -1 where it has no pool; `table` is what selectors of
    stages leaving the pool see.
    """

    pool: Int32s
    of_group: Int32s
    table: Table

    def __len__(self) -> int:
        return len(self.pool)

    @property
    def pools_with_own(self) -> Int32s:
        """The pools of the last segments, those that hold amounts of the pools' own."""
        return self.pool[int(self.of_group.max(initial=-1)) + 1 :]


class FieldTargets:
    """The objects of a layer that rows name by their fields; each column is looked up once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._plain: dict[tuple[str, str], Int32s] = {}

    def of(self, target: ToField, layer: Layer) -> Int32s:
        """The object that each row names: its number, or UNKNOWN_TARGET.

        A row without the field names nothing: NO_MAPPING.
        """
        column = self._table.column(target.key)
        if column is None:
            return np.full(self._table.row_count, NO_MAPPING, dtype=np.int32)
        key = (target.key, layer.name)
        if key not in self._plain:
            numbers = [layer.numbers.get(value, UNKNOWN_TARGET) for value in column.values]
            self._plain[key] = np.array([*numbers, NO_MAPPING], dtype=np.int32)
        numbers_of = self._plain[key].copy()
        for alias, code in target.aliases.items():
            if alias in column.index:
                numbers_of[column.index[alias]] = layer.numbers.get(code, UNKNOWN_TARGET)
        return np.asarray(numbers_of[column.codes], dtype=np.int32)


def classify(
    groups: LineGroups, numbering: Numbering, mappings: Sequence[MappingSpec], period: str
) -> Classified:
    """Give every group the pool of the first mapping that matches it."""
    table = Table(len(groups), groups.columns)
    ordered = leaving("line", mappings, period)
    pool = np.full(len(groups), UNDECIDED, dtype=np.int32)
    chosen = np.full(len(groups), -1, dtype=np.int32)
    watch = AmbiguityWatch(len(groups))
    named = FieldTargets(table)
    for place, spec in enumerate(ordered):
        matched = parse_selector(spec.source).mask(table)
        watch.see(spec, matched & ((pool == UNDECIDED) | _same_rank(chosen, ordered, place)))
        rows = np.flatnonzero(matched & (pool == UNDECIDED))
        found = _pools(spec, named, rows, numbering)
        taken = found != UNDECIDED
        pool[rows[taken]] = found[taken]
        chosen[rows[taken]] = place
    pool[pool == UNDECIDED] = NO_MAPPING
    return Classified(ordered, pool, chosen, watch.findings)


def _same_rank(chosen: Int32s, ordered: Sequence[MappingSpec], place: int) -> Mask:
    """Groups that a mapping of the same priority has just taken."""
    first = place
    while first > 0 and ordered[first - 1].priority == ordered[place].priority:
        first -= 1
    return chosen >= first if first < place else np.zeros(len(chosen), dtype=np.bool_)


def _pools(spec: MappingSpec, named: FieldTargets, rows: Int64s, numbering: Numbering) -> Int32s:
    """What the mapping decides for the rows that it matched; UNDECIDED leaves one to the next."""
    target = parse_target(spec.target)
    if isinstance(target, OutOfScope):
        return np.full(len(rows), OUT_OF_SCOPE, dtype=np.int32)
    layer = numbering.layers["pool"]
    if isinstance(target, ToObject):
        number = layer.numbers.get(target.code, UNKNOWN_TARGET)
        return np.full(len(rows), number, dtype=np.int32)
    if not isinstance(target, ToField):
        raise TypeError(f"{spec.code} cannot classify lines")
    found = named.of(target, layer)[rows]
    nothing = UNDECIDED if spec.on_zero == "next" else UNKNOWN_TARGET
    return np.where(found == NO_MAPPING, nothing, found).astype(np.int32)


def segment_keys(mappings: Sequence[MappingSpec], period: str) -> list[str]:
    """The line fields by which segments are told apart."""
    keys = {"cost_type"}
    for spec in leaving("pool", mappings, period):
        keys |= line_keys(spec)
    return sorted(keys)


def group_keys(mappings: Sequence[MappingSpec], period: str) -> list[str]:
    """The line fields by which the lines of a period must be grouped for these mappings."""
    keys = set(segment_keys(mappings, period))
    for spec in leaving("line", mappings, period):
        keys |= line_keys(spec)
    return sorted(keys)


def make_segments(
    groups: LineGroups,
    pool: Int32s,
    numbering: Numbering,
    keys: Sequence[str],
    pools_with_own: Int32s,
) -> Segments:
    """Merge the groups that have a pool into segments, numbered in order of pool and values.

    Behind them stands one segment, without line fields, per pool that has amounts of its own.
    """
    rows = np.flatnonzero(pool >= 0)
    columns = {key: groups.columns[key].take(rows) for key in keys if key in groups.columns}
    codes = [pool[rows], *(column.codes for column in columns.values())]
    numbers, heads = number_combinations(codes, len(rows))
    of_group = np.full(len(groups), -1, dtype=np.int32)
    of_group[rows] = numbers
    pools = np.append(pool[rows][heads], pools_with_own).astype(np.int32)
    nothing = np.full(len(pools_with_own), MISSING, dtype=np.int32)
    line_columns = {
        key: Column(np.append(column.codes[heads], nothing).astype(np.int32), column.values)
        for key, column in columns.items()
    }
    return Segments(pools, of_group, _segment_table(pools, line_columns, numbering))


def _segment_table(
    pools: Int32s, line_columns: Mapping[str, Column], numbering: Numbering
) -> Table:
    layer = numbering.layers["pool"]
    columns = {**line_columns, "code": _of_pool(layer, pools, "code")}
    pool_keys = {f"tags.{tag}" for one in layer.objects for tag in one.tags}
    pool_keys |= {f"attributes.{name}" for one in layer.objects for name in one.attributes}
    columns |= {f"object.{key}": _of_pool(layer, pools, key) for key in sorted(pool_keys)}
    positions = layer.table.positions[pools - layer.first]
    return Table(len(pools), columns, layer.tree, positions.astype(np.int32))


def _of_pool(layer: Layer, pools: Int32s, key: str) -> Column:
    texts = Column.of(field_text(one, key) for one in layer.objects)
    return Column(texts.codes[pools - layer.first], texts.values)
