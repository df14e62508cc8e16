"""Value KPIs, their observations and series on the wire."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.days import Moment
from shared.contracts.values import (
    Code,
    Contract,
    DecimalText,
    ExactText,
    Instant,
    Label,
    Names,
    Period,
    Text,
)

KpiClass = Literal["cost", "efficiency", "benefit", "quality", "innovation"]
Dimension = Literal["financial", "business", "strategic"]
Perspective = Literal["financial", "customer", "process", "learning"]
Direction = Literal["up", "down"]
ValueRole = Literal["revenue", "saving", "use"]
Aggregation = Literal["mean", "sum", "last", "min", "max"]
Layer = Literal["pool", "resource", "solution", "consumer"]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=50)]
FormulaText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


def _above_zero(weight: Decimal) -> Decimal:
    if weight <= 0:
        raise ValueError("a weight is more than 0")
    return weight


Weight = Annotated[
    DecimalText, AfterValidator(_above_zero), Field(description="In scorecards; more than 0")
]
Note = Annotated[Text, StringConstraints(max_length=2000)]


class ObjectLink(Contract):
    """A cost object of allocation."""

    layer: Layer
    code: Code


class InitiativeLink(Contract):
    """An initiative, by its code."""

    initiative: Code


class StageLink(Contract):
    """A stage of the value chain."""

    value_chain_stage: Code


Link = ObjectLink | InitiativeLink | StageLink


class TargetOfPeriod(Contract):
    """The target of one month; a month without one has the KPI's `target`."""

    period: Period
    value: DecimalText


class ValueKpiRequest(Contract):
    """A KPI as it is written; `aggregation` joins the observations of a month."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "mttr",
                    "names": {"en": "Mean time to restore", "zh-CN": "平均修复时间"},
                    "class": "efficiency",
                    "dimension": "business",
                    "perspective": "process",
                    "unit": "h",
                    "direction": "down",
                    "baseline": "12.5",
                    "target": "8",
                    "links": [{"layer": "solution", "code": "ITSM"}],
                }
            ]
        }
    )

    code: Code = Field(examples=["mttr"])
    names: Names = Field(examples=[{"en": "Mean time to restore", "zh-CN": "平均修复时间"}])
    definition: Names | None = None
    kpi_class: KpiClass = Field(alias="class", examples=["efficiency"])
    dimension: Dimension | None = None
    perspective: Perspective | None = None
    unit: Unit = Field(examples=["h"])
    direction: Direction = Field(examples=["down"])
    formula: FormulaText | None = Field(
        default=None,
        examples=["it_cost / revenue"],
        description=(
            "Arithmetic (`+ - * /`, `abs`, `min`, `max`) over KPIs and drivers by code (in quotes "
            'unless a plain word), `driver("code", target="..", source="..")`, '
            '`tickets("mttr_hours", solution="..")`, `cost()` and '
            '`cost("solution", "CRM")` of the published run. `it_cost` is `cost()` '
            "where no KPI or driver has this code. `%` and `ratio` have no dimension and nothing "
            "is converted: a share in `%` is `100 * a / b`"
        ),
    )
    value_role: ValueRole | None = None
    aggregation: Aggregation = "mean"
    baseline: DecimalText | None = None
    target: DecimalText | None = None
    targets: list[TargetOfPeriod] = Field(default_factory=list, max_length=600)
    links: list[Link] = Field(default_factory=list, max_length=200)
    owner: Label | None = None
    weight: Weight = Field(default=Decimal(1), examples=["1"])

    @model_validator(mode="after")
    def _one_target_a_period(self) -> "ValueKpiRequest":
        periods = [target.period for target in self.targets]
        if len(set(periods)) != len(periods):
            raise ValueError("a period has one target")
        return self


class ValueKpiPatch(Contract):
    """What may change of a KPI (merge patch: null clears a field)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"target": "7.5", "owner": "Head of operations"}]}
    )

    names: Names | None = None
    definition: Names | None = None
    kpi_class: KpiClass | None = Field(default=None, alias="class")
    dimension: Dimension | None = None
    perspective: Perspective | None = None
    unit: Unit | None = None
    direction: Direction | None = None
    formula: FormulaText | None = None
    value_role: ValueRole | None = None
    aggregation: Aggregation | None = None
    baseline: DecimalText | None = None
    target: DecimalText | None = None
    targets: list[TargetOfPeriod] | None = Field(default=None, max_length=600)
    links: list[Link] | None = Field(default=None, max_length=200)
    owner: Label | None = None
    weight: Weight | None = None


class ValueKpiAnswer(Contract):
    """A KPI as it is kept."""

    id: UUID
    etag: str
    code: str
    name: str
    names: dict[str, str]
    definition: dict[str, str] | None
    kpi_class: KpiClass = Field(alias="class")
    dimension: Dimension | None
    perspective: Perspective | None
    unit: str
    direction: Direction
    formula: str | None
    value_role: ValueRole | None
    aggregation: Aggregation
    baseline: ExactText | None
    target: ExactText | None
    targets: list[TargetOfPeriod]
    links: list[Link]
    owner: str | None
    weight: ExactText
    source: dict[str, str] | None
    pack: str | None
    created_at: Instant
    updated_at: Instant


class ObservationRequest(Contract):
    """A measured value, of a month (`period`) or an instant (`at`).

    Known by kpi, period or instant, source and link; sent again it replaces the earlier value.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kpi": "mttr", "period": "2026-01", "value": "9.25", "source": "itsm"}]
        }
    )

    kpi: Code = Field(examples=["mttr"])
    period: Period | None = None
    at: Moment | None = None
    value: DecimalText = Field(examples=["7.25"])
    source: Code | None = Field(default=None, examples=["itsm"])
    link: Link | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _one_time(self) -> "ObservationRequest":
        if (self.period is None) == (self.at is None):
            raise ValueError("give either period or at")
        return self


class ObservationAnswer(Contract):
    """A measured value as it is kept; an instant lies in the month it has in UTC."""

    id: UUID
    etag: str
    kpi: str
    period: Period
    at: Instant | None
    value: ExactText
    source: str | None
    link: Link | None
    note: str | None
    created_at: Instant
    updated_at: Instant
