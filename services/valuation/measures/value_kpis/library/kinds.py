"""What a shipped KPI and a pack of them are; where values usually come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.valuation.measures.value_kpis.domain import (
    Aggregation,
    Dimension,
    Direction,
    KpiClass,
    Perspective,
    ValueRole,
)

Level = Literal["function", "operation", "strategy"]
PackKind = Literal["class", "system"]


@dataclass(frozen=True)
class Names:
    """A text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class PackKpi:
    """A KPI as it is shipped; without a class of its own it has that of its pack.

    `level` is the level of a review that it usually stands on: does the system work, does the work
    go better, does the company gain.
    """

    code: str
    names: Names
    definition: Names
    dimension: Dimension
    perspective: Perspective
    unit: str
    direction: Direction
    source: Names
    level: Level
    kpi_class: KpiClass | None = None
    formula: str | None = None
    value_role: ValueRole | None = None
    aggregation: Aggregation = "mean"


@dataclass(frozen=True)
class Pack:
    """KPIs that are loaded together: those of one class, or those that one kind of system moves.

    `borrowed` are codes of other packs that belong here too.
    """

    name: str
    kpi_class: KpiClass | None
    names: Names
    kpis: Sequence[PackKpi]
    borrowed: Sequence[str] = ()

    @property
    def kind(self) -> PackKind:
        """`class` where all KPIs are of one class, else `system`."""
        return "system" if self.kpi_class is None else "class"

    def class_of(self, kpi: PackKpi) -> KpiClass:
        """The class of one of its KPIs."""
        found = kpi.kpi_class or self.kpi_class
        if found is None:
            raise ValueError(f"{kpi.code} has no class")
        return found


ALLOCATION = Names("published allocation runs", "已发布的分摊运行")
LEDGER = Names("general ledger or ERP", "总账或ERP")
SALES = Names("sales or CRM system", "销售或CRM系统")
ITSM = Names("IT service management tickets", "ITSM工单")
MONITORING = Names("monitoring", "监控系统")
DELIVERY = Names("project and delivery tools", "项目与交付工具")
SURVEY = Names("surveys", "问卷调查")
PROCESS = Names("process or workflow system", "流程系统")
HR = Names("human resources system", "人力资源系统")
ERP_SYSTEM = Names("ERP system", "ERP系统")
CRM_SYSTEM = Names("CRM system", "CRM系统")
MES_SYSTEM = Names("manufacturing execution system", "制造执行系统（MES）")
STORES = Names("point-of-sale and ordering systems", "POS与订货系统")
WAREHOUSE = Names("warehouse and inventory system", "仓储与库存系统")
ASSETS = Names("asset management system", "资产管理系统")
MAINTENANCE = Names("maintenance work orders", "维修工单")
FIT_OUT = Names("fit-out project system", "装修项目系统")
DESIGN_TOOL = Names("design tool usage log", "设计工具使用日志")
ADVERTISING = Names("advertising platforms", "广告投放平台")
EVALUATION = Names("evaluation of initiatives", "项目评价结果")
BENCHMARKS = Names("published runs and benchmarks", "已发布的分摊运行与基准数据")
AUDIT = Names("internal audit and risk register", "内部审计与风险登记")
