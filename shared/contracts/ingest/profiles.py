"""Profiles on the wire: how the columns of a source become our fields."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.ingest.imports import DetectedFile
from shared.contracts.values import Code, Contract, Label, TagKey

ProfileKind = Literal[
    "ledger", "budget", "focus", "consumers", "drivers", "exchange_rates", "tickets"
]


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
    values: dict[TagKey, dict[str, str]] = Field(
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
        default=None, ge=0, le=150, description="Counted from 1; 0: the file has no header."
    )
    skip_rows: int = Field(default=0, ge=0, le=150)
    identity: list[Label] | None = Field(default=None, min_length=1, max_length=20)
    sign: Literal["as_is", "reversed"] | FlagSignRequest = "as_is"

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
