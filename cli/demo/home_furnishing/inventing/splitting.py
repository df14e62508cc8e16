"""Splits whole amounts into uneven parts that add up."""

from collections.abc import Sequence
from random import Random


def split_evenly_enough(whole: int, parts: int, random: Random) -> list[int]:
    """So many positive parts of a whole, none alike, of the same sum."""
    return split_by([random.uniform(0.4, 1.6) for _ in range(parts)], whole)


def split_by(weights: Sequence[float], whole: int) -> list[int]:
    """A whole by weights, in whole units; the last part takes the rest."""
    total = sum(weights)
    parts = [int(whole * weight / total) for weight in weights[:-1]]
    return [*parts, whole - sum(parts)]
