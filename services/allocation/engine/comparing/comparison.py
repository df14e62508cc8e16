"""Why two runs differ: the difference of every figure, split over six factors, exactly."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.comparing.factors import FACTORS, MixedInputs
from services.allocation.engine.model import OBJECT_LAYERS, Int64s, ObjectSpec, RunInput
from services.allocation.engine.result import RunResult
from shared.errors import FieldError, RuleBroken
from shared.money import decimals_of, to_units

METHODS = ("sequence", "shapley")
TOTALS = ("input", "consumers", "retained", "unallocated")
LINES = ("line", None)
Place = tuple[str, str | None]
Wholes = NDArray[np.object_]
"""Whole numbers of any size."""


@dataclass(frozen=True)
class Figures:
    """What a run gave, in one measure: what each place held, in 10^-precision, and totals."""

    precision: int
    holdings: Int64s
    totals: Mapping[str, Decimal]

    def equals(self, other: "Figures") -> bool:
        """Whether both say the same."""
        plain = (self.precision, dict(self.totals)) == (other.precision, dict(other.totals))
        return plain and np.array_equal(self.holdings, other.holdings)


RunFigures = Mapping[str, Figures]
"""The figures of a run by measure, over the places of a comparison."""


@dataclass(frozen=True)
class SplitDifferences:
    """before, after and the parts of after - before, place by place, in 10^-decimals.

    For every place the parts of all factors add up to after - before.
    """

    decimals: int
    before: Wholes
    after: Wholes
    parts: Mapping[str, Wholes]


@dataclass(frozen=True)
class Compared:
    """One measure: the places' differences and those of the totals (in the order of TOTALS)."""

    places: SplitDifferences
    totals: SplitDifferences


class Places:
    """Everything that holds money in either run: the lines' account and the objects of both."""

    def __init__(self, *sides: Iterable[ObjectSpec]) -> None:
        order = {layer: place for place, layer in enumerate(OBJECT_LAYERS)}
        known = {(one.layer, one.code) for side in sides for one in side}
        objects = sorted(known, key=lambda place: (order[place[0]], place[1]))
        self.all: list[Place] = [LINES, *objects]
        self._rows = {place: row for row, place in enumerate(self.all)}

    def __len__(self) -> int:
        return len(self.all)

    def row(self, place: Place) -> int:
        """Where a place stands."""
        return self._rows[place]

    def of_result(self, result: RunResult) -> RunFigures:
        """A result's figures over these places; what it does not know held nothing."""
        objects = [self._rows[one.layer, one.code] for one in result.numbering.objects]
        found = {}
        for number, measure in enumerate(result.measures):
            holdings = np.zeros(len(self), dtype=np.int64)
            holdings[[*objects, 0]] = result.balances.holding[number]
            totals = {name: getattr(result.totals[measure], name) for name in TOTALS}
            found[measure] = Figures(result.precision[measure], holdings, totals)
        return found


class Evaluation:
    """The figures for any set of replaced factors; the engine runs once for each that matters.

    The base run stands for none replaced and the new run for all. Where the inputs do not differ,
    what differs all the same (the engine's own rules did) counts as `mapping`.
    """

    def __init__(
        self,
        inputs: MixedInputs,
        ends: tuple[RunFigures, RunFigures],
        places: Places,
        run: Callable[[RunInput], RunResult],
        after_run: Callable[[], None] = lambda: None,
    ) -> None:
        is_same = all(one.equals(ends[1][measure]) for measure, one in ends[0].items())
        self.changed = inputs.changed or (() if is_same else ("mapping",))
        self._inputs, self._places = inputs, places
        self._run, self._after_run = run, after_run
        nothing: frozenset[str] = frozenset()
        self._known = {nothing: ends[0], frozenset(self.changed): ends[1]}

    def figures(self, replaced: Collection[str]) -> RunFigures:
        """The figures with these factors of the new run and the others of the base.

        Raises RuleBroken `mixed_run_refused` when the engine cannot run that mixture.
        """
        key = frozenset(replaced) & frozenset(self.changed)
        if key not in self._known:
            self._known[key] = self._places.of_result(self._try(key))
            self._after_run()
        return self._known[key]

    def _try(self, replaced: frozenset[str]) -> RunResult:
        try:
            return self._run(self._inputs.of(replaced))
        except RuleBroken as refused:
            named = ", ".join(factor for factor in FACTORS if factor in replaced)
            message = (
                f"the model cannot be run with {named} of the run and the rest of the base,"
                f" so the difference cannot be split: {refused.detail}"
            )
            errors = [FieldError("/factors", refused.code, refused.detail)]
            raise RuleBroken(message, code="mixed_run_refused", errors=errors) from refused


