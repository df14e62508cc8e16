"""Which representation an `Accept` header asks for; which solutions count as underused."""

from decimal import Decimal

import pytest

from services.valuation.reports.answers import names_etag, preferred
from services.valuation.reports.clear_names import clear_name, repeated_names
from services.valuation.reports.content.inputs import CostRow, KpiFacts
from services.valuation.views.domain import is_underused, join_cost_and_value, value_per_cost
from shared.exports import NotAcceptable

OFFERED = ["application/json", "application/pdf"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/pdf", "application/pdf"),
        ("application/json;q=0.2, application/pdf", "application/pdf"),
        ("application/pdf;q=0, */*", "application/json"),
        ("text/html, application/pdf;q=0.9, */*;q=0.1", "application/pdf"),
        ("APPLICATION/PDF", "application/pdf"),
    ],
)
def test_the_best_liked_representation_is_chosen(accept: str | None, chosen: str) -> None:
    assert preferred(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["image/png", "application/pdf;q=0, application/json;q=0", "x"])
def test_nothing_acceptable_is_said_so(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        preferred(accept, OFFERED)


@pytest.mark.parametrize(
    ("header", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)],
)
def test_known_bytes_are_recognised(header: str, known: bool) -> None:
    assert names_etag(header, '"a"') is known


def a_kpi(role: str, actual: str = "20", attainment: str | None = None, **more: object) -> KpiFacts:
    return KpiFacts(
        "k",
        "K",
        "K",
        "benefit",
        str(more.get("unit", "CNY")),
        "up",
        actual=Decimal(actual),
        measured_in=str(more.get("measured_in", "2026-01")),
        attainment=Decimal(attainment) if attainment else None,
        value_role=role,
        solutions=more.get("solutions", ("CRM",)),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("cost", "attained", "underused"),
    [("100", "0.49", True), ("100", "0.5", False), ("99", "0.1", False)],
)
def test_underused_costs_much_and_is_used_little(cost: str, attained: str, underused: bool) -> None:
    uses = [a_kpi("use", attainment=attained)]
    assert is_underused(Decimal(cost), Decimal(100), uses) is underused


def test_without_a_measured_use_nothing_is_said_about_it() -> None:
    assert is_underused(Decimal(100), Decimal(1), [a_kpi("revenue", attainment="0.1")]) is None


def test_value_per_cost_needs_the_same_month_and_currency() -> None:
    cost = Decimal(10)
    assert value_per_cost(a_kpi("revenue"), cost, "2026-01", "CNY") == 2
    assert value_per_cost(a_kpi("revenue"), cost, "2026-02", "CNY") is None
    assert value_per_cost(a_kpi("revenue", unit="EUR"), cost, "2026-01", "CNY") is None
    assert value_per_cost(a_kpi("use"), cost, "2026-01", "CNY") is None
    shared = a_kpi("revenue", solutions=("CRM", "ERP"))
    assert value_per_cost(shared, cost, "2026-01", "CNY") is None


def test_solutions_come_costliest_first_with_their_own_kpis() -> None:
    rows = [
        CostRow("solution", "CRM", "CRM", Decimal(10)),
        CostRow("solution", "ERP", "ERP", Decimal(30)),
    ]
    joined = join_cost_and_value(rows, [a_kpi("revenue")], [], {"CRM": "sales"}, "2026-01", "CNY")
    assert [(each.cost.code, each.stage, len(each.kpis)) for each in joined] == [
        ("ERP", None, 0),
        ("CRM", "sales", 1),
    ]
    assert joined[0].share == Decimal("0.75")


def test_only_names_that_repeat_get_their_parent_in_front() -> None:
    names = {"hw/lease": "Lease", "dc/lease": "Lease", "saas": "SaaS"}
    assert repeated_names(names) == ["hw/lease", "dc/lease"]
    known = {
        "hw": {"code": "hw", "name": "Hardware", "parent": None},
        "hw/lease": {"code": "hw/lease", "name": "Lease", "parent": "hw"},
    }
    assert clear_name("hw/lease", known) == "Hardware › Lease"
    assert clear_name("hw", known) is None
    assert clear_name("unknown", known) is None
