"""Findings and actions of post-implementation reviews on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.days import Day
from shared.contracts.valuation.initiatives import Level
from shared.contracts.values import Code, Contract, Instant, Label, Text

ActionState = Literal["open", "in_progress", "done", "dropped"]
FindingKind = Literal["strength", "shortfall", "cause", "risk", "observation"]


class FindingRequest(Contract):
    """Something the review found out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "strength", "level": "operation", "text": "Orders are entered once."}
            ]
        }
    )

    kind: FindingKind = "observation"
    level: Level | None = None
    kpi: Code | None = None
    text: Text = Field(min_length=1)


class FindingAnswer(Contract):
    """A finding as it is kept."""

    id: UUID
    etag: str
    kind: FindingKind
    level: Level | None
    kpi: str | None
    text: str
    created_by: str
    created_at: Instant


class ActionRequest(Contract):
    """What is to be done, by whom and until when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Connect the remaining branches.", "owner": "Li", "due_on": "2026-12-01"}
            ]
        }
    )

    text: Text = Field(min_length=1)
    owner: Label
    due_on: Day
    state: ActionState = "open"


class ActionPatch(Contract):
    """How an action stands; its text, owner and due day are fixed once the review is approved."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "done"}]})

    text: Text | None = Field(default=None, min_length=1)
    owner: Label | None = None
    due_on: Day | None = None
    state: ActionState | None = None
    note: Text | None = None


class ActionAnswer(Contract):
    """An action as it is kept."""

    id: UUID
    etag: str
    text: str
    owner: str
    due_on: Day
    state: ActionState
    overdue: bool
    done_at: Instant | None
    note: str | None
    created_at: Instant


class ReviewActionAnswer(ActionAnswer):
    """An action in the list across reviews."""

    review: UUID
    initiative: str
    initiative_name: str
