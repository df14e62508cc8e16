"""Success cases on the wire: stories over the figures of approved reviews."""

from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, model_validator

from shared.contracts.days import Day
from shared.contracts.valuation.reviews import ReviewCost, ReviewDecision, ReviewResult, UseResult
from shared.contracts.values import (
    Code,
    Contract,
    ExactText,
    Instant,
    Names,
    TagKey,
    Tags,
    TagValue,
    Text,
)


class Prose(Contract):
    """A longer text in one or both languages."""

    en: Text | None = None
    zh_cn: Text | None = Field(default=None, alias="zh-CN")

    @model_validator(mode="after")
    def _at_least_one(self) -> "Prose":
        if self.en is None and self.zh_cn is None:
            raise ValueError("write it in en or zh-CN")
        return self

    def stored(self) -> dict[str, str]:
        """As kept in a table: only the languages that are given."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Story(Contract):
    """What the problem was, how it was approached and what came of it."""

    problem: Prose | None = None
    approach: Prose | None = None
    result: Prose | None = None

    def stored(self) -> dict[str, dict[str, str]]:
        """As kept in a table: only the parts that are given."""
        parts = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: part.stored() for name, part in parts.items() if part is not None}


class CaseRequest(Contract):
    """A case over an approved review; its figures are the review's and stay as they are now.

    Without a `code` it is `<initiative>@<due day of the review>`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "review": "01980000-0000-7000-8000-000000000001",
                    "code": "warehouse-turns",
                    "names": {"en": "Stock turns faster", "zh-CN": "库存周转加快"},
                    "summary": {"en": "Inventory turns rose from 4.2 to 6.8."},
                    "story": {
                        "problem": {"en": "Goods lay for three months."},
                        "approach": {"en": "Shelves and orders share one system."},
                        "result": {"en": "They lie for less than two."},
                    },
                    "tags": {"industry": "furniture"},
                    "published": True,
                }
            ]
        }
    )

    review: UUID
    code: Code | None = None
    names: Names = Field(examples=[{"en": "Stock turns faster", "zh-CN": "库存周转加快"}])
    summary: Prose | None = None
    story: Story = Field(default_factory=Story)
    tags: Tags = Field(default_factory=dict)
    published: StrictBool = False


class CasePatch(Contract):
    """What may change of a case: its words, never its figures (merge patch: null clears)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"published": True}]})

    names: Names | None = None
    summary: Prose | None = None
    story: Story | None = None
    tags: dict[TagKey, TagValue | None] | None = Field(default=None, max_length=200)
    published: StrictBool | None = None


class CaseMoney(Contract):
    """Money of the review's results in one currency, and beyond them."""

    currency: str
    expected: ExactText
    realised: ExactText
    realised_extra: ExactText


class CaseFigures(Contract):
    """The figures of the review as they were when it was approved, with their evidence."""

    due_on: Day
    approved_at: Instant
    results: list[ReviewResult]
    cost: ReviewCost | None
    decision: ReviewDecision | None
    adoption: list[UseResult]
    money: list[CaseMoney]
    review_sha256: str


class CaseAnswer(Contract):
    """A case as callers see it; `name` is in the caller's language, texts in all they have."""

    id: UUID
    etag: str
    code: str
    name: str
    names: dict[str, str]
    summary: dict[str, str] | None
    story: dict[str, dict[str, str]]
    tags: Tags
    published: bool
    review: UUID
    review_href: str
    initiative: str
    initiative_name: str
    solution: str | None
    value_chain_stage: str | None
    kpis: list[str]
    figures: CaseFigures
    created_by: str
    created_at: Instant
    updated_at: Instant
