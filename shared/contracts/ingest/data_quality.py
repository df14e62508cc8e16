"""Data quality on the wire: figures per source with their course, and rules of one's own."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.ingest.cost_lines import KnownCurrency
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import (
    Code,
    Contract,
    DecimalText,
    ExactText,
    Flag,
    Instant,
    Names,
    Period,
)

QualityStatus = Literal["good", "warning", "bad"]
RuleMeasure = Literal[
    "count", "amount", "share", "amount_share", "missing_share", "change", "count_change"
]
RuleOperator = Literal["gt", "gte", "lt", "lte"]
Severity = Literal["info", "warning", "critical"]
LineSelector = Annotated[
    dict[str, Any],
    Field(
        max_length=1000,
        description="In the words of the mappings' selectors, over line fields, `tags.x` and"
        " `fields.x`; {} is every line.",
        examples=[{"account": {"starts_with": "44"}, "tags.team": {"exists": False}}],
    ),
]


class QualityPoint(Contract):
    """A figure as it was in an earlier period; null where it could not be known."""

    period: Period
    value: ExactText | None


class QualityMeasure(Contract):
    """One figure with its course. `reason` says why there is no figure, or no status."""

    name: str
    unit: Literal["share", "days", "count"]
    value: ExactText | None
    status: QualityStatus | None
    reason: str | None = None
    reason_code: str | None = None
    trend: list[QualityPoint] = Field(description="The same figure before, oldest first.")


class QualityMoney(Contract):
    """Money of one currency: a part of a whole, both as sums of absolute amounts or of a file."""

    currency: str | None
    amount: ExactText
    of: ExactText
    share: ExactText | None


class FilledField(Contract):
    """How many lines have a value in a field, and how many usually had."""

    field: str
    name: str
    rows: int
    share: ExactText | None
    usual_share: ExactText | None = Field(description="Median of the earlier periods.")
    status: QualityStatus | None


class Completeness(QualityMeasure):
    """The mean share of filled fields among account, cost centre, vendor, cost type, date, text.

    `delivered` is false for a source that sent lines for earlier periods and none for this one.
    """

    delivered: bool
    rows: int
    usual_rows: ExactText | None
    fields: list[FilledField]


class Freshness(QualityMeasure):
    """Days from the end of the period to the first data of it; below 0 it came before the end."""

    first_data_at: Instant | None
    last_delivery_at: Instant | None = Field(description="Last finished import, push or sync.")
    age_hours: ExactText | None


class ImportShare(QualityMeasure):
    """A share of the rows that imports brought for the period, and of their money.

    An import of several periods counts whole in each of them.
    """

    rows: int
    of_rows: int
    money: list[QualityMoney]
    imports: int
    failed_imports: int


class UnmappedShare(QualityMeasure):
    """Money (absolute) of lines that find no pool in the published model; allocation decides."""

    rows: int | None
    money: list[QualityMoney]
    model_version: UUID | None


class SuddenChange(Contract):
    """An amount or a number of rows far from what it was. `before` is the median of `history`."""

    source: str
    dimension: Literal["source", "account", "vendor"]
    key: str | None
    name: str
    measure: Literal["amount", "rows"]
    currency: str | None
    before: ExactText
    after: ExactText
    factor: ExactText | None = Field(description="after / before; null when there was nothing.")
    spread: ExactText = Field(description="1.4826 times the median absolute deviation.")
    history: list[QualityPoint]
    thin_history: bool = Field(description="Fewer than three earlier periods to compare with.")
    reason: str
    reason_code: Literal["outside_spread", "tripled", "appeared", "ended"]


class SuddenChanges(QualityMeasure):
    """How many figures changed suddenly; the largest of them."""

    thin_history: bool
    items: list[SuddenChange]


class PaidLine(Contract):
    """One of two lines that may be the same purchase."""

    id: UUID
    source: str
    period: Period
    document: str
    posted_on: str | None
    lines: int


class DoublePurchase(Contract):
    """The same vendor, amount and currency on two documents within some days."""

    vendor: str
    amount: ExactText
    currency: str
    days: int
    first: PaidLine
    second: PaidLine


class DoublePurchases(QualityMeasure):
    """How many lines may be second payments, their money, the largest of them."""

    within_days: int
    money: list[QualityMoney]
    items: list[DoublePurchase]


class SourceQuality(Contract):
    """The figures of one source; of all sources together where `source` is null."""

    source: str | None
    status: QualityStatus
    rows: int
    completeness: Completeness
    freshness: Freshness
    reject_share: ImportShare
    duplicates: ImportShare
    unmapped_share: UnmappedShare
    sudden_changes: SuddenChanges
    double_purchases: DoublePurchases


class AssetPair(Contract):
    """Two assets that may be one, bought or entered twice; `/v1/assets/possible-duplicates`."""

    codes: list[str]
    days_apart: int | None
    reasons: list[str]


class DoubleAssets(Contract):
    """Possible double purchases among the assets, whatever the period."""

    name: str
    value: int
    status: QualityStatus
    items: list[AssetPair]


class RuleFinding(Contract):
    """What a rule of one's own found for a source in the period."""

    rule: str
    rule_id: UUID
    name: str
    severity: Severity
    source: str
    currency: str | None
    measure: RuleMeasure
    value: ExactText | None
    operator: RuleOperator
    threshold: ExactText
    breached: bool
    status: QualityStatus
    evaluated_at: Instant | None = Field(description="Null: evaluated for this answer only.")
    trend: list[QualityPoint]


