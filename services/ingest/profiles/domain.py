"""The rules of a profile: which column becomes which field, and how its values are written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

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
#: What ledgers write in parts: debit less credit is the amount, year and number are the period.
#: `fiscal_year_start` is a constant: the month (1 to 12) with which the fiscal year begins.
PART_FIELDS = ("debit", "credit", "fiscal_year", "fiscal_period", "fiscal_year_start")
LEDGER_KINDS = frozenset({"ledger", "budget"})
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
    "duration",
)
#: Columns that tell where a consumer stands, one for each level, top first.
CONSUMER_LEVELS = tuple(f"level_{number}" for number in range(1, 10))
CONSUMER_FIELDS = (
    "code",
    "name",
    "names.en",
    "names.zh-CN",
    "parent",
    "path",
    *CONSUMER_LEVELS,
    "valid_from",
    "valid_to",
    "owner",
    "unit_driver",
    "value_chain_stage",
)
ASSET_FIELDS = (
    "code",
    "name",
    "names.en",
    "names.zh-CN",
    "class",
    "status",
    "vendor",
    "serial_number",
    "cost",
    "currency",
    "residual_value",
    "purchased_on",
    "useful_life_months",
    "useful_life_years",
    "capacity",
    "utilisation_driver",
    "kwh",
    "embodied_kgco2e",
    "tower",
    "solution",
    "consumer",
)
OBSERVATION_FIELDS = (
    "kpi",
    "period",
    "at",
    "value",
    "source",
    "pool",
    "resource",
    "solution",
    "consumer",
    "initiative",
    "value_chain_stage",
    "note",
)

FIELDS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "ledger": (*LINE_FIELDS, *PART_FIELDS),
    "budget": (*LINE_FIELDS, *PART_FIELDS),
    "focus": LINE_FIELDS,
    "drivers": DRIVER_FIELDS,
    "exchange_rates": RATE_FIELDS,
    "tickets": TICKET_FIELDS,
    "consumers": CONSUMER_FIELDS,
    "assets": ASSET_FIELDS,
    "kpi_observations": OBSERVATION_FIELDS,
}
REQUIRED_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "ledger": ("amount",),
    "budget": ("amount",),
    "focus": ("amount",),
    "drivers": ("target", "quantity"),
    "exchange_rates": ("from", "to", "rate"),
    "tickets": ("number", "opened_at"),
    "consumers": ("code",),
    "assets": ("code",),
    "kpi_observations": ("kpi", "value"),
}
#: What may stand in the place of a required field.
INSTEAD_OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ledger": {"amount": ("debit", "credit")},
    "budget": {"amount": ("debit", "credit")},
    "consumers": {"code": ("path", CONSUMER_LEVELS[0])},
}
#: The open names that the fields of a kind may begin with.
OPEN_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "ledger": ("tags.", "fields."),
    "budget": ("tags.", "fields."),
    "focus": ("tags.", "fields."),
    "tickets": (),
    "consumers": ("tags.", "attributes."),
    "assets": ("tags.",),
    "kpi_observations": (),
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
    sheet: str | None = None
    identity: tuple[str, ...] | None = None
    sign: Sign = "as_is"
    decimal_shift: Mapping[str, int] = field(default_factory=dict)
    total_rows: str = "check"

    @property
    def two_sided(self) -> bool:
        """Whether debits and credits stand in columns of their own."""
        sides = {"debit", "credit"} & self.columns.keys()
        return bool(sides) and "amount" not in self.columns


def absent_fields(kind: str, given: Collection[str]) -> list[str]:
    """The required fields of a kind that are not given, nor anything in their place."""
    instead = INSTEAD_OF.get(kind, {})
    return [
        name
        for name in REQUIRED_OF_KIND[kind]
        if name not in given and not any(other in given for other in instead.get(name, ()))
    ]


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


def merged_rules(rules: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """Rules after a merge patch: null takes a member out, objects are merged member by member."""
    merged = dict(rules)
    for name, value in patch.items():
        before = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(before, dict):
            merged[name] = merged_rules(before, value)
        else:
            merged[name] = value
    return merged


def folded(name: str) -> str:
    """Column names are compared without regard to case and blanks, which exports change."""
    return " ".join(name.split()).casefold()
