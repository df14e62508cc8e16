"""Runs on the wire: what is asked, what came out, and every figure behind it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.allocation.emission_factors import EmissionBasis
from shared.contracts.allocation.mappings import Stage
from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.ingest.facts import RateKind
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Contract, ExactText, Instant, Label, Period

Measure = Literal["cost", "kwh", "co2e_operational", "co2e_embodied"]
RunLayer = Literal["line", "pool", "resource", "solution", "consumer"]
TraceLayer = Literal["pool", "resource", "solution", "consumer"]


class RunRequest(Contract):
    """What to run. Without a model version the published one; `as_of` repeats a run's inputs,
    and its measures and settings where they are left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"period": "2026-01", "currency": "GBP"}]},
    )

    period: Period
    scenario: Scenario = "actual"
    currency: KnownCurrency
    model_version: UUID | None = None
    measures: list[Measure] = Field(default=["cost"], min_length=1, max_length=4)
    as_of: UUID | None = None
    on_missing_rate: Literal["refuse", "set_aside"] = "refuse"
    rate_kind: RateKind = "average"
    emission_basis: EmissionBasis = "location"
    reason: Label | None = None


class RunTotals(Contract):
    """One measure: input = lines - out_of_scope + own = consumers + retained + unallocated
    (+ residual, what rounding to units left)."""

    lines: ExactText
    out_of_scope: ExactText
    own: ExactText
    input: ExactText
    consumers: ExactText
    retained: ExactText
    unallocated: ExactText
    residual: ExactText


class UnconvertedAmount(Contract):
    """Lines set aside because their currency has no rate in the period."""

    currency: str
    amount: ExactText
    lines: int


class AccuracyAnswer(Contract):
    """How well founded the cost is; shares of all cost, which add up to 1."""

    measured_share: ExactText
    estimated_share: ExactText
    fallback_share: ExactText
    unallocated_share: ExactText
    back_test: ExactText | None


class FindingAnswer(Contract):
    """Something to look at; it did not stop the run."""

    code: str
    stage: str | None
    mapping: str | None
    message: str
    details: dict[str, Any]


class RunAnswer(Contract):
    """A run; figures are there once it has succeeded."""

    id: UUID
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    period: str
    scenario: Scenario
    currency: str
    model_version: UUID
    measures: list[Measure]
    as_of: UUID | None
    on_missing_rate: Literal["refuse", "set_aside"]
    rate_kind: RateKind
    emission_basis: EmissionBasis
    reason: str | None
    fingerprint: str | None
    output_hash: str | None
    precision: int | None
    precisions: dict[str, int]
    totals: dict[str, RunTotals]
    unconverted: list[UnconvertedAmount]
    counts: dict[str, int]
    timings_ms: dict[str, int]
    accuracy: AccuracyAnswer | None
    findings: list[FindingAnswer]
    inputs_as_of: dict[str, int]
    stale: bool
    published: bool
    published_at: Instant | None
    problem: dict[str, Any] | None
    created_at: Instant
    finished_at: Instant | None
    etag: str


class BalanceAnswer(Contract):
    """own + received = passed_on + retained + unallocated, to the last unit."""

    layer: RunLayer
    code: str | None
    name: str | None
    own: ExactText
    received: ExactText
    passed_on: ExactText
    retained: ExactText
    unallocated: ExactText


class FlowAnswer(Contract):
    """What one mapping moved from one object to another; `share` is of all the source had."""

    stage: Stage
    mapping: str
    source: str | None
    source_name: str | None
    target: str
    target_name: str
    amount: ExactText
    share: ExactText | None
    quantity: ExactText | None


class TracedObject(Contract):
    """What is traced: an object of a layer, or one line."""

    layer: RunLayer
    code: str | None = None
    line: UUID | None = None
    name: str | None


class ContributionAnswer(Contract):
    """One term of a trace; `kind` says whether it came (or went) by a flow, or stayed.

    `rate_difference` is what rates of the object charged beyond the money that it had.
    """

    layer: RunLayer
    code: str | None = None
    line: UUID | None = None
    name: str | None
    kind: Literal[
        "object", "own", "retained", "unallocated", "out_of_scope", "line", "rate_difference"
    ]
    amount: ExactText
    share: ExactText | None


class TraceAnswer(Contract):
    """contributions + rest = amount exactly; the largest come first."""

    object: TracedObject
    direction: Literal["back", "forward"]
    to: RunLayer
    measure: Measure
    amount: ExactText
    contributions: list[ContributionAnswer]
    rest: ExactText
    next_cursor: str | None


class ReconciliationEntry(Contract):
    """One amount on one side of a step."""

    label: str
    amount: ExactText


class ReconciliationStep(Contract):
    """Both sides add up to the same: the difference is 0, to the last unit."""

    name: str
    title: str
    currency: str
    left: list[ReconciliationEntry]
    right: list[ReconciliationEntry]
    difference: ExactText


class ReconciliationAnswer(Contract):
    """From the totals of the imports to the consumers."""

    steps: list[ReconciliationStep]


class PeriodAmount(Contract):
    """An amount of a month."""

    period: str
    amount: ExactText


class UnallocatedAnswer(Contract):
    """Money that stayed on an object: why, whose it is, since when."""

    layer: RunLayer
    code: str | None
    name: str | None
    reason: Literal[
        "no_mapping",
        "no_driver",
        "zero_weight",
        "negative_weight",
        "unknown_target",
        "capped",
        "floor_unmet",
        "idle",
        "rate_difference",
    ]
    mapping: str | None
    unknown_code: str | None
    amount: ExactText
    owner: str | None
    since: str
    trend: list[PeriodAmount]
