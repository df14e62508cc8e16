"""What allocation says a solution costs: its published runs and the solution's balance in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared.clients.base import ServiceClient, service_key
from shared.money import EXACT
from shared.settings import get_settings

TIMEOUT_SECONDS = 4.0


@dataclass(frozen=True)
class PublishedRun:
    """The run that speaks for a period."""

    id: str
    period: str
    currency: str


class AllocationCosts(ServiceClient):
    """Calls of the valuation service to allocation about costs."""

    def published_runs(self, first_period: str) -> Iterator[PublishedRun]:
        """Published runs of actual figures, from a period on."""
        for run in self.walk("/v1/runs", published="true", scenario="actual"):
            if run["scenario"] == "actual" and run["period"] >= first_period:
                yield PublishedRun(run["id"], run["period"], run["currency"])

    def solution_cost(self, run: str, solution: str) -> Decimal | None:
        """What a solution (with all below it) costs in a run; None if the run does not know it."""
        path = f"/v1/runs/{run}/balances"
        for item in self.walk(path, layer="solution", code=solution, rollup="true"):
            if item["code"] == solution:
                return EXACT.add(Decimal(item["own"]), Decimal(item["received"]))
        return None


def allocation_costs() -> AllocationCosts:
    """A client with the valuation service's own key."""
    return AllocationCosts(
        get_settings().service_url("allocation"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
    )
