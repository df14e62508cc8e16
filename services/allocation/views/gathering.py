"""Gathers the objects of a layer: each by itself, at a level of the tree, or by what they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.numbering import field_text
from services.allocation.views.exact_sums import Units, sum_by
from services.allocation.views.figures import ROOT, Int64s, LayerFigures, Mask

OUTSIDE = -1
NO_VALUE = ""
"""The key of everything that has no value of the field by which it is gathered."""


@dataclass(frozen=True)
class Grouping:
    """How a view gathers objects: by their ancestor at a level, or by a field (`tags.x`).

    Only what stands under one of the codes of each set of `within` is seen, and nothing above.
    """

    level: int | None = None
    by: str | None = None
    within: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Groups:
    """Which group each object belongs to, OUTSIDE where it is not seen, and the groups' labels.

    Without `by` a group has the number of the object that stands for it, and its code as label.
    """

    figures: LayerFigures
    grouping: Grouping
    labels: Sequence[str]
    group_of: Int64s

    @cached_property
    def _in_order(self) -> tuple[Int64s, Int64s]:
        order = np.argsort(self.group_of, kind="stable")
        return order, self.group_of[order]

    def members(self, group: int) -> Int64s:
        """The objects of a group, also those without amounts."""
        order, groups = self._in_order
        first, last = np.searchsorted(groups, [group, group + 1])
        return order[first:last]

    def sums(self, units: Units) -> Units:
        """Units of objects added up per group."""
        seen = np.flatnonzero(self.group_of != OUTSIDE)
        return sum_by(self.group_of[seen], units[seen], len(self.labels))


@dataclass(frozen=True)
class Gathered:
    """The lines of one run: line i has `keys[i]` and gathers `heads[i]`, within `kinds[i]`."""

    groups: Groups
    keys: Sequence[str]
    heads: Int64s
    kinds: Sequence[str | None]
    units: Units

    @property
    def figures(self) -> LayerFigures:
        """What was gathered."""
        return self.groups.figures

    @cached_property
    def index(self) -> dict[str, int]:
        """Where the line of a key stands."""
        return {key: place for place, key in enumerate(self.keys)}


def group(figures: LayerFigures, grouping: Grouping) -> Groups:
    """Every object's group."""
    seen = np.ones(len(figures), dtype=np.bool_)
    for codes in grouping.within:
        seen &= figures.under(codes)
    if grouping.by is None:
        labels: Sequence[str] = figures.codes
        group_of = _highest_seen(figures, figures.at_level(grouping.level), seen).astype(np.int64)
    else:
        labels, group_of = _by_field(figures, grouping.by)
    return Groups(figures, grouping, labels, np.where(seen, group_of, OUTSIDE))


def _highest_seen(figures: LayerFigures, reached: NDArray[Any], seen: Mask) -> NDArray[Any]:
    """The ancestors, or where these are not to be seen the highest that are."""
    if seen.all():
        return reached
    top = np.arange(len(figures))
    for _ in range(int(figures.depths.max(initial=1))):
        above = figures.parents[top]
        rises = (above != ROOT) & seen[above]
        top[rises] = above[rises]
    return np.where(seen[reached], reached, top)


def _by_field(figures: LayerFigures, field: str) -> tuple[Sequence[str], Int64s]:
    numbers: dict[str, int] = {}
    texts = (field_text(one, field) or NO_VALUE for one in figures.objects)
    found = [numbers.setdefault(text, len(numbers)) for text in texts]
    return list(numbers), np.array(found, dtype=np.int64)


def gather(figures: LayerFigures, grouping: Grouping) -> Gathered:
    """The lines of a layer: every group of objects, within a cost type, that money has touched."""
    groups = group(figures, grouping)
    touched = (figures.units != 0) | figures.touched[figures.at]
    rows = np.flatnonzero(touched & (groups.group_of[figures.at] != OUTSIDE))
    codes, values = _kinds(figures)
    numbers = groups.group_of[figures.at[rows]] * len(values) + codes[rows]
    unique, lines = np.unique(numbers, return_inverse=True)
    heads, kind_codes = np.divmod(unique, len(values))
    kinds = [values[code] for code in kind_codes.tolist()]
    pairs = zip(heads.tolist(), kinds, strict=True)
    return Gathered(
        groups=groups,
        keys=[line_key(figures, groups.labels[head], kind) for head, kind in pairs],
        heads=heads,
        kinds=kinds,
        units=sum_by(lines, figures.units[rows], len(unique)),
    )


def line_key(figures: LayerFigures, label: str, kind: str | None) -> str:
    """What tells the lines of a view apart: code or value, in the finance view with cost type."""
    return label if figures.kinds is None else f"{label}|{kind or ''}"


def _kinds(figures: LayerFigures) -> tuple[Int64s, Sequence[str | None]]:
    if figures.kinds is None:
        return np.zeros(len(figures.at), dtype=np.int64), [None]
    numbers: dict[str | None, int] = {None: 0}
    codes = [numbers.setdefault(kind, len(numbers)) for kind in figures.kinds]
    return np.array(codes, dtype=np.int64), list(numbers)
