"""Profiles on the wire: how the columns of a source become our fields."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.ingest.imports import DetectedFile
from shared.contracts.values import Code, Contract, Currency, Instant, Label, TagKey

ProfileKind = Literal[
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


CellText = Annotated[str, Field(max_length=4000)]
Translations = Annotated[dict[CellText, CellText], Field(max_length=10_000)]


class FlagSignRequest(Contract):
    """A column that says debit or credit; amounts of credit rows count against the others."""

    flag_column: Label
    debit: Label
    credit: Label


class ProfileRules(Contract):
    """All of a profile but its code. `columns` maps our field to their column."""

    kind: ProfileKind
    columns: dict[TagKey, Label] = Field(default_factory=dict, max_length=500)
    constants: dict[TagKey, Label] = Field(default_factory=dict, max_length=200)
    values: dict[TagKey, Translations] = Field(
        default_factory=dict,
        max_length=50,
        description="Translations of values by field: their word to ours.",
    )
    date_format: str | None = Field(default=None, max_length=50, examples=["%d/%m/%Y"])
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'", ""] | None = None
    encoding: str | None = Field(default=None, max_length=50)
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    header_row: int | None = Field(
        default=None,
        ge=0,
        le=150,
        strict=True,
        description="Counted from 1; 0: the file has no header.",
    )
    skip_rows: int = Field(default=0, ge=0, le=150, strict=True)
    sheet: Label | None = Field(
        default=None, description="The sheet of a workbook; null: the fullest that fits."
    )
    identity: list[Label] | None = Field(default=None, min_length=1, max_length=20)
    sign: Literal["as_is", "reversed"] | FlagSignRequest = "as_is"
    decimal_shift: dict[Currency, Annotated[int, Field(ge=1, le=6)]] = Field(
        default_factory=dict,
        max_length=50,
        description="Currencies stored with the point too far left: SAP writes 12.34 for 1234 JPY,"
        ' so `{"JPY": 2}`.',
        json_schema_extra={"additionalProperties": False},
    )
    total_rows: Literal["check", "keep"] = Field(
        default="check",
        description="Subtotal and total rows of a ledger: check them and leave them out, or take"
        " every row for a line.",
    )

    @model_validator(mode="after")
    def _fiscal_year_start(self) -> "ProfileRules":
        start = self.constants.get("fiscal_year_start")
        if start is not None and start not in {str(month) for month in range(1, 13)}:
            raise ValueError("fiscal_year_start is a month from 1 to 12")
        if "fiscal_year_start" in self.columns:
            raise ValueError("fiscal_year_start is a constant")
        if ("fiscal_year" in self.columns) != ("fiscal_period" in self.columns):
            raise ValueError("fiscal_year and fiscal_period go together")
        if "amount" in self.columns and {"debit", "credit"} & self.columns.keys():
            raise ValueError("either amount, or debit and credit")
        return self

    @model_validator(mode="after")
    def _two_marks(self) -> "ProfileRules":
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same mark")
        if self.delimiter is not None and self.delimiter in '\r\n"\x00':
            raise ValueError("this character cannot delimit cells")
        return self


class ProfileRequest(ProfileRules):
    """A profile as it is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "council-ledger",
                    "kind": "ledger",
                    "columns": {"amount": "Amount", "posted_on": "Paid Date", "tags.team": "Team"},
                    "constants": {"currency": "GBP"},
                    "date_format": "%d/%m/%Y",
                    "decimal": ".",
                }
            ]
        },
    )

    code: Code


class ProfileAnswer(ProfileRules):
    """A profile as it is."""

    id: UUID
    code: str
    version: int
    etag: str


TranslationsPatch = Annotated[dict[CellText, CellText | None], Field(max_length=20_000)]


class ProfilePatch(Contract):
    """What is to change of a profile (merge patch: null clears a field or takes a column out)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"date_format": "%m/%d/%Y", "columns": {"vendor": "Payee", "asset": None}}]
        },
    )

    kind: ProfileKind | None = None
    columns: dict[TagKey, Label | None] | None = Field(default=None, max_length=1000)
    constants: dict[TagKey, Label | None] | None = Field(default=None, max_length=400)
    values: dict[TagKey, TranslationsPatch | None] | None = Field(default=None, max_length=100)
    date_format: str | None = Field(default=None, max_length=50)
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'", ""] | None = None
    encoding: str | None = Field(default=None, max_length=50)
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    header_row: int | None = Field(default=None, ge=0, le=150, strict=True)
    skip_rows: int | None = Field(default=None, ge=0, le=150, strict=True)
    sheet: Label | None = None
    identity: list[Label] | None = Field(default=None, min_length=1, max_length=20)
    sign: Literal["as_is", "reversed"] | FlagSignRequest | None = None
    decimal_shift: (
        Annotated[
            dict[Currency, Annotated[int, Field(ge=1, le=6)] | None],
            Field(max_length=100, json_schema_extra={"additionalProperties": False}),
        ]
        | None
    ) = None
    total_rows: Literal["check", "keep"] | None = None


class ProfileVersionAnswer(ProfileRules):
    """The rules of a profile as they were in one of its versions."""

    id: UUID
    profile_id: UUID
    code: str
    version: int
    changed_by: str | None
    created_at: Instant


class ProposedProfile(ProfileRules):
    """A profile that fits a file, without a code yet."""


class DetectAnswer(Contract):
    """A proposed profile for a file, how sure it is, and what the columns hold."""

    profile: ProposedProfile
    confidence: float = Field(ge=0, le=1)
    fields: dict[str, float] = Field(description="How sure each mapped field is, from 0 to 1.")
    examples: dict[str, list[str]] = Field(description="Some values of each column.")
    missing: list[str] = Field(description="Required fields for which no column was found.")
    detected: DetectedFile
