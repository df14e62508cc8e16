"""Assets on the wire: what was bought, what it still is worth, how far it is used."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shared.contracts.days import Day
from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.values import (
    Code,
    Contract,
    DecimalText,
    ExactText,
    Instant,
    Label,
    Names,
    Period,
    TagKey,
    Tags,
    TagValue,
)


def _purchasable(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise ValueError("the years 1900 to 2200 are taken")
    return day


NotNegative = Annotated[DecimalText, Field(ge=0)]
Months = Annotated[int, Field(ge=1, le=1200, strict=True)]
PurchaseDay = Annotated[Day, AfterValidator(_purchasable)]
DuplicateReason = Literal["same_serial_number", "same_vendor", "similar_name", "same_cost"]
EXAMPLE: dict[str, Any] = {
    "code": "SRV-0042",
    "names": {"en": "Database server 42", "zh-CN": "数据库服务器 42"},
    "class": "server",
    "status": "In use",
    "cost": "36000.00",
    "currency": "EUR",
    "purchased_on": "2025-03-14",
    "useful_life_months": 36,
    "capacity": "64",
    "utilisation_driver": "vcpu",
    "kwh": "310.5",
    "embodied_kgco2e": "1240",
    "tower": "Compute",
    "tags": {"site": "north"},
}


class AssetRequest(Contract):
    """An asset as it is to be; known by its code."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    code: Code
    names: Names
    asset_class: Code | None = Field(default=None, alias="class", examples=["server"])
    status: Label | None = None
    vendor: Label | None = None
    serial_number: Code | None = None
    cost: NotNegative | None = Field(default=None, description="What was paid; with a currency.")
    currency: KnownCurrency | None = None
    residual_value: NotNegative | None = Field(
        default=None, description="What is left at the end of the useful life; nothing if not said."
    )
    purchased_on: PurchaseDay | None = None
    useful_life_months: Months | None = None
    capacity: NotNegative | None = Field(
        default=None, description="In the unit of the driver that measures its use."
    )
    utilisation_driver: Code | None = Field(
        default=None, description="The driver whose quantities are its use."
    )
    kwh: NotNegative | None = Field(default=None, description="Energy drawn in a month.")
    embodied_kgco2e: NotNegative | None = Field(
        default=None, description="Carbon of making it, over its whole life."
    )
    tower: Code | None = Field(default=None, description="The resource of allocation above it.")
    solution: Code | None = None
    consumer: Code | None = None
    tags: Tags = Field(default_factory=dict)

    @model_validator(mode="after")
    def _money_is_whole(self) -> "AssetRequest":
        if self.cost is not None and self.currency is None:
            raise ValueError("a cost needs a currency")
        if self.residual_value is not None and self.residual_value > (self.cost or 0):
            raise ValueError("the residual value is not more than the cost")
        return self


class AssetPatch(Contract):
    """A merge patch: what is given replaces what is there, null empties it; the code stays."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"status": "In stock", "tags": {"site": None}}]},
    )

    names: dict[Literal["en", "zh-CN"], Label | None] | None = Field(default=None, max_length=2)
    asset_class: Code | None = Field(default=None, alias="class")
    status: Label | None = None
    vendor: Label | None = None
    serial_number: Code | None = None
    cost: NotNegative | None = None
    currency: KnownCurrency | None = None
    residual_value: NotNegative | None = None
    purchased_on: PurchaseDay | None = None
    useful_life_months: Months | None = None
    capacity: NotNegative | None = None
    utilisation_driver: Code | None = None
    kwh: NotNegative | None = None
    embodied_kgco2e: NotNegative | None = None
    tower: Code | None = None
    solution: Code | None = None
    consumer: Code | None = None
    tags: dict[TagKey, TagValue | None] | None = Field(default=None, max_length=400)


class DepreciationOfMonth(Contract):
    """Straight-line: equal parts from the month of purchase, in whole minor units of the currency.

    The parts of all months add up to cost less residual value exactly. After the last month the
    amount is 0.
    """

    period: Period
    month: int = Field(description="1 in the month of purchase; stops at the last one.")
    months: int
    amount: ExactText
    accumulated: ExactText = Field(description="Of all months up to this one.")
    book_value: ExactText = Field(description="Cost less what is accumulated.")


class AssetObjectState(Contract):
    """Whether allocation knows the asset as a resource; only assets with a tower are sent."""

    status: Literal["none", "pending", "published", "refused"]
    code: str | None = Field(default=None, description="Why it was refused.")
    message: str | None = None


class AssetAnswer(Contract):
    """An asset as it is, with its use and its worth in a period."""

    id: UUID
    code: str
    names: dict[str, str]
    name: str
    asset_class: str | None = Field(alias="class")
    status: str | None
    vendor: str | None
    serial_number: str | None
    cost: ExactText | None
    currency: str | None
    residual_value: ExactText | None
    purchased_on: date | None
    useful_life_months: int | None
    life_ends: str | None = Field(description="The last month of the useful life.")
    capacity: ExactText | None
    utilisation_driver: str | None
    kwh: ExactText | None
    embodied_kgco2e: ExactText | None
    tower: str | None
    solution: str | None
    consumer: str | None
    tags: dict[str, str]
    period: str = Field(description="The month of the figures below; this month unless asked.")
    used: ExactText | None = Field(description="What the driver says was used; null: nothing said.")
    utilisation: ExactText | None = Field(description="used / capacity, 6 decimals; may exceed 1.")
    depreciation: DepreciationOfMonth | None = Field(
        description="Null before the purchase, and without cost, day of purchase or useful life."
    )
    resource: AssetObjectState
    import_id: UUID | None = Field(alias="import")
    live_from: int
    etag: str


class AssetSchedule(Contract):
    """The depreciation of an asset, month by month over its useful life."""

    id: UUID
    code: str
    currency: str
    cost: ExactText
    residual_value: ExactText
    items: list[DepreciationOfMonth]


class DepreciationRequest(Contract):
    """The month whose lines are to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"period": "2026-01"}]}
    )

    period: Period


class DepreciationAmount(Contract):
    """The depreciation of all assets in one currency."""

    currency: str
    lines: int
    amount: ExactText


class LinesMade(Contract):
    """What became of the lines."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = Field(default=0, description="Of assets that no longer depreciate in the month.")


class DepreciationAnswer(Contract):
    """The cost lines of a month; asked again they are unchanged."""

    period: Period
    source: str = Field(description="The source of the lines.")
    lines: LinesMade
    amounts: list[DepreciationAmount]
    assets_without_figures: int = Field(
        description="Assets without cost, day of purchase or useful life."
    )


class EndingAsset(AssetAnswer):
    """An asset near or past the end of its useful life."""

    months_left: int = Field(description="0 in the last month; negative when life is over.")
    phase: Literal["past", "ending"]


class PairedAsset(Contract):
    """One of two assets that look alike."""

    id: UUID
    code: str
    name: str
    asset_class: str | None = Field(alias="class")
    vendor: str | None
    serial_number: str | None
    cost: ExactText | None
    currency: str | None
    purchased_on: date | None


class PossibleDuplicate(Contract):
    """Two assets that may be one thing bought, or entered, twice."""

    first: PairedAsset
    second: PairedAsset
    days_apart: int | None
    reasons: list[DuplicateReason]


class AssetRefusal(Contract):
    """How many assets allocation refused for one reason."""

    code: str
    assets: int


class AssetPublication(Contract):
    """How the assets with a tower stand with allocation, where they are resources."""

    published: int
    pending: int
    refused: int
    refusals: list[AssetRefusal]
    last_told_at: Instant | None