def run_count(changed: int, method: str) -> int:
    """How many engine runs a comparison with so many changed factors takes."""
    return max(0, changed - 1) if method == "sequence" else max(0, 2**changed - 2)


def split_differences(evaluation: Evaluation, method: str) -> dict[str, Compared]:
    """The difference of every figure, by measure, split over the factors.

    `sequence` replaces the factors one after the other; `shapley` takes the average over all
    orders of replacing them, settled to units by largest remainder. Either way the parts of each
    figure add up to its difference exactly.
    """
    changed = evaluation.changed
    terms = _sequence(changed) if method == "sequence" else _shapley(changed)
    subsets = {subset for times in terms.times.values() for subset in times}
    subsets |= {frozenset(), terms.whole}
    seen = {subset: evaluation.figures(subset) for subset in sorted(subsets, key=_order)}
    return {measure: _of_measure(measure, terms, seen) for measure in seen[frozenset()]}


@dataclass(frozen=True)
class Terms:
    """Per factor, how often the figures of each set of replaced factors count in its part.

    A part is the sum over `orders`. `whole` is the set of all factors that changed.
    """

    whole: frozenset[str]
    orders: int
    times: Mapping[str, Mapping[frozenset[str], int]]


def _order(subset: frozenset[str]) -> list[int]:
    return [FACTORS.index(factor) for factor in FACTORS if factor in subset]


def _sequence(changed: Sequence[str]) -> Terms:
    times = {}
    before: frozenset[str] = frozenset()
    for factor in changed:
        after = before | {factor}
        times[factor] = {after: 1, before: -1}
        before = after
    return Terms(before, 1, times)


def _shapley(changed: Sequence[str]) -> Terms:
    """Every set S without the factor counts |S|! (n - |S| - 1)! times, of n! orders."""
    times: dict[str, dict[frozenset[str], int]] = {}
    for factor in changed:
        others = [other for other in changed if other != factor]
        times[factor] = {}
        for size in range(len(changed)):
            weight = factorial(size) * factorial(len(others) - size)
            for chosen in combinations(others, size):
                times[factor][frozenset(chosen)] = -weight
                times[factor][frozenset((*chosen, factor))] = weight
    return Terms(frozenset(changed), factorial(len(changed)), times)


def _of_measure(measure: str, terms: Terms, seen: Mapping[frozenset[str], RunFigures]) -> Compared:
    figures = {subset: found[measure] for subset, found in seen.items()}
    places = max(one.precision for one in figures.values())
    exact = [total for one in figures.values() for total in one.totals.values()]
    digits = max(places, *(decimals_of(total) for total in exact))

    def holdings(subset: frozenset[str]) -> Wholes:
        one = figures[subset]
        return np.asarray(one.holdings.astype(object) * 10 ** (places - one.precision))

    def totals(subset: frozenset[str]) -> Wholes:
        whole = [to_units(figures[subset].totals[name], digits) for name in TOTALS]
        return np.array(whole, dtype=object)

    return Compared(_split(places, holdings, terms), _split(digits, totals, terms))


def _split(
    decimals: int, values: Callable[[frozenset[str]], Wholes], terms: Terms
) -> SplitDifferences:
    before, after = values(frozenset()), values(terms.whole)
    nothing = before - before
    parts = dict.fromkeys(FACTORS, nothing)
    for subset in {subset for times in terms.times.values() for subset in times}:
        figures = values(subset)
        for factor, times in terms.times.items():
            if subset in times:
                parts[factor] = parts[factor] + times[subset] * figures
    if terms.orders > 1:
        parts |= _settled({one: parts[one] for one in terms.times}, terms.orders, after - before)
    return SplitDifferences(decimals, before, after, parts)


def _settled(raw: Mapping[str, Wholes], orders: int, difference: Wholes) -> dict[str, Wholes]:
    """raw / orders as whole numbers that add up to the difference, place by place.

    Floors first, then one more for the largest remainders, ties to the earlier factor.
    """
    floors = {factor: numerators // orders for factor, numerators in raw.items()}
    remainders = {factor: numerators % orders for factor, numerators in raw.items()}
    spare = difference - sum(floors.values())
    for row in np.flatnonzero(spare).tolist():
        ranked = sorted(raw, key=lambda factor: -int(remainders[factor][row]))
        for factor in ranked[: int(spare[row])]:
            floors[factor][row] += 1
    return floors
