"""What a shipped KPI and a pack of them are; where values usually come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.valuation.value_kpis.domain import (
    Aggregation,
    Dimension,
    Direction,
    KpiClass,
    Perspective,
    ValueRole,
)


@dataclass(frozen=True)
class Names:
    """A text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class PackKpi:
    """A KPI as it is shipped."""

    code: str
    names: Names
    definition: Names
    dimension: Dimension
    perspective: Perspective
    unit: str
    direction: Direction
    source: Names
    formula: str | None = None
    value_role: ValueRole | None = None
    aggregation: Aggregation = "mean"


@dataclass(frozen=True)
class Pack:
    """KPIs of one class that are loaded together."""

    name: str
    kpi_class: KpiClass
    names: Names
    kpis: Sequence[PackKpi]


ALLOCATION = Names("published allocation runs", "已发布的分摊运行")
LEDGER = Names("general ledger or ERP", "总账或ERP")
SALES = Names("sales or CRM system", "销售或CRM系统")
ITSM = Names("IT service management tickets", "ITSM工单")
MONITORING = Names("monitoring", "监控系统")
DELIVERY = Names("project and delivery tools", "项目与交付工具")
SURVEY = Names("surveys", "问卷调查")
PROCESS = Names("process or workflow system", "流程系统")
HR = Names("human resources system", "人力资源系统")
