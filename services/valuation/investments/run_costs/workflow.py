"""Asks allocation over HTTP what an initiative's solution costs to run."""

from contextlib import closing
from urllib.parse import quote

from services.valuation.investments.run_costs.domain import (
    MESSAGES,
    AllocatedCost,
    NoteCode,
    RunCost,
)
from shared.clients.allocation.costs import AllocationCosts, allocation_costs
from shared.contracts.valuation.evaluations import AllocatedRunCost, RunCostNote
from shared.errors import Problem
from shared.http.links import beside
from shared.logs import get_logger
from shared.periods import period_of
from shared.tables.valuation.initiatives import Initiative

log = get_logger(__name__)
NOT_ASKED = RunCost("not_asked")


def ask_run_cost(initiative: Initiative) -> RunCost:
    """The solution's cost in every published run since go-live, or why there is none.

    Allocation not answering is no failure of the caller's request: the answer says so.
    """
    if initiative.solution is None:
        return RunCost("no_solution")
    if initiative.go_live_on is None:
        return RunCost("not_live")
    try:
        with closing(allocation_costs()) as client:
            return _ask(client, initiative.solution, period_of(initiative.go_live_on), initiative)
    except (Problem, KeyError, ValueError) as problem:
        log.warning("run_cost_missing", initiative=initiative.code, error=repr(problem))
        return RunCost("allocation_unreachable")


def _ask(client: AllocationCosts, solution: str, first: str, initiative: Initiative) -> RunCost:
    answer = client.object_costs("solution", [solution], first)
    if not answer.runs:
        return RunCost("no_published_run")
    currency = initiative.currency or answer.runs[-1].currency
    same = [month for month in answer.items[0].months if month.currency == currency]
    if not same:
        return RunCost("currency_differs")
    found = [
        AllocatedCost(month.period, str(month.run), month.cost, month.currency)
        for month in same
        if month.cost is not None
    ]
    return RunCost("allocated", found) if found else RunCost("not_in_runs")


def run_cost_note(
    run_cost: RunCost, solution: str | None, replaced: int, language: str
) -> RunCostNote:
    """The typed note beside figures that contain (or lack) a run cost."""
    code: NoteCode = run_cost.code
    return RunCostNote(
        code=code,
        message=MESSAGES[code][language],
        solution=solution,
        runs=[
            AllocatedRunCost(
                period=cost.period,
                run=cost.run,
                amount=cost.amount,
                currency=cost.currency,
                href=balance_address(cost.run, solution),
            )
            for cost in run_cost.runs
        ],
        replaced_cash_flows=replaced,
    )


def balance_address(run: str, solution: str | None) -> str:
    """Where allocation shows the balance behind a cost; behind a gateway under its prefix."""
    code = quote(solution or "", safe="")
    return beside("allocation", f"/v1/runs/{run}/balances?layer=solution&code={code}&rollup=true")
