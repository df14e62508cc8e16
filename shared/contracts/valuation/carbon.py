"""Energy and carbon of a layer on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.values import Contract, ExactText, Period

CarbonMeasure = Literal["kwh", "co2e_operational", "co2e_embodied"]
CarbonLayer = Literal["pool", "resource", "solution", "consumer"]


class CarbonBasis(Contract):
    """Where a measure comes from and how its figures are to be read.

    Operational carbon is energy times emission factors of the run's `bases` (`location`: the
    grid's mean, `market`: as contracted) and of the GHG Protocol `scopes` of these factors;
    embodied carbon is scope 3, bought with the goods. `available` is false when a run of the
    months was made without the measure; then all its figures are null.
    """

    measure: CarbonMeasure
    name: str
    unit: Literal["kWh", "kgCO2e"]
    available: bool
    bases: list[Literal["location", "market"]]
    scopes: list[str]
    factors: list[str] = Field(description="Codes of the emission factors in force")
    total: ExactText | None
    shown: ExactText | None
    beyond: ExactText | None = Field(description="total - shown: what never reached the layer")


class CarbonItem(Contract):
    """An object of the layer. `co2e` is operational + embodied; `share` is of all items' `co2e`.

    `kg_per_1000` is co2e for 1,000 of the run's currency, `kg_per_unit` for one unit of the
    object's driver; null without cost above zero, or without a quantity of every month.
    """

    layer: CarbonLayer
    code: str
    name: str
    kwh: ExactText | None
    co2e_operational: ExactText | None
    co2e_embodied: ExactText | None
    co2e: ExactText | None
    share: ExactText | None
    cost: ExactText
    kg_per_1000: ExactText | None
    unit: str | None
    quantity: ExactText | None
    kg_per_unit: ExactText | None
    href: str


class Carbon(Contract):
    """Energy and carbon of every object of a layer, the largest first.

    For each measure the items' figures and `beyond` add up to `total`, the input of the runs.
    """

    period: Period | None
    periods: list[Period]
    scenario: str
    runs: list[UUID]
    layer: CarbonLayer
    currency: str
    cost: ExactText
    co2e: ExactText | None
    kg_per_1000: ExactText | None
    measures: list[CarbonBasis]
    items: list[CarbonItem]
    next_cursor: str | None = None
