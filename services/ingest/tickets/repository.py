"""The SQL of tickets: events fold into tickets, and tickets are counted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.ingest.changes.repository import csv_into
from services.ingest.facts.repository import TICKETS, make_drafts

EVENT_COLUMNS = (
    "row_no", "number", "kind", "service", "solution", "consumer", "opened_at", "resolved_at",
    "closed_at", "state", "priority", "category", "assignment_group", "sla_met", "reopen_count",
    "updated_at",
)  # fmt: skip
GROUPS = (
    "service", "solution", "consumer", "assignment_group", "category", "priority", "kind", "state",
)  # fmt: skip
Limits = Mapping[str, str]
#: What an earlier event said stays where the later ones say nothing.
STAYING = (
    "service", "solution", "consumer", "state", "priority", "category", "assignment_group",
    "sla_met",
)  # fmt: skip
_TYPES = {
    "row_no": "integer",
    "opened_at": "timestamptz",
    "resolved_at": "timestamptz",
    "closed_at": "timestamptz",
    "updated_at": "timestamptz",
    "sla_met": "boolean",
    "reopen_count": "integer",
}


@dataclass(frozen=True)
class EventCounts:
    """How many events belong to tickets that they made or changed, and to those as they were."""

    changing: int
    unchanged: int


@contextmanager
def writing_events(session: Session) -> Iterator[Callable[[bytes], None]]:
    """Fill the temporary table of events with CSV of its columns."""
    columns = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in EVENT_COLUMNS)
    session.execute(
        text(
            "drop table if exists ticket_event;"
            f" create temporary table ticket_event ({columns}) on commit drop"
        )
    )
    with csv_into(session, "ticket_event", EVENT_COLUMNS) as write:
        yield write


def fold_events(session: Session) -> None:
    """Make one draft per number: the last known state, the first opening, the most reopenings.

    Events are in the order of `updated_at` where all events of the number have one, else as they
    come in the file. A value that the last event leaves out stays what an earlier event said; the
    times of resolution and closing are those of the last event, which may have opened it again.
    """
    make_drafts(session, TICKETS)
    session.execute(text("analyze ticket_event"))
    latest = "order by case when dated then updated_at end desc, row_no desc"
    last = {name: f"(array_agg({name} {latest}))[1]" for name in ("kind", *_MOMENTS)}
    staying = {
        name: f"(array_agg({name} {latest}) filter (where {name} is not null))[1]"
        for name in STAYING
    }
    columns = {
        "row_no": "max(row_no)",
        "number": "number",
        "period": "to_char(min(opened_at) at time zone 'UTC', 'YYYY-MM')",
        "opened_at": "min(opened_at)",
        "reopen_count": "max(reopen_count)",
        **last,
        **staying,
    }
    session.execute(
        text(
            f"insert into fact_draft ({', '.join(columns)}) select {', '.join(columns.values())}"
            " from (select *, bool_and(updated_at is not null) over (partition by number) as dated"
            " from ticket_event) e group by number"
        )
    )


_MOMENTS = ("resolved_at", "closed_at")


def count_events(session: Session) -> EventCounts:
    """Count the events by what became of their tickets; to be asked when these are stored."""
    found = session.execute(
        text(
            "select count(*) filter (where s.row_no is null) as changing,"
            " count(s.row_no) as unchanged from ticket_event e"
            " join fact_draft d on d.number = e.number"
            " left join fact_same s on s.row_no = d.row_no"
        )
    ).one()
    return EventCounts(found.changing, found.unchanged)


# A resolution before the opening is a slip of a clock or a pen and no time at all.
_SECONDS = """
case when resolved_at >= opened_at then
extract(epoch from date_trunc('second', resolved_at) - date_trunc('second', opened_at)) end
"""
# The median of an even number is the mean of the two in the middle: the middle one counted from
# below and from above. All of it in exact seconds.
_COUNTS = f"""
count(*) as opened,
count(resolved_at) as resolved,
count(*) filter (where resolved_at < opened_at) as out_of_order,
count(closed_at) as closed,
count(*) filter (where reopen_count > 0) as reopened,
count(*) filter (where sla_met) as sla_met,
count(sla_met) as sla_known,
coalesce(sum({_SECONDS}), 0) as seconds,
max({_SECONDS}) as longest,
(percentile_disc(0.5) within group (order by {_SECONDS})
    + percentile_disc(0.5) within group (order by {_SECONDS} desc)) / 2 as median,
percentile_disc(0.9) within group (order by {_SECONDS}) as p90
"""


def statistics(
    session: Session, first: str, last: str, by: str | None, limits: Limits
) -> list[Row[Any]]:
    """Counts of the tickets opened in a stretch of months, of those that `limits` lets in.

    One row per month and one for all of them (`period` null), each for all tickets (`grouped`
    false) and, with `by`, for every value of that field; tickets without a value come last.
    """
    key, sets = _grouping(by)
    statement = (
        f"select period, {key} as key, {'grouping(' + key + ') = 0' if by else 'false'} as grouped,"
        f" {_COUNTS} from ticket where live_to is null and period >= :first and period <= :last"
        f" {_only(limits)} group by grouping sets ({sets}) order by 1 nulls last, 3, 2 nulls last"
    )
    return list(session.execute(text(statement), {**limits, "first": first, "last": last}).all())


def stays(session: Session, last: str, by: str | None, limits: Limits) -> list[Row[Any]]:
    """How many tickets were opened and ended (null: not yet) in which months, up to the last."""
    key, _ = _grouping(by)
    statement = (
        f"select {key} as key, period as opened, to_char(coalesce(resolved_at, closed_at)"
        " at time zone 'UTC', 'YYYY-MM') as ended, count(*) as tickets from ticket"
        f" where live_to is null and period <= :last {_only(limits)} group by 1, 2, 3"
    )
    return list(session.execute(text(statement), {**limits, "last": last}).all())


def _only(limits: Limits) -> str:
    """Conditions on fields of `GROUPS`, each with its value bound under its name."""
    if not set(limits) <= set(GROUPS):
        raise ValueError(f"tickets are not chosen by {', '.join(limits)}")
    return "".join(f" and {name} = :{name}" for name in limits)


def _grouping(by: str | None) -> tuple[str, str]:
    """The field to count by as SQL, and the sets to group by."""
    if by is None:
        return "cast(null as text)", "(period), ()"
    if by not in GROUPS:
        raise ValueError(f"tickets are not counted by {by}")
    return by, f"(period, {by}), (period), ({by}), ()"
