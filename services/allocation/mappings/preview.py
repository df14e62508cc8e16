"""What a mapping would catch: lines and amounts, or objects, and which other mappings want them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.allocation.engine.classification import classify, make_segments, segment_keys
from services.allocation.engine.columns import Mask, Table
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    STAGES,
    Int32s,
    LineGroups,
    MappingSpec,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.order import leaving
from services.allocation.engine.selectors import parse_selector
from services.allocation.engine.targets import Chosen, parse_target
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
class Preview:
    """What the mapping would catch if it stood alone; `codes` are the first source objects."""

    lines: int
    objects: int
    amounts: list[Caught]
    codes: list[str]
    targets: int | None
    overlaps: list[Overlap]


def needs_lines(spec: MappingSpec) -> bool:
    """Whether the mapping looks at lines (stages leaving lines and pools) or at objects."""
    return STAGES[spec.stage][0] in {"line", "pool"}


def beside(spec: MappingSpec, version: Iterable[MappingSpec], period: str) -> list[MappingSpec]:
    """The version's mappings with this one instead of its namesake, in order of application."""
    others = [other for other in version if other.code != spec.code]
    return leaving(STAGES[spec.stage][0], [*others, spec], period)


def preview_lines(
    spec: MappingSpec,
    version: Sequence[MappingSpec],
    groups: LineGroups,
    numbering: Numbering,
    period: str,
) -> Preview:
    """What a mapping that leaves lines or pools would catch of a period's lines.

    The groups must be told apart by the fields of all these mappings (`group_keys`).
    """
    together = [*(other for other in version if other.code != spec.code), spec]
    if STAGES[spec.stage][0] == "line":
        table = Table(len(groups), groups.columns)
        of_group = np.arange(len(groups), dtype=np.int32)
    else:
        pools = classify(groups, numbering, together, period).pool
        nothing = np.empty(0, dtype=np.int32)
        keys = segment_keys(together, period)
        segments = make_segments(groups, pools, numbering, keys, nothing)
        table, of_group = segments.table, segments.of_group
    holds = covers(spec.valid_from, spec.valid_to, period)
    caught = _groups_of(spec, table, of_group) & holds
    lines, amounts = _sums(groups, caught)
    overlaps = []
    for other, goes_first in _rivals(spec, version, period):
        both = caught & _groups_of(other, table, of_group)
        if both.any():
            count, sums = _sums(groups, both)
            overlaps.append(Overlap(other, goes_first, count, 0, sums))
    codes = _codes(table, parse_selector(spec.source).mask(table) & holds)
    objects = len(codes) if STAGES[spec.stage][0] == "pool" else 0
    return Preview(
        lines, objects, amounts, codes[:MAX_CODES], count_targets(spec, numbering), overlaps
    )


def preview_objects(
    spec: MappingSpec, version: Sequence[MappingSpec], numbering: Numbering, period: str
) -> Preview:
    """What a mapping that leaves resources or solutions would catch: objects of that layer."""
    table = numbering.layers[STAGES[spec.stage][0]].table
    holds = covers(spec.valid_from, spec.valid_to, period)
    caught = parse_selector(spec.source).mask(table) & holds
    overlaps = []
    for other, goes_first in _rivals(spec, version, period):
        both = caught & parse_selector(other.source).mask(table)
        if both.any():
            overlaps.append(Overlap(other, goes_first, 0, int(both.sum()), []))
    codes = _codes(table, caught)
    return Preview(0, len(codes), [], codes[:MAX_CODES], count_targets(spec, numbering), overlaps)


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
