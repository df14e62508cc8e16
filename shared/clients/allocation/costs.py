"""What allocation says things cost: its published runs and what objects got in each."""

from collections.abc import Sequence

from shared.clients.base import ATTEMPTS, ServiceClient, service_key
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.contracts.allocation.object_costs import ObjectCost, ObjectCostsAnswer
from shared.settings import get_settings

TIMEOUT_SECONDS = 8.0
OBJECTS_AT_ONCE = 100


class AllocationCosts(ServiceClient):
    """Calls of the valuation service to allocation about costs and what others reach."""

    def object_costs(
        self, layer: str, codes: Sequence[str], first: str, last: str | None = None
    ) -> ObjectCostsAnswer:
        """What objects (with all below them) cost in the published runs of actual figures.

        From a period on, up to another if it is given. Without codes the runs alone.
        """
        parts = [
            list(codes[at : at + OBJECTS_AT_ONCE])
            for at in range(0, max(len(codes), 1), OBJECTS_AT_ONCE)
        ]
        asked = {"layer": layer, "from": first, "to": last, "scenario": "actual"}
        answers = [
            self.get("/v1/object-costs", ObjectCostsAnswer, **asked, code=part) for part in parts
        ]
        items: list[ObjectCost] = [item for answer in answers for item in answer.items]
        return answers[0].model_copy(update={"items": items})

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
