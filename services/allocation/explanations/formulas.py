"""Formulas whose parts have names, exact values and addresses; checked before they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.money import from_units


@dataclass(frozen=True)
class Part:
    """One name of a formula, its exact value, and where it can be read."""

    name: str
    value: Decimal
    href: str


@dataclass(frozen=True)
class Formula:
    """`result = expression`: gives `value` to within `tolerance`."""

    text: str
    value: Decimal
    tolerance: Decimal
    href: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Goal:
    """What a formula is to explain: name, value and address of a figure, decimals of its units."""

    name: str
    value: Decimal
    precision: int
    href: str


def formula(goal: Goal, expression: str, parts: Sequence[Part], slack: int = 0) -> Formula | None:
    """The formula of a figure, or None when it misses the figure by more than `slack` units.

    So no formula is ever shown that does not hold. `{0}`, `{1}`, ... in the expression stand for
    the parts; the tolerance that it states is the slack, and nothing where it holds exactly.
    """
    values = [Fraction(part.value) for part in parts]
    computed = evaluate(expression, values)
    if computed is None:
        return None
    missed = abs(computed - Fraction(goal.value))
    allowed = from_units(slack, goal.precision)
    if missed > Fraction(allowed):
        return None
    text = f"{goal.name} = {expression.format(*(part.name for part in parts))}"
    tolerance = allowed if missed else Decimal(0)
    return Formula(text, goal.value, tolerance, goal.href, tuple(parts))


def evaluate(expression: str, values: Sequence[Fraction]) -> Fraction | None:
    """The exact value of an expression of ours; None when it divides by nothing."""
    words = expression.replace("(", " ( ").replace(")", " ) ").split()
    try:
        return _Reader(words, values).sum()
    except ZeroDivisionError:
        return None


class _Reader:
    """Reads sums of products of brackets and `{i}`."""

    def __init__(self, words: Sequence[str], values: Sequence[Fraction]) -> None:
        self._words, self._values, self._at = list(words), values, 0

    def _next(self, allowed: Mapping[str, int]) -> int | None:
        if self._at < len(self._words) and self._words[self._at] in allowed:
            self._at += 1
            return allowed[self._words[self._at - 1]]
        return None

    def sum(self) -> Fraction:
        """One or more products, added or subtracted."""
        total = self._product()
        while (sign := self._next({"+": 1, "-": -1})) is not None:
            total += sign * self._product()
        return total

    def _product(self) -> Fraction:
        total = self._single()
        while (power := self._next({"*": 1, "/": -1})) is not None:
            total *= self._single() ** power
        return total

    def _single(self) -> Fraction:
        word = self._words[self._at]
        self._at += 1
        if word == "(":
            inside = self.sum()
            self._at += 1
            return inside
        if word.startswith("{"):
            return self._values[int(word[1:-1])]
        return Fraction(word)


def sum_of(count: int) -> str:
    """The expression that adds so many parts."""
    return " + ".join(f"{{{place}}}" for place in range(count))
