"""The lines of a run one by one: which group each belongs to and how many units are its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.allocation.engine.columns import MISSING, Column
from services.allocation.engine.conversion import Ratio
from services.allocation.engine.grouping import number_combinations
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.result import RunResult
from services.allocation.engine.trace import LineAmounts
from services.allocation.runs import input_repository
from shared.derived_drivers import Facts
from shared.errors import NotFound
from shared.tables.allocation.runs import AllocationRun


@dataclass(frozen=True)
class LineIndex:
    """All converted lines of a run in the order of their ids."""

    ids: Sequence[UUID]
    amounts: LineAmounts
    places: dict[UUID, int]

    def place(self, line_id: UUID) -> int:
        """Where a line stands; NotFound when the run did not see it."""
        if line_id not in self.places:
            raise NotFound(f"line {line_id} is not in this run")
        return self.places[line_id]


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
    found = input_repository.line_columns(session, facts_of(run), keys)
    texts, currency, columns, whole, decimals = found
    groups = _groups_of(result, currency, [columns[key] for key in keys], keys)
    units = _units_of(result, groups, currency, whole, decimals)
    kept = np.flatnonzero(groups >= 0)
    every = texts.to_pylist()
    ids = [UUID(every[row]) for row in kept.tolist()]
    places = {line_id: place for place, line_id in enumerate(ids)}
    return LineIndex(ids, LineAmounts(groups[kept], units[kept]), places)


def _groups_of(
    result: RunResult, currency: Column, columns: Sequence[Column], keys: Sequence[str]
) -> Int32s:
    """Each line's group, -1 for lines that the run set aside."""
    pairs = [(result.groups.currency, currency)]
    pairs += [
        (result.groups.columns[key], column) for key, column in zip(keys, columns, strict=True)
    ]
    codes = [np.append(ours.codes, _in_terms_of(ours, theirs)) for ours, theirs in pairs]
    group_count = len(result.groups)
    numbers, heads = number_combinations(codes, group_count + len(currency.codes))
    group_of = np.where(heads < group_count, heads, MISSING)
    return np.asarray(group_of[numbers[group_count:]], dtype=np.int32)


def _in_terms_of(ours: Column, theirs: Column) -> Int32s:
    """Codes of one column in the dictionary of another; values that it lacks come after."""
    known = ours.index
    strange = len(ours.values)
    translated = np.array(
        [*(known.get(v, strange) for v in theirs.values), MISSING], dtype=np.int32
    )
    return np.asarray(translated[theirs.codes], dtype=np.int32)


def _units_of(
    result: RunResult, groups: Int32s, currency: Column, whole: Sequence[int], decimals: int
) -> Int64s:
    rates = {code: Ratio.of(rate) for code, rate in result.rates.items()}
    rates[result.currency] = Ratio(1, 0)
    precision = result.precision["cost"]
    units = np.zeros(len(groups), dtype=np.int64)
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(len(result.groups) + 1))
    for group in range(len(result.groups)):
        rows = order[ends[group] : ends[group + 1]]
        if not len(rows):
            continue
        rate = rates[currency.values[currency.codes[rows[0]]]]
        numerators = [whole[row] * rate.numerator for row in rows.tolist()]
        shift = decimals + rate.decimals - precision
        units[rows] = _settled(numerators, shift, int(result.group_units[group]))
    return units


def _settled(numerators: Sequence[int], shift: int, total: int) -> list[int]:
    """Units for exact values numerator / 10^shift that add up to `total`."""
    if shift <= 0:
        return [numerator * 10**-shift for numerator in numerators]
    pairs = [divmod(numerator, 10**shift) for numerator in numerators]
    units = [floor for floor, _ in pairs]
    order = sorted(range(len(pairs)), key=lambda row: (-pairs[row][1], row))
    for row in order[: total - sum(units)]:
        units[row] += 1
    return units
