"""Sources and their syncs on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.contracts.ingest.imports import ImportKind
from shared.contracts.ingest.source_kinds import CONFIGS
from shared.contracts.jobs import ProblemDocument
from shared.contracts.values import Code, Contract, Flag, Instant, Label, Names

SourceKind = Literal["servicenow", "odata", "rest", "sql", "folder"]
SyncStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
REFERENCE_PATTERN = r"^(env:[A-Z_][A-Z0-9_]{0,99}|file:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})$"

EXAMPLE: dict[str, Any] = {
    "code": "erp-ledger",
    "kind": "rest",
    "config": {
        "url": "https://erp.example.com/api/ledger",
        "items": "data",
        "auth": {"type": "bearer"},
        "pagination": {"type": "cursor", "path": "meta.next", "parameter": "cursor"},
        "watermark_field": "changed_at",
        "since_parameter": "changed_since",
        "key": ["id"],
    },
    "secret_ref": "env:BTIM_SOURCE_ERP_TOKEN",
    "schedule": {"cron": "30 2 * * *", "timezone": "Europe/London"},
    "maps_to": "ledger",
}


class _ConfigOfKind:
    """Documents a config as the models of all kinds; which one holds depends on `kind`."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """An object; the fields by kind are told in words."""
        fields = {
            kind: ", ".join(f"`{name}`" for name in model.model_fields)
            for kind, model in sorted(CONFIGS.items())
        }
        told = " ".join(f"**{kind}**: {names}." for kind, names in fields.items())
        return {
            "type": "object",
            "description": f"What the kind needs; unknown fields are an error. {told}",
            "examples": [EXAMPLE["config"]],
        }


AnyConfig = Annotated[dict[str, Any], _ConfigOfKind]


class Schedule(Contract):
    """When a source syncs by itself: five cron fields in the local time of a zone.

    A time that the clocks skip in spring is made up for right after; one that comes twice in
    autumn counts once, unless the schedule is hourly or more often.
    """

    cron: Annotated[str, StringConstraints(strip_whitespace=True, min_length=9, max_length=200)] = (
        Field(examples=["30 2 * * 1-5"])
    )
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        default="UTC", examples=["Asia/Shanghai"]
    )


SecretRef = Annotated[
    str,
    StringConstraints(pattern=REFERENCE_PATTERN, max_length=105),
    Field(
        description="`env:NAME` or `file:name`: where the secret is, never the secret itself. It is"
        " plain text, or JSON with `user` and `password` or `client_id` and `client_secret`.",
        examples=["env:BTIM_SOURCE_ERP_TOKEN"],
    ),
]


class SourceRequest(Contract):
    """A source as it is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    code: Code
    kind: SourceKind
    config: AnyConfig
    secret_ref: SecretRef | None = None
    schedule: Schedule | None = None
    maps_to: ImportKind
    profile: Code | None = None
    names: Names | None = None
    active: Flag = True


class SourcePatch(Contract):
    """A merge patch of a source; `config` is merged field by field."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"active": False}, {"config": {"page_size": 500}}]},
    )

    config: dict[str, Any] | None = Field(default=None, max_length=100)
    secret_ref: SecretRef | None = None
    schedule: dict[str, Any] | None = Field(default=None, max_length=10)
    maps_to: ImportKind | None = None
    profile: Code | None = None
    names: dict[str, Any] | None = Field(default=None, max_length=2)
    active: Flag | None = None


class SourceAnswer(Contract):
    """A source as it is; secrets are only ever named."""

    id: UUID
    code: str
    kind: SourceKind
    config: dict[str, Any]
    secret_ref: str | None
    schedule: Schedule | None
    maps_to: ImportKind
    profile: str | None
    names: dict[str, str]
    name: str = Field(description="In the caller's language; the code where there is no name.")
    active: bool
    watermark: str | None = Field(description="Up to where everything was fetched and loaded.")
    next_at: Instant | None = Field(description="When the schedule wants the next sync.")
    not_before: Instant | None = Field(description="Until when the source asks for patience.")
    last_success_at: Instant | None
    version: int
    etag: str


class SourceTestAnswer(Contract):
    """What a first look at a source has found."""

    reachable: bool
    authorised: bool
    columns: list[str]
    rows: int = Field(description="Rows in the sample.")
    total: int | None
    notes: list[str]


def _bound(value: str) -> str:
    if any(ord(letter) < 32 for letter in value):
        raise ValueError("control characters are not allowed")
    return value


Bound = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_bound),
]  # fmt: skip


class SyncRequest(Contract):
    """Nothing: what is new since the last sync. `from` and `to`: a backfill of that range.

    RFC 3339 instants or dates (`to` then means the whole day), or what the source itself counts by.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{}, {"from": "2026-01-01", "to": "2026-01-31"}]},
    )

    since: Bound | None = Field(default=None, alias="from")
    until: Bound | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "SyncRequest":
        dates = self.since and self.until and self.since[:1].isdigit() and "-" in self.since
        if dates and "-" in str(self.until) and str(self.until)[:10] < str(self.since)[:10]:
            raise ValueError("from lies after to")
        return self


class SyncImport(Contract):
    """An import that a sync has made."""

    id: UUID | None = Field(description="Null when a file could not even become an import.")
    file: str | None = Field(default=None, description="Folder sources: the name of the file.")
    status: Label
    known: bool = Field(default=False, description="The same file had been imported before.")


class SyncAnswer(Contract):
    """One run over a source."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: UUID
    source: str
    status: SyncStatus
    trigger: Literal["request", "schedule"]
    backfill: bool
    since: str | None = Field(alias="from")
    until: str | None = Field(alias="to")
    resumes: UUID | None = Field(description="The broken sync that this one has gone on with.")
    pages: int
    rows: int = Field(description="Rows that were fetched.")
    known: int = Field(description="Rows that were left out, being known and unchanged.")
    total: int | None = Field(description="How many rows the source says there are.")
    watermark_before: str | None
    watermark_after: str | None
    imports: list[SyncImport]
    problem: ProblemDocument | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class SyncPageAnswer(Contract):
    """A page as it was received; its bytes are at `href`."""

    number: int
    rows: int
    bytes: int
    sha256: str
    watermark: str | None
    fetched_at: Instant
    href: str
