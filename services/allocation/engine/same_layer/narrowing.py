"""What a mapping of a same-layer stage does with each source: not to itself, not to closed ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.leg import refuse_too_many
from services.allocation.engine.flows.outcomes import HOLD, LEAVE_TO_NEXT, Resolver, because
from services.allocation.engine.flows.patterns import FALLBACK
from services.allocation.engine.model import Finding, Int32s, Int64s, MappingSpec, StageSetting
from services.allocation.engine.numbering import Layer, Numbering
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import Chosen, parse_target

NEVER = 2**31 - 1


@dataclass
class SameLayerResolver(Resolver):
    """Outcomes without the source itself among its targets, and without those already closed.

    `closes_at` gives per object number its place in a step-down; NEVER for those that close never.
    Counted self-use stays in the weights, unless there is nobody else.
    """

    setting: StageSetting = field(default_factory=StageSetting)
    closes_at: Int32s = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    _flows: int = 0

    def outcomes(self, spec: MappingSpec, rows: Int64s) -> Int32s:
        """What the mapping does with each of the source rows."""
        found = super().outcomes(spec, rows)
        objects = self.object_of[rows]
        flowing = np.flatnonzero(found >= 0)
        flowing = flowing[np.argsort(found[flowing], kind="stable")]
        heads = np.flatnonzero(np.diff(found[flowing], prepend=-1))
        for same in np.split(flowing, heads[1:]):
            if len(same):
                found[same] = self._narrowed(spec, int(found[same[0]]), objects[same])
        return found

    def _narrowed(self, spec: MappingSpec, pattern: int, objects: Int32s) -> Int32s:
        """The same pattern, or a narrower one for the sources that may not pay all its targets."""
        targets = self.store.targets_of(pattern)
        out = np.full(len(objects), pattern, dtype=np.int32)
        for row in np.flatnonzero(self._is_affected(targets, objects)).tolist():
            out[row] = self._for_one(spec, pattern, targets, int(objects[row]))
        return out

    def _is_affected(self, targets: Int32s, objects: Int32s) -> Mask:
        if self.setting.self_use == "counted" and len(targets) > 1:
            return np.zeros(len(objects), dtype=np.bool_)
        affected = np.isin(objects, targets)
        if self.setting.solve == "step_down":
            affected |= self._closing(targets).min() < self.closes_at[objects]
        return np.asarray(affected, dtype=np.bool_)

    def _closing(self, targets: NDArray[np.integer]) -> NDArray[np.int32]:
        """When each target closes; what leads nowhere never does."""
        known = np.minimum(targets, self.numbering.count)
        return np.asarray(np.append(self.closes_at, np.int32(NEVER))[known], dtype=np.int32)

    def _open(self, targets: NDArray[np.integer], source: int) -> Mask:
        if self.setting.solve == "step_down":
            mine = int(self.closes_at[source])
            return np.asarray((self._closing(targets) > mine) & (targets != source))
        return np.asarray(targets != source, dtype=np.bool_)

    def _for_one(self, spec: MappingSpec, pattern: int, targets: Int32s, source: int) -> int:
        if spec.method == "direct" and int(targets[0]) == source:
            return HOLD
        keep = self._open(targets, source)
        self._flows += len(targets)
        refuse_too_many(self._flows)
        if keep.any():
            return self.store.like(pattern, targets[keep], self.store.weights_of(pattern)[keep])
        target = parse_target(spec.target)
        if spec.on_zero == "even" and isinstance(target, Chosen):
            chosen = self._chosen(self.numbering.layer_of(source), target.selector)
            chosen = chosen[self._open(chosen, source)]
            if len(chosen):
                return self.store.even(chosen, FALLBACK)
        return LEAVE_TO_NEXT if spec.on_zero == "next" else because("zero_weight")


def stage_sources(members: Layer, mappings: Sequence[MappingSpec]) -> Mask:
    """The objects of a layer that a mapping of its same-layer stage selects."""
    found = np.zeros(len(members), dtype=np.bool_)
    for spec in mappings:
        found |= parse_selector(spec.source).mask(members.table)
    return found


def closing_places(
    numbering: Numbering, members: Layer, is_source: Mask, setting: StageSetting
) -> Int32s:
    """Per object number its place in a step-down: the order given first, then by code."""
    closes_at = np.full(numbering.count, NEVER, dtype=np.int32)
    given = {code: place for place, code in enumerate(setting.order)}
    sources = [members.objects[place].code for place in np.flatnonzero(is_source).tolist()]
    ordered = sorted(sources, key=lambda code: (given.get(code, len(given)), code))
    for place, code in enumerate(ordered):
        closes_at[members.numbers[code]] = place
    return closes_at


def unknown_in_order(numbering: Numbering, layer: str, setting: StageSetting) -> list[Finding]:
    """The codes of a step-down's order that the layer does not have in the period."""
    if setting.solve != "step_down":
        return []
    return [
        Finding(
            code="unknown_order_code",
            stage=f"{layer}_to_{layer}",
            mapping=None,
            message=f"the order of the step-down names {code}, which this layer does not have",
            details={"code": code},
        )
        for code in setting.order
        if numbering.number(layer, code) is None
    ]
