"""The shipped KPI library: one pack for each of the five classes, in English and Chinese.

Codes start with `btim:`. A KPI with a formula needs the KPIs that the formula names; they lie in
the same library. Units: `%`, `money` (the reporting currency), `h`, `d`, `ms`, `pt`, `count`,
`ratio`. `source` says where the values usually come from.
"""

from collections.abc import Mapping

from services.valuation.value_kpis.library.benefit import BENEFIT
from services.valuation.value_kpis.library.cost import COST
from services.valuation.value_kpis.library.efficiency import EFFICIENCY
from services.valuation.value_kpis.library.innovation import INNOVATION
from services.valuation.value_kpis.library.kinds import Names, Pack, PackKpi
from services.valuation.value_kpis.library.quality import QUALITY

__all__ = ["PACKS", "Names", "Pack", "PackKpi"]

PACKS: Mapping[str, Pack] = {
    pack.name: pack for pack in (COST, EFFICIENCY, BENEFIT, QUALITY, INNOVATION)
}
