"""Drivers, their quantities, exchange rates and tickets on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.days import Moment
from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import (
    Code,
    Contract,
    DecimalText,
    ExactText,
    Flag,
    Instant,
    Label,
    Names,
    Period,
    Text,
)

Basis = Literal["measured", "estimated"]
Measure = Literal["kwh", "co2e_embodied"]
RateKind = Literal["average", "closing"]


class DriverRequest(Contract):
    """A driver as it is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"code": "vcpu_hours", "names": {"en": "vCPU hours"}, "unit": "h",
                 "basis": "measured"}
            ]
        },
    )  # fmt: skip

    code: Code
    names: Names
    unit: Label | None = None
    basis: Basis = "measured"
    measure: Measure | None = None
    description: Text | None = None


class DriverPatch(Contract):
    """A merge patch: what is given replaces what is there; the code stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit": "user", "basis": "measured"}]}
    )

    names: Names | None = None
    unit: Label | None = None
    basis: Basis | None = None
    measure: Measure | None = None
    description: Text | None = None


class DriverAnswer(Contract):
    """A driver as it is."""

    id: UUID
    code: str
    names: dict[str, str]
    name: str
    unit: str | None
    basis: Basis
    measure: Measure | None
    description: str | None
    etag: str


class QuantityItem(Contract):
    """How much falls on a target, or on a pair of source and target."""

    source: Code | None = None
    target: Code
    quantity: DecimalText


class QuantityRequest(QuantityItem):
    """A quantity of a driver in a period."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"driver": "vcpu_hours", "period": "2026-01", "target": "ERP", "quantity": "120.5"}
            ]
        },
    )

    driver: Code
    period: Period
    scenario: Scenario = "actual"


class QuantityReplaceRequest(Contract):
    """A whole feed: targets that are not in it have no quantity any more."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"driver": "vcpu_hours", "period": "2026-01",
                 "items": [{"target": "ERP", "quantity": "120.5"}]}
            ]
        },
    )  # fmt: skip

    driver: Code
    period: Period
    scenario: Scenario = "actual"
    items: list[QuantityItem] = Field(max_length=100_000)


class ReplaceAnswer(Contract):
    """What a replacement did."""

    created: int
    updated: int
    unchanged: int
    removed: int


class QuantityAnswer(Contract):
    """A quantity as it is."""

    id: UUID
    driver: str
    period: str
    scenario: str
    source: str | None
    target: str
    quantity: ExactText
    import_id: UUID | None = Field(alias="import")
    live_from: int
    etag: str


class RateRequest(Contract):
    """One unit of `from` costs `rate` units of `to`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"period": "2026-01", "from": "USD", "to": "GBP", "kind": "average", "rate": "0.79"}
            ]
        },
    )

    period: Period
    from_currency: KnownCurrency = Field(alias="from")
    to_currency: KnownCurrency = Field(alias="to")
    kind: RateKind = "average"
    rate: DecimalText

    @model_validator(mode="after")
    def _positive(self) -> "RateRequest":
        if self.rate <= 0:
            raise ValueError("a rate is more than zero")
        if self.from_currency == self.to_currency and self.rate != 1:
            raise ValueError("a currency is worth one of itself")
        return self


class RateAnswer(Contract):
    """A rate as it is."""

    id: UUID
    period: str
    from_currency: str = Field(alias="from")
    to_currency: str = Field(alias="to")
    kind: RateKind
    rate: ExactText
    import_id: UUID | None = Field(alias="import")
    live_from: int
    etag: str


class TicketRequest(Contract):
    """A ticket as it is to be; known by its number."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"number": "INC0000045", "kind": "incident", "service": "Mail",
                 "opened_at": "2026-01-05T08:00:00Z", "resolved_at": "2026-01-05T10:30:00Z",
                 "state": "Closed", "sla_met": True}
            ]
        },
    )  # fmt: skip

    number: Code
    kind: Code = "incident"
    service: Code | None = None
    solution: Code | None = None
    consumer: Code | None = None
    opened_at: Moment
    resolved_at: Moment | None = None
    closed_at: Moment | None = None
    state: Label | None = None
    priority: Label | None = None
    category: Label | None = None
    assignment_group: Label | None = None
    sla_met: Flag | None = None
    reopen_count: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> "TicketRequest":
        for moment in (self.opened_at, self.resolved_at, self.closed_at):
            if moment is not None and not 1900 <= moment.year <= 2200:
                raise ValueError("the years 1900 to 2200 are taken")
        return self


class TicketAnswer(Contract):
    """A ticket as it is."""

    id: UUID
    number: str
    kind: str
    service: str | None
    solution: str | None
    consumer: str | None
    opened_at: Instant
    resolved_at: Instant | None
    closed_at: Instant | None
    state: str | None
    priority: str | None
    category: str | None
    assignment_group: str | None
    sla_met: bool | None
    reopen_count: int
    import_id: UUID | None = Field(alias="import")
    live_from: int
    etag: str
