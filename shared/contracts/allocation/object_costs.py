"""What objects cost in the published runs of many months, on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.allocation.objects import Layer
from shared.contracts.allocation.runs import Measure
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Contract, Currency, ExactText, Period

MissingCost = Literal["unknown_object", "measure_not_in_run"]


class PublishedRun(Contract):
    """The run that speaks for a month."""

    period: Period
    run: UUID
    currency: Currency = Field(description="What amounts of the measure `cost` are in.")
    total: ExactText | None = Field(
        description="All that entered the run; null for callers bound to consumers, and where"
        " the run lacks the measure."
    )


class ObjectMonth(Contract):
    """What an object, with all below it, got in a run."""

    period: Period
    run: UUID
    currency: Currency
    own: ExactText | None = Field(description="What entered at the objects themselves.")
    received: ExactText | None = Field(description="What mappings moved to them.")
    cost: ExactText | None = Field(description="own + received")
    reason: MissingCost | None = Field(
        description="Why there is no amount: the run does not know the object, or it was made"
        " without the measure."
    )


class ObjectCost(Contract):
    """An object month by month."""

    code: str
    known: bool = Field(description="Whether any of the runs knows the object.")
    months: list[ObjectMonth] = Field(description="One for each of the runs, the earliest first.")


class ObjectCostsAnswer(Contract):
    """Costs of some objects, in the order in which they were asked for.

    A month that is not among `runs` has no published run.
    """

    first: Period = Field(alias="from")
    last: Period | None = Field(alias="to")
    layer: Layer
    scenario: Scenario
    measure: Measure
    runs: list[PublishedRun]
    items: list[ObjectCost]
