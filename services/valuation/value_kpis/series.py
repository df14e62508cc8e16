"""A KPI's value month by month, from its observations or, lacking those, by its formula."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.valuation.value_kpis.domain import Aggregation, aggregate
from services.valuation.value_kpis.formulas import Formula, compute_formula

UNLINKED = ""


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
    """How one KPI gets its value: how months are joined, and its formula if it has one."""

    aggregation: Aggregation
    formula: Formula | None


@dataclass(frozen=True)
class Reading:
    """A KPI's value in one month, or why it has none; `observations` were looked at."""

    value: Decimal | None
    reason: str | None = None
    missing: tuple[str, ...] = ()
    observations: int = 0


@dataclass(frozen=True)
class Wish:
    """Which observations count: the first of `links` that a month has; else all, if `or_all`."""

    links: Sequence[str] = (UNLINKED,)
    or_all: bool = True


@dataclass(frozen=True)
class Readings:
    """All that is known of some KPIs: rules by code, observations by code and month, in order."""

    rules: Mapping[str, Rule]
    seen: Mapping[tuple[str, str], Sequence[Seen]]

    def read(self, code: str, period: str, wish: Wish, path: tuple[str, ...] = ()) -> Reading:
        """The value of a month: measured if there is any observation, else computed."""
        rule = self.rules.get(code)
        if rule is None:
            return Reading(None, "missing_value", (code,))
        chosen = choose(self.seen.get((code, period), ()), wish)
        if chosen:
            value = aggregate([seen.value for seen in chosen], rule.aggregation)
            return Reading(value, observations=len(chosen))
        if rule.formula is None:
            return Reading(None, "no_observation")
        if code in path:
            return Reading(None, "formula_cycle", (code,))
        return self._compute(rule.formula, period, wish, (*path, code))

    def behind(self, code: str, period: str, wish: Wish) -> Sequence[Seen]:
        """The observations that a month's value was measured by; none if it was computed."""
        return choose(self.seen.get((code, period), ()), wish)

    def _compute(self, formula: Formula, period: str, wish: Wish, path: tuple[str, ...]) -> Reading:
        parts = {name: self.read(name, period, wish, path) for name in formula.names}
        cycle = next((part for part in parts.values() if part.reason == "formula_cycle"), None)
        if cycle is not None:
            return cycle
        outcome = compute_formula(formula, {name: part.value for name, part in parts.items()})
        count = sum(part.observations for part in parts.values())
        return Reading(outcome.value, outcome.reason, outcome.missing, count)


def choose(seen: Sequence[Seen], wish: Wish) -> Sequence[Seen]:
    """The observations that a wish counts."""
    for link in wish.links:
        found = [each for each in seen if each.link_key == link]
        if found:
            return found
    return seen if wish.or_all else ()
