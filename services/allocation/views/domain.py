"""The lines of a view over one or more runs: exact sums, their order, shares and unit costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np

from services.allocation.views.exact_sums import to_precision
from services.allocation.views.gathering import Gathered, Groups
from shared.money import EXACT, from_units

STEP = Decimal(1).scaleb(-12)
NO_VALUE_NAMES = {"en": "(none)", "zh-CN": "(无)"}


@dataclass(frozen=True)
class Line:
    """One line of a view: what it stands for and its amount over all runs.

    `head` is its group in `groups`, those of the newest run that knows it.
    """

    key: str
    label: str
    kind: str | None
    groups: Groups
    head: int
    amount: Decimal

    @property
    def code(self) -> str | None:
        """The code of the object that it stands for; none where it stands for a value."""
        return self.label if self.groups.grouping.by is None else None

    @property
    def described(self) -> Any:
        """The object that it stands for, None where it stands for a value."""
        return self.groups.figures.objects[self.head] if self.code is not None else None

    @property
    def names(self) -> Mapping[str, str]:
        """What people read."""
        if self.code is not None:
            return self.described.names or {"en": self.code}
        return {"en": self.label, "zh-CN": self.label} if self.label else NO_VALUE_NAMES


def merge(runs: Sequence[Gathered], more: Mapping[str, Line] | None = None) -> list[Line]:
    """The lines of several runs added up by key, the largest first; `more` are those without money.

    A line is described as the last run that has it describes it.
    """
    index: dict[str, tuple[Gathered, int]] = {}
    for run in runs:
        index.update((key, (run, place)) for place, key in enumerate(run.keys))
    rows = {key: row for row, key in enumerate(index)}
    columns, precision = to_precision([(run.units, run.figures.precision) for run in runs])
    kind = columns[0].dtype if columns else np.int64
    sums = np.zeros(len(index), dtype=kind)
    for run, units in zip(runs, columns, strict=True):
        sums[[rows[key] for key in run.keys]] += units
    lines = [
        _line(key, run, place, from_units(units, precision))
        for (key, (run, place)), units in zip(index.items(), sums.tolist(), strict=True)
    ]
    lines += [line for key, line in (more or {}).items() if key not in index]
    return sorted(lines, key=lambda line: (-abs(line.amount), line.key))


def _line(key: str, run: Gathered, place: int, amount: Decimal) -> Line:
    head = int(run.heads[place])
    return Line(key, run.groups.labels[head], run.kinds[place], run.groups, head, amount)


def total_of(lines: Sequence[Line]) -> Decimal:
    """The exact sum of lines."""
    return add_up(line.amount for line in lines)


def add_up(amounts: Any) -> Decimal:
    """The exact sum of amounts."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def narrowed(lines: Sequence[Line], code: str | None, words: str | None) -> list[Line]:
    """Only the line of a code, or those whose code or name holds the words."""
    found = [line for line in lines if code is None or line.label == code]
    if not words:
        return found
    wanted = words.casefold()
    return [
        line
        for line in found
        if any(wanted in text.casefold() for text in (line.label, *line.names.values()))
    ]


def in_order(
    lines: Sequence[Line], sort: str, read: Callable[[Line, str], Decimal | str | None]
) -> list[Line]:
    """Lines by the fields of `sort` (`-` for descending); what has no value comes last."""
    ordered = list(lines)
    for part in reversed(sort.split(",")):
        name, down = part.strip().removeprefix("-"), part.strip().startswith("-")
        values = [(read(line, name), line) for line in ordered]
        there: list[tuple[Any, Line]] = [pair for pair in values if pair[0] is not None]
        there.sort(key=lambda pair: pair[0], reverse=down)
        ordered = [line for _, line in there]
        ordered += [line for value, line in values if value is None]
    return ordered


def share_of(amount: Decimal, total: Decimal) -> Decimal | None:
    """A share, rounded to twelve decimals; none of nothing."""
    return _ratio(amount, total) if total else None


def per_unit(amount: Decimal, quantity: Decimal | None) -> Decimal | None:
    """The cost of one unit, rounded to twelve decimals; none without units."""
    return _ratio(amount, quantity) if quantity else None


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return EXACT.divide(part, whole).quantize(STEP, rounding=ROUND_HALF_EVEN, context=EXACT)
