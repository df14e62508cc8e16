"""What a mapping would catch: lines and amounts, or objects, and which other mappings want them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.allocation.engine.columns import Mask, Table
from services.allocation.engine.lines.classification import (
    Segments,
    classify,
    make_segments,
    segment_keys,
)
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    STAGES,
    Int32s,
    LineGroups,
    MappingSpec,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.rules.order import leaving, within
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import Chosen, parse_target
from services.allocation.mappings.preview_outcomes import Tried
from shared.money import EXACT
from shared.periods import covers

MAX_CODES = 100


@dataclass(frozen=True)
class Caught:
    """Lines of one currency and their exact sum."""

    currency: str | None
    lines: int
    amount: Decimal


@dataclass(frozen=True)
class Overlap:
    """Another mapping that wants some of the same money, and how much of it."""

    spec: MappingSpec
    goes_first: bool
    lines: int
    objects: int
    amounts: list[Caught]


@dataclass(frozen=True)
class Outcome:
    """What would happen to a part of what is caught: `moves`, or why it does not."""

    outcome: str
    lines: int
    objects: int
    amounts: list[Caught]


@dataclass(frozen=True)
class Held:
    """What objects held in a run, by layer and code: the amounts that a preview shows."""

    currency: str
    amounts: Mapping[tuple[str, str], Decimal]

    def caught(self, layer: str, codes: Iterable[str]) -> list[Caught]:
        """The exact sum over some objects, which have no lines; nothing without a run."""
        if not self.currency:
            return []
        total = Decimal(0)
        for code in codes:
            total = EXACT.add(total, self.amounts.get((layer, code), Decimal(0)))
        return [Caught(self.currency, 0, total)]


NOTHING_HELD = Held("", {})


@dataclass(frozen=True)
class Preview:
    """What the mapping would catch if it stood alone; `codes` are the first source objects."""

    lines: int
    objects: int
    amounts: list[Caught]
    codes: list[str]
    targets: int | None
    overlaps: list[Overlap]
    outcomes: list[Outcome]
    unknown_targets: Sequence[str]


def needs_lines(spec: MappingSpec) -> bool:
    """Whether the mapping looks at lines (stages leaving lines and pools) or at objects."""
    return STAGES[spec.stage][0] in {"line", "pool"}


def beside(spec: MappingSpec, version: Iterable[MappingSpec], period: str) -> list[MappingSpec]:
    """The version's mappings with this one instead of its namesake, in order of application."""
    others = [other for other in version if other.code != spec.code]
    source, target = STAGES[spec.stage]
    in_order = within if source == target else leaving
    return in_order(source, [*others, spec], period)


def preview_lines(tried: Tried) -> Preview:
    """What a mapping that leaves lines or pools would catch of a period's lines.

    The groups must be told apart by the fields of all these mappings (`group_keys`).
    """
    spec, groups = tried.spec, tried.groups
    if STAGES[spec.stage][0] == "line":
        table = Table(len(groups), groups.columns)
        of_group = np.arange(len(groups), dtype=np.int32)
        judged = tried.of_lines()
    else:
        segments = _segments(tried)
        table, of_group = segments.table, segments.of_group
        judged = tried.of_segments(segments)
    holds = covers(spec.valid_from, spec.valid_to, tried.period)
    caught = _groups_of(spec, table, of_group) & holds
    lines, amounts = _sums(groups, caught)
    overlaps = []
    for other, goes_first in _rivals(spec, tried.version, tried.period):
        both = caught & _groups_of(other, table, of_group)
        if both.any():
            count, sums = _sums(groups, both)
            overlaps.append(Overlap(other, goes_first, count, 0, sums))
    codes = _codes(table, parse_selector(spec.source).mask(table) & holds)
    outcomes = []
    for name, rows in judged.by_outcome():
        mine = np.append(rows, False)[of_group]
        count, sums = _sums(groups, mine)
        outcomes.append(Outcome(name, count, len(_codes(table, rows)), sums))
    return Preview(
        lines=lines,
        objects=len(codes),
        amounts=amounts,
        codes=codes[:MAX_CODES],
        targets=count_targets(spec, tried.numbering),
        overlaps=overlaps,
        outcomes=outcomes,
        unknown_targets=judged.unknown,
    )


