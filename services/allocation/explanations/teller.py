"""Collects the sentences and formulas of one explanation, in the caller's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.allocation.explanations import wording
from services.allocation.explanations.formulas import Formula, Goal, Part, formula
from services.allocation.explanations.places import Places
from services.allocation.runs.figures import name_of
from services.allocation.runs.seen_run import SeenRun
from shared.currencies import minor_digits
from shared.money import from_units


@dataclass
class Teller:
    """What is said about one object of a run; `stages` are the settings of same-layer stages."""

    seen: SeenRun
    places: Places
    stages: Mapping[str, Mapping[str, object]]
    sentences: list[str] = field(default_factory=list)
    formulas: list[Formula] = field(default_factory=list)

    @property
    def is_bound(self) -> bool:
        """Whether the caller may know nothing of others: no totals, no shares."""
        return self.seen.own is not None

    @property
    def measure(self) -> str:
        """The measure that is explained."""
        return self.seen.result.measures[self.seen.measure]

    @property
    def unit(self) -> str:
        """In what the measure is counted."""
        return wording.UNITS.get(self.measure, self.seen.result.currency)

    def amount(self, units: int) -> str:
        """Units as people read them: exact, with their currency or unit."""
        return self.money(from_units(units, self.seen.precision))

    def money(self, value: Decimal) -> str:
        """An amount as people read it."""
        least = minor_digits(self.seen.result.currency) if self.measure == "cost" else 0
        return f"{wording.grouped(value, least)} {self.unit}"

    def phrase(self, key: str, **fields: object) -> str:
        """A phrase in the caller's language."""
        return wording.say(wording.SENTENCES, key, self.seen.language, **fields)

    def say(self, key: str, **fields: object) -> None:
        """Add a sentence."""
        self.sentences.append(self.phrase(key, **fields))

    def word(self, key: str) -> str:
        """What a part of a formula is called."""
        return wording.say(wording.NAMES, key, self.seen.language)

    def name(self, number: int) -> str:
        """What an object is called."""
        return name_of(self.seen.result.numbering, number, self.seen.language) or ""

    def note(self, note: str | None) -> str:
        """A mapping's note in brackets."""
        return f" ({note})" if note else ""

    def part(self, key: str, value: Decimal, href: str, *, suffix: str = "") -> Part:
        """A named part of a formula."""
        return Part(self.word(key) + suffix, value, href)

    def units_part(self, key: str, units: int, href: str, *, suffix: str = "") -> Part:
        """A part that is a figure of the run."""
        return self.part(key, from_units(units, self.seen.precision), href, suffix=suffix)

    def goal(self, key: str, units: int, href: str, *, suffix: str = "") -> Goal:
        """A figure of the run that a formula is to explain."""
        value = from_units(units, self.seen.precision)
        return Goal(self.word(key) + suffix, value, self.seen.precision, href)

    def exact_goal(self, key: str, value: Decimal, href: str) -> Goal:
        """A total of the run, exact beyond units."""
        return Goal(self.word(key), value, self.seen.precision, href)

    def prove(self, goal: Goal, expression: str, parts: Sequence[Part], slack: int = 0) -> None:
        """Add a formula if it holds to within so many units."""
        found = formula(goal, expression, parts, slack)
        if found is not None:
            self.formulas.append(found)
