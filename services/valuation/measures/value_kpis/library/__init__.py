"""The shipped KPI library in English and Chinese: a pack for each class and each kind of system.

Codes start with `btim:`. A KPI with a formula needs the KPIs that the formula names; they lie in
the same library. Figures of tickets and published runs need none. Units: `%`, `money` (the
reporting currency), `h`, `d`, `month`, `ms`, `pt`, `count`, `ratio`. `source` says where the values
usually come from.
"""

from collections.abc import Mapping

from services.valuation.measures.value_kpis.library.benefit import BENEFIT
from services.valuation.measures.value_kpis.library.cost import COST
from services.valuation.measures.value_kpis.library.efficiency import EFFICIENCY
from services.valuation.measures.value_kpis.library.innovation import INNOVATION
from services.valuation.measures.value_kpis.library.kinds import Names, Pack, PackKpi
from services.valuation.measures.value_kpis.library.quality import QUALITY
from services.valuation.measures.value_kpis.library.systems import SYSTEM_PACKS

__all__ = ["HOME_OF_KPI", "PACKS", "Names", "Pack", "PackKpi"]

PACKS: Mapping[str, Pack] = {
    pack.name: pack for pack in (COST, EFFICIENCY, BENEFIT, QUALITY, INNOVATION, *SYSTEM_PACKS)
}
HOME_OF_KPI: Mapping[str, tuple[Pack, PackKpi]] = {
    kpi.code: (pack, kpi) for pack in PACKS.values() for kpi in pack.kpis
}
"""Each shipped KPI with the pack that it belongs to."""
