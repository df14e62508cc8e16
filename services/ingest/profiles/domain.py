"""The rules of a profile: which column becomes which field, and how its values are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingest.files.detected import ReadHints

#: The fields of a cost line that a column may fill, besides `tags.x` and `fields.x`.
LINE_FIELDS = (
    "external_id",
    "period",
    "amount",
    "currency",
    "posted_on",
    "cost_type",
    "account",
    "cost_center",
    "vendor",
    "document",
    "description",
    "asset",
    "project",
    "tags",
)
#: The columns of a draft of cost lines, in the order in which they are stored.
DRAFT_COLUMNS = ("row_no", "identity", *LINE_FIELDS, "fields")
DRIVER_FIELDS = ("driver", "period", "scenario", "source", "target", "quantity")
RATE_FIELDS = ("period", "from", "to", "kind", "rate")
TICKET_FIELDS = (
    "number",
    "kind",
    "service",
    "solution",
    "consumer",
    "opened_at",
    "resolved_at",
    "closed_at",
    "state",
    "priority",
    "category",
    "assignment_group",
    "sla_met",
    "reopen_count",
    "updated_at",
)
CONSUMER_FIELDS = (
    "code",
    "name",
    "names.en",
    "names.zh-CN",
    "parent",
    "valid_from",
    "valid_to",
    "owner",
    "unit_driver",
    "value_chain_stage",
)

FIELDS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "ledger": LINE_FIELDS,
    "budget": LINE_FIELDS,
    "focus": LINE_FIELDS,
    "drivers": DRIVER_FIELDS,
    "exchange_rates": RATE_FIELDS,
    "tickets": TICKET_FIELDS,
    "consumers": CONSUMER_FIELDS,
}
REQUIRED_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "ledger": ("amount",),
    "budget": ("amount",),
    "focus": ("amount",),
    "drivers": ("target", "quantity"),
    "exchange_rates": ("from", "to", "rate"),
    "tickets": ("number", "opened_at"),
    "consumers": ("code",),
}
#: The open names that the fields of a kind may begin with.
OPEN_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "ledger": ("tags.", "fields."),
    "budget": ("tags.", "fields."),
    "focus": ("tags.", "fields."),
    "tickets": (),
    "consumers": ("tags.", "attributes."),
    "drivers": (),
    "exchange_rates": (),
}


@dataclass(frozen=True)
class FlagSign:
    """A column that says debit or credit: amounts of credit rows count against the others."""

    flag_column: str
    debit: str
    credit: str


Sign = str | FlagSign


@dataclass(frozen=True)
class Profile:
    """How to read a source. `columns` maps our field to their column."""

    kind: str
    columns: Mapping[str, str]
    code: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_format: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    skip_rows: int = 0
    identity: tuple[str, ...] | None = None
    sign: Sign = "as_is"

    def hints(self) -> ReadHints:
        """What the profile tells the reader of the file."""
        known = [*self.columns.values(), *(self.identity or ())]
        return ReadHints(
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_row=self.header_row,
            skip_rows=self.skip_rows,
            known_columns=frozenset(name.casefold() for name in known),
        )


def unknown_fields(kind: str, fields: Mapping[str, str]) -> list[str]:
    """The names that are no fields of this kind."""
    known = FIELDS_OF_KIND[kind]
    prefixes = OPEN_PREFIXES[kind]
    return [
        name
        for name in fields
        if name not in known
        and not any(name.startswith(prefix) and len(name) > len(prefix) for prefix in prefixes)
    ]


def missing_columns(profile: Profile, columns: tuple[str, ...]) -> list[str]:
    """The columns that the profile names and the file does not have."""
    named = [*profile.columns.values(), *(profile.identity or ())]
    if isinstance(profile.sign, FlagSign):
        named.append(profile.sign.flag_column)
    present = {folded(name) for name in columns}
    return list(dict.fromkeys(name for name in named if folded(name) not in present))


def folded(name: str) -> str:
    """Column names are compared without regard to case and blanks, which exports change."""
    return " ".join(name.split()).casefold()
