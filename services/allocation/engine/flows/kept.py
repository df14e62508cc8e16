"""What stays on its sources although a mapping, or none, wanted it: by reason."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.allocation.engine.flows.leg import Leg, edge_places
from services.allocation.engine.flows.outcomes import because, reason_of
from services.allocation.engine.flows.waterfall import Takings
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import Int32s, Int64s


@dataclass(frozen=True)
class Kept:
    """Amounts that stay on their sources: rows of (source, mapping or -1, reason) and amounts.

    `unknown` is the number of the code that no layer has, -1 where that is not the reason.
    """

    source: Int32s
    mapping: Int32s
    reason: str
    unknown: int
    amounts: Int64s


def kept_by_reason(takings: Takings, moved: Int64s) -> Iterator[Kept]:
    """What mappings took and could not move."""
    outcome = takings.outcome
    for code in sorted(set(outcome[outcome <= because("no_mapping")].tolist()), reverse=True):
        rows = outcome == code
        yield Kept(takings.source[rows], takings.place[rows], reason_of(code), -1, moved[:, rows])


def kept_without_mapping(left: Int64s) -> Kept:
    """What no mapping wanted."""
    rest = np.flatnonzero((left != 0).any(axis=0)).astype(np.int32)
    nobody = np.full(len(rest), -1, dtype=np.int32)
    return Kept(rest, nobody, "no_mapping", -1, left[:, rest])


def kept_nowhere(leg: Leg, unknown: UnknownCodes) -> Iterator[Kept]:
    """The parts that lead nowhere: to codes that no layer has, or to what a method keeps back."""
    strange = leg.patterns.targets >= unknown.first
    if not strange.any():
        return
    parts = np.zeros((leg.holding.shape[0], leg.rows.edge_count), dtype=np.int64)
    parts[:-1] = leg.parts
    shape_starts = np.repeat(
        leg.rows.outs[leg.shape_row] - leg.shape_rows.outs, leg.shape_rows.widths
    )
    parts[-1, shape_starts + np.arange(leg.shape_rows.edge_count)] = leg.shape_parts[0]
    places = edge_places(leg.rows)
    edges = np.flatnonzero(strange[places])
    rows = np.repeat(np.arange(len(leg.source)), leg.rows.widths)[edges]
    targets = leg.patterns.targets[places[edges]]
    for target in np.unique(targets).tolist():
        mine = np.flatnonzero(targets == target)
        amounts = parts[:, edges[mine]]
        reason = unknown.reason_of(target)
        if reason != "unknown_target":
            mine, amounts = _where_any(mine, amounts)
        number = int(target) if reason == "unknown_target" else -1
        yield Kept(leg.source[rows[mine]], leg.mapping[rows[mine]], reason, number, amounts)


def _where_any(rows: Int64s, amounts: Int64s) -> tuple[Int64s, Int64s]:
    """Only the rows that keep anything back: no idle capacity is no entry."""
    there = (amounts != 0).any(axis=0)
    return rows[there], amounts[:, there]
