"""The value chain on the wire: its stages, and what each of them costs and earns."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.values import Code, Contract, ExactText, Instant, Names, Period


class StageRequest(Contract):
    """A stage of the value chain as it is written; `position` orders stages, then the code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "design",
                    "names": {"en": "Design", "zh-CN": "设计"},
                    "position": 10,
                    "description": {"en": "From an idea to a drawing that can be made"},
                }
            ]
        }
    )

    code: Code = Field(examples=["design"])
    names: Names = Field(examples=[{"en": "Design", "zh-CN": "设计"}])
    position: int = Field(default=0, ge=0, le=1_000_000, strict=True)
    description: Names | None = None


class StagePatch(Contract):
    """What may change of a stage (merge patch: null clears a field)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": 20}]})

    names: Names | None = None
    position: int | None = Field(default=None, ge=0, le=1_000_000, strict=True)
    description: Names | None = None


class StageAnswer(Contract):
    """A stage as it is kept."""

    id: UUID
    etag: str
    code: str
    name: str
    names: dict[str, str]
    position: int
    description: dict[str, str] | None
    created_at: Instant
    updated_at: Instant


class StagesLoaded(Contract):
    """What loading the shipped stages did; those that were here already stay as they are."""

    created: list[str]
    present: list[str]


class ChainSolution(Contract):
    """A solution of a stage; `amount` is its cost less what it passed on to other solutions."""

    code: str
    name: str
    amount: ExactText
    href: str


class ChainKpi(Contract):
    """A revenue KPI and what it says of the stage, added up over the months.

    `linked_by`: the stage itself, or a solution or initiative of it. `months` have a figure,
    `missing` have none. Only counted KPIs make up the stage's value; `reason` says why another
    one does not: `stage_has_its_own` (KPIs linked to the stage itself count instead),
    `several_stages` (linked to several, and no observation says what is of which), `no_value`,
    `another_unit`.
    """

    kpi: str
    name: str
    unit: str
    value: ExactText | None
    counted: bool
    reason: Literal["stage_has_its_own", "several_stages", "no_value", "another_unit"] | None
    linked_by: Literal["stage", "solution", "initiative", "observation"]
    months: list[Period]
    missing: list[Period]
    href: str


class ChainFigures(Contract):
    """Cost and value with their shares of all cost and all value.

    `value` and what is made of it are null with a `value_reason`: `no_revenue_kpi` (no revenue
    KPI speaks of this stage), `no_value` (those that do have no figure), `mixed_units` (revenue
    is told in several units). `value_per_cost` is value / cost, null too where the units differ
    from the run's currency or the cost is not above zero (`value_per_cost_reason`:
    `no_value`, `another_currency`, `no_cost`). `solutions` are the costliest, `solutions_rest` is
    the cost of those that are not listed.
    """

    cost: ExactText
    cost_share: ExactText | None
    value: ExactText | None
    value_share: ExactText | None
    value_reason: Literal["no_revenue_kpi", "no_value", "mixed_units"] | None
    value_per_cost: ExactText | None
    value_per_cost_reason: Literal["no_value", "another_currency", "no_cost"] | None
    kpis: list[ChainKpi]
    solutions: list[ChainSolution]
    solutions_rest: ExactText
    sentence: str


class ChainStage(ChainFigures):
    """A stage of the value chain, in the order of the stages."""

    code: str
    name: str
    position: int | None


class UnassignedPart(Contract):
    """Cost that is of no stage: solutions without one, and what never reached a solution."""

    kind: Literal[
        "solutions_without_stage",
        "consumers_directly",
        "retained_elsewhere",
        "unallocated_elsewhere",
        "residual",
    ]
    label: str
    amount: ExactText
    share: ExactText | None


class Unassigned(ChainFigures):
    """What belongs to no stage; the parts add up to the cost."""

    parts: list[UnassignedPart]


class ValueChain(Contract):
    """Cost beside value for every stage of the value chain.

    The costs of stages and `unassigned` add up to `total`, the input of the runs; the shares to
    1 (twelve decimals, settled by largest remainder). `value_unit` is null, and so is every
    value, when no revenue is told (`no_revenue_kpi`, `no_value`) or in several units.
    """

    period: Period | None
    periods: list[Period]
    scenario: str
    runs: list[UUID]
    currency: str
    total: ExactText
    total_value: ExactText | None
    value_unit: str | None
    value_reason: Literal["no_revenue_kpi", "no_value", "mixed_units"] | None
    items: list[ChainStage]
    unassigned: Unassigned
    sentences: list[str]
    rule: str
