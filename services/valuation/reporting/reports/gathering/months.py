"""The course of costs over the months before a period, from the published run of each."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.reports.content.inputs import MonthlyCosts, MonthRow, MonthRun
from shared.clients.allocation.figures import AllocationFigures
from shared.contracts.valuation.reports import ReportParameters
from shared.errors import RuleBroken
from shared.periods import next_period, period_range


def gather_months(
    client: AllocationFigures, run: Mapping[str, Any], parameters: ReportParameters
) -> MonthlyCosts | None:
    """What every consumer cost in each month up to the run's; None when nobody asked for it.

    422 `run_and_months` when a run is named that is not the published one of its month.
    """
    if parameters.months is None:
        return None
    if not run["published"]:
        raise RuleBroken(
            "months speak through their published runs; this one is not published",
            code="run_and_months",
        )
    scenario, last = parameters.scenario, run["period"]
    first = first_of(last, parameters.months)
    runs = month_runs(client, scenario, first, last)
    query = {"level": parameters.level} if parameters.level else {}
    found = client.list_months("consumers", first, last, scenario, parts=0, **query)
    rows = [_row(item, runs) for item in found]
    return MonthlyCosts(runs, tuple(rows), missing_months(runs, first, last))


def first_of(last: str, months: int) -> str:
    """The first of so many months that end with the last."""
    return next_period(last, 1 - months)


def missing_months(runs: tuple[MonthRun, ...], first: str, last: str) -> tuple[str, ...]:
    """The months between that have no published run."""
    known = {run.period for run in runs}
    return tuple(month for month in period_range(first, last) if month not in known)


def month_runs(
    client: AllocationFigures, scenario: str, first: str, last: str
) -> tuple[MonthRun, ...]:
    """The published runs of some months, oldest first."""
    found = [
        MonthRun(
            run["id"],
            run["period"],
            run["output_hash"],
            run["fingerprint"],
            datetime.fromisoformat(run["finished_at"] or run["created_at"]),
        )
        for run in client.list_published_runs(scenario)
        if run["scenario"] == scenario and first <= run["period"] <= last
    ]
    return tuple(sorted(found, key=lambda run: run.period))


def _row(item: Mapping[str, Any], runs: tuple[MonthRun, ...]) -> MonthRow:
    known = {point["period"]: Decimal(point["amount"]) for point in item["trend"]}
    amounts = tuple(known.get(run.period, Decimal(0)) for run in runs)
    return MonthRow(item["code"] or "", item["name"], amounts)
