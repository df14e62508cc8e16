"""Calls about what figures are held against: budgets, their alerts, benchmarks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.clients.base import ServiceClient
from shared.contracts.allocation.benchmarks import BenchmarkAnswer
from shared.contracts.allocation.budgets import BudgetAlertAnswer, BudgetAnswer
from shared.contracts.bulk import BulkAnswer

Item = Mapping[str, Any]
MAX_ITEMS = 10_000


class PlanningCalls(ServiceClient):
    """What other services and the command line ask of budgets and benchmarks."""

    def put_budgets(self, items: Sequence[Item]) -> list[BulkAnswer]:
        """Add or change budgets, 10,000 at a time."""
        return self._put("/v1/budgets/bulk", items)

    def walk_budgets(self, **query: Any) -> Iterator[BudgetAnswer]:
        """Every budget, filtered as the list is."""
        for item in self.walk("/v1/budgets", **query):
            yield BudgetAnswer.model_validate(item)

    def walk_alerts(self, **query: Any) -> Iterator[BudgetAlertAnswer]:
        """Every alert, the newest first, filtered as the list is."""
        for item in self.walk("/v1/budget-alerts", **query):
            yield BudgetAlertAnswer.model_validate(item)

    def put_benchmarks(self, items: Sequence[Item]) -> list[BulkAnswer]:
        """Add or change benchmarks, 10,000 at a time."""
        return self._put("/v1/benchmarks/bulk", items)

    def walk_benchmarks(self, **query: Any) -> Iterator[BenchmarkAnswer]:
        """Every benchmark, the newest first, filtered as the list is."""
        for item in self.walk("/v1/benchmarks", **query):
            yield BenchmarkAnswer.model_validate(item)

    def _put(self, path: str, items: Sequence[Item]) -> list[BulkAnswer]:
        parts = (items[start : start + MAX_ITEMS] for start in range(0, len(items), MAX_ITEMS))
        return [self.post(path, {"items": part}, BulkAnswer, repeatable=True) for part in parts]
