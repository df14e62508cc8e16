"""KPI formulas: arithmetic over KPIs, drivers, tickets and published costs, never run as code.

    formula = number | name | figure | (f) | -f | f + f | f - f | f * f | f / f
            | abs(f) | min(f, ..) | max(f, ..)
    figure  = driver("code", target="..", source="..")
            | tickets("figure", service="..", solution="..", consumer="..", kind="..", ..)
            | cost() | cost("pool|resource|solution|consumer", "code")

A name is a KPI's code, else a driver's: as it is if that is a plain word of any script or such
words joined by dots (`it_cost / 收入`, `tickets.count`), else in quotes
(`"crm/repurchase-rate" * 100`). `it_cost` that is neither is `cost()`. Numbers are exact decimals.
Every value is of one month.
"""

from services.valuation.measures.value_kpis.formulas.compute import Outcome, compute_formula
from services.valuation.measures.value_kpis.formulas.grammar import parse_formula
from services.valuation.measures.value_kpis.formulas.tree import Formula, Name

__all__ = ["Formula", "Name", "Outcome", "compute_formula", "parse_formula"]
