"""Cost objects on the wire: one shape for pools, resources, solutions and consumers."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.values import (
    Attributes,
    AttributeValue,
    Code,
    Contract,
    Label,
    Names,
    Period,
    TagKey,
    Tags,
    TagValue,
)

Layer = Literal["pool", "resource", "solution", "consumer"]

EXAMPLE: dict[str, Any] = {
    "code": "ERP",
    "names": {"en": "ERP", "zh-CN": "企业资源计划"},
    "parent": None,
    "tags": {"core": "yes"},
    "attributes": {"region": "GB"},
    "valid_from": "2026-01",
    "owner": "Application services",
}


class CostObjectRequest(Contract):
    """A cost object as it is to be."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    code: Code
    names: Names
    descriptions: Names | None = None
    parent: Code | None = None
    tags: Tags = Field(default_factory=dict)
    attributes: Attributes = Field(default_factory=dict)
    standard: Code | None = Field(
        default=None, description="Only what it is already: standards come by loading a taxonomy"
    )
    valid_from: Period | None = None
    valid_to: Period | None = None
    owner: Label | None = None
    unit_driver: Code | None = None
    capacity_driver: Code | None = None
    value_chain_stage: Code | None = None

    @model_validator(mode="after")
    def _valid_in_order(self) -> "CostObjectRequest":
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class TextsPatch(Contract):
    """A merge patch of texts in two languages; null takes a language away."""

    en: Label | None = None
    zh_cn: Label | None = Field(default=None, alias="zh-CN")


class CostObjectPatch(Contract):
    """A merge patch: what is given replaces what is there, null takes it away; the code stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": {"core": "yes"}}]})

    names: TextsPatch | None = None
    descriptions: TextsPatch | None = None
    parent: Code | None = None
    tags: dict[TagKey, TagValue | None] | None = Field(default=None, max_length=400)
    attributes: dict[TagKey, AttributeValue | None] | None = Field(default=None, max_length=400)
    valid_from: Period | None = None
    valid_to: Period | None = None
    owner: Label | None = None
    unit_driver: Code | None = None
    capacity_driver: Code | None = None
    value_chain_stage: Code | None = None


class CostObjectAnswer(Contract):
    """A cost object as it is."""

    id: UUID
    layer: Layer
    code: str
    names: dict[str, str]
    name: str
    descriptions: dict[str, str]
    parent: str | None
    tags: dict[str, str]
    attributes: dict[str, str | bool | int]
    standard: str | None
    valid_from: str | None
    valid_to: str | None
    owner: str | None
    unit_driver: str | None
    capacity_driver: str | None
    value_chain_stage: str | None
    etag: str
