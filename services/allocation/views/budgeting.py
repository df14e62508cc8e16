"""What the lines of a view may cost: a budget run's lines, else the sums of budget entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from services.allocation.views.domain import Line
from services.allocation.views.figures import ROOT, LayerFigures
from services.allocation.views.gathering import OUTSIDE, Gathered, Groups, line_key
from shared.money import EXACT, from_units

COST_TYPES = ("opex", "capex")


@dataclass(frozen=True)
class Entry:
    """One budget of an object of the view's layer in one period."""

    object: str
    cost_type: str | None
    currency: str
    amount: Decimal


@dataclass
class LineBudgets:
    """Budgets by the key of a line; `usual` holds where a line has none of its own.

    `new_lines` are lines that have a budget and no money yet; `left_out` counts entries in other
    currencies, of objects that the run does not know, or of objects above the lines of the view.
    """

    amounts: dict[str, Decimal] = field(default_factory=dict)
    usual: Decimal | None = None
    sources: set[str] = field(default_factory=set)
    left_out: int = 0
    new_lines: dict[str, Line] = field(default_factory=dict)

    def add(self, key: str, amount: Decimal) -> None:
        """Count an amount for a line."""
        self.amounts[key] = EXACT.add(self.amounts.get(key, Decimal(0)), amount)

    def of(self, key: str) -> Decimal | None:
        """The budget of a line."""
        return self.amounts.get(key, self.usual)


def add_budget_run(budgets: LineBudgets, run: Gathered) -> None:
    """The lines of a published budget run; what is not in it has a budget of nothing."""
    budgets.usual = Decimal(0)
    budgets.sources.add("run")
    for place, key in enumerate(run.keys):
        budgets.add(key, from_units(int(run.units[place]), run.figures.precision))
        _note_new(budgets, key, run.groups, int(run.heads[place]), run.kinds[place])


def add_entries(
    budgets: LineBudgets, entries: Sequence[Entry], run: Gathered, currency: str
) -> None:
    """The entries of one period on the lines of that period's run.

    A budget of an object is for all below it, so entries below another one that is gathered with
    them do not count. Gathered by a value it is the other way round: the lowest entries count.
    """
    placed = list(_placed(budgets, entries, run, currency))
    if not placed:
        return
    budgets.sources.add("entries")
    for place, entry in _counted(placed, run.groups):
        head = int(run.groups.group_of[place])
        kind = _kind(run, head, entry)
        key = line_key(run.figures, run.groups.labels[head], kind)
        budgets.add(key, entry.amount)
        _note_new(budgets, key, run.groups, head, kind)


def _note_new(budgets: LineBudgets, key: str, groups: Groups, head: int, kind: str | None) -> None:
    line = Line(key, groups.labels[head], kind, groups, head, Decimal(0))
    budgets.new_lines.setdefault(key, line)


def _placed(
    budgets: LineBudgets, entries: Sequence[Entry], run: Gathered, currency: str
) -> Iterator[tuple[int, Entry]]:
    """The entries that speak of lines of the view, with their objects' places."""
    groups = run.groups
    above_lines = _above_lines(run) if groups.grouping.by is None else frozenset()
    for entry in entries:
        place = groups.figures.places.get(entry.object)
        is_hidden = bool(groups.grouping.within) if place is None else _is_outside(groups, place)
        if is_hidden:
            continue
        if place is None or entry.currency != currency or place in above_lines:
            budgets.left_out += 1
            continue
        yield place, entry


def _is_outside(groups: Groups, place: int) -> bool:
    return int(groups.group_of[place]) == OUTSIDE


def _above_lines(run: Gathered) -> frozenset[int]:
    """The objects that have lines below them, which are not gathered into their own."""
    parents, found = run.figures.parents, set[int]()
    above = np.unique(parents[run.heads])
    while len(above := above[above != ROOT]):
        found |= set(above.tolist())
        above = np.unique(parents[above])
    return frozenset(found)


def _counted(placed: Sequence[tuple[int, Entry]], groups: Groups) -> Iterator[tuple[int, Entry]]:
    """Of entries that stand below one another, or speak of the same money, those that count."""
    with_entry = {(place, entry.cost_type) for place, entry in placed}
    above = {one for place, _ in placed for one in _ancestors(groups.figures, place)}
    for place, entry in placed:
        if groups.grouping.by is not None:
            is_covered = place in above
        else:
            kinds = {entry.cost_type, None}
            over = list(_ancestors_in_group(groups, place))
            is_covered = any((one, kind) in with_entry for one in over for kind in kinds)
        if entry.cost_type is None:
            is_covered |= any((place, kind) in with_entry for kind in COST_TYPES)
        if not is_covered:
            yield place, entry


def _ancestors(figures: LayerFigures, place: int) -> Iterator[int]:
    above = int(figures.parents[place])
    while above != ROOT:
        yield above
        above = int(figures.parents[above])


def _ancestors_in_group(groups: Groups, place: int) -> Iterator[int]:
    for above in _ancestors(groups.figures, place):
        if groups.group_of[above] != groups.group_of[place]:
            return
        yield above


def _kind(run: Gathered, head: int, entry: Entry) -> str | None:
    """The cost type of an entry; one for both stands on the only line that its pool has."""
    if run.figures.kinds is None or entry.cost_type is not None:
        return entry.cost_type
    kinds = [run.kinds[place] for place in _places_of(run, head)]
    return kinds[0] if len(kinds) == 1 else None


def _places_of(run: Gathered, head: int) -> Sequence[int]:
    return [place for place, one in enumerate(run.heads.tolist()) if one == head]
