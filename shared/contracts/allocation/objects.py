"""Cost objects on the wire: one shape for pools, resources, solutions and consumers."""

from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.values import Attributes, Code, Contract, Label, Names, Period, Tags

Layer = Literal["pool", "resource", "solution", "consumer"]


class CostObjectRequest(Contract):
    """A cost object as it is to be."""

    code: Code
    names: Names
    parent: Code | None = None
    tags: Tags = Field(default_factory=dict)
    attributes: Attributes = Field(default_factory=dict)
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


class CostObjectPatch(Contract):
    """A merge patch: what is given replaces what is there; the code stays."""

    names: Names | None = None
    parent: Code | None = None
    tags: dict[str, str | None] | None = None
    attributes: dict[str, str | bool | int | None] | None = None
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
