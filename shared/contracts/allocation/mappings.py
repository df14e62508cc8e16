"""Mappings on the wire, and what a preview answers."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, WithJsonSchema

from shared.contracts.values import (
    Code,
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Period,
    Text,
)

Stage = Literal[
    "line_to_pool",
    "pool_to_resource",
    "pool_to_solution",
    "pool_to_consumer",
    "resource_to_resource",
    "resource_to_solution",
    "resource_to_consumer",
    "solution_to_solution",
    "solution_to_consumer",
]
Method = Literal["direct", "even", "fixed", "driver", "rate", "capacity"]
OnZero = Literal["unallocated", "next", "even"]
Selector = Annotated[dict[str, Any], Field(max_length=1000)]
Target = Annotated[dict[str, Any], Field(max_length=100)]

EXAMPLE: dict[str, Any] = {
    "code": "cloud-compute",
    "stage": "pool_to_resource",
    "priority": 10,
    "portion": "100",
    "source": {"under": "tbm-5.0.1:cloud-services", "fields.ServiceCategory": "Compute"},
    "method": "driver",
    "driver": "vcpu_hours",
    "target": {"under": "tbm-5.0.1:compute"},
    "on_zero": "unallocated",
    "valid_from": "2025-01",
    "valid_to": None,
    "note": "metered by the hypervisor",
}


class Price(Contract):
    """An amount of money in one currency."""

    amount: DecimalText
    currency: Currency


ConsumerKey = Annotated[Code, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200})]
Prices = Annotated[dict[ConsumerKey, Price], Field(max_length=100_000)]


class MappingRequest(Contract):
    """A mapping as it is to be; the rules for source and target depend on stage and method."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    code: Code
    stage: Stage
    priority: int = Field(default=100, strict=True, ge=-1_000_000_000, le=1_000_000_000)
    portion: DecimalText = Decimal(100)
    source: Selector = Field(default_factory=dict, description="{} is everything")
    method: Method
    driver: Code | None = None
    capacity_driver: Code | None = None
    target: Target
    rates: Prices | None = None
    floor: Prices | None = None
    cap: Prices | None = None
    on_zero: OnZero = "unallocated"
    valid_from: Period | None = None
    valid_to: Period | None = None
    note: Text | None = None


class MappingPatch(Contract):
    """A merge patch: what is given replaces what is there; source and target as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"priority": 20}]})

    stage: Stage | None = None
    priority: int | None = Field(default=None, strict=True, ge=-1_000_000_000, le=1_000_000_000)
    portion: DecimalText | None = None
    source: Selector | None = None
    method: Method | None = None
    driver: Code | None = None
    capacity_driver: Code | None = None
    target: Target | None = None
    rates: Prices | None = None
    floor: Prices | None = None
    cap: Prices | None = None
    on_zero: OnZero | None = None
    valid_from: Period | None = None
    valid_to: Period | None = None
    note: Text | None = None


class MappingAnswer(Contract):
    """A mapping of one version of the model."""

    id: UUID
    model_version: UUID
    code: str
    stage: Stage
    priority: int
    portion: ExactText
    source: Selector
    method: Method
    driver: str | None
    capacity_driver: str | None
    target: dict[str, Any]
    rates: dict[str, Any] | None
    floor: dict[str, Any] | None
    cap: dict[str, Any] | None
    on_zero: OnZero
    valid_from: str | None
    valid_to: str | None
    note: str | None
    etag: str


class PreviewRequest(Contract):
    """A mapping to try: on the lines or objects of a period, beside those of a version."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mapping": EXAMPLE, "period": "2026-01"}]}
    )

    mapping: MappingRequest
    period: Period
    scenario: Code = "actual"
    model_version: str | None = Field(
        default=None,
        max_length=50,
        description="`draft`, `published` or an id; by default the draft, else the published one",
        examples=["draft"],
    )


class CaughtAmount(Contract):
    """Lines of one currency."""

    currency: str | None
    lines: int
    amount: ExactText


class PreviewOverlap(Contract):
    """Another mapping of the same stage list that wants some of the same."""

    mapping: str
    stage: Stage
    priority: int
    goes_first: bool = Field(description="Whether it applies before the mapping that is tried")
    lines: int
    objects: int
    amounts: list[CaughtAmount]


class PreviewOutcome(Contract):
    """What would become of a part of what is caught.

    `moves`, `retained`, `out_of_scope`, `left_to_next` (by `on_zero`), `stays` (direct to itself),
    or the reason why it would stay unallocated.
    """

    outcome: str
    lines: int
    objects: int
    amounts: list[CaughtAmount]


class PreviewAnswer(Contract):
    """What a mapping would catch before any other takes its part."""

    lines: int
    objects: int
    amounts: list[CaughtAmount]
    codes: list[str] = Field(description="The first source objects (pools, resources ...) caught")
    targets: int | None = Field(description="How many objects the target selector means")
    overlaps: list[PreviewOverlap]
    outcomes: list[PreviewOutcome]
    unknown_targets: list[str] = Field(
        description="The first codes that money would be sent to and the target layer lacks"
    )
    run: UUID | None = Field(description="The run whose amounts of objects are shown")


class CoverageItem(Contract):
    """Lines of one value of a field and one currency, and those of them that find no pool.

    `gross` are sums of absolute amounts. Lines out of scope are left out of both.
    """

    key: str | None
    currency: str
    lines: int
    amount: ExactText
    gross: ExactText
    unmapped_lines: int
    unmapped_amount: ExactText
    unmapped_gross: ExactText


class CoverageAnswer(Contract):
    """Which money of a period finds a pool by the published model."""

    period: Period
    scenario: str
    by: str
    model_version: UUID | None = Field(description="Null: none is published, nothing finds a pool.")
    items: list[CoverageItem]
