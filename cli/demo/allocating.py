"""Act three: every period is run and published; money is followed from the files to who pays."""

from collections.abc import Sequence
from typing import Any

from cli.calling import System, order
from cli.demo.stage import Stage


def run_periods(
    stage: Stage,
    system: System,
    periods: Sequence[str],
    currency: str,
    measures: Sequence[str] = ("cost",),
) -> list[dict[str, Any]]:
    """The published run of every period; a period whose inputs are unchanged is not run again."""
    runs = []
    for period in periods:
        with stage.step(f"run {period} in {currency}") as share:
            run = _published_run(system, period)
            if run is None or run["stale"] or set(run["measures"]) != set(measures):
                body = {"period": period, "currency": currency, "measures": list(measures)}
                run = order(system.allocation, "/v1/runs", "/v1/runs", share, body=body)
                system.allocation.request("POST", f"/v1/runs/{run['id']}/publish", body={})
            runs.append(system.allocation.request("GET", f"/v1/runs/{run['id']}").json())
    return runs


def _published_run(system: System, period: str) -> dict[str, Any] | None:
    found = system.allocation.walk("/v1/runs", period=period, published="true")
    return next((run for run in found if run["scenario"] == "actual"), None)


def reconciliation(system: System, run: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps from the import totals to the consumers."""
    path = f"/v1/runs/{run['id']}/reconciliation"
    steps: list[dict[str, Any]] = system.allocation.request("GET", path).json()["steps"]
    return steps


def unallocated(system: System, run: dict[str, Any]) -> list[dict[str, Any]]:
    """What could not move, with reasons."""
    return list(system.allocation.walk(f"/v1/runs/{run['id']}/unallocated"))


def view(system: System, name: str, periods: tuple[str, ...], **query: Any) -> list[dict[str, Any]]:
    """The items of a view over some periods."""
    span = {"from": periods[0], "to": periods[-1]} if len(periods) > 1 else {"period": periods[0]}
    return list(system.allocation.walk(f"/v1/views/{name}", **span, **query))


def largest_bill(system: System, run: dict[str, Any]) -> dict[str, Any]:
    """The balance of the consumer who pays most in a run."""
    balances = system.allocation.walk(f"/v1/runs/{run['id']}/balances", layer="consumer")
    return max(balances, key=lambda balance: float(balance["retained"]))


def trace_to_lines(system: System, run: dict[str, Any], code: str, limit: int) -> dict[str, Any]:
    """The cost lines behind a consumer's bill, the largest first, and the rest."""
    query = {
        "layer": "consumer",
        "code": code,
        "direction": "back",
        "to": "line",
        "limit": limit,
    }
    answer: dict[str, Any] = system.allocation.request(
        "GET", f"/v1/runs/{run['id']}/trace", query=query
    ).json()
    return answer


def cost_line(system: System, line_id: str) -> dict[str, Any]:
    """One ledger line with its raw row."""
    line: dict[str, Any] = system.ingest.request("GET", f"/v1/cost-lines/{line_id}").json()
    return line
