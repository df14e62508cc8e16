"""The order in which mappings apply, and the finding when two of them leave it to their codes."""

from collections.abc import Iterable

import numpy as np

from services.allocation.engine.columns import Mask
from services.allocation.engine.model import LAYERS, STAGES, Finding, Int32s, MappingSpec
from shared.periods import covers

MAX_FINDINGS = 1_000


def skip_length(spec: MappingSpec) -> int:
    """How many layers further down the mapping sends money."""
    source, target = STAGES[spec.stage]
    return LAYERS.index(target) - LAYERS.index(source)


def leaving(layer: str, mappings: Iterable[MappingSpec], period: str) -> list[MappingSpec]:
    """The mappings of all stages that leave a layer in this period, first to apply first.

    Lowest priority first; at equal priority the longest skip, then the lower code.
    """
    members = [
        spec
        for spec in mappings
        if STAGES[spec.stage][0] == layer
        and STAGES[spec.stage][1] != layer
        and covers(spec.valid_from, spec.valid_to, period)
    ]
    return sorted(members, key=lambda spec: (spec.priority, -skip_length(spec), spec.code))


def within(layer: str, mappings: Iterable[MappingSpec], period: str) -> list[MappingSpec]:
    """The mappings of a layer's same-layer stage in this period, first to apply first."""
    members = [
        spec
        for spec in mappings
        if STAGES[spec.stage] == (layer, layer) and covers(spec.valid_from, spec.valid_to, period)
    ]
    return sorted(members, key=lambda spec: (spec.priority, spec.code))


class AmbiguityWatch:
    """Notices sources that two mappings of the same rank both want: only the code decided."""

    def __init__(self, source_count: int) -> None:
        self._rank: tuple[int, int] | None = None
        self._wanted_by: Int32s = np.full(source_count, -1, dtype=np.int32)
        self._members: list[MappingSpec] = []
        self.findings: list[Finding] = []

    def see(self, spec: MappingSpec, wanted: Mask) -> None:
        """Note what a mapping would take; call it in the order of application."""
        rank = (spec.priority, skip_length(spec))
        if rank != self._rank:
            if self._members:
                self._wanted_by.fill(-1)
            self._rank, self._members = rank, []
        if self._members and len(self.findings) < MAX_FINDINGS:
            seen = np.bincount(self._wanted_by[wanted] + 1, minlength=1)
            for rival in np.flatnonzero(seen[1:]).tolist():
                self._report(self._members[rival], spec)
        self._members.append(spec)
        self._wanted_by[wanted & (self._wanted_by < 0)] = len(self._members) - 1

    def _report(self, first: MappingSpec, second: MappingSpec) -> None:
        self.findings.append(
            Finding(
                code="ambiguous_priority",
                stage=second.stage,
                mapping=second.code,
                message=f"{first.code} and {second.code} have the same priority and want the same "
                "money; the lower code went first",
                details={"first": first.code, "priority": second.priority},
            )
        )
