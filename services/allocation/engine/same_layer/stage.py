"""A layer's same-layer stage: what its objects hold is spread jointly before it moves on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.kept import Kept, kept_by_reason, kept_nowhere
from services.allocation.engine.flows.leg import STAND_IN, Leg, add_at, make_leg
from services.allocation.engine.flows.patterns import Patterns
from services.allocation.engine.flows.waterfall import Takings, Waterfall
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import (
    DriverTable,
    Finding,
    Int64s,
    MappingSpec,
    StageSetting,
)
from services.allocation.engine.numbering import Layer, Numbering
from services.allocation.engine.rules.selector_reader import escape_pointer
from services.allocation.engine.same_layer.narrowing import (
    SameLayerResolver,
    closing_places,
    stage_sources,
    unknown_in_order,
)
from services.allocation.engine.same_layer.settling import CannotSettle, settle
from services.allocation.engine.same_layer.spreading import Spreading
from shared.errors import FieldError, RuleBroken

MEMBERS_NAMED = 100
WHY = {
    "closed_loop": "money that comes to these objects circles among them and never leaves: ",
    "near_singular": "these objects pass on so little of what circles among them that the "
    "amounts cannot be calculated: ",
}


@dataclass(frozen=True)
class StageRun:
    """A settled same-layer stage: its leg, what stayed, and what is left to move on.

    `touched` are the objects that money of each measure came to, even if it cancels out;
    `moves_on` are those from which anything can go on to later layers.
    """

    leg: Leg
    kept: list[Kept]
    findings: list[Finding]
    touched: NDArray[np.bool_]
    moves_on: Mask


def run_stage(
    numbering: Numbering,
    layer: str,
    drivers: Mapping[str, DriverTable],
    unknown: UnknownCodes,
    mappings: list[MappingSpec],
    setting: StageSetting,
    base: Int64s,
    touched: NDArray[np.bool_],
) -> StageRun:
    """Spread base[measure, object of the layer] jointly over the targets of the mappings.

    Raises RuleBroken `closed_loop`, `near_singular`; GrossTooLarge.
    """
    members = numbering.layers[layer]
    stage = _Stage(numbering, members, drivers, unknown, mappings, setting)
    spreading, findings = stage.spreading((base != 0).any(axis=0) | touched.any(axis=0))
    try:
        settled = settle(spreading, base)
    except CannotSettle as found:
        raise _refused(found, members) from None
    reached = np.stack([spreading.reached_from(line) for line in touched | (base != 0)])
    gross = np.zeros((len(base) + 1, len(members)), dtype=np.int64)
    gross[:-1] = settled.gross
    gross[-1] = np.where(reached.any(axis=0), STAND_IN, 0)
    moved = np.zeros((len(gross), len(spreading.takings)), dtype=np.int64)
    moved[:-1] = settled.moved
    moved[-1:], _ = spreading.takings.move(gross[-1:])
    leg = make_leg(
        layer,
        mappings,
        stage.object_of,
        spreading.patterns,
        gross,
        spreading.takings,
        moved,
        settled.parts,
        within=True,
    )
    kept = [*kept_by_reason(spreading.takings, moved), *kept_nowhere(leg, unknown)]
    for one in kept:
        add_at(leg.unallocated, one.source, one.amounts)
    findings += unknown_in_order(numbering, layer, setting)
    return StageRun(leg, kept, findings, reached, spreading.staying > 0)


@dataclass(frozen=True)
class _Stage:
    """The rules of one same-layer stage."""

    numbering: Numbering
    members: Layer
    drivers: Mapping[str, DriverTable]
    unknown: UnknownCodes
    mappings: list[MappingSpec]
    setting: StageSetting

    @property
    def object_of(self) -> NDArray[np.int32]:
        first = self.members.first
        return np.arange(first, first + len(self.members), dtype=np.int32)

    @cached_property
    def is_source(self) -> Mask:
        return stage_sources(self.members, self.mappings)

    def spreading(self, seeds: Mask) -> tuple[Spreading, list[Finding]]:
        """The flows among the objects that money of the seeds can reach.

        Usually these are the seeds themselves; else the flows of all objects say who else.
        """
        found, findings = self._among(seeds)
        more = found.reached_from(seeds) & ~seeds
        if not (more & self.is_source).any():
            return found, findings
        everyone, _ = self._among(np.ones(len(seeds), dtype=np.bool_))
        return self._among(everyone.reached_from(seeds))

    def _among(self, is_open: Mask) -> tuple[Spreading, list[Finding]]:
        resolver = SameLayerResolver(
            self.numbering,
            self.drivers,
            self.unknown,
            self.members.table,
            self.object_of,
            setting=self.setting,
            closes_at=closing_places(self.numbering, self.members, self.is_source, self.setting),
        )
        fall = Waterfall(resolver, is_open, self.mappings)
        takings: Takings = fall.apply()
        patterns: Patterns = resolver.store.finish()
        spreading = Spreading.of(takings, patterns, self.members.first, len(self.members))
        return spreading, fall.findings


def _refused(found: CannotSettle, members: Layer) -> RuleBroken:
    codes: Sequence[str] = [members.objects[place].code for place in found.members.tolist()]
    stage = f"{members.name}_to_{members.name}"
    more = f" and {len(codes) - MEMBERS_NAMED} more" if len(codes) > MEMBERS_NAMED else ""
    message = f"{stage}: {WHY[found.code]}{', '.join(codes[:MEMBERS_NAMED])}{more}"
    errors = [
        FieldError(f"/stages/{stage}/{escape_pointer(code)}", found.code, message)
        for code in codes[:MEMBERS_NAMED]
    ]
    return RuleBroken(message, code=found.code, errors=errors)
