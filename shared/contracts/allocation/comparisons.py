"""Why two runs differ, and what a model version would change, on the wire."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.allocation.changes import ChangedAmount, ChangedTotals
from shared.contracts.allocation.runs import FindingAnswer, Measure, RunLayer, TraceLayer
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Contract, ExactText, Instant

ComparisonMethod = Literal["sequence", "shapley"]
Factor = Literal["spend", "exchange_rate", "volume", "driver_mix", "mapping", "taxonomy"]


class DifferenceParts(Contract):
    """What each factor did: all six add up to the difference exactly.

    spend: amounts of lines and own amounts; exchange_rate; volume: totals of drivers (per source)
    and capacities; driver_mix: how a driver's total is shared out; mapping: mappings and stage
    settings; taxonomy: objects, their parents, tags, attributes and validity.
    """

    spend: ExactText
    exchange_rate: ExactText
    volume: ExactText
    driver_mix: ExactText
    mapping: ExactText
    taxonomy: ExactText


class SplitDifference(Contract):
    """after - before = difference = the sum of the parts, exactly."""

    before: ExactText
    after: ExactText
    difference: ExactText
    parts: DifferenceParts


class ComparedObject(SplitDifference):
    """What an object held (own + received); code null is the lines' own account."""

    layer: RunLayer
    code: str | None
    name: str | None


class ComparedTotals(Contract):
    """input = consumers + retained + unallocated (+ residual), before and after."""

    input: SplitDifference
    consumers: SplitDifference
    retained: SplitDifference
    unallocated: SplitDifference


class CompareAnswer(Contract):
    """What made the figures of `base` those of `run`, the largest difference first.

    `before` is the base run's figure and 0 where it has no such object. `total` is the whole
    input; a caller bound to consumers is told the sum of what it may see instead, and no totals.
    `changed` names the factors in which the runs differ; other parts are 0.
    """

    run: UUID
    base: UUID
    method: ComparisonMethod
    measure: Measure
    scenario: Scenario
    currency: str
    period: str
    base_period: str
    changed: list[Factor]
    total: SplitDifference
    totals: ComparedTotals | None
    items: Sequence[ComparedObject]
    next_cursor: str | None


class ComparisonRequest(Contract):
    """Two finished runs to compare: what turned `base` into `run`.

    `sequence` replaces the factors one after the other; `shapley` takes the average over all
    orders, so that the order does not matter.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": "01890a5d-ac96-774b-bcce-b302099a8057",
                    "base": "01890a5d-ac96-774b-bcce-b302099a8056",
                    "method": "shapley",
                }
            ]
        }
    )

    run: UUID
    base: UUID
    method: ComparisonMethod = "sequence"


class ListedComparison(Contract):
    """A comparison that was asked for; its figures are there once it has succeeded."""

    id: UUID
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    run: UUID
    base: UUID
    method: ComparisonMethod
    scenario: Scenario
    currency: str
    period: str
    base_period: str
    measures: list[Measure]
    changed: list[Factor]
    problem: dict[str, Any] | None
    created_at: Instant
    created_by: str
    finished_at: Instant | None
    etag: str


class ComparisonAnswer(ListedComparison):
    """A comparison with the figures of one measure, the largest difference first."""

    measure: Measure | None
    total: SplitDifference | None
    totals: ComparedTotals | None
    items: Sequence[ComparedObject]
    next_cursor: str | None


class ImpactRequest(Contract):
    """Which run's inputs a model version is tried on; by default the newest published run's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"run": "01890a5d-ac96-774b-bcce-b302099a8057", "limit": 100}]
        }
    )

    run: UUID | None = None
    measure: Measure = "cost"
    layer: TraceLayer | None = Field(default=None, description="Only objects of this layer")
    limit: int = Field(default=100, strict=True, ge=1, le=1000)


class ImpactedObject(ChangedAmount):
    """What an object would have (own + received) instead."""

    layer: RunLayer
    code: str | None
    name: str | None


class ImpactOnUnallocated(ChangedAmount):
    """What would stay on an object for a reason, instead of what stays now."""

    layer: RunLayer
    code: str | None
    name: str | None
    reason: str


class ImpactAnswer(Contract):
    """What a run would give with another model version; nothing is stored.

    Objects that would keep their amounts are not listed; `changed` counts all that would not.
    The objects are those of the run and those that were made since and are valid in its period.
    """

    model_version: UUID
    run: UUID
    period: str
    scenario: Scenario
    currency: str
    measure: Measure
    totals: dict[str, ChangedTotals]
    changed: int
    items: Sequence[ImpactedObject]
    unallocated: Sequence[ImpactOnUnallocated]
    findings: Sequence[FindingAnswer]
