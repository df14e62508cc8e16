"""Statements on the wire: what each consumer is billed for a period, line by line."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict

from shared.contracts.values import Contract, ExactText, Instant, Period

Status = Literal["draft", "issued", "corrected"]
LineKind = Literal["charge", "correction", "own"]
LineLayer = Literal["pool", "resource", "solution", "consumer"]


class StatementsRequest(Contract):
    """The period whose published run is billed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"period": "2026-01"}]}
    )

    period: Period


class StatementLineAnswer(Contract):
    """One line of a bill, in minor units of its currency.

    A charge names the solution it is for, or the resource or pool that was charged directly;
    `quantity` is what the driver counted, `unit_price` = amount / quantity. A correction names the
    dispute that it comes from, to those who may see it.
    """

    id: UUID
    position: int
    kind: LineKind
    layer: LineLayer
    code: str
    name: str
    solution: str | None
    driver: str | None
    quantity: ExactText | None
    unit_price: ExactText | None
    amount: ExactText
    dispute: UUID | None


class StatementSummary(Contract):
    """A bill. `run_amount` is the consumer's cost in the run, before rounding to minor units.

    `subtree_amount` adds the bills of the same run of all consumers below. `corrects` names the
    statement that this one replaces once it is issued, `corrected_by` the one that replaced it.
    """

    id: UUID
    code: str
    status: Status
    period: str
    run: UUID
    consumer: str
    name: str
    currency: str
    amount: ExactText
    run_amount: ExactText
    subtree_amount: ExactText
    revision: int
    corrects: UUID | None
    corrected_by: UUID | None
    issued_at: Instant | None
    issued_by: str | None
    created_at: Instant
    etag: str


class StatementAnswer(StatementSummary):
    """A bill with its lines, which add up to it."""

    lines: list[StatementLineAnswer]


class StatementsMade(Contract):
    """The bills of a published run; they add up to `total`, the run's cost of all consumers.

    `items` are the first of them; further pages are those of the list with the same period.
    """

    period: str
    run: UUID
    currency: str
    total: ExactText
    statements: int
    created: int
    replaced: int
    unchanged: int
    items: list[StatementSummary]
    next_cursor: str | None


class StatementsIssued(Contract):
    """How many drafts of a period were issued."""

    period: str
    run: UUID
    issued: int


class StatementTotal(Contract):
    """The bills of one status and currency together."""

    status: Status
    currency: str
    statements: int
    amount: ExactText


class StatementTotals(Contract):
    """What the bills add up to."""

    items: list[StatementTotal]