def _segments(tried: Tried) -> Segments:
    """The segments of the period's lines as this mapping and the others of its version see them."""
    together = [*(one for one in tried.version if one.code != tried.spec.code), tried.spec]
    pools = classify(tried.groups, tried.numbering, together, tried.period).pool
    nothing = np.empty(0, dtype=np.int32)
    keys = segment_keys(together, tried.period)
    return make_segments(tried.groups, pools, tried.numbering, keys, nothing)


def preview_objects(tried: Tried, held: Held = NOTHING_HELD) -> Preview:
    """What a mapping that leaves resources or solutions would catch: objects of that layer.

    Their amounts are what they held in a run, if one is given.
    """
    spec, layer = tried.spec, STAGES[tried.spec.stage][0]
    table = tried.numbering.layers[layer].table
    holds = covers(spec.valid_from, spec.valid_to, tried.period)
    caught = parse_selector(spec.source).mask(table) & holds
    judged = tried.of_objects()
    overlaps = []
    for other, goes_first in _rivals(spec, tried.version, tried.period):
        both = caught & parse_selector(other.source).mask(table)
        if both.any():
            shared = held.caught(layer, _codes(table, both))
            overlaps.append(Overlap(other, goes_first, 0, int(both.sum()), shared))
    codes = _codes(table, caught)
    return Preview(
        lines=0,
        objects=len(codes),
        amounts=held.caught(layer, codes),
        codes=codes[:MAX_CODES],
        targets=count_targets(spec, tried.numbering),
        overlaps=overlaps,
        outcomes=[
            Outcome(name, 0, int(rows.sum()), held.caught(layer, _codes(table, rows)))
            for name, rows in judged.by_outcome()
        ],
        unknown_targets=judged.unknown,
    )


def count_targets(spec: MappingSpec, numbering: Numbering) -> int | None:
    """How many objects a target selector means; None for the other forms of target."""
    target = parse_target(spec.target)
    if not isinstance(target, Chosen):
        return None
    return int(numbering.targets(STAGES[spec.stage][1], target.selector).sum())


def _rivals(
    spec: MappingSpec, version: Iterable[MappingSpec], period: str
) -> list[tuple[MappingSpec, bool]]:
    """The other mappings that leave the same layer, and whether each goes before this one."""
    ordered = beside(spec, version, period)
    place = next((i for i, one in enumerate(ordered) if one.code == spec.code), len(ordered))
    return [(other, i < place) for i, other in enumerate(ordered) if i != place]


def _groups_of(spec: MappingSpec, table: Table, of_group: Int32s) -> Mask:
    """Which line groups a mapping's source means, through their rows in the table."""
    rows = np.append(parse_selector(spec.source).mask(table), False)
    return np.asarray(rows[of_group], dtype=np.bool_)


def _sums(groups: LineGroups, mask: Mask) -> tuple[int, list[Caught]]:
    """Lines and exact amounts of the chosen groups, by currency."""
    lines: dict[str | None, int] = {}
    units: dict[str | None, int] = {}
    currencies = groups.currency.texts()
    for row in np.flatnonzero(mask).tolist():
        currency = currencies[row]
        lines[currency] = lines.get(currency, 0) + int(groups.line_counts[row])
        units[currency] = units.get(currency, 0) + int(groups.amounts[row])
    amounts = [
        Caught(currency, lines[currency], Decimal(f"{units[currency]}E-{EXACT_DECIMALS}"))
        for currency in sorted(lines, key=lambda code: code or "")
    ]
    return sum(lines.values()), amounts


def _codes(table: Table, mask: Mask) -> list[str]:
    """The distinct object codes of the chosen rows, in order; none for lines."""
    column = table.column("code")
    if column is None:
        return []
    chosen = np.unique(column.codes[mask])
    return sorted(column.values[code] for code in chosen.tolist() if code >= 0)
