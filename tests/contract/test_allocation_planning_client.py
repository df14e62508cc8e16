"""Our client of budgets and benchmarks against the live allocation service."""

from decimal import Decimal

from shared.clients.allocation.model import ModelCalls
from shared.clients.allocation.planning import PlanningCalls
from tests.running import LiveServices


def test_budgets_and_benchmarks_survive_the_wire_to_the_last_digit(services: LiveServices) -> None:
    url = services.urls["allocation"]
    with ModelCalls(url, services.key) as model, PlanningCalls(url, services.key) as planning:
        model.put_objects("resources", [{"code": "DESK", "names": {"en": "Desk"}}])
        figures = {"p25": "0.01", "median": "0.020000000000000001", "p75": "0.03"}
        of_desk = {"layer": "resource", "object": "DESK"}
        (answer,) = planning.put_benchmarks(
            [{**of_desk, "metric": "unit_cost", "as_of": "2026-01-31", **figures}]
        )
        assert answer.results[0].status == "created"
        (benchmark,) = planning.walk_benchmarks(object="DESK")
        assert benchmark.median == Decimal("0.020000000000000001")
        plan = {"period": "2026-01", "currency": "EUR", "amount": "0.1"}
        (answer,) = planning.put_budgets([{**of_desk, **plan}])
        assert answer.results[0].status == "created"
        (budget,) = planning.walk_budgets(period="2026-01")
        assert (budget.amount, budget.thresholds) == (Decimal("0.1"), [Decimal(100)])
        assert list(planning.walk_alerts()) == []
