"""Accounting periods on the wire."""

from typing import Literal

from pydantic import ConfigDict

from shared.contracts.values import Contract, Instant, Label


class PeriodAnswer(Contract):
    """A month and whether it takes changes."""

    period: str
    status: Literal["open", "closed"]
    closed_at: Instant | None
    closed_by: str | None
    reopened_at: Instant | None
    reopened_by: str | None
    reason: str | None


class CloseRequest(Contract):
    """Closing may say why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "month end"}]})

    reason: Label | None = None


class ReopenRequest(Contract):
    """Reopening must say why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "late invoice"}]})

    reason: Label
