"""KPIs that one kind of system moves, one pack for each."""

from services.valuation.measures.value_kpis.library.systems.asset_management import ASSET_MANAGEMENT
from services.valuation.measures.value_kpis.library.systems.crm import CRM
from services.valuation.measures.value_kpis.library.systems.erp import ERP
from services.valuation.measures.value_kpis.library.systems.mes import MES
from services.valuation.measures.value_kpis.library.systems.smart_design import SMART_DESIGN
from services.valuation.measures.value_kpis.library.systems.store_fit_out import STORE_FIT_OUT
from services.valuation.measures.value_kpis.library.systems.store_ordering import STORE_ORDERING

SYSTEM_PACKS = (
    CRM,
    ERP,
    MES,
    STORE_ORDERING,
    ASSET_MANAGEMENT,
    STORE_FIT_OUT,
    SMART_DESIGN,
)
