"""One consumer's bill: the issued statement, else what the published run says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.charts.figures import add_exactly
from services.valuation.reporting.reports.content.statement.facts import (
    BillLine,
    Complaint,
    MonthAmount,
    Origin,
    StatementFacts,
)
from services.valuation.reporting.reports.gathering.months import (
    first_of,
    missing_months,
    month_runs,
)
from shared.clients.allocation.figures import AllocationFigures
from shared.contracts.valuation.reports import ReportParameters

USUAL_MONTHS = 12
MOST_ORIGINS = 15
MOST_PARTS = 1000


def gather_statement(
    client: AllocationFigures, run: Mapping[str, Any], parameters: ReportParameters
) -> StatementFacts:
    """Lines, course, origins and complaints of one consumer.

    An issued statement goes first, but a run that is not published was never billed.
    """
    consumer, period = parameters.consumer or "", run["period"]
    is_billed = run["published"] and parameters.scenario == "actual"
    issued = None if not is_billed else client.find_statement(period, consumer)
    lines_of = client.list_view("consumers", run["id"], code=consumer, parts=MOST_PARTS)
    item = next(iter(lines_of), None)
    bill = _bill_of_statement(issued) if issued else _bill_of_run(consumer, item, run)
    traced = (
        client.trace_back(
            issued["run"] if issued else run["id"], "consumer", consumer, MOST_ORIGINS
        )
        if item
        else None
    )
    months, missing = _months(client, consumer, period, parameters)
    complaints = list(client.list_disputes(period, consumer))
    return StatementFacts(
        **bill,
        months=months,
        missing=missing,
        origins=tuple(_origin(each) for each in traced["contributions"]) if traced else (),
        origins_rest=Decimal(traced["rest"]) if traced else Decimal(0),
        traced=Decimal(traced["amount"]) if traced else Decimal(0),
        complaints=tuple(_complaint(each) for each in complaints),
        newest_at=_newest(issued, complaints),
    )


def _bill_of_statement(issued: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "consumer": issued["consumer"],
        "name": issued["name"],
        "currency": issued["currency"],
        "amount": Decimal(issued["amount"]),
        "lines": tuple(_statement_line(line) for line in issued["lines"]),
        "statement_id": issued["id"],
        "statement_code": issued["code"],
        "issued_at": datetime.fromisoformat(issued["issued_at"]),
        "run_amount": Decimal(issued["run_amount"]),
        "subtree_amount": Decimal(issued["subtree_amount"]),
    }


def _statement_line(line: Mapping[str, Any]) -> BillLine:
    return BillLine(
        kind=line["kind"],
        layer=line["layer"],
        code=line["code"],
        name=line["name"],
        amount=Decimal(line["amount"]),
        driver=line["driver"],
        quantity=_decimal(line["quantity"]),
        unit_price=_decimal(line["unit_price"]),
    )


def _bill_of_run(
    consumer: str, item: Mapping[str, Any] | None, run: Mapping[str, Any]
) -> dict[str, Any]:
    """The consumer's line of the view; one that the run does not know has no cost."""
    parts = item["solutions"] if item else []
    lines = [
        BillLine("charge", part["layer"], part["code"], part["name"], Decimal(part["amount"]))
        for part in parts
    ]
    for kind, key in (("rest", "solutions_rest"), ("own", "own")):
        if item and Decimal(item[key]):
            lines.append(BillLine(kind, "consumer", consumer, "", Decimal(item[key])))
    return {
        "consumer": consumer,
        "name": item["name"] if item else consumer,
        "currency": run["currency"],
        "amount": add_exactly([line.amount for line in lines]),
        "lines": tuple(lines),
    }


def _months(
    client: AllocationFigures, consumer: str, period: str, parameters: ReportParameters
) -> tuple[tuple[MonthAmount, ...], tuple[str, ...]]:
    first, scenario = first_of(period, parameters.months or USUAL_MONTHS), parameters.scenario
    runs = month_runs(client, scenario, first, period)
    if not runs:
        return (), ()
    found = client.list_months("consumers", first, period, scenario, code=consumer, parts=0)
    points = {
        point["period"]: Decimal(point["amount"]) for item in found for point in item["trend"]
    }
    told = tuple(MonthAmount(run, points.get(run.period, Decimal(0))) for run in runs)
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


def _newest(
    issued: Mapping[str, Any] | None, complaints: Iterable[Mapping[str, Any]]
) -> datetime | None:
    texts = [issued["issued_at"]] if issued else []
    for each in complaints:
        texts += [each[key] for key in ("created_at", "reviewed_at", "decided_at") if each[key]]
    return max((datetime.fromisoformat(text) for text in texts), default=None)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
