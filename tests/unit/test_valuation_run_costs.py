"""Run cost from published runs, months of observations, and keys of cash flows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from services.valuation.investments.cash_flows.domain import Payment, natural_keys
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.run_costs import workflow
from services.valuation.investments.run_costs.domain import AllocatedCost, RunCost, join_run_cost
from services.valuation.measures.value_kpis.formulas import parse_formula
from services.valuation.measures.value_kpis.series import Readings, Rule, Seen, Wish, key_of_link
from shared.clients.allocation.costs import AllocationCosts
from shared.contracts.allocation.object_costs import ObjectCostsAnswer
from shared.tables.valuation.initiatives import Initiative

D = Decimal


def a_cost(period: str, amount: str) -> AllocatedCost:
    return AllocatedCost(period, f"run-{period}", D(amount), "EUR")


def test_allocated_cost_stands_instead_of_entries_of_its_month() -> None:
    flows = [
        CashFlow(D(-100), "investment", on=date(2026, 1, 5)),
        CashFlow(D(-7), "run_cost", on=date(2026, 1, 5)),
        CashFlow(D(-8), "run_cost", on=date(2026, 2, 5)),
    ]
    joined, replaced = join_run_cost(flows, RunCost("allocated", [a_cost("2026-02", "9.5")]))
    assert replaced == 1
    assert [(flow.amount, flow.on) for flow in joined] == [
        (D(-100), date(2026, 1, 5)),
        (D(-7), date(2026, 1, 5)),
        (D("-9.5"), date(2026, 2, 28)),
    ]


def test_without_allocated_cost_the_entries_stay() -> None:
    flows = [CashFlow(D(-7), "run_cost", on=date(2026, 1, 5))]
    assert join_run_cost(flows, RunCost("allocation_unreachable")) == (flows, 0)


class TwoRuns:
    """Answers of allocation as its client gives them."""

    def __init__(self, costs: dict[str, Decimal]) -> None:
        self.costs = costs

    def object_costs(self, layer: str, codes: Sequence[str], first: str) -> ObjectCostsAnswer:
        assert layer == "solution"
        runs = [
            {"period": period, "run": UUID(int=at), "currency": "EUR"}
            for at, period in enumerate(("2026-01", "2026-02"))
            if period >= first
        ]
        items = [{"code": code, "known": True, "months": self.months(runs, code)} for code in codes]
        about = {"from": first, "to": None, "layer": layer, "scenario": "actual"}
        said = [{**run, "total": None} for run in runs]
        return ObjectCostsAnswer.model_validate(
            {**about, "measure": "cost", "runs": said, "items": items}
        )

    def months(self, runs: list[dict[str, Any]], code: str) -> list[dict[str, Any]]:
        costs = [self.costs.get(f"{run['period']}/{code}") for run in runs]
        return [
            {**run, "own": None, "received": None, "cost": cost,
             "reason": "unknown_object" if cost is None else None}
            for run, cost in zip(runs, costs, strict=True)
        ]  # fmt: skip


def asked(costs: dict[str, Decimal], first: str = "2026-01", currency: str = "EUR") -> RunCost:
    initiative = Initiative(code="i", names={}, stage="live", currency=currency)
    client = cast(AllocationCosts, cast(Any, TwoRuns(costs)))
    return workflow._ask(client, "ERP", first, initiative)


def test_run_cost_is_the_solutions_cost_in_every_run_since_go_live() -> None:
    found = asked({"2026-01/ERP": D(5), "2026-02/ERP": D(6), "2026-02/CRM": D(9)})
    assert [(cost.period, cost.amount) for cost in found.runs] == [
        ("2026-01", D(5)),
        ("2026-02", D(6)),
    ]


def test_why_there_is_no_run_cost_is_told_apart() -> None:
    assert asked({}, first="2026-03").code == "no_published_run"
    assert asked({}).code == "not_in_runs"
    assert asked({"2026-01/ERP": D(5)}, currency="USD").code == "currency_differs"


def a_payment(**more: Any) -> Payment:
    fields = {
        "external_id": None, "on": date(2026, 1, 1), "amount": D("1.50"), "category": "benefit",
        "basis": "plan", "note": None,
    }  # fmt: skip
    return Payment(**{**fields, **more})


def test_equal_payments_get_different_keys_and_the_same_again() -> None:
    first = list(natural_keys([a_payment(), a_payment(amount=D("1.5")), a_payment(note="x")]))
    assert len(set(first)) == 3
    assert first == list(natural_keys([a_payment(), a_payment(), a_payment(note="x")]))


def test_a_row_that_was_not_read_takes_no_key() -> None:
    keys = list(natural_keys([a_payment(external_id="1"), None]))
    assert keys == ["id:1", None]


def some_readings(**seen: list[tuple[str, str]]) -> Readings:
    rules = {code: Rule("mean", None) for code in seen}
    rules["ratio"] = Rule("mean", parse_formula("a / b"))
    found = {
        (code, "2026-01"): [Seen("2026-01", D(value), link) for value, link in pairs]
        for code, pairs in seen.items()
    }
    return Readings(rules, found)


def test_unlinked_observations_stand_for_the_whole() -> None:
    readings = some_readings(
        a=[("1", ""), ("9", "solution:X")], b=[("4", "solution:X"), ("6", "solution:Y")]
    )
    assert readings.read("a", "2026-01", Wish()).value == 1
    assert readings.read("b", "2026-01", Wish()).value == 5
    assert readings.read("a", "2026-01", Wish(("solution:X",))).value == 9
    assert readings.read("a", "2026-01", Wish(("solution:Z",), or_all=False)).value is None
    assert readings.read("ratio", "2026-01", Wish()).value == D("0.2")


def test_what_was_measured_beats_the_formula() -> None:
    readings = some_readings(a=[("1", "")], b=[("4", "")], ratio=[("0.3", "")])
    assert readings.read("ratio", "2026-01", Wish()).value == D("0.3")


def test_a_link_has_one_key() -> None:
    assert key_of_link(None) == ""
    assert key_of_link({"layer": "solution", "code": "a/b"}) == "solution:a/b"
    assert key_of_link({"initiative": "x"}) == "initiative:x"
