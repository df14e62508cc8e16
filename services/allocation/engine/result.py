"""What a run gives: flows, balances, unallocated amounts, totals; all in whole units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.lines.classification import Classified, Segments
from services.allocation.engine.lines.conversion import Unconverted
from services.allocation.engine.model import Finding, Int64s, LineGroups
from services.allocation.engine.numbering import Numbering


@dataclass(frozen=True)
class Balances:
    """Per measure and object number (the last column is the lines' own), in units.

    own + received = passed_on + retained + unallocated, everywhere.
    """

    own: Int64s
    received: Int64s
    passed_on: Int64s
    retained: Int64s
    unallocated: Int64s
    touched: NDArray[np.bool_]

    @classmethod
    def empty(cls, measures: int, objects: int) -> "Balances":
        """Nothing anywhere."""
        shape = (measures, objects + 1)
        own, received, passed_on, retained, unallocated = np.zeros((5, *shape), dtype=np.int64)
        touched = np.zeros(shape, dtype=np.bool_)
        return cls(own, received, passed_on, retained, unallocated, touched)

    @property
    def holding(self) -> Int64s:
        """What each object had to pass on or keep."""
        return self.own + self.received


@dataclass(frozen=True)
class UnallocatedEntry:
    """Money that stayed on an object (None: lines without a pool), why, and since which mapping.

    `unknown_code` names the code that no layer has, where that is the reason.
    """

    object_number: int
    reason: str
    mapping: str | None
    unknown_code: str | None
    units: Sequence[int]


@dataclass(frozen=True)
class Totals:
    """One measure of the whole run; input = lines - out_of_scope + own = the rest together."""

    lines: Decimal
    out_of_scope: Decimal
    own: Decimal
    input: Decimal
    consumers: Decimal
    retained: Decimal
    unallocated: Decimal
    residual: Decimal


@dataclass(frozen=True)
class Accuracy:
    """How well founded the cost is; four shares that add up to 1 (all 0 without cost)."""

    measured_share: Decimal
    estimated_share: Decimal
    fallback_share: Decimal
    unallocated_share: Decimal


@dataclass(frozen=True)
class RunResult:
    """A finished run. `groups` are canonical; `group_units` are theirs, in the first measure."""

    period: str
    scenario: str
    currency: str
    measures: Sequence[str]
    rates: Mapping[str, Decimal]
    precision: Mapping[str, int]
    numbering: Numbering
    groups: LineGroups
    group_units: Int64s
    classified: Classified
    segments: Segments
    legs: Sequence[Leg]
    balances: Balances
    entries: Sequence[UnallocatedEntry]
    totals: Mapping[str, Totals]
    accuracy: Accuracy
    findings: Sequence[Finding]
    unconverted: Sequence[Unconverted]
    fingerprint: str
    output_hash: str
    timings_ms: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines, segments, objects and flows the run had."""
        return {
            "lines": int(self.groups.line_counts.sum()),
            "groups": len(self.groups),
            "segments": len(self.segments),
            "objects": self.numbering.count,
            "flows": sum(leg.rows.edge_count for leg in self.legs),
        }
