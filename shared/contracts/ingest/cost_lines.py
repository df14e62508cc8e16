"""Cost lines on the wire."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from shared.contracts.days import Day
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import (
    Code,
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Flag,
    Period,
)
from shared.currencies import is_currency


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("no currency of ISO 4217")
    return code


KnownCurrency = Annotated[Currency, AfterValidator(_known_currency)]


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("zero characters and lone surrogates cannot be kept")
    return text


Storable = Annotated[str, AfterValidator(_storable)]
ExternalId = Annotated[Storable, Field(min_length=1, max_length=500)]
FieldKey = Annotated[Storable, Field(min_length=1, max_length=200)]
Fields = Annotated[
    dict[FieldKey, Annotated[Storable, Field(max_length=50_000)]], Field(max_length=500)
]
LineTags = Annotated[
    dict[FieldKey, Annotated[Storable, Field(max_length=10_000)]], Field(max_length=500)
]


class CostLineRequest(Contract):
    """A line as it is to be; known by its external id within its source."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "external_id": "4711-1",
                    "source": "erp",
                    "period": "2026-01",
                    "amount": "1234.50",
                    "currency": "EUR",
                    "account": "4400",
                    "cost_type": "opex",
                    "tags": {"team": "ops"},
                }
            ]
        },
    )

    external_id: ExternalId
    source: Code
    period: Period
    amount: DecimalText
    currency: KnownCurrency
    posted_on: Day | None = None
    cost_type: Literal["opex", "capex"] | None = None
    account: Code | None = None
    cost_center: Code | None = None
    vendor: Annotated[Storable, Field(max_length=500)] | None = None
    document: Code | None = None
    description: Annotated[Storable, Field(max_length=10_000)] | None = None
    asset: Annotated[Storable, Field(max_length=2048)] | None = None
    project: Code | None = None
    scenario: Scenario = "actual"
    tags: LineTags = Field(default_factory=dict)
    fields: Fields = Field(default_factory=dict)
    deleted: Flag = False


class CostLineAnswer(Contract):
    """A line as it is. `live_to` is null while it lives."""

    id: UUID
    external_id: str | None
    source: str
    period: str
    scenario: str
    amount: ExactText
    currency: str
    posted_on: date | None
    cost_type: str | None
    account: str | None
    cost_center: str | None
    vendor: str | None
    document: str | None
    description: str | None
    asset: str | None
    project: str | None
    tags: dict[str, str]
    fields: dict[str, str]
    row: int | None = Field(description="The row's place in the file that brought it.")
    import_id: UUID | None = Field(alias="import")
    live_from: int
    live_to: int | None
    etag: str


class CostLineDetail(CostLineAnswer):
    """A line with where it comes from."""

    imports: list[UUID] = Field(description="Unreverted imports that report this row.")
    raw: dict[str, Any] | None = Field(description="The row as received, by column.")
