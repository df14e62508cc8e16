"""Moves money through the layers, leg by leg, and books what each leg did."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask, Table
from services.allocation.engine.flows.kept import Kept
from services.allocation.engine.flows.leg import STAND_IN, Leg, add_at, edge_places
from services.allocation.engine.flows.main_leg import run_leg
from services.allocation.engine.flows.outcomes import Resolver
from services.allocation.engine.flows.prices import PriceBook
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import Finding, Int32s, Int64s, RunInput, StageSetting
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import Balances, UnallocatedEntry
from services.allocation.engine.rules.order import leaving, within
from services.allocation.engine.totals import collect_entries


@dataclass
class Work:
    """A run on its way."""

    taken: RunInput
    numbering: Numbering
    balances: Balances
    prices: PriceBook
    legs: list[Leg] = field(default_factory=list)
    entries: list[UnallocatedEntry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """What leaves a layer: segments or objects, what selectors see of them, and their amounts.

    `amounts` ends with the line of stand-ins; `has_cost` tells those that hold cost, even if it
    cancels out.
    """

    table: Table
    object_of: Int32s
    amounts: Int64s
    has_cost: Mask


def with_stand_in(amounts: Int64s, touched: NDArray[np.bool_]) -> Int64s:
    """Fill the last line: a source whose amounts cancel out in some measure gets a stand-in."""
    cancelled = (touched & (amounts[:-1] == 0)).any(axis=0)
    amounts[-1] = np.where(cancelled, STAND_IN, 0)
    return amounts


def leave_layer(work: Work, layer: str, unknown: UnknownCodes) -> None:
    """Settle a layer's same-layer stage, if it has one, and move on what is left."""
    members = work.numbering.layers[layer]
    numbers = np.arange(members.first, members.first + len(members), dtype=np.int32)
    balances = work.balances
    moves_on = _settle_stage(work, layer, unknown)
    left = balances.holding - balances.passed_on - balances.retained - balances.unallocated
    amounts = np.zeros((len(balances.own) + 1, len(members)), dtype=np.int64)
    amounts[:-1] = left[:, numbers]
    amounts = with_stand_in(amounts, balances.touched[:, numbers] & moves_on)
    has_cost = balances.touched[0, numbers] | (amounts[0] != 0)
    leave(work, layer, unknown, Sources(members.table, numbers, amounts, has_cost & moves_on))


def _settle_stage(work: Work, layer: str, unknown: UnknownCodes) -> Mask:
    """Spread what a layer's objects hold inside it; gives those from which money can go on."""
    taken, members = work.taken, work.numbering.layers[layer]
    mappings = within(layer, taken.mappings, taken.period)
    if not mappings or not len(members):
        return np.ones(len(members), dtype=np.bool_)
    from services.allocation.engine.same_layer.stage import run_stage

    balances, stretch = work.balances, slice(members.first, members.first + len(members))
    setting = taken.stages.get(f"{layer}_to_{layer}", StageSetting())
    stage = run_stage(
        work.numbering,
        layer,
        taken.drivers,
        unknown,
        mappings,
        setting,
        balances.holding[:, stretch],
        balances.touched[:, stretch],
    )
    work.findings += stage.findings
    _keep(work, stage.leg, stage.kept, unknown)
    balances.touched[:, stretch] |= stage.touched
    return stage.moves_on


def leave(
    work: Work,
    layer: str,
    unknown: UnknownCodes,
    sources: Sources,
) -> None:
    """Run a leg and book what it moved."""
    taken = work.taken
    mappings = leaving(layer, taken.mappings, taken.period)
    table, object_of = sources.table, sources.object_of
    resolver = Resolver(work.numbering, taken.drivers, unknown, table, object_of)
    leg, kept, findings = run_leg(
        layer, resolver, sources.amounts, mappings, work.prices, sources.has_cost
    )
    work.findings += findings
    _keep(work, leg, kept, unknown)


def _keep(work: Work, leg: Leg, kept: Sequence[Kept], unknown: UnknownCodes) -> None:
    """Add a leg to the run and to the balances."""
    work.legs.append(leg)
    work.entries += collect_entries(leg, kept, unknown)
    add_at(work.balances.retained, leg.object_of, leg.retained[:-1])
    add_at(work.balances.unallocated, leg.object_of, leg.unallocated[:-1])
    _book(work.balances, leg, work.numbering.count)


def _book(balances: Balances, leg: Leg, known: int) -> None:
    """Add a leg's parts to its targets' receipts and to what its sources passed on."""
    from services.allocation.engine.flows.flow_kernels import add_receipts

    add_receipts(
        leg.parts,
        leg.rows.firsts,
        leg.rows.lasts,
        leg.rows.outs,
        leg.patterns.targets,
        leg.object_of[leg.source],
        known,
        balances.received,
        balances.passed_on,
        balances.touched,
    )
    if not len(leg.shape_row):
        return
    targets = leg.patterns.targets[edge_places(leg.shape_rows)]
    sources = np.repeat(leg.source[leg.shape_row], leg.shape_rows.widths)
    reached = (leg.shape_parts[0] > 0) & (targets < known)
    for measure, held in enumerate(leg.holding[:-1]):
        edges = reached & (held[sources] == 0) & (leg.holding[-1][sources] != 0)
        balances.touched[measure, targets[edges]] = True
