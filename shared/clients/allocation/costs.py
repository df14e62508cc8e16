"""What allocation says things cost: its published runs and the balances of objects in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared.clients.base import ATTEMPTS, ServiceClient, service_key
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.money import EXACT
from shared.settings import get_settings

TIMEOUT_SECONDS = 4.0


@dataclass(frozen=True)
class PublishedRun:
    """The run that speaks for a period; `total` is all cost that went into it."""

    id: str
    period: str
    currency: str
    total: Decimal | None = None


class AllocationCosts(ServiceClient):
    """Calls of the valuation service to allocation about costs and what others reach."""

    def published_runs(self, first_period: str) -> Iterator[PublishedRun]:
        """Published runs of actual figures, from a period on."""
        for run in self.walk("/v1/runs", published="true", scenario="actual"):
            if run["scenario"] == "actual" and run["period"] >= first_period:
                total = run["totals"].get("cost", {}).get("input")
                amount = None if total is None else Decimal(total)
                yield PublishedRun(run["id"], run["period"], run["currency"], amount)

    def solution_cost(self, run: str, solution: str) -> Decimal | None:
        """What a solution (with all below it) costs in a run; None if the run does not know it."""
        return self.object_cost(run, "solution", solution)

    def object_cost(self, run: str, layer: str, code: str) -> Decimal | None:
        """What an object (with all below it) got in a run; None if the run does not know it."""
        path = f"/v1/runs/{run}/balances"
        for item in self.walk(path, layer=layer, code=code, rollup="true"):
            if item["code"] == code:
                return EXACT.add(Decimal(item["own"]), Decimal(item["received"]))
        return None

    def benchmarks_of_kpi(self, kpi: str) -> list[BenchmarkAnswer]:
        """What others reach of a KPI, the newest first."""
        return [
            BenchmarkAnswer.model_validate(item) for item in self.walk("/v1/benchmarks", kpi=kpi)
        ]


def allocation_costs(attempts: int = ATTEMPTS) -> AllocationCosts:
    """A client with the valuation service's own key."""
    return AllocationCosts(
        get_settings().service_url("allocation"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        attempts=attempts,
    )
