"""A run's sums while parts of it are taken out and others put in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.layers import Sources, with_stand_in
from services.allocation.engine.flows.leg import Leg, add_at, edge_places
from services.allocation.engine.lines.conversion import convert_own
from services.allocation.engine.model import Int64s, OwnAmount, RunInput
from services.allocation.engine.result import RunResult
from services.allocation.engine.what_if.changes import Change
from services.allocation.engine.what_if.simulation import PoolMoney, change_pools


@dataclass
class Sums:
    """A run's sums while parts of it are replaced.

    `moved[0]` is what objects received, `moved[1]` what they passed on, `reached` how many parts
    came to them at all, `retained` what they keep; per measure and object number.
    """

    own: Int64s
    moved: Int64s
    reached: Int64s
    retained: Int64s

    def copy(self) -> "Sums":
        """Sums that may change without the others."""
        return Sums(self.own.copy(), self.moved.copy(), self.reached.copy(), self.retained.copy())

    def book(
        self, leg: Leg, rows: Int64s, known: int, sign: int, reached: Int64s | None = None
    ) -> None:
        """Add what rows of a leg carry, or take it away; parts are counted in `reached`."""
        from services.allocation.engine.what_if.incremental_kernels import book_rows

        book_rows(
            rows,
            leg.parts,
            leg.rows.firsts,
            leg.rows.lasts,
            leg.rows.outs,
            leg.patterns.targets,
            leg.object_of[leg.source],
            known,
            sign,
            self.moved,
            self.reached if reached is None else reached,
        )
        if len(leg.shape_row):
            _count_shapes(leg, rows, known, sign, self.reached if reached is None else reached)

    def retain(self, leg: Leg, sources: Int64s, sign: int) -> None:
        """Add what sources of a leg retained, or take it away."""
        add_at(self.retained, leg.object_of[sources], sign * leg.retained[:-1, sources])


def _count_shapes(leg: Leg, rows: Int64s, known: int, sign: int, reached: Int64s) -> None:
    """Stand-ins reach their targets in every measure in which their source has nothing."""
    edges = edge_places(leg.shape_rows)
    targets = leg.patterns.targets[edges]
    sources = np.repeat(leg.source[leg.shape_row], leg.shape_rows.widths)
    chosen = np.zeros(len(leg.source), dtype=np.bool_)
    chosen[rows] = True
    there = np.repeat(chosen[leg.shape_row], leg.shape_rows.widths)
    there &= (leg.shape_parts[0] > 0) & (targets < known) & (leg.holding[-1][sources] != 0)
    for measure, held in enumerate(leg.holding[:-1]):
        mine = targets[there & (held[sources] == 0)]
        np.add.at(reached[measure], mine, sign)


def touched_by_own(result: RunResult, own: Sequence[OwnAmount]) -> NDArray[np.bool_]:
    """Which objects any amount of their own came to, per measure."""
    numbering = result.numbering
    touched = np.zeros((len(result.measures), numbering.count + 1), dtype=np.bool_)
    for place, measure in enumerate(result.measures):
        mine = [one for one in own if one.measure == measure]
        units, _ = convert_own(mine, result.precision[measure])
        for one, unit in zip(mine, units, strict=True):
            number = numbering.number(one.layer, one.code)
            touched[place, numbering.line if number is None else number] |= unit != 0
    return touched


def segment_sources(result: RunResult, own: Sequence[OwnAmount]) -> Sources:
    """What each segment held in the run."""
    touched = _touched_segments(result, touched_by_own(result, own))
    return _sources(result, result.legs[0].holding, touched)


def changed_segments(
    taken: RunInput, result: RunResult, sums: Sums, changes: Sequence[Change]
) -> Sources | None:
    """What each segment holds after changes of pools, which are booked into the sums.

    None when a pool gets an amount of its own that has none in the run: it has no segment.
    """
    leg = result.legs[0]
    digits = result.precision["cost"]
    before = PoolMoney(result.group_units, result.classified.pool, taken.own_amounts, digits)
    after = change_pools(before, result.numbering, changes)
    if len(after.own) > len(before.own):
        return None
    _book_pools(result, sums, before, after)
    segments = result.segments
    rows = np.flatnonzero(segments.of_group >= 0)
    first_own = int(segments.of_group.max(initial=-1)) + 1
    amounts = leg.holding.copy()
    amounts[0] = 0
    np.add.at(amounts[0], segments.of_group[rows], after.units[rows])
    amounts[0, first_own:] = sums.own[0, segments.pool[first_own:]]
    touched = _touched_segments(result, touched_by_own(result, after.own))
    return _sources(result, with_stand_in(amounts, touched), touched)


def _touched_segments(result: RunResult, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which segments any money came to, per measure."""
    segments = result.segments
    first_own = int(segments.of_group.max(initial=-1)) + 1
    touched = np.zeros((len(result.measures), len(segments)), dtype=np.bool_)
    rows = np.flatnonzero(segments.of_group >= 0)
    gross = np.array([one != 0 for one in result.groups.gross], dtype=np.bool_)
    np.logical_or.at(touched[0], segments.of_group[rows], gross[rows])
    touched[:, first_own:] = own[:, segments.pool[first_own:]]
    return touched


def _sources(result: RunResult, amounts: Int64s, touched: NDArray[np.bool_]) -> Sources:
    segments = result.segments
    return Sources(segments.table, segments.pool, amounts, touched[0] | (amounts[0] != 0))


def _book_pools(result: RunResult, sums: Sums, before: PoolMoney, after: PoolMoney) -> None:
    numbering = result.numbering
    more = after.units - before.units
    rows = np.flatnonzero(more)
    np.add.at(sums.moved[0, 0], after.pool[rows], more[rows])
    entering = int(more.sum())
    sums.own[0, numbering.line] += entering
    sums.moved[1, 0, numbering.line] += entering
    was, is_now = (convert_own(money.own, money.digits)[0] for money in (before, after))
    for one, less, unit in zip(after.own, was, is_now, strict=True):
        number = numbering.number(one.layer, one.code)
        if less != unit and number is not None:
            sums.own[0, number] += unit - less
