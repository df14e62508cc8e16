"""What mappings were found to do with sources, so that nothing is worked out twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.outcomes import Resolver
from services.allocation.engine.flows.patterns import Patterns, PatternStore
from services.allocation.engine.flows.weights import KEPT_BACK, UnknownCodes
from services.allocation.engine.model import Int32s, Int64s, MappingSpec
from services.allocation.engine.splitting.split import Rows

UNKNOWN = np.int32(np.iinfo(np.int32).min)
NumbersT = TypeVar("NumbersT", bound=NDArray[Any])


class KnownOutcomes:
    """Outcomes by mapping and source, looked up in bulk."""

    def __init__(self, source: Int32s, place: Int32s, outcome: Int32s, source_count: int) -> None:
        keys = place.astype(np.int64) * source_count + source
        order = np.argsort(keys, kind="stable")
        self._keys, self._outcomes = keys[order], outcome[order]
        self._source_count = source_count

    def find(self, place: int, sources: Int64s) -> Int32s:
        """What the mapping at this place does with each source, UNKNOWN where it is not known."""
        if not len(self._keys):
            return np.full(len(sources), UNKNOWN, dtype=np.int32)
        keys = place * self._source_count + sources
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._outcomes[at], UNKNOWN).astype(np.int32)


@dataclass
class KnowingResolver(Resolver):
    """Asks what is known first; `places` gives the known mappings by code.

    Its sources are a choice: row i stands for `chosen[i]` among those that are known. Patterns
    that are new get their numbers behind those of known ones, from `first` on.
    """

    known: KnownOutcomes | None = None
    places: Mapping[str, int] = field(default_factory=dict)
    chosen: Int64s = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    first: int = 0

    def outcomes(self, spec: MappingSpec, rows: Int64s) -> Int32s:
        """What the mapping does with each of the source rows."""
        if self.known is None or spec.code not in self.places:
            return self._found_out(spec, rows)
        found = self.known.find(self.places[spec.code], self.chosen[rows])
        missing = np.flatnonzero(found == UNKNOWN)
        if len(missing):
            found[missing] = self._found_out(spec, rows[missing])
        return found

    def _found_out(self, spec: MappingSpec, rows: Int64s) -> Int32s:
        found = super().outcomes(spec, rows)
        return np.where(found >= 0, found + np.int32(self.first), found).astype(np.int32)


class MoreUnknownCodes(UnknownCodes):
    """The unknown codes of a run, which keep their numbers, and more behind them."""

    def __init__(self, base: UnknownCodes, more: Iterable[str]) -> None:
        self._base = base
        self.first = base.first
        new = sorted(set(more) - set(base.codes))
        self.codes = [*base.codes, *("" for _ in KEPT_BACK), *new]
        self._numbers = {code: self.first + at for at, code in enumerate(self.codes) if code}

    def kept_back(self, reason: str) -> int:
        """The number that stands for what a method keeps back for this reason."""
        return self._base.kept_back(reason)

    def reason_of(self, number: int) -> str:
        """Why money stays that would go to this number."""
        is_base = number < self.first + len(self._base.codes) + len(KEPT_BACK)
        return self._base.reason_of(number) if is_base else "unknown_target"


class GatheredPatterns(PatternStore):
    """Patterns of a store under the numbers that they got when they were gathered."""

    def __init__(self, store: PatternStore, numbers: Int64s) -> None:
        super().__init__()
        self._store, self._numbers = store, numbers

    def targets_of(self, number: int) -> Int32s:
        """The targets of a pattern, in order."""
        return self._store.targets_of(int(self._numbers[number]))

    def weights_of(self, number: int) -> NDArray[Any]:
        """The weights of a pattern as they were given."""
        return self._store.weights_of(int(self._numbers[number]))

    def decimals_of(self, number: int) -> int:
        """The decimals of what `weights_of` gives."""
        return self._store.decimals_of(int(self._numbers[number]))


def gather_patterns(
    stores: Sequence[Patterns], outcomes: Int32s
) -> tuple[Patterns, Int32s, Int64s]:
    """The patterns in use in one place, the outcomes with their numbers there, and what they were.

    The patterns of the stores are numbered one store after the other.
    """
    used, at = np.unique(np.maximum(outcomes, -1), return_inverse=True)
    keeping = int(bool(len(used)) and int(used[0]) < 0)
    renumbered = np.where(outcomes >= 0, at - keeping, outcomes).astype(np.int32)
    used = used[keeping:].astype(np.int64)
    taken = [_Taken.of(store, numbers) for store, numbers in _by_store(stores, used)]
    big: dict[int, list[int]] = {}
    before = 0
    for one in taken:
        big |= {before + place: weights for place, weights in one.big.items()}
        before += len(one.widths)
    widths = np.concatenate([one.widths for one in taken])
    return (
        Patterns(
            firsts=np.append(0, np.cumsum(widths)).astype(np.int64),
            targets=np.concatenate([one.targets for one in taken]),
            weights=np.concatenate([one.weights for one in taken]),
            grades=np.concatenate([one.grades for one in taken]),
            decimals=np.concatenate([one.decimals for one in taken]),
            big=big,
        ),
        renumbered,
        used,
    )


def _by_store(stores: Sequence[Patterns], used: Int64s) -> Iterator[tuple[Patterns, Int64s]]:
    """The used patterns of each store, by their numbers in it."""
    first = 0
    for store in stores:
        yield store, used[(used >= first) & (used < first + len(store))] - first
        first += len(store)


@dataclass(frozen=True)
class _Taken:
    """Some patterns of one store, in the order of their numbers."""

    widths: Int64s
    targets: Int32s
    weights: Int64s
    grades: NDArray[np.int8]
    decimals: NDArray[np.int8]
    big: dict[int, list[int]]

    @classmethod
    def of(cls, store: Patterns, numbers: Int64s) -> "_Taken":
        """Copy them out of their store."""
        rows = Rows.sharing(store.firsts[numbers], store.firsts[numbers + 1])
        big = {
            place: store.big[number]
            for place, number in enumerate(numbers.tolist() if store.big else ())
            if number in store.big
        }
        edges = (_copied(store.targets, rows), _copied(store.weights, rows))
        return cls(rows.widths, *edges, store.grades[numbers], store.decimals[numbers], big)


def _copied(values: NumbersT, stretches: Rows) -> NumbersT:
    from services.allocation.engine.what_if.incremental_kernels import copy_stretches

    out: Any = np.empty(stretches.edge_count, dtype=values.dtype)
    copy_stretches(values, stretches.firsts, stretches.widths, stretches.outs, out)
    return out  # type: ignore[no-any-return]
