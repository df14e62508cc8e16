"""Ticket statistics on the wire: how many tickets there were, and how they went."""

from typing import Literal

from pydantic import Field

from shared.contracts.values import Contract, ExactText, Period

TicketGroup = Literal[
    "service", "solution", "consumer", "assignment_group", "category", "priority", "kind", "state"
]


class TicketStatistics(Contract):
    """Tickets opened in a time, and how they went. Shares are of the tickets that say so."""

    key: str | None = Field(description="The service, solution, ...; null: none named.")
    opened: int
    resolved: int = Field(description="Of those opened, resolved by now.")
    resolved_before_opened: int = Field(
        description="Of those resolved, by their times, before they were opened; no hours of them."
    )
    closed: int
    reopened: int
    sla_met: int
    sla_known: int
    resolution_hours: ExactText = Field(description="Sum of hours from opening to resolution.")
    mttr_hours: ExactText | None = Field(description="Mean hours to resolve, 6 decimals.")
    median_hours: ExactText | None = Field(
        description="Half of those resolved took no longer; of two in the middle their mean."
    )
    p90_hours: ExactText | None = Field(
        description="Nine in ten of those resolved took no longer (nearest rank)."
    )
    longest_hours: ExactText | None
    sla_met_share: ExactText | None = Field(description="sla_met / sla_known, 6 decimals.")
    reopen_rate: ExactText | None = Field(description="reopened / opened, 6 decimals.")
    backlog: int = Field(
        description="Opened at any time up to the end of this one, not resolved or closed by then."
    )


class TicketMonth(Contract):
    """Statistics of one month."""

    period: Period
    items: list[TicketStatistics]
    total: TicketStatistics


class TicketStatisticsAnswer(Contract):
    """Statistics of a stretch of months, by one field and of all its tickets together.

    `items` and `total` are of the whole stretch, `months` of each of its months; `period` is null
    when the stretch has more than one.
    """

    period: Period | None
    first: Period = Field(alias="from")
    last: Period = Field(alias="to")
    by: TicketGroup | None
    items: list[TicketStatistics]
    total: TicketStatistics
    months: list[TicketMonth]
