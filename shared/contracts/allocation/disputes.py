"""Disputes on the wire: a complaint about one line of a bill, and what became of it."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.allocation.statements import LineKind, LineLayer
from shared.contracts.values import Code, Contract, DecimalText, ExactText, Instant, Label

Status = Literal["open", "in_review", "upheld", "rejected", "corrected"]
LINE_ID = "01970000-0000-7000-8000-000000000003"


class DisputeRequest(Contract):
    """What is wrong with a line; without an amount the whole line is disputed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"statement_line": LINE_ID, "reason": "seats of a team that left"}]
        },
    )

    statement_line: UUID
    reason: Label
    amount: DecimalText | None = None


class DisputeStep(Contract):
    """Why a dispute is taken up, upheld or rejected."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "12 seats were counted twice"}]}
    )

    reason: Label | None = None


class CorrectionRequest(Contract):
    """Who bears the amount instead; without an amount, what was disputed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"amount": "120.00", "counterparty": "WEST", "note": "seats of WEST"}]
        },
    )

    amount: DecimalText | None = None
    counterparty: Code
    note: Label | None = None


class CorrectionAnswer(Contract):
    """In `period` the consumer gets -amount and the counterparty +amount of their own.

    Who the counterparty is, and the note, are not told to callers bound to consumers.
    """

    period: str
    consumer: str
    counterparty: str | None
    amount: ExactText
    currency: str
    note: str | None
    made_by: str
    created_at: Instant


class DisputedLine(Contract):
    """The line that is disputed."""

    kind: LineKind
    layer: LineLayer
    code: str
    name: str
    solution: str | None
    quantity: ExactText | None
    unit_price: ExactText | None
    amount: ExactText


class DisputeAnswer(Contract):
    """A dispute. `trace` leads to the cost lines behind the bill, `explanation` says how it came
    about, `flows` shows what came from the disputed line's object."""

    id: UUID
    status: Status
    statement_line: UUID
    statement: UUID
    statement_code: str
    period: str
    run: UUID
    consumer: str
    name: str
    line: DisputedLine
    reason: str
    amount: ExactText
    currency: str
    raised_by: str
    created_at: Instant
    reviewed_by: str | None
    reviewed_at: Instant | None
    decided_by: str | None
    decided_at: Instant | None
    decision_reason: str | None
    correction: CorrectionAnswer | None
    trace: str
    explanation: str
    flows: str | None
    etag: str


class DisputeCounts(Contract):
    """How many disputes, and in which state."""

    disputes: int
    open: int
    in_review: int
    upheld: int
    rejected: int
    corrected: int


class DisputeGroup(DisputeCounts):
    """The disputes of one consumer, object or reason."""

    key: str
    layer: LineLayer | None
    name: str


class DisputedAmounts(Contract):
    """What was disputed in one currency; upheld counts what was corrected, too."""

    currency: str
    disputed: ExactText
    upheld: ExactText
    corrected: ExactText


class DisputeStatistics(DisputeCounts):
    """Disputes of statements of these periods; groups with the most disputes first.

    `share_upheld` is of the decided ones.
    """

    from_period: str | None = Field(alias="from")
    to_period: str | None = Field(alias="to")
    by_consumer: list[DisputeGroup]
    by_solution: list[DisputeGroup]
    by_reason: list[DisputeGroup]
    amounts: list[DisputedAmounts]
    median_days_to_decide: ExactText | None
    share_upheld: ExactText | None
