"""A consumer's bill with its course over the months, its origins and its disputes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.reports.content.statement.facts import (
    Complaint,
    MonthAmount,
    Origin,
    StatementFacts,
)
from services.valuation.reporting.reports.gathering.clear_names import name_apart
from services.valuation.reporting.reports.gathering.consumer_bill import gather_bill
from services.valuation.reporting.reports.gathering.months import (
    first_of,
    missing_months,
    month_runs,
)
from shared.clients.allocation.figures import AllocationFigures
from shared.clients.allocation.value_views import AllocationViews
from shared.contracts.valuation.reports import ReportParameters
from shared.money import add_exactly

USUAL_MONTHS = 12
MOST_ORIGINS = 15


def gather_statement(
    client: AllocationViews, run: Mapping[str, Any], language: str, parameters: ReportParameters
) -> StatementFacts:
    """Lines, course, origins and complaints of one consumer and of all consumers below it."""
    consumer, period = parameters.consumer or "", run["period"]
    bill = gather_bill(client, run, consumer, parameters.scenario, language)
    # What the consumers below get has origins of its own; their statements tell them.
    traced = (
        client.trace_back(bill.run, "consumer", consumer, MOST_ORIGINS)
        if bill.has_cost and not bill.has_below
        else None
    )
    months, missing = _months(client, consumer, period, parameters)
    complaints = client.list_disputes(period, bill.members)
    if traced:
        name_apart(client, {}, traced["contributions"])
    return StatementFacts(
        **bill.facts,
        months=months,
        missing=missing,
        origins=tuple(_origin(each) for each in traced["contributions"]) if traced else (),
        origins_rest=Decimal(traced["rest"]) if traced else Decimal(0),
        traced=Decimal(traced["amount"]) if traced else Decimal(0),
        complaints=tuple(_complaint(each) for each in complaints),
        newest_at=_newest(bill.issued_at, complaints),
    )


def _months(
    client: AllocationFigures, consumer: str, period: str, parameters: ReportParameters
) -> tuple[tuple[MonthAmount, ...], tuple[str, ...]]:
    first, scenario = first_of(period, parameters.months or USUAL_MONTHS), parameters.scenario
    runs = month_runs(client, scenario, first, period)
    if not runs:
        return (), ()
    found = client.list_months("consumers", first, period, scenario, under=consumer, parts=0)
    points: dict[str, list[Decimal]] = {}
    for item in found:
        for point in item["trend"]:
            points.setdefault(point["period"], []).append(Decimal(point["amount"]))
    told = tuple(MonthAmount(run, add_exactly(points.get(run.period, []))) for run in runs)
    # Months before the first published one are no gap: there was nothing to show yet.
    return told, missing_months(runs, runs[0].period, period)


def _origin(each: Mapping[str, Any]) -> Origin:
    return Origin(each["code"], each["name"] or "", each["kind"], Decimal(each["amount"]))


def _complaint(each: Mapping[str, Any]) -> Complaint:
    return Complaint(
        id=each["id"],
        line=each["line"]["name"],
        reason=each["reason"],
        status=each["status"],
        amount=Decimal(each["amount"]),
        raised_by=each["raised_by"],
        decision=each["decision_reason"] or "",
    )


def _newest(issued_at: datetime | None, complaints: Iterable[Mapping[str, Any]]) -> datetime | None:
    texts: list[str] = []
    for each in complaints:
        texts += [each[key] for key in ("created_at", "reviewed_at", "decided_at") if each[key]]
    instants = [datetime.fromisoformat(text) for text in texts]
    return max([*instants, *([issued_at] if issued_at else [])], default=None)
