"""Which charts there are on the wire, and what each is asked with."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.valuation.evaluations import Convention, Rate
from shared.contracts.valuation.initiatives import Basis
from shared.contracts.valuation.reports import Scenario
from shared.contracts.values import Currency, Period

ChartName = Literal[
    "flow",
    "cost-distribution",
    "cost-value",
    "kpi-attainment",
    "kpi-series",
    "attribution",
    "scorecard",
    "tornado",
    "cash-flows",
    "review",
    "value-realisation",
    "solution-value",
    "spend-trend",
    "unallocated",
    "carbon",
]
ChartLayer = Literal["pool", "resource", "solution", "consumer"]
RealisationBy = Literal["portfolio", "sponsor", "kind", "kpi_class", "level", "time"]
Named = Annotated[str, StringConstraints(min_length=1, max_length=220)]


class ChartQuery(BaseModel):
    """What a chart is of. Which of these a chart needs stands at the endpoint; others are unread.

    `kpi` and `initiative` take a code or an id.
    """

    model_config = ConfigDict(populate_by_name=True)

    period: Period | None = Field(default=None, description="One month", examples=["2026-01"])
    first: Period | None = Field(default=None, alias="from", description="First month")
    last: Period | None = Field(default=None, alias="to", description="Last month")
    scenario: Scenario = "actual"
    run: UUID | None = Field(default=None, description="A run instead of the published one")
    level: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="1 shows the roots"
    )
    layer: ChartLayer | None = Field(
        default=None, description="spend-trend: else `pool`; carbon: else `resource`"
    )
    kpi: Named | None = Field(default=None, description="A KPI by code or id")
    other: Named | None = Field(default=None, description="attribution: another KPI, by code")
    driver: Named | None = Field(default=None, description="attribution: a driver, by code")
    cost_of: Named | None = Field(
        default=None, description="attribution: a solution, or `layer:code`"
    )
    initiative: Named | None = Field(default=None, description="An initiative by code or id")
    review: UUID | None = None
    consumer: Named | None = Field(default=None, description="scorecard: a business unit, else IT")
    portfolio: Named | None = Field(default=None, description="value-realisation: one portfolio")
    sponsor: Named | None = Field(default=None, description="value-realisation: one sponsor")
    by: RealisationBy = Field(default="portfolio", description="value-realisation: groups")
    currency: Currency | None = Field(
        default=None, description="value-realisation: where there are several"
    )
    basis: Basis = Field(default="plan", description="tornado")
    discount_rate: Rate | None = Field(default=None, description="tornado")
    convention: Convention = Field(default="dated", description="tornado")
