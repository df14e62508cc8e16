"""Balanced scorecards on the wire: four perspectives, for IT or one business unit."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.valuation.kpis import Direction, KpiClass, Perspective
from shared.contracts.values import Contract, ExactText, Period

Status = Literal["green", "amber", "red"]
CardVerdict = Literal[
    "exceeded", "met", "nearly_met", "partly_met", "not_met", "worse", "not_measured"
]


class CardPoint(Contract):
    """The value of one month."""

    period: Period
    value: ExactText


class CardKpi(Contract):
    """A KPI on a scorecard with its newest value within the months looked at.

    `score` is the attainment bounded to 0..1.2; without an attainment (`attainment_reason`) 1
    when the value is as good as the target, else 0. `status`: green when the target is reached,
    amber from half of the way on, else red. All null without value (`reason`) or target.
    `tendency` follows the least-squares line through at least three months.
    `linked_by`: whether the KPI itself names the business unit, or observations of it do.
    """

    id: UUID
    kpi: str
    name: str
    kpi_class: KpiClass = Field(alias="class")
    unit: str
    direction: Direction
    owner: str | None
    weight: ExactText
    baseline: ExactText | None
    target: ExactText | None
    value: ExactText | None
    measured_in: Period | None
    reason: str | None
    attainment: ExactText | None
    attainment_reason: str | None
    verdict: CardVerdict
    status: Status | None
    score: ExactText | None
    trend: list[CardPoint]
    tendency: Literal["improving", "worsening", "flat"] | None
    linked_by: Literal["kpi", "observation"] | None
    href: str


class CardPerspective(Contract):
    """One perspective: the mean of its KPIs' scores by their weights; null without any score."""

    perspective: Perspective
    name: str
    score: ExactText | None
    status: Status | None
    scored: int
    kpis: list[CardKpi]


class CardCost(Contract):
    """IT cost of the scorecard's months beside it; null figures say why in `reason`.

    Of IT the input of the runs; of a business unit what it and all below it were charged, its
    share of that input, and the unit cost where it has a driver. Reasons: `no_published_run`,
    `not_in_runs`, `several_currencies`, `allocation_unreachable`, `run_of_another_period`.
    """

    amount: ExactText | None
    share: ExactText | None
    currency: str | None
    unit: str | None
    quantity: ExactText | None
    unit_cost: ExactText | None
    runs: list[UUID]
    reason: str | None
    href: str | None


class Scorecard(Contract):
    """A balanced scorecard. `score` is the mean of the perspectives that have one.

    KPIs count with their newest value between `from` and `to` (without these: in the twelve
    months that end with `period`). KPIs without a perspective are shown but not scored.
    """

    period: Period | None
    first: Period = Field(alias="from")
    last: Period = Field(alias="to")
    scope: Literal["it", "consumer"]
    consumer: str | None
    name: str
    score: ExactText | None
    status: Status | None
    cost: CardCost
    perspectives: list[CardPerspective]
    without_perspective: list[CardKpi]
    rule: str
