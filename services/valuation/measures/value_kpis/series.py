"""A KPI's value month by month, from its observations or, lacking those, by its formula."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.valuation.measures.value_kpis.domain import Aggregation, aggregate
from services.valuation.measures.value_kpis.figures import Figures, Found, NoFigures, is_of_all
from services.valuation.measures.value_kpis.formulas.compute import compute_formula
from services.valuation.measures.value_kpis.formulas.tree import Formula, Leaf, Name, PublishedCost
from services.valuation.measures.value_kpis.formulas.unit_check import find_mismatch

UNLINKED = ""
PASSED_ON = frozenset({"formula_cycle", "ingest_unreachable", "allocation_unreachable"})
"""Reasons of a part that are told as the reason of what is computed from it."""


def key_of_link(link: Mapping[str, str] | None) -> str:
    """What an observation is of, as one text: `solution:ERP`, `initiative:crm`, or nothing."""
    if link is None:
        return UNLINKED
    if "layer" in link:
        return f"{link['layer']}:{link['code']}"
    ((kind, code),) = link.items()
    return f"{kind}:{code}"


@dataclass(frozen=True)
class Seen:
    """One observation; `link_key` says of what (`UNLINKED`: of the whole)."""

    period: str
    value: Decimal
    link_key: str
    id: str = ""


@dataclass(frozen=True)
class Rule:
    """How one KPI gets its value: how months are joined, its formula if it has one, its unit."""

    aggregation: Aggregation
    formula: Formula | None
    unit: str | None = None


@dataclass(frozen=True)
class Reading:
    """A KPI's value in one month, or why it has none; `observations` were looked at.

    `missing` names what a formula lacks.
    """

    value: Decimal | None
    reason: str | None = None
    missing: tuple[str, ...] = ()
    observations: int = 0


@dataclass(frozen=True)
class Wish:
    """Which observations count: the first of `links` that a month has; else all, if `or_all`."""

    links: Sequence[str] = (UNLINKED,)
    or_all: bool = True

    @property
    def is_of_one_thing(self) -> bool:
        """Whether figures of the whole company must not stand in."""
        return not self.or_all and UNLINKED not in self.links


Known = dict[str, Reading]


@dataclass(frozen=True)
class Readings:
    """All that is known of some KPIs: rules by code, observations by code and month, in order."""

    rules: Mapping[str, Rule]
    seen: Mapping[tuple[str, str], Sequence[Seen]]
    figures: Figures = field(default_factory=NoFigures)
    _known: dict[tuple[str, tuple[str, ...], bool], Known] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    _faults: dict[str, tuple[str, ...] | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def read(self, code: str, period: str, wish: Wish) -> Reading:
        """The value of a month: measured if there is any observation, else computed."""
        if code not in self.rules:
            return Reading(None, "missing_value", (code,))
        known = self._known.setdefault((period, tuple(wish.links), wish.or_all), {})
        if code not in known:
            self._settle(code, period, wish, known)
        return known[code]

    def behind(self, code: str, period: str, wish: Wish) -> Sequence[Seen]:
        """The observations that a month's value was measured by; none if it was computed."""
        return choose(self.seen.get((code, period), ()), wish)

    def _settle(self, code: str, period: str, wish: Wish, known: Known) -> None:
        """Work out a KPI and what stands behind it, the deepest first, without recursion."""
        waiting, entered = [code], set[str]()
        while waiting:
            at = waiting[-1]
            if at not in known and at not in entered:
                self._enter(at, period, wish, known, entered, waiting)
                continue
            if at not in known:
                known[at] = self._compute(at, period, wish, known)
            entered.discard(at)
            waiting.pop()

    def _enter(
        self,
        at: str,
        period: str,
        wish: Wish,
        known: Known,
        entered: set[str],
        waiting: list[str],
    ) -> None:
        """Settle what needs no other KPI; else let those wait that it is computed from."""
        rule, chosen = self.rules[at], self.behind(at, period, wish)
        if chosen:
            value = aggregate([seen.value for seen in chosen], rule.aggregation)
            known[at] = Reading(value, observations=len(chosen))
            return
        if rule.formula is None:
            known[at] = Reading(None, "no_observation")
            return
        needed = [name for name in rule.formula.names if name in self.rules and name not in known]
        looped = next((name for name in needed if name == at or name in entered), None)
        if looped is not None:
            known[at] = Reading(None, "formula_cycle", (looped,))
            return
        entered.add(at)
        waiting.extend(needed)

    def _compute(self, code: str, period: str, wish: Wish, known: Known) -> Reading:
        """The value by the formula, all KPIs that it names being known."""
        rule = self.rules[code]
        if rule.formula is None:
            return Reading(None, "no_observation")
        if code not in self._faults:
            self._faults[code] = self._fault(rule, {})
        fault = self._faults[code]
        if fault is not None:
            return Reading(None, "unit_mismatch", fault)
        found = dict(self._parts(rule.formula, period, wish, known))
        return _reading(
            rule.formula, found, self._late_fault(rule, found), self._count(rule, known)
        )

    def _parts(
        self, formula: Formula, period: str, wish: Wish, known: Known
    ) -> Iterator[tuple[Leaf, Found]]:
        for leaf in formula.leaves:
            if isinstance(leaf, Name) and leaf.code in self.rules:
                part = known[leaf.code]
                reason = part.reason if part.reason in PASSED_ON else "missing_value"
                yield leaf, Found(part.value, None if part.value is not None else reason)
            else:
                found = self.figures.find(leaf, period)
                if found.value is not None and wish.is_of_one_thing and is_of_all(leaf):
                    found = Found(None, "not_by_link")
                yield leaf, found

    def _count(self, rule: Rule, known: Known) -> int:
        names = rule.formula.names if rule.formula is not None else ()
        return sum(known[name].observations for name in names if name in known)

    def _late_fault(self, rule: Rule, found: Mapping[Leaf, Found]) -> str | None:
        """What only the figures tell: the units of drivers and the currencies of runs."""
        told = {leaf: part.unit for leaf, part in found.items() if part.unit is not None}
        drivers: dict[Leaf, str] = {
            leaf: unit for leaf, unit in told.items() if not isinstance(leaf, PublishedCost)
        }
        if drivers and self._fault(rule, drivers) is not None:
            return "unit_mismatch"
        if len(drivers) < len(told) and self._fault(rule, told) is not None:
            return "currency_differs"
        return None

    def _fault(self, rule: Rule, told: Mapping[Leaf, str]) -> tuple[str, ...] | None:
        if rule.formula is None or rule.unit is None:
            return None
        units: dict[Leaf, str] = {}
        for leaf in rule.formula.leaves:
            named = self.rules.get(leaf.code) if isinstance(leaf, Name) else None
            if named is not None and named.unit is not None:
                units[leaf] = named.unit
        mismatch = find_mismatch(rule.formula, rule.unit, {**units, **told})
        return None if mismatch is None else (str(mismatch[0]), str(mismatch[1]))


def _reading(
    formula: Formula, found: Mapping[Leaf, Found], fault: str | None, observations: int
) -> Reading:
    outcome = compute_formula(formula, {leaf: part.value for leaf, part in found.items()})
    missing = tuple(leaf.text for leaf in outcome.missing)
    if missing:
        reasons = [found[leaf].reason or "missing_value" for leaf in outcome.missing]
        telling = next((reason for reason in reasons if reason != "missing_value"), reasons[0])
        return Reading(None, telling, missing, observations)
    if fault is not None:
        return Reading(None, fault, (), observations)
    return Reading(outcome.value, outcome.reason, (), observations)


def choose(seen: Sequence[Seen], wish: Wish) -> Sequence[Seen]:
    """The observations that a wish counts."""
    for link in wish.links:
        found = [each for each in seen if each.link_key == link]
        if found:
            return found
    return seen if wish.or_all else ()
