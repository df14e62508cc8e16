"""The view of solutions on the wire: cost from allocation beside value and use from KPIs."""

from typing import Literal
from uuid import UUID

from shared.contracts.values import Contract, ExactText, Period


class SolutionKpi(Contract):
    """A KPI linked to a solution with its newest figure up to the period.

    `value_per_cost` is value / cost, only for revenue and savings of just this period in the
    run's currency.
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


class SolutionValueItem(Contract):
    """A solution's cost and what is known of its value and use.

    `underused`: it costs at least the median of all solutions and its best `use` KPI has come
    less than half of the way to its target; null where no `use` KPI has an attainment.
    """

    key: str
    code: str
    name: str
    amount: ExactText
    share: ExactText | None
    value_chain_stage: str | None
    kpis: list[SolutionKpi]
    initiatives: list[str]
    underused: bool | None


class SolutionValueView(Contract):
    """Cost beside value for every solution of a run, costliest first."""

    period: Period
    run: UUID
    currency: str
    total: ExactText
    items: list[SolutionValueItem]
