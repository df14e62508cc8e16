"""The lines of a run one by one: which group each belongs to and how many units are its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from services.allocation.engine.lines.conversion import Ratio
from services.allocation.engine.lines.grouping import number_combinations
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.tracing.trace import LineAmounts
from services.allocation.runs import line_repository
from services.allocation.runs.line_repository import GroupedLines
from shared.derived_drivers import Facts
from shared.errors import NotFound
from shared.tables.allocation.runs import AllocationRun

SAFE = 2**62


@dataclass(frozen=True)
class LineIndex:
    """All converted lines of a run in the order of their ids.

    An id is two numbers: its first and its last eight bytes.
    """

    ids: NDArray[np.uint64]
    amounts: LineAmounts

    @property
    def byte_count(self) -> int:
        """How much memory it takes."""
        return int(self.ids.nbytes + self.amounts.groups.nbytes + self.amounts.units.nbytes)

    def id_at(self, place: int) -> UUID:
        """The id of the line at a place."""
        high, low = self.ids[place].tolist()
        return UUID(int=(high << 64) | low)

    def place(self, line_id: UUID) -> int:
        """Where a line stands; NotFound when the run did not see it."""
        wanted = np.array([line_id.int >> 64, line_id.int & (2**64 - 1)], dtype=np.uint64)
        start, stop = (
            int(np.searchsorted(self.ids[:, 0], wanted[0], side)) for side in ("left", "right")
        )
        found = np.flatnonzero(self.ids[start:stop, 1] == wanted[1])
        if not len(found):
            raise NotFound(f"line {line_id} is not in this run")
        return start + int(found[0])


def facts_of(run: AllocationRun) -> Facts:
    """Which facts a run saw."""
    seen = run.inputs_as_of
    return Facts(run.period, run.scenario, seen["cost_lines"], seen["tickets"])


def load_lines(session: Session, run: AllocationRun, result: RunResult) -> LineIndex:
    """Read the lines that a run saw and find each one's group and units.

    The units of a group's lines add up to the group's: floors of the exact values, then one unit
    more for the largest fractions, ties to the older id.
    """
    keys = sorted(result.groups.columns)
    found = line_repository.read_lines(session, facts_of(run), keys)
    group_of_row = _groups_of(result, found, keys)
    groups = np.repeat(group_of_row, found.counts)
    order = np.lexsort((found.ids[:, 1], found.ids[:, 0]))
    order = order[groups[order] >= 0]
    groups, amounts = groups[order], found.amounts[order]
    units = _units_of(result, groups, amounts, found.decimals)
    return LineIndex(found.ids[order], LineAmounts(groups, units))


def _groups_of(result: RunResult, found: GroupedLines, keys: Sequence[str]) -> Int32s:
    """Which of the run's groups each row of lines is; -1 for lines that the run set aside."""
    pairs = [(result.groups.currency, found.currency)]
    pairs += [(result.groups.columns[key], found.columns[key]) for key in keys]
    codes = [np.append(ours.codes, theirs.in_terms_of(ours)) for ours, theirs in pairs]
    group_count = len(result.groups)
    numbers, heads = number_combinations(codes, group_count + len(found.counts))
    group_of = np.where(heads < group_count, heads, -1)
    return np.asarray(group_of[numbers[group_count:]], dtype=np.int32)


def _units_of(result: RunResult, groups: Int32s, amounts: NDArray[Any], decimals: int) -> Int64s:
    """Units of lines (amounts of 10^-decimals of their own currency), group by group."""
    rates = {code: Ratio.of(rate) for code, rate in result.rates.items()}
    rates[result.currency] = Ratio(1, 0)
    units = np.zeros(len(groups), dtype=np.int64)
    ranks = np.zeros(len(groups), dtype=np.int64)
    currency = result.groups.currency
    of_line = currency.codes[groups]
    for place in np.unique(of_line).tolist():
        rows = np.flatnonzero(of_line == place)
        rate = rates[currency.values[place]]
        shift = decimals + rate.decimals - result.precision["cost"]
        units[rows], ranks[rows] = _floors(amounts[rows], rate.numerator, shift)
    return _with_spare(result, groups, units, ranks)


def _floors(amounts: NDArray[Any], numerator: int, shift: int) -> tuple[Int64s, Int64s]:
    """Floors of amount x numerator / 10^shift, and a number that grows with the fraction."""
    up, down = 10 ** max(0, -shift), 10 ** max(0, shift)
    largest = int(np.abs(amounts).max(initial=1)) * numerator * up
    exact = amounts if max(largest, down) < SAFE else amounts.astype(object)
    scaled = exact * (numerator * up)
    wholes, fractions = scaled // down, scaled % down
    if fractions.dtype == object:
        fractions = np.unique(fractions, return_inverse=True)[1]
    return wholes.astype(np.int64), fractions.astype(np.int64)


def _with_spare(result: RunResult, groups: Int32s, units: Int64s, fractions: Int64s) -> Int64s:
    """What floors left of each group, one unit each to its largest fractions, then oldest ids."""
    count = len(result.groups)
    settled = np.zeros(count, dtype=np.int64)
    np.add.at(settled, groups, units)
    spare = result.group_units - settled
    needing = np.flatnonzero(spare[groups] > 0)
    order = needing[np.lexsort((needing, -fractions[needing], groups[needing]))]
    ordered = groups[order]
    firsts = np.searchsorted(ordered, ordered)
    gets_more = np.arange(len(order)) - firsts < spare[ordered]
    units[order[gets_more]] += 1
    return units
