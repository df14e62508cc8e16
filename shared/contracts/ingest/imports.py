"""Imports on the wire: what was uploaded, what became of every row, what was rejected and why."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.values import (
    Contract,
    Currency,
    DecimalText,
    ExactText,
    Instant,
    Label,
)

ImportKind = Literal[
    "ledger",
    "budget",
    "focus",
    "assets",
    "consumers",
    "drivers",
    "exchange_rates",
    "tickets",
    "kpi_observations",
]
ImportStatus = Literal["queued", "running", "succeeded", "failed", "reverted"]
Scenario = Literal["actual", "budget", "forecast"]
FocusCost = Literal[
    "EffectiveCost", "BilledCost", "ContractedCost", "ListCost", "PricingCurrencyEffectiveCost"
]


class ControlAmount(Contract):
    """What the sender says that a file holds in one currency."""

    currency: Currency
    amount: DecimalText


class ControlTotals(Contract):
    """What the sender says that a file holds; a difference refuses the import.

    `amount` is the sum of a file with one currency; `amounts` may be a list or an object by
    currency. All are compared with what was received, before anything is visible. Rows that are
    found to be totals of others may be counted or left out.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"rows": 3581, "amounts": [{"currency": "GBP", "amount": "12937883.62"}]}]
        },
    )

    rows: int | None = Field(default=None, ge=0)
    amount: DecimalText | None = None
    amounts: list[ControlAmount] | None = None
    invoices: dict[Annotated[str, Field(max_length=200)], DecimalText] | None = Field(
        default=None,
        max_length=10_000,
        description="What the invoices of a cloud bill demand: BilledCost by InvoiceId.",
    )

    @model_validator(mode="before")
    @classmethod
    def _amounts_by_currency(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("amounts"), dict):
            pairs = raw["amounts"].items()
            listed = [{"currency": currency, "amount": amount} for currency, amount in pairs]
            return {**raw, "amounts": listed}
        return raw


class ImportedFile(Contract):
    """The uploaded file."""

    name: str
    sha256: str
    bytes: int


class ImportRows(Contract):
    """received = accepted + rejected + duplicate."""

    received: int
    accepted: int
    rejected: int
    duplicate: int
    unreadable_amount: int = Field(description="Rejected rows whose amount cannot be read.")


class ImportAmounts(Contract):
    """Per currency: received = accepted + rejected + duplicate; null: the currency is unknown."""

    currency: str | None
    received: ExactText
    accepted: ExactText
    rejected: ExactText
    duplicate: ExactText


class TotalCheck(Contract):
    """A total row of a ledger: what it states and what the rows above it add up to."""

    row: int
    label: str
    currency: str | None
    stated: ExactText
    counted: ExactText
    foots: bool


class InvoiceAmount(Contract):
    """What the rows of one invoice add up to in BilledCost, as received."""

    invoice: str
    currency: str | None
    billed: ExactText


class SupersededAmount(Contract):
    """What was replaced in one currency."""

    currency: str
    amount: ExactText


class Superseded(Contract):
    """Rows that this import has replaced; `amount` is null when they are in several currencies."""

    rows: int = 0
    amount: ExactText | None = None
    amounts: list[SupersededAmount] = Field(default_factory=list)


class TrailerRow(Contract):
    """A row below the table that is no row of it, like `End of report`."""

    row: int
    text: str


class DetectedFile(Contract):
    """What the file's content says, and how sure that is (0 to 1)."""

    format: str | None = None
    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    header_lines: int = Field(
        default=1, description="2 where the names stand in two rows, the last being header_row."
    )
    columns: list[str] = Field(default_factory=list)
    trailer_rows: list[TrailerRow] = Field(
        default_factory=list,
        description="What stands below the table, holds no amount, and counts as no row.",
    )
    mapping: dict[str, str] = Field(
        default_factory=dict, description="Which column has filled which field."
    )
    date_format: str | None = None
    decimal: str | None = None
    float_columns: list[str] = Field(
        default_factory=list, description="Columns that the file holds as binary floats."
    )
    focus_version: str | None = None
    focus_missing: list[str] = Field(
        default_factory=list,
        description="Mandatory columns of this version of FOCUS that the bill does not have.",
    )
    sign: str | dict[str, str] | None = Field(
        default=None, description="How the amounts got their sign, as in a profile."
    )
    confidence: float | None = None
    sheet: str | None = Field(None, description="The sheet of the workbook that was read.")
    other_sheets: list[str] = Field(
        default_factory=list, description="Filled visible sheets that were not read."
    )


class ImportAnswer(Contract):
    """An import as it is."""

    id: UUID
    kind: ImportKind
    status: ImportStatus
    source: str
    scenario: str
    period: str | None
    profile: str | None
    profile_version: int | None = Field(
        description="The version of the profile whose rules the file was read by."
    )
    replace: Literal["none", "billing_period"]
    restate: str | None
    retry_of: UUID | None
    file: ImportedFile
    rows: ImportRows
    amounts: list[ImportAmounts]
    periods: list[str]
    superseded: Superseded
    checks: list[TotalCheck] = Field(
        default_factory=list,
        description="The totals inside a ledger; those that differ come first.",
    )
    invoices: list[InvoiceAmount] = Field(default_factory=list)
    detected: DetectedFile
    problem: dict[str, Any] | None = Field(
        description="Why the import failed, as a problem document."
    )
    reverted_reason: str | None
    created_at: Instant
    finished_at: Instant | None
    etag: str


class RejectAnswer(Contract):
    """One thing that is wrong with one row."""

    row: int = Field(description="The row's place in the file, counted from 1, header included.")
    column: str | None
    code: str
    message: str
    raw: str = Field(description="The text as received: of the cell, or of the whole row.")
    values: dict[str, Any] | None = Field(description="All cells of the row, as received.")


CorrectedCell = Annotated[str, Field(max_length=1_000_000)]


class RetryItem(Contract):
    """A corrected row: the values given replace the row's cells, by column."""

    row: int = Field(ge=1, le=2**53 - 1, strict=True)
    values: dict[str, CorrectedCell | None] = Field(max_length=2000)


class RetryRequest(Contract):
    """Rejected rows with their corrections; the others of the file stay out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"items": [{"row": 17, "values": {"Amount": "12.50"}}]}]},
    )

    items: list[RetryItem] = Field(min_length=1, max_length=10_000)


class RevertRequest(Contract):
    """Why an import is taken back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "sent by mistake"}]}
    )

    reason: Label
