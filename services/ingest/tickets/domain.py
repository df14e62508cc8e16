"""Folds the events of a ticket into the ticket, and counts tickets by service or consumer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class TicketEvent:
    """One row about a ticket: its state at a moment. `order` says which event is later."""

    number: str
    opened_at: datetime
    kind: str = "incident"
    service: str | None = None
    solution: str | None = None
    consumer: str | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    state: str | None = None
    priority: str | None = None
    category: str | None = None
    assignment_group: str | None = None
    sla_met: bool | None = None
    reopen_count: int = 0
    updated_at: datetime | None = None


def event_of(row: Mapping[str, str | None]) -> TicketEvent:
    """An event from the texts of one row; instants in ISO form, counts as digits."""

    def moment(name: str) -> datetime | None:
        text = row[name]
        return None if text is None else datetime.fromisoformat(text)

    opened_at = moment("opened_at")
    if opened_at is None:
        raise ValueError("a ticket without opened_at is no ticket")
    met = row["sla_met"]
    return TicketEvent(
        number=row["number"] or "",
        opened_at=opened_at,
        kind=row["kind"] or "incident",
        service=row["service"],
        solution=row["solution"],
        consumer=row["consumer"],
        resolved_at=moment("resolved_at"),
        closed_at=moment("closed_at"),
        state=row["state"],
        priority=row["priority"],
        category=row["category"],
        assignment_group=row["assignment_group"],
        sla_met=None if met is None else met == "true",
        reopen_count=int(row["reopen_count"] or 0),
        updated_at=moment("updated_at"),
    )


def fold_events(events: Iterable[TicketEvent]) -> list[TicketEvent]:
    """One ticket per number: the last known state, the first opening, the most reopenings.

    Events are in order of `updated_at` where they have one, else as they come. A value that the
    last event leaves out stays what an earlier event said.
    """
    by_number: dict[str, list[TicketEvent]] = {}
    for event in events:
        by_number.setdefault(event.number, []).append(event)
    return [_fold(found) for found in by_number.values()]


def _fold(events: Sequence[TicketEvent]) -> TicketEvent:
    in_order = list(events)
    if all(event.updated_at is not None for event in events):
        in_order.sort(key=lambda event: event.updated_at or event.opened_at)  # stable
    ticket = in_order[-1]
    for earlier in reversed(in_order[:-1]):
        ticket = _filled(ticket, earlier)
    return replace(
        ticket,
        opened_at=min(event.opened_at for event in events),
        reopen_count=max(event.reopen_count for event in events),
    )


def _filled(ticket: TicketEvent, earlier: TicketEvent) -> TicketEvent:
    """The ticket with blanks filled from an earlier event, closing times only once it is closed."""
    return replace(
        ticket,
        service=ticket.service or earlier.service,
        solution=ticket.solution or earlier.solution,
        consumer=ticket.consumer or earlier.consumer,
        state=ticket.state or earlier.state,
        priority=ticket.priority or earlier.priority,
        category=ticket.category or earlier.category,
        assignment_group=ticket.assignment_group or earlier.assignment_group,
        sla_met=earlier.sla_met if ticket.sla_met is None else ticket.sla_met,
    )


def hours_between(opened_at: datetime, resolved_at: datetime) -> Decimal:
    """The hours from opening to resolution, exact to the second."""
    return Decimal(int((resolved_at - opened_at).total_seconds())) / Decimal(3600)
