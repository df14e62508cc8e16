"""Drivers that nobody sends: counts and amounts of cost lines by a field, tickets by service.

`lines.count:<field>` and `lines.amount:<field>` have one quantity per value of a line field
(`lines.count:cost_center`, `lines.amount:tags.team`); `tickets.count`, `tickets.hours` (until
resolved), `tickets.reopened` and `tickets.breached` (outside their service level) one per consumer
and, for a service or solution that has tickets, its own per consumer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from shared.line_fields import LIVE_LINES, is_line_field, line_field_sql

LINE_DRIVERS = ("lines.count", "lines.amount")
#: What is added up of the tickets `t`, by driver; nothing at all is no quantity.
TICKET_DRIVERS = {
    "tickets.count": "count(*)",
    "tickets.hours": "sum(round(extract(epoch from t.resolved_at - t.opened_at) / 3600, 6))"
    " filter (where t.resolved_at >= t.opened_at)",
    "tickets.reopened": "nullif(count(*) filter (where t.reopen_count > 0), 0)",
    "tickets.breached": "nullif(count(*) filter (where not t.sla_met), 0)",
}


@dataclass(frozen=True)
class DerivedQuantity:
    """How much of a derived driver falls on a target, or on a pair of source and target."""

    source: str | None
    target: str
    quantity: Decimal


@dataclass(frozen=True)
class Facts:
    """Which facts count: of a period and scenario, as they were after these changes."""

    period: str
    scenario: str
    lines_as_of: int
    tickets_as_of: int

    def bound(self) -> dict[str, object]:
        """As parameters of a statement."""
        return dict(vars(self))


def is_derived(code: str) -> bool:
    """Whether a driver's code is one of these."""
    kind, _, field = code.partition(":")
    if kind in LINE_DRIVERS:
        return is_line_field(field)
    return code in TICKET_DRIVERS


def derive(
    session: Session, code: str, facts: Facts, rates: Mapping[str, Decimal]
) -> Sequence[DerivedQuantity]:
    """The quantities of a derived driver; amounts are converted by `rates` (others left out)."""
    kind, _, field = code.partition(":")
    if kind == "lines.count":
        return _line_counts(session, field, facts)
    if kind == "lines.amount":
        return _line_amounts(session, field, facts, rates)
    if code in TICKET_DRIVERS:
        return _tickets(session, code, facts)
    raise ValueError(f"{code!r} is no derived driver")


def _line_counts(session: Session, field: str, facts: Facts) -> list[DerivedQuantity]:
    expression, bound = line_field_sql(field, "field")
    statement = text(
        f"select {expression} as target, count(*) from cost_line l where {LIVE_LINES}"
        " group by 1 order by 1"
    )
    rows = session.execute(statement, {**facts.bound(), **bound})
    return [DerivedQuantity(None, row[0], Decimal(row[1])) for row in rows if row[0] is not None]


def _line_amounts(
    session: Session, field: str, facts: Facts, rates: Mapping[str, Decimal]
) -> list[DerivedQuantity]:
    expression, bound = line_field_sql(field, "field")
    statement = text(
        f"select target, trim_scale(round(sum(amount * rate), 18)) from ("
        f" select {expression} as target, l.currency, sum(l.amount) as amount"
        f" from cost_line l where {LIVE_LINES} group by 1, 2) s"
        " join unnest(cast(:currencies as text[]), cast(:rates as numeric[]))"
        " as r(currency, rate) on r.currency = s.currency"
        " where target is not null group by 1 order by 1"
    )
    currencies = sorted(rates)
    conversion = {"currencies": currencies, "rates": [rates[code] for code in currencies]}
    rows = session.execute(statement, {**facts.bound(), **bound, **conversion})
    return [DerivedQuantity(None, row[0], row[1]) for row in rows]


def _tickets(session: Session, code: str, facts: Facts) -> list[DerivedQuantity]:
    """Per consumer, and per service or solution and consumer."""
    statement = text(
        "select coalesce(t.solution, t.service) as source, t.consumer,"
        f" {TICKET_DRIVERS[code]} as quantity"
        " from ticket t where t.period = :period and t.live_from <= :tickets_as_of"
        " and (t.live_to is null or t.live_to > :tickets_as_of) and t.consumer is not null"
        " group by grouping sets ((2), (1, 2)) having grouping(coalesce(t.solution, t.service)) = 1"
        " or coalesce(t.solution, t.service) is not null order by 1 nulls first, 2"
    )
    rows = session.execute(statement, facts.bound())
    return [
        DerivedQuantity(row.source, row.consumer, Decimal(row.quantity))
        for row in rows
        if row.quantity is not None
    ]
