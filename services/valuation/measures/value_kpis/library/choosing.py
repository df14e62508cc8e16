"""Which KPIs belong to a pack, and which must be there so that its formulas have a value."""

from collections.abc import Sequence

from services.valuation.measures.value_kpis.formulas import parse_formula
from services.valuation.measures.value_kpis.library import HOME_OF_KPI
from services.valuation.measures.value_kpis.library.kinds import Pack, PackKpi


def kpis_of_pack(pack: Pack) -> Sequence[PackKpi]:
    """Its own KPIs, then those it borrows."""
    return [*pack.kpis, *(HOME_OF_KPI[code][1] for code in pack.borrowed)]


def kpis_to_load(pack: Pack) -> list[str]:
    """Codes of the pack's KPIs and, however deep, of all that their formulas name."""
    wanted = {kpi.code: None for kpi in kpis_of_pack(pack)}
    fresh = list(wanted)
    while fresh:
        named = [name for code in fresh for name in names_in_formula(HOME_OF_KPI[code][1])]
        fresh = [name for name in dict.fromkeys(named) if name not in wanted]
        wanted |= dict.fromkeys(fresh)
    return list(wanted)


def names_in_formula(kpi: PackKpi) -> Sequence[str]:
    """The codes that a KPI's formula speaks of."""
    return parse_formula(kpi.formula).names if kpi.formula else ()
