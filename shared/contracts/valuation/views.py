"""The view of solutions on the wire: cost from allocation beside value, use and feedback."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.valuation.feedback import CsatFigure, NpsFigure
from shared.contracts.values import Contract, ExactText, Period

Quadrant = Literal[
    "high_cost_high_value", "high_cost_low_value", "low_cost_high_value", "low_cost_low_value"
]


class SolutionKpi(Contract):
    """A KPI of a solution with its newest figure up to the last month asked for.

    Observations of the solution come first; a KPI of several solutions without such shows the
    figure of all. `value_per_cost` is value / cost, only for revenue and savings of a single
    month in the run's currency that are of this solution alone.
    """

    kpi: str
    name: str
    value_role: Literal["revenue", "saving", "use"] | None
    unit: str
    value: ExactText | None
    period: Period | None
    target: ExactText | None
    attainment: ExactText | None
    value_per_cost: ExactText | None


class SolutionWorth(Contract):
    """Revenue and savings of the months in one unit, of KPIs that are of this solution alone."""

    unit: str
    amount: ExactText
    kpis: list[str]


class SolutionUse(Contract):
    """The `use` KPI that has come furthest towards its target."""

    kpi: str
    unit: str
    value: ExactText | None
    target: ExactText | None
    attainment: ExactText | None


class SolutionMonth(Contract):
    """The cost of one month."""

    period: Period
    amount: ExactText


class SolutionValueItem(Contract):
    """A solution's cost and what is known of its value, its use and what people say of it.

    `underused`: it costs at least the median of all solutions and its best `use` KPI has come
    less than half of the way to its target; null where no `use` KPI has an attainment;
    `underused_reason` says which of it. `value_per_cost` is the worth in the run's currency by
    the cost. `quadrant`: cost and that worth against the medians of the solutions that have
    them. `nps` and `csat` are of the feedback of the months, of a single one with the eleven
    before it.
    """

    key: str
    code: str
    name: str
    amount: ExactText
    share: ExactText | None
    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None
    value_chain_stage: str | None
    kpis: list[SolutionKpi]
    value: list[SolutionWorth]
    value_per_cost: ExactText | None
    use: SolutionUse | None
    nps: NpsFigure
    csat: CsatFigure
    initiatives: list[str]
    underused: bool | None
    underused_reason: str
    quadrant: Quadrant | None
    trend: list[SolutionMonth]
    href: str


class SolutionValueView(Contract):
    """Cost beside value for every solution of the runs, costliest first.

    `run` is the run of a single month. `total` is the input of the runs, `shown` the cost of all
    solutions. Worth is told in `value` per unit, never added up over units.
    """

    period: Period | None
    run: UUID | None
    periods: list[Period]
    runs: list[UUID]
    scenario: str
    currency: str
    total: ExactText
    shown: ExactText
    value: list[SolutionWorth]
    items: list[SolutionValueItem]
    next_cursor: str | None = Field(default=None)
