"""The small algebra of units: words with powers, of which money and time are known.

    unit = word | unit * word | unit / word      (`CNY`, `h`, `CNY/order`, `次/年`, `1/h`)

Money (`CNY`, `元`, `money` for any currency), time (`h`, `小时`), percentages, fractions and counts
are known by several spellings; every other word stands for itself. `%`, `ratio` and `count` have no
dimension in products. A month below the line says nothing, because every value is of a month.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from services.valuation.measures.value_kpis.formulas.unit_words import (
    ANY_MONEY,
    COUNT,
    MONTH,
    PERCENT,
    PURE,
    TIMES,
    is_money,
    word_of,
)
from shared.currencies import is_currency

Kind = Literal["known", "number", "open"]
_SEPARATOR = re.compile(r"([*·×⋅/])")


@dataclass(frozen=True)
class Unit:
    """Words with powers, in order of words; a bare number, or not known at all (`open`).

    `is_scaled` says that a bare number was a factor: it may have turned the unit into another.
    """

    powers: tuple[tuple[str, int], ...] = ()
    kind: Kind = "known"
    is_scaled: bool = False

    def __str__(self) -> str:
        """As it is told to people."""
        above = "*".join(_raised(word, power) for word, power in self.powers if power > 0)
        below = "".join(f"/{_raised(word, -power)}" for word, power in self.powers if power < 0)
        return (above or "1") + below

    def has(self, words: Iterable[str]) -> bool:
        """Whether one of these words is in the unit."""
        return not {word for word, _ in self.powers}.isdisjoint(words)


NUMBER = Unit(kind="number")
OPEN = Unit(kind="open")


class UnitMismatch(Exception):
    """Two units that do not go together."""

    def __init__(self, one: Unit, other: Unit) -> None:
        super().__init__(f"{one} and {other}")
        self.one, self.other = one, other


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """The unit that a KPI declares; what is not understood is one word of its own."""
    powers: dict[str, int] = {}
    sign = 1
    for part in _SEPARATOR.split(text.replace("每", "/") if "每" in text[1:] else text):
        if part == "/":
            sign = -1
        elif part and _SEPARATOR.fullmatch(part):
            sign = 1
        elif part.strip():
            word = word_of(part.strip())
            powers[word] = powers.get(word, 0) + sign
    if powers.get(MONTH, 0) < 0:
        del powers[MONTH]
    if len(powers) > 1:
        powers = {word: power for word, power in powers.items() if word not in PURE}
    return _known(powers)


def multiply(units: Iterable[Unit]) -> Unit:
    """The unit of a product; bare numbers have none, what is open makes all of it open."""
    factors = list(units)
    if any(factor.kind == "open" for factor in factors):
        return OPEN
    known = [factor for factor in factors if factor.kind == "known"]
    if not known:
        return NUMBER
    if len(factors) == 1:
        return factors[0]
    powers: dict[str, int] = {}
    for factor in known:
        for word, power in factor.powers:
            if word not in PURE:
                powers[word] = powers.get(word, 0) + power
    if not powers and len(known) == 1:
        powers = dict(known[0].powers)
    is_scaled = len(known) < len(factors) or any(factor.is_scaled for factor in known)
    return replace(_known(powers), is_scaled=is_scaled)


def invert(unit: Unit) -> Unit:
    """The unit of one over something."""
    powers = {word: -power for word, power in unit.powers if word not in PURE}
    return replace(_known(powers), kind=unit.kind, is_scaled=unit.is_scaled)


def add(units: Iterable[Unit]) -> Unit:
    """The unit of a sum, or of the least or largest: all the same. UnitMismatch otherwise.

    A bare number fits any unit, `money` any currency, `count` any word that is counted.
    """
    result = NUMBER
    for unit in units:
        if not _go_together(result, unit):
            raise UnitMismatch(result, unit)
        result = replace(_plainer(result, unit), is_scaled=result.is_scaled or unit.is_scaled)
    return result


def check_declared(result: Unit, declared: Unit) -> None:
    """UnitMismatch when money or time of a result cannot be what its KPI says.

    Counts and words of one's own are not held against it, nor is anything that a bare number has
    scaled, because a price or a conversion may be written as a number. A result without any time
    may be declared per time: `turns/year` are cost of a year over stock.
    """
    if result.kind != "known" or result.is_scaled:
        return
    if not _of(result, TIMES):
        declared = _without_pace(declared)
    if _says_nothing(result) or _says_nothing(declared):
        return
    if not _same_known(result, declared):
        raise UnitMismatch(result, declared)


def _without_pace(unit: Unit) -> Unit:
    """A unit without the times below its line."""
    kept = tuple((word, power) for word, power in unit.powers if power > 0 or word not in TIMES)
    return replace(unit, powers=kept)


def currencies_of(unit: Unit) -> set[str]:
    """The currencies that a unit names."""
    return {word for word, _ in unit.powers if is_currency(word)}


def _known(powers: Mapping[str, int]) -> Unit:
    return Unit(tuple(sorted((word, power) for word, power in powers.items() if power)))


def _raised(word: str, power: int) -> str:
    return word if power == 1 else f"{word}^{power}"


def _go_together(one: Unit, other: Unit) -> bool:
    if "known" not in (one.kind, other.kind) or one.kind != other.kind:
        return True
    if one.powers == other.powers:
        return True
    if not _same_known(one, other):
        return False
    free, free_of_other = _free(one), _free(other)
    if free == free_of_other:
        return _same_pure(one, other)
    return _is_counted(one) or _is_counted(other)


def _same_known(one: Unit, other: Unit) -> bool:
    """Whether money and time are the same; money of any currency is as good as one of a name."""
    if _of(one, TIMES) != _of(other, TIMES):
        return False
    moneys = [
        {word: power for word, power in unit.powers if is_money(word)} for unit in (one, other)
    ]
    if any(ANY_MONEY in money for money in moneys):
        return sum(moneys[0].values()) == sum(moneys[1].values())
    return moneys[0] == moneys[1]


def _of(unit: Unit, words: Iterable[str]) -> dict[str, int]:
    return {word: power for word, power in unit.powers if word in words}


def _free(unit: Unit) -> dict[str, int]:
    return {
        word: power
        for word, power in unit.powers
        if not is_money(word) and word not in TIMES and word not in PURE
    }


def _same_pure(one: Unit, other: Unit) -> bool:
    """A percentage is not added to a fraction or a count; a plain quotient fits all of them."""
    pure, pure_of_other = _of(one, PURE), _of(other, PURE)
    return not pure or not pure_of_other or (PERCENT in pure) == (PERCENT in pure_of_other)


def _is_counted(unit: Unit) -> bool:
    """Plain counts and quotients, that go with whatever word is counted."""
    return all(word == COUNT for word, _ in unit.powers)


def _says_nothing(unit: Unit) -> bool:
    """Whether only words of one's own are in it, which may mean anything."""
    return (
        bool(_free(unit))
        and not _of(unit, TIMES)
        and not any(is_money(word) for word, _ in unit.powers)
    )


def _plainer(one: Unit, other: Unit) -> Unit:
    """The one of two fitting units that says more."""
    if one.kind != "known" or (one.has([ANY_MONEY]) and not other.has([ANY_MONEY])):
        return other if other.kind == "known" or one.kind == "number" else one
    if other.kind == "known" and _is_counted(one):
        return other
    return one
