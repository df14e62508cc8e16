"""`/v1/ticket-statistics`: how many tickets there were, and how they went."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row

from services.ingest.tickets import repository
from services.ingest.tickets.domain import Stay, backlogs, hours, mean_hours, share
from shared.auth import Needs
from shared.contracts.ingest.ticket_statistics import (
    TicketGroup,
    TicketMonth,
    TicketStatistics,
    TicketStatisticsAnswer,
)
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.routing import new_router
from shared.periods import months_between, period_range

MOST_MONTHS = 120
Only = Annotated[str | None, Query(max_length=500, description="Only tickets with this value")]
router = new_router("/v1/ticket-statistics", "tickets", [Needs("ingest:read")])
Counted = dict[str | None, list[Row[Any]]]
"""Rows by the month they are of; None: of all months."""


@router.get("", summary="Count tickets", operation_id="get_ticket_statistics")
def get_statistics(
    session: SessionDep,
    period: Annotated[
        Period | None, Query(description="The month in which they were opened")
    ] = None,
    first: Annotated[
        Period | None, Query(alias="from", description="Or the first month of several")
    ] = None,
    last: Annotated[Period | None, Query(alias="to", description="And the last")] = None,
    by: Annotated[TicketGroup | None, Query()] = None,
    service: Only = None,
    solution: Only = None,
    consumer: Only = None,
    assignment_group: Only = None,
    category: Only = None,
    priority: Only = None,
    kind: Only = None,
    state: Only = None,
) -> TicketStatisticsAnswer:
    """Volumes, hours to resolve, share within the service level, share reopened, backlog.

    Of one month (`period`) or of several (`from`, `to`), of which each is told as well.
    """
    first, last = _stretch(period, first, last)
    asked = {
        "service": service, "solution": solution, "consumer": consumer, "category": category,
        "assignment_group": assignment_group, "priority": priority, "kind": kind, "state": state,
    }  # fmt: skip
    limits = {name: value for name, value in asked.items() if value is not None}
    counted: Counted = {}
    for row in repository.statistics(session, first, last, by, limits):
        counted.setdefault(row.period, []).append(row)
    stays = [
        Stay(row.key, row.opened, row.ended, row.tickets)
        for row in repository.stays(session, last, by, limits)
    ]
    return TicketStatisticsAnswer(
        period=first if first == last else None,
        **{"from": first, "to": last},
        by=by,
        **_of_time(counted.get(None, []), stays, last, by),
        months=[
            TicketMonth(period=month, **_of_time(counted.get(month, []), stays, month, by))
            for month in period_range(first, last)
        ],
    )


def _stretch(
    period: Period | None, first: Period | None, last: Period | None
) -> tuple[Period, Period]:
    if period is not None and first is None and last is None:
        return period, period
    if period is not None or first is None or last is None:
        raise _wrong("period", "missing", "give period, or from and to")
    if last < first:
        raise _wrong("to", "out_of_range", "the last month lies before the first")
    if months_between(first, last) >= MOST_MONTHS:
        raise _wrong("to", "out_of_range", f"at most {MOST_MONTHS} months are counted at once")
    return first, last


def _wrong(name: str, code: str, message: str) -> RuleBroken:
    return RuleBroken(message, code="invalid", errors=[FieldError(f"query:/{name}", code, message)])


def _of_time(
    rows: list[Row[Any]], stays: list[Stay], end: Period, by: TicketGroup | None
) -> dict[str, Any]:
    """`items` and `total` of one month or of all; a key with a backlog only is an item as well."""
    open_still = backlogs(stays, end)
    grouped = {row.key: row for row in rows if row.grouped}
    total = next((row for row in rows if not row.grouped), None)
    named = {*grouped, *open_still} if by is not None else set()
    keys = sorted(named, key=lambda key: (key is None, key or ""))
    return {
        "items": [_answer(key, grouped.get(key), open_still.get(key, 0)) for key in keys],
        "total": _answer(None, total, sum(open_still.values())),
    }


def _answer(key: str | None, row: Row[Any] | None, backlog: int) -> TicketStatistics:
    if row is None:
        return _nothing(key, backlog)
    return TicketStatistics(
        key=key,
        opened=row.opened,
        resolved=row.resolved,
        resolved_before_opened=row.out_of_order,
        closed=row.closed,
        reopened=row.reopened,
        sla_met=row.sla_met,
        sla_known=row.sla_known,
        resolution_hours=hours(row.seconds),
        mttr_hours=mean_hours(row.seconds, row.resolved - row.out_of_order),
        median_hours=hours(row.median),
        p90_hours=hours(row.p90),
        longest_hours=hours(row.longest),
        sla_met_share=share(row.sla_met, row.sla_known),
        reopen_rate=share(row.reopened, row.opened),
        backlog=backlog,
    )


def _nothing(key: str | None, backlog: int) -> TicketStatistics:
    counts = (
        "opened", "resolved", "resolved_before_opened", "closed", "reopened", "sla_met",
        "sla_known",
    )  # fmt: skip
    figures = (
        "mttr_hours", "median_hours", "p90_hours", "longest_hours", "sla_met_share", "reopen_rate",
    )  # fmt: skip
    return TicketStatistics(
        key=key,
        **dict.fromkeys(counts, 0),
        **dict.fromkeys(figures),
        resolution_hours=0,
        backlog=backlog,
    )
