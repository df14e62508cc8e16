"""Moves what a layer's sources hold to later layers."""

from collections.abc import Sequence

import numpy as np

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.bounded import BoundedParts, is_bounded
from services.allocation.engine.flows.kept import (
    Kept,
    kept_by_reason,
    kept_nowhere,
    kept_without_mapping,
)
from services.allocation.engine.flows.leg import Leg, add_at, make_leg
from services.allocation.engine.flows.outcomes import Resolver
from services.allocation.engine.flows.prices import PriceBook
from services.allocation.engine.flows.waterfall import Waterfall
from services.allocation.engine.model import Finding, Int64s, MappingSpec


def run_leg(
    layer: str,
    resolver: Resolver,
    amounts: Int64s,
    mappings: Sequence[MappingSpec],
    prices: PriceBook,
    has_cost: Mask,
) -> tuple[Leg, list[Kept], list[Finding]]:
    """Move what the sources of a layer hold; `amounts` ends with the line of stand-ins.

    `has_cost` tells the sources that hold cost, even if it cancels out; only they pay rates.
    Gives the flows, the amounts that stay unallocated (retained ones are in the leg) and findings.
    """
    fall = Waterfall(resolver, (amounts != 0).any(axis=0), mappings)
    takings = fall.apply()
    moved, left = takings.move(amounts)
    patterns = resolver.store.finish()
    leg = make_leg(layer, mappings, resolver.object_of, patterns, amounts, takings, moved)
    bounded = BoundedParts(resolver.numbering, resolver.unknown, resolver.store, prices, has_cost)
    if any(is_bounded(spec) for spec in mappings):
        bounded.settle(leg, moved[:, np.flatnonzero(takings.outcome >= 0)])
    kept = [*kept_by_reason(takings, moved), kept_without_mapping(left), *bounded.unmet]
    kept += kept_nowhere(leg, resolver.unknown)
    for one in kept:
        add_at(leg.unallocated, one.source, one.amounts)
    return leg, kept, [*fall.findings, *bounded.findings]