class DataQualityAnswer(Contract):
    """Every source of a period and scenario, all of them together, and one's own rules."""

    period: Period
    scenario: Scenario
    status: QualityStatus | None
    items: list[SourceQuality]
    next_cursor: str | None = None
    total: SourceQuality | None
    assets: DoubleAssets
    rules: list[RuleFinding]


RULE_EXAMPLE: dict[str, Any] = {
    "code": "no-cost-centre",
    "names": {"en": "Postings without a cost centre", "zh-CN": "没有成本中心的记账"},
    "scope": "cost_lines",
    "scenario": "actual",
    "selector": {"account": {"starts_with": "44"}, "cost_type": "opex"},
    "measure": "missing_share",
    "field": "cost_center",
    "currency": None,
    "operator": "gt",
    "threshold": "0.05",
    "severity": "warning",
    "active": True,
}


class QualityRuleRequest(Contract):
    """A rule as it is to be. It is breached by a source where `value operator threshold` holds."""

    model_config = ConfigDict(json_schema_extra={"examples": [RULE_EXAMPLE]})

    code: Code
    names: Names
    scope: Literal["cost_lines"] = "cost_lines"
    scenario: Scenario = "actual"
    selector: LineSelector = Field(default_factory=dict)
    measure: RuleMeasure = Field(
        description="`count`, `amount` of the lines meant; their `share` of the source's lines,"
        " `amount_share` of its money (absolute); `missing_share` of them without `field`;"
        " `change` of their amount, `count_change` of their number, against the median of up to"
        " six earlier periods (0.25 is a quarter more)."
    )
    field: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="Needed by `missing_share`: account, tags.team ..."
    )
    currency: KnownCurrency | None = Field(
        default=None, description="Amounts are judged in each currency by itself, or only in this."
    )
    operator: RuleOperator = "gt"
    threshold: DecimalText
    severity: Severity = "warning"
    active: Flag = True

    @model_validator(mode="after")
    def _field_where_needed(self) -> "QualityRuleRequest":
        if (self.measure == "missing_share") != (self.field is not None):
            raise ValueError("`field` belongs to the measure `missing_share`, which needs it")
        return self


class QualityRulePatch(Contract):
    """A merge patch of a rule; the selector is replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"threshold": "0.10"}]})

    names: Names | None = None
    scenario: Scenario | None = None
    selector: LineSelector | None = None
    measure: RuleMeasure | None = None
    field: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    currency: KnownCurrency | None = None
    operator: RuleOperator | None = None
    threshold: DecimalText | None = None
    severity: Severity | None = None
    active: Flag | None = None


class QualityRuleAnswer(Contract):
    """A rule as it is."""

    id: UUID
    code: str
    names: dict[str, str]
    name: str
    scope: str
    scenario: str
    selector: dict[str, Any]
    measure: RuleMeasure
    field: str | None
    currency: str | None
    operator: RuleOperator
    threshold: ExactText
    severity: Severity
    active: bool
    created_at: Instant
    updated_at: Instant
    etag: str


class QualityResultAnswer(Contract):
    """What a rule found at one time; rows are added when that changes."""

    id: UUID
    period: str
    scenario: str
    source: str
    currency: str | None
    value: ExactText | None
    operator: RuleOperator
    threshold: ExactText
    severity: Severity
    breached: bool
    evaluated_at: Instant
