"""One leg of a run: everything that leaves one layer, or moves inside it, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.outcomes import RETAIN
from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.flows.waterfall import Takings
from services.allocation.engine.model import Int32s, Int64s, MappingSpec
from services.allocation.engine.splitting.split import Rows, split, split_big
from shared.errors import RuleBroken

MOST_FLOWS = 100_000_000
STAND_IN = 2**40
"""What a source without net amount is split as, so that a trace knows its proportions."""


@dataclass(frozen=True)
class Leg:
    """What left one layer for later ones, or (`within`) moved inside it before that.

    Row i sends `moved[measure, i]` of `source[i]` by `mapping[i]` along `pattern[i]`; its parts
    begin at `rows.outs[i]` in `parts[measure, edge]`. The rows of `shape_row` have stand-in parts
    in `shape_parts`, in the same way along `shape_rows`. `holding`, `retained`, `unallocated`
    are per measure and source; their last line is the stand-in's. In a leg within a layer the
    holding is gross: own, received before, and received inside.
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
    within: bool = False
    solvers: dict[int, object] = field(default_factory=dict, compare=False, repr=False)
    """What a trace has worked out once about a leg within a layer, by measure."""

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


def add_at(totals: Int64s, places: Int32s, amounts: Int64s) -> None:
    """Add amounts[line, i] to totals[line, places[i]]; places may repeat."""
    for line in range(len(totals)):
        np.add.at(totals[line], places, amounts[line])


def pattern_rows(patterns: Patterns, pattern: Int32s) -> Rows:
    """The stretches of patterns, their parts one row after the other.

    RuleBroken `too_many_flows` where they would not fit into memory.
    """
    rows = Rows.sharing(patterns.firsts[pattern], patterns.firsts[pattern + 1])
    refuse_too_many(rows.edge_count)
    return rows


def refuse_too_many(flows: int) -> None:
    """RuleBroken `too_many_flows` for more flows out of one layer than a process can hold."""
    if flows > MOST_FLOWS:
        message = (
            f"the mappings of one layer ask for more than {MOST_FLOWS} flows; let fewer sources"
            " pay fewer targets, for instance by way of a resource between them"
        )
        raise RuleBroken(message, code="too_many_flows")


def split_along(patterns: Patterns, pattern: Int32s, moved: Int64s, rows: Rows) -> Int64s:
    """Split moved[line, row] along each row's pattern, exactly."""
    parts = split(moved, rows, patterns.weights)
    _split_big(patterns, pattern, moved, rows, parts)
    return parts


def make_leg(
    layer: str,
    mappings: Sequence[MappingSpec],
    object_of: Int32s,
    patterns: Patterns,
    amounts: Int64s,
    takings: Takings,
    moved: Int64s,
    parts: Int64s | None = None,
    *,
    within: bool = False,
) -> Leg:
    """The leg of what was taken; rows are split along their patterns unless `parts` are given.

    What stays unallocated is left to be filled in.
    """
    flowing = np.flatnonzero(takings.outcome >= 0)
    pattern = takings.outcome[flowing]
    rows = pattern_rows(patterns, pattern)
    moving = moved[:, flowing]
    if parts is None:
        parts = split_along(patterns, pattern, moving[:-1], rows)
    shape_row = np.flatnonzero(moving[-1])
    shape_rows = Rows.sharing(rows.firsts[shape_row], rows.lasts[shape_row])
    retained = np.zeros_like(amounts)
    keeping = np.flatnonzero(takings.outcome == RETAIN)
    add_at(retained, takings.source[keeping], moved[:, keeping])
    return Leg(
        layer=layer,
        mappings=mappings,
        object_of=object_of,
        holding=amounts,
        retained=retained,
        unallocated=np.zeros_like(amounts),
        patterns=patterns,
        source=takings.source[flowing],
        mapping=takings.place[flowing],
        pattern=pattern,
        rows=rows,
        parts=parts,
        shape_row=shape_row,
        shape_rows=shape_rows,
        shape_parts=split_along(patterns, pattern[shape_row], moving[-1:, shape_row], shape_rows),
        within=within,
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
