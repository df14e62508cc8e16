"""Patterns: targets with whole weights, shared by all sources that split in the same way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.splitting.split import fit_weights

MEASURED, ESTIMATED, FALLBACK = 0, 1, 2
"""How a split is founded: direct or measured; fixed or estimated; evenly for lack of better."""
ONE = np.ones(1, dtype=np.int64)


@dataclass(frozen=True)
class Patterns:
    """All patterns of a leg: pattern i has the edges firsts[i] to firsts[i + 1].

    Edges stand in order of their targets' numbers. A weight is a quantity of 10^-decimals of the
    mapping's driver, or a share; -1 decimals say that it is neither (one target, even parts).
    `big` holds the few patterns whose weights do not fit into 62 bits, as Python integers.
    """

    firsts: Int64s
    targets: Int32s
    weights: Int64s
    grades: NDArray[np.int8]
    decimals: NDArray[np.int8]
    big: dict[int, list[int]]

    def __len__(self) -> int:
        return len(self.grades)


@dataclass
class PatternStore:
    """Collects patterns and gives each its number."""

    _targets: list[Int32s] = field(default_factory=list)
    _weights: list[Int64s] = field(default_factory=list)
    _widths: list[int] = field(default_factory=list)
    _grades: list[int] = field(default_factory=list)
    _decimals: list[int] = field(default_factory=list)
    _big: dict[int, list[int]] = field(default_factory=dict)
    _single: dict[int, int] = field(default_factory=dict)
    _scales: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, targets: NDArray[Any], weights: NDArray[Any], grade: int, decimals: int = -1
    ) -> int:
        """Store a pattern whose targets are sorted and whose weights are not negative."""
        number = len(self._widths)
        fitted = fit_weights(weights)
        if fitted is not weights:
            divisor = max(int(weights.max()) // int(max(fitted)), 1)
            self._scales[number] = (divisor, decimals)
        if fitted.dtype == object:
            self._big[number] = [int(weight) for weight in fitted]
            fitted, decimals = np.ones(len(targets), dtype=np.int64), -1
        elif fitted is not weights:
            decimals = -1 if divisor > 1 else decimals
        return self._append(targets.astype(np.int32), fitted, grade, decimals)

    def _append(self, targets: Int32s, weights: Int64s, grade: int, decimals: int) -> int:
        number = len(self._widths)
        self._targets.append(targets)
        self._weights.append(weights)
        self._widths.append(len(targets))
        self._grades.append(grade)
        self._decimals.append(decimals)
        return number

    def single(self, target: int) -> int:
        """The pattern that sends everything to one target."""
        if target not in self._single:
            one = np.array([target], dtype=np.int32)
            self._single[target] = self._append(one, ONE, MEASURED, -1)
        return self._single[target]

    def even(self, targets: NDArray[Any], grade: int) -> int:
        """The pattern that gives every target the same."""
        return self.add(targets, np.ones(len(targets), dtype=np.int64), grade)

    def grade_of(self, number: int) -> int:
        """How a pattern is founded."""
        return self._grades[number]

    def decimals_of(self, number: int) -> int:
        """The decimals of what `weights_of` gives."""
        _, decimals = self._scales.get(number, (1, self._decimals[number]))
        return max(decimals, 0)

    def targets_of(self, number: int) -> Int32s:
        """The targets of a pattern, in order."""
        return self._targets[number]

    def weights_of(self, number: int) -> NDArray[Any]:
        """The weights of a pattern as they were given; Python integers where they were."""
        if number not in self._scales:
            return self._weights[number]
        divisor, _ = self._scales[number]
        fitted = self._big.get(number, self._weights[number])
        return np.array([int(weight) * divisor for weight in fitted], dtype=object)

    def like(self, number: int, targets: NDArray[Any], weights: NDArray[Any]) -> int:
        """A pattern of other targets or weights, founded as another one is."""
        _, decimals = self._scales.get(number, (1, self._decimals[number]))
        return self.add(targets, weights, self._grades[number], decimals)

    def finish(self) -> Patterns:
        """All patterns in one pair of arrays."""
        ends = np.cumsum(np.array(self._widths, dtype=np.int64))
        return Patterns(
            firsts=np.concatenate([np.zeros(1, dtype=np.int64), ends]),
            targets=_joined(self._targets, np.int32),
            weights=_joined(self._weights, np.int64),
            grades=np.array(self._grades, dtype=np.int8),
            decimals=np.array(self._decimals, dtype=np.int8),
            big=dict(self._big),
        )


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
