"""`/v1/driver-totals`: how much there was of drivers, month by month."""

from decimal import Decimal
from typing import Annotated

from fastapi import Query
from sqlmodel import Session

from services.ingest.drivers import repository
from shared.auth import Needs
from shared.contracts.ingest.driver_totals import DriverMonth, DriverTotals, DriverTotalsAnswer
from shared.contracts.ingest.imports import Scenario
from shared.contracts.values import Code, Period
from shared.database import SessionDep
from shared.derived_drivers import TICKET_DRIVERS, is_derived
from shared.errors import RuleBroken
from shared.http.routing import new_router
from shared.periods import months_between, period_range

MOST_MONTHS = 600
MOST_DRIVERS = 50
router = new_router("/v1/driver-totals", "drivers", [Needs("ingest:read")])
Short = Annotated[str | None, Query(max_length=200)]


@router.get("", summary="Add up drivers by month", operation_id="get_driver_totals")
def get_driver_totals(
    session: SessionDep,
    driver: Annotated[list[Code], Query(min_length=1, max_length=MOST_DRIVERS)],
    first: Annotated[Period, Query(alias="from")],
    last: Annotated[Period, Query(alias="to")],
    scenario: Annotated[Scenario, Query()] = "actual",
    target: Short = None,
    source: Short = None,
) -> DriverTotalsAnswer:
    """All quantities of a month together, or those of one target, one source, or both.

    A target's own quantity beats the sum of what it has per source. Drivers derived from tickets
    or line counts are added up as well; `lines.amount` has no total, because its lines may be in
    several currencies (422 `no_total`).
    """
    if not 0 <= months_between(first, last) < MOST_MONTHS:
        message = f"`to` is not before `from`, and at most {MOST_MONTHS} months lie between"
        raise RuleBroken.at("query:/to", "bad_range", message)
    if any(code.partition(":")[0] == "lines.amount" for code in driver):
        raise RuleBroken.at("query:/driver", "no_total", "amounts of lines are not added up here")
    known = repository.find_by_codes(session, driver)
    sent = repository.totals(session, list(known), (first, last), scenario, target, source)
    answers = []
    for code in dict.fromkeys(driver):
        row = known.get(code)
        months = sent.get(code, {})
        if row is None and is_derived(code):
            months = _derived(session, code, first, last, scenario, target, source)
        answers.append(
            DriverTotals(
                driver=code,
                known=row is not None or is_derived(code),
                unit=row.unit if row is not None else _unit_of_derived(code),
                months=[
                    DriverMonth(period=period, quantity=months[period]) for period in sorted(months)
                ],
            )
        )
    return DriverTotalsAnswer(
        **{"from": first, "to": last},
        scenario=scenario,
        target=target,
        source=source,
        items=answers,
    )


def _derived(
    session: Session,
    code: str,
    first: str,
    last: str,
    scenario: str,
    target: str | None,
    source: str | None,
) -> dict[str, Decimal]:
    totals = {}
    for period in period_range(first, last):
        rows = [
            row.quantity
            for row in repository.derived_now(session, code, period, scenario)
            if row.source == source and (target is None or row.target == target)
        ]
        if rows:
            totals[period] = sum(rows, Decimal(0))
    return totals


def _unit_of_derived(code: str) -> str | None:
    if not is_derived(code):
        return None
    return "h" if code in TICKET_DRIVERS and code.endswith(".hours") else "count"
