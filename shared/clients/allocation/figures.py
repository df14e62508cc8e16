"""All that reports and charts show of one allocation run: its views, proofs and open ends."""

from collections.abc import Collection, Iterator
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

    def list_months(
        self, name: str, first: str, last: str, scenario: str, **query: Any
    ) -> Iterator[dict[str, Any]]:
        """The lines of a view over the published runs of some months; each has its `trend`."""
        stretch = {"from": first, "to": last, "scenario": scenario}
        return self.walk(f"/v1/views/{name}", **stretch, **query)

    def list_published_runs(self, scenario: str) -> Iterator[dict[str, Any]]:
        """Every published run of a scenario, without its totals of other measures."""
        return self.walk("/v1/runs", scenario=scenario, published="true")

    def issued_statements(
        self, period: str, consumers: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """The issued bill of each of some consumers, without lines; of corrected ones the newest.

        The bills of a single consumer are asked for by its code, those of several in one list.
        """
        newest: dict[str, dict[str, Any]] = {}
        for item in self.walk("/v1/statements", period=period, **_single(consumers)):
            if item["issued_at"] is None or item["corrected_by"] is not None:
                continue
            before, code = newest.get(item["consumer"]), item["consumer"]
            if code in consumers and (before is None or _revision(before) < _revision(item)):
                newest[code] = item
        return newest

    def get_statement(self, statement: str) -> dict[str, Any]:
        """A bill with its lines."""
        return self._json(f"/v1/statements/{statement}")

    def list_disputes(self, period: str, consumers: Collection[str]) -> list[dict[str, Any]]:
        """The complaints about the bills of some consumers."""
        found = self.walk("/v1/disputes", period=period, **_single(consumers))
        return [item for item in found if item["consumer"] in consumers]

    def trace_back(self, run: str, layer: str, code: str, limit: int) -> dict[str, Any]:
        """The largest pools behind an object's cost, and the rest of them as one amount."""
        query = {"layer": layer, "code": code, "direction": "back", "to": "pool", "limit": limit}
        return self._json(f"/v1/runs/{run}/trace", **query)

    def get_flow(self, run: str, **query: Any) -> dict[str, Any]:
        """Nodes and links of the flow between the layers."""
        return self._json("/v1/views/flow", run=run, **query)

    def get_reconciliation(self, run: str) -> dict[str, Any]:
        """The steps from import totals to consumers."""
        return self._json(f"/v1/runs/{run}/reconciliation")

    def list_unallocated(self, run: str) -> Iterator[dict[str, Any]]:
        """What stays on objects, with its reason."""
        return self.walk(f"/v1/runs/{run}/unallocated")

    def find_object(self, layer: str, code: str) -> dict[str, Any] | None:
        """The cost object of a layer with this code."""
        return next(self.walk(f"/v1/{_COLLECTIONS[layer]}", code=code), None)

    def list_objects(self, layer: str) -> Iterator[dict[str, Any]]:
        """The cost objects of a layer with their parents and stages of the value chain."""
        return self.walk(f"/v1/{_COLLECTIONS[layer]}")

    def _json(self, path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.request("GET", path, query=query).json()
        return answer


def _single(consumers: Collection[str]) -> dict[str, str]:
    return {"consumer": next(iter(consumers))} if len(consumers) == 1 else {}


def _revision(statement: dict[str, Any]) -> tuple[int, str]:
    return statement["revision"], statement["id"]


def allocation_figures(language: str) -> AllocationFigures:
    """A client with the valuation service's own key, reading names in a language."""
    return AllocationFigures(
        get_settings().service_url("allocation"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        language=language,
    )
