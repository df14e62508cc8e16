"""All that reports and charts show of one allocation run: its views, proofs and open ends."""

from collections.abc import Iterator
from typing import Any

from shared.clients.base import ServiceClient, service_key
from shared.settings import get_settings

TIMEOUT_SECONDS = 20.0
_COLLECTIONS = {
    "pool": "cost-pools",
    "resource": "resources",
    "solution": "solutions",
    "consumer": "consumers",
}


class AllocationFigures(ServiceClient):
    """Calls of the valuation service to allocation for reports; answers are plain JSON."""

    def find_published_run(self, period: str, scenario: str) -> dict[str, Any] | None:
        """The run that speaks for a period and scenario, if one was published."""
        runs = self.walk("/v1/runs", period=period, scenario=scenario, published="true")
        return next(runs, None)

    def get_run(self, run: str) -> dict[str, Any]:
        """A run with its totals and hashes."""
        return self._json(f"/v1/runs/{run}")

    def list_view(self, name: str, run: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The lines of one view of a run: finance, technology, solutions or consumers."""
        return self.walk(f"/v1/views/{name}", run=run, **query)

    def get_flow(self, run: str, **query: Any) -> dict[str, Any]:
        """Nodes and links of the flow between the layers."""
        return self._json("/v1/views/flow", run=run, **query)

    def get_reconciliation(self, run: str) -> dict[str, Any]:
        """The steps from import totals to consumers."""
        return self._json(f"/v1/runs/{run}/reconciliation")

    def list_unallocated(self, run: str) -> Iterator[dict[str, Any]]:
        """What stays on objects, with its reason."""
        return self.walk(f"/v1/runs/{run}/unallocated")

    def list_objects(self, layer: str) -> Iterator[dict[str, Any]]:
        """The cost objects of a layer with their parents and stages of the value chain."""
        return self.walk(f"/v1/{_COLLECTIONS[layer]}")

    def _json(self, path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.request("GET", path, query=query).json()
        return answer


def allocation_figures(language: str) -> AllocationFigures:
    """A client with the valuation service's own key, reading names in a language."""
    return AllocationFigures(
        get_settings().service_url("allocation"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        language=language,
    )
