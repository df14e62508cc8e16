"""Fields of persons and purges on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.jobs import ProblemDocument
from shared.contracts.values import Code, Contract, Flag, Names, Text

Collection = Literal["tickets", "cost_lines", "assets"]
Category = Literal["name", "email", "phone", "employee_id", "other"]
SHORTEST_PART = 2
FIELDS: dict[str, frozenset[str]] = {
    "tickets": frozenset(("assignment_group", "category", "priority", "state")),
    "cost_lines": frozenset(
        ("account", "cost_center", "description", "document", "external_id", "project", "vendor")
    ),
    "assets": frozenset(("serial_number", "vendor")),
}
"""Fields besides `tags.` and `fields.`: none that joins rows to the objects of the model."""
MAPS: dict[str, tuple[str, ...]] = {
    "tickets": (),
    "cost_lines": ("fields", "tags"),
    "assets": ("tags",),
}


class PersonalDataFieldRequest(Contract):
    """A field whose values tell of persons."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"collection": "cost_lines", "field": "fields.caller", "category": "name",
                 "names": {"en": "Caller", "zh-CN": "报告人"}, "note": "from the service desk"}
            ]
        },
    )  # fmt: skip

    collection: Collection
    field: Code
    category: Category
    names: Names | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _is_a_field(self) -> Self:
        column, _, inner = self.field.partition(".")
        in_a_map = bool(inner) and column in MAPS[self.collection]
        if not in_a_map and self.field not in FIELDS[self.collection]:
            maps = [f"{name}.…" for name in MAPS[self.collection]]
            known = ", ".join([*sorted(FIELDS[self.collection]), *maps])
            raise ValueError(f"{self.collection} have {known}")
        return self


class PersonalDataFieldAnswer(Contract):
    """A field that holds personal data."""

    id: UUID
    collection: Collection
    field: str
    category: Category
    names: dict[str, str]
    note: str | None
    etag: str


class PurgeRequest(Contract):
    """What is to be taken out of everything stored, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"values": ["Wang Fang", "w.fang@example.com"], "reason": "erasure request 17",
                 "contains": False}
            ]
        },
    )  # fmt: skip

    values: Annotated[
        list[Annotated[str, Field(min_length=SHORTEST_PART, max_length=200, pattern=r"\S\s*\S")]],
        Field(min_length=1, max_length=100),
    ]
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    contains: Flag = Field(
        default=False, description="Also where a value is only a part of what a field says"
    )


class PurgeAnswer(Contract):
    """How often the values were found where; the values themselves are kept nowhere."""

    id: UUID
    status: Literal["queued", "succeeded", "failed", "cancelled"]
    dry_run: bool
    contains: bool
    reason: str
    subject: str
    value_hashes: list[str] = Field(description="Keyed hashes: equal values, equal hashes")
    replaced: dict[str, int] = Field(description="Rows, pages or files by place")
    left_alone: dict[str, int] = Field(description="Where the values were found and stay")
    problem: ProblemDocument | None = None
    created_at: datetime
    finished_at: datetime | None
