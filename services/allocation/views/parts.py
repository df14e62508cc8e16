"""What lines are made of, or where they go: units per line and other object, the largest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from services.allocation.views.domain import Line
from services.allocation.views.exact_sums import Units, sum_by, to_precision
from services.allocation.views.figures import LAYERS, Edges, Int64s, LayerFigures
from services.allocation.views.gathering import OUTSIDE, Gathered
from shared.money import from_units

DENSE = 20_000_000
"""Up to so many pairs of line and object are added up in a table instead of by sorting."""


class Part(NamedTuple):
    """What one object gives to, or gets of, a line."""

    layer: str
    code: str
    names: Mapping[str, str]
    amount: Decimal


@dataclass(frozen=True)
class Parts:
    """The largest parts of a line, and the sum of the others."""

    listed: Sequence[Part]
    rest: Decimal


@dataclass(frozen=True)
class RunFlows:
    """The flows of one run beside the gathered layer, with all layers of the run by name."""

    gathered: Gathered
    edges: Sequence[Edges]
    layers: Mapping[str, LayerFigures]

    @property
    def width(self) -> int:
        """One more than the largest number of an object."""
        return max((one.first + len(one) for one in self.layers.values()), default=0)

    def described(self, number: int) -> tuple[str, str, Mapping[str, str]]:
        """The layer, code and names of an object."""
        for layer, figures in self.layers.items():
            if 0 <= number - figures.first < len(figures):
                place = number - figures.first
                return layer, figures.codes[place], figures.objects[place].names
        raise KeyError(number)


def parts_of(
    runs: Sequence[RunFlows], lines: Sequence[Line], *, incoming: bool, limit: int
) -> list[Parts]:
    """For every line its largest parts: of consumers where they come from, else where they go."""
    if limit == 0:
        return _only_rests(runs, lines, incoming=incoming)
    numbers: dict[tuple[int, str], int] = {}
    described: list[tuple[str, str, Mapping[str, str]]] = []
    rows, others, columns = [], [], []
    for run in runs:
        row, number, units = _sums(run, lines, incoming=incoming)
        rows.append(row)
        others.append(_common_numbers(run, number, numbers, described))
        columns.append((units, run.gathered.figures.precision))
    units_of, precision = to_precision(columns)
    if not runs:
        return [Parts((), Decimal(0)) for _ in lines]
    row, other, sums = np.concatenate(rows), np.concatenate(others), np.concatenate(units_of)
    if len(runs) > 1:
        pairs, where = np.unique(row * max(len(described), 1) + other, return_inverse=True)
        row, other = np.divmod(pairs, max(len(described), 1))
        sums = sum_by(where, sums, len(pairs))
    return _listed(row, other, sums, precision, described, len(lines), limit)


def _only_rests(runs: Sequence[RunFlows], lines: Sequence[Line], *, incoming: bool) -> list[Parts]:
    """Nothing is listed: one sum for each line, whoever is at the other end."""
    if not runs:
        return [Parts((), Decimal(0)) for _ in lines]
    columns = []
    for run in runs:
        row, _, units = _crossing(run, lines, incoming=incoming)
        columns.append((sum_by(row, units, len(lines)), run.gathered.figures.precision))
    units_of, precision = to_precision(columns)
    sums = np.stack(units_of).sum(axis=0)
    return [Parts((), from_units(units, precision)) for units in sums.tolist()]


def _sums(run: RunFlows, lines: Sequence[Line], *, incoming: bool) -> tuple[Int64s, Int64s, Units]:
    """(line, other object's number, units) of everything that crosses the layer's border."""
    row, other, units = _crossing(run, lines, incoming=incoming)
    return _added_up(row * run.width + other, units, len(lines), run.width)


def _crossing(
    run: RunFlows, lines: Sequence[Line], *, incoming: bool
) -> tuple[Int64s, Int64s, Units]:
    """As `_sums`, each flow by itself."""
    groups, figures = run.gathered.groups, run.gathered.figures
    line_of_group = np.full(len(groups.labels) + 1, OUTSIDE, dtype=np.int64)
    numbers = {label: number for number, label in enumerate(groups.labels)}
    for place, line in enumerate(lines):
        if line.label in numbers:
            line_of_group[numbers[line.label]] = place
    line_of = np.full(run.width, OUTSIDE, dtype=np.int64)
    line_of[figures.first : figures.first + len(figures)] = line_of_group[groups.group_of]
    nothing = np.empty(0, dtype=np.int64)
    rows, others, columns = [nothing], [nothing], [nothing]
    for leg in run.edges:
        here, there = (leg.targets, leg.sources) if incoming else (leg.sources, leg.targets)
        if not incoming and leg.layer != figures.layer:
            continue
        row = line_of[here]
        outside = (there < figures.first) | (there >= figures.first + len(figures))
        chosen = np.flatnonzero((row != OUTSIDE) & outside)
        rows.append(row[chosen])
        others.append(there[chosen].astype(np.int64))
        columns.append(leg.moved[chosen])
    return np.concatenate(rows), np.concatenate(others), np.concatenate(columns)


def _added_up(keys: Int64s, units: Int64s, lines: int, width: int) -> tuple[Int64s, Int64s, Units]:
    if lines * width <= DENSE:
        table = sum_by(keys, units, lines * width)
        found = np.flatnonzero(table)
        return found // width, found % width, table[found]
    found, where = np.unique(keys, return_inverse=True)
    return found // width, found % width, sum_by(where, units, len(found))


def _common_numbers(
    run: RunFlows,
    numbers: Int64s,
    known: dict[tuple[int, str], int],
    described: list[tuple[str, str, Mapping[str, str]]],
) -> Int64s:
    """The numbers of one run's objects as those of all runs together."""
    own, where = np.unique(numbers, return_inverse=True)
    common = []
    for number in own.tolist():
        layer, code, names = run.described(number)
        key = (LAYERS.index(layer), code)
        if key not in known:
            known[key] = len(described)
            described.append((layer, code, names))
        common.append(known[key])
    return np.array(common, dtype=np.int64)[where]


def _listed(
    row: Int64s,
    other: Int64s,
    sums: Units,
    precision: int,
    described: Sequence[tuple[str, str, Mapping[str, str]]],
    lines: int,
    limit: int,
) -> list[Parts]:
    sizes: Any = -np.abs(sums.astype(np.float64)) if sums.dtype == object else -np.abs(sums)
    order = np.lexsort((other, sizes, row))
    starts = np.searchsorted(row[order], np.arange(lines + 1)).tolist()
    units, others = sums[order].tolist(), other[order].tolist()
    found = []
    for total, first, end in zip(
        sum_by(row, sums, lines).tolist(), starts[:-1], starts[1:], strict=True
    ):
        last = min(end, first + limit)
        listed = [
            Part(layer, code, names, from_units(amount, precision))
            for (layer, code, names), amount in zip(
                (described[number] for number in others[first:last]), units[first:last], strict=True
            )
            if amount
        ]
        found.append(Parts(listed, from_units(total - sum(units[first:last]), precision)))
    return found
