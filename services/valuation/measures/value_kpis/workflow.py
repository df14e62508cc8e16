"""Loads what a KPI's values need: the KPI, every KPI its formula names, and their observations."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlmodel import Session

from services.valuation.measures.observations import repository as observations
from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.asked_figures import AskedFigures
from services.valuation.measures.value_kpis.domain import Aggregation
from services.valuation.measures.value_kpis.formulas import parse_formula
from services.valuation.measures.value_kpis.formulas.tree import Leaf, Name
from services.valuation.measures.value_kpis.series import Readings, Rule, Seen
from shared.tables.valuation.kpis import ValueKpi


def close_over(session: Session, kpis: Sequence[ValueKpi]) -> dict[str, ValueKpi]:
    """The KPIs and all that their formulas name, however deep, by code."""
    known = {kpi.code: kpi for kpi in kpis}
    fresh = list(kpis)
    while fresh:
        named = {
            name for kpi in fresh if kpi.formula for name in parse_formula(kpi.formula).names
        } - set(known)
        found = repository.find_by_codes(session, named)
        known |= found
        fresh = list(found.values())
    return known


def load_readings(
    session: Session,
    known: dict[str, ValueKpi],
    first: str,
    last: str,
    source: str | None = None,
) -> Readings:
    """Rules and observations of KPIs between two months.

    Drivers, tickets and published costs that their formulas name are asked of the other services
    when a value needs them, over HTTP and once for all months.
    """
    rows = observations.list_of_kpis(
        session, [kpi.id for kpi in known.values()], first, last, source
    )
    seen: dict[tuple[str, str], list[Seen]] = {}
    for row in rows:
        one = Seen(row.period, row.value, row.link_key, str(row.id))
        seen.setdefault((row.code, row.period), []).append(one)
    rules = {code: rule_of(kpi) for code, kpi in known.items()}
    return Readings(rules, seen, AskedFigures(outside_leaves(rules), first, last))


def rule_of(kpi: ValueKpi) -> Rule:
    """How a stored KPI gets its value."""
    formula = parse_formula(kpi.formula) if kpi.formula else None
    return Rule(cast(Aggregation, kpi.aggregation), formula, kpi.unit)


def outside_leaves(rules: Mapping[str, Rule]) -> list[Leaf]:
    """What formulas name that is no KPI among these."""
    return [
        leaf
        for rule in rules.values()
        if rule.formula is not None
        for leaf in rule.formula.leaves
        if not isinstance(leaf, Name) or leaf.code not in rules
    ]
