"""Model versions on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.values import Code, Contract, Instant, Text

Status = Literal["draft", "in_review", "approved", "published", "retired"]
SameLayerStage = Literal["resource_to_resource", "solution_to_solution"]


class StageSetting(Contract):
    """How a same-layer stage is solved."""

    solve: Literal["reciprocal", "step_down"] = "reciprocal"
    order: list[Code] = Field(default_factory=list, max_length=10_000)
    self_use: Literal["excluded", "counted"] = "excluded"


class ModelVersionRequest(Contract):
    """A new draft; `base` is a version's id, `published`, or null for an empty one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"base": "published"}]})

    base: Annotated[str, Field(max_length=50)] | None = None
    note: Text | None = None


class ModelVersionPatch(Contract):
    """What can be changed of a draft beside its mappings."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"stages": {"solution_to_solution": {"solve": "reciprocal"}}}]
        }
    )

    stages: dict[SameLayerStage, StageSetting | None] | None = Field(default=None, max_length=10)
    note: Text | None = None


class Decision(Contract):
    """Why something was decided; kept in the audit trail."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "agreed with the service areas"}]}
    )

    reason: Text | None = None


class ModelVersionAnswer(Contract):
    """A version of the model and how far it is."""

    id: UUID
    number: int
    status: Status
    base: UUID | None
    stages: dict[str, Any]
    note: str | None
    mappings: int
    authors: list[str]
    created_at: Instant
    submitted_by: str | None
    submitted_at: Instant | None
    approved_by: str | None
    approved_at: Instant | None
    published_by: str | None
    published_at: Instant | None
    retired_at: Instant | None
    etag: str


class MappingContent(Contract):
    """A mapping without its id: what two versions are compared by."""

    code: str
    stage: str
    priority: int
    portion: str
    source: dict[str, Any]
    method: str
    driver: str | None
    capacity_driver: str | None
    target: dict[str, Any]
    rates: dict[str, Any] | None
    floor: dict[str, Any] | None
    cap: dict[str, Any] | None
    on_zero: str
    valid_from: str | None
    valid_to: str | None
    note: str | None


class MappingChange(Contract):
    """A mapping that both versions have and that is not the same."""

    code: str
    fields: list[str]
    before: MappingContent
    after: MappingContent


class VersionDiff(Contract):
    """What turns the base into the version."""

    version: UUID
    base: UUID | None
    added: list[MappingContent]
    removed: list[MappingContent]
    changed: list[MappingChange]
    stages_before: dict[str, Any]
    stages_after: dict[str, Any]
