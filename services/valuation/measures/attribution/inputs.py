"""Whether two series are computed from the same thing, so that they go together by arithmetic."""

from collections.abc import Mapping

from sqlmodel import Session

from services.valuation.measures.attribution.sources import Source
from services.valuation.measures.value_kpis.formulas import Name, parse_formula
from services.valuation.measures.value_kpis.formulas.tree import DriverTotal, Leaf, PublishedCost
from services.valuation.measures.value_kpis.workflow import close_over
from shared.tables.valuation.kpis import ValueKpi

Input = tuple[str, ...]


def share_inputs(session: Session, kpi: ValueKpi, other: Source) -> bool:
    """Whether one is computed from the other, or both from a third thing."""
    ours = _inputs_of_kpi(session, kpi)
    theirs: set[Input] = set()
    if other.kpi is not None:
        theirs = _inputs_of_kpi(session, other.kpi)
    elif other.figure is not None:
        theirs = {_input_of(other.figure, {})}
    return not ours.isdisjoint(theirs)


def _inputs_of_kpi(session: Session, kpi: ValueKpi) -> set[Input]:
    known = close_over(session, [kpi])
    leaves = {
        leaf
        for each in known.values()
        if each.formula is not None
        for leaf in parse_formula(each.formula).leaves
    }
    return {("kpi", code) for code in known} | {_input_of(leaf, known) for leaf in leaves}


def _input_of(leaf: Leaf, known: Mapping[str, ValueKpi]) -> Input:
    if isinstance(leaf, Name):
        return ("kpi" if leaf.code in known else "driver", leaf.code)
    if isinstance(leaf, DriverTotal):
        return ("driver", leaf.code)
    if isinstance(leaf, PublishedCost):
        return ("cost", leaf.layer or "", leaf.code or "")
    return ("tickets", leaf.text)
