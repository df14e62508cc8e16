"""Formulas over drivers, tickets, published costs and benchmarks, over the real services."""

from typing import Any

import pytest

from tests.api.test_valuation_allocated_cost import ok, put
from tests.running import LiveServices

MONTHS = ("2026-01", "2026-02")
MAPPINGS = [
    {"code": "all", "stage": "line_to_pool", "priority": 1, "source": {}, "method": "direct",
     "target": {"object": "VF-CLOUD"}},
    {"code": "half", "stage": "pool_to_solution", "priority": 1, "source": {"code": "VF-CLOUD"},
     "method": "fixed", "target": {"shares": {"VF-ERP": "75", "VF-CRM": "25"}}},
]  # fmt: skip


@pytest.fixture(scope="module")
def live(services: LiveServices) -> LiveServices:
    """100 EUR published for January, drivers and tickets of January and February."""
    put(services.allocation, "cost-pools", {"code": "VF-CLOUD", "names": {"en": "Cloud"}})
    put(
        services.allocation, "solutions",
        {"code": "VF-ERP", "names": {"en": "ERP"}}, {"code": "VF-CRM", "names": {"en": "CRM"}},
    )  # fmt: skip
    put(services.allocation, "mappings", *MAPPINGS)
    versions = ok(services.allocation.get("/v1/model-versions?status=draft"))["items"]
    ok(services.allocation.post(f"/v1/model-versions/{versions[0]['id']}/publish"))
    put(
        services.ingest, "cost-lines",
        {"external_id": "1", "source": "erp", "period": "2026-01", "currency": "EUR",
         "amount": "100"},
    )  # fmt: skip
    asked = {"period": "2026-01", "currency": "EUR"}
    run = ok(services.allocation.post("/v1/runs?wait=60", json=asked))
    ok(services.allocation.post(f"/v1/runs/{run['id']}/publish"))
    load_drivers(services)
    load_tickets(services)
    return services


def load_drivers(live: LiveServices) -> None:
    put(
        live.ingest, "drivers",
        {"code": "vcpu/hours", "names": {"en": "vCPU"}, "unit": "h"},
        {"code": "用户数", "names": {"zh-CN": "用户数"}},
    )  # fmt: skip
    quantities = [
        ("vcpu/hours", "2026-01", None, "VF-ERP", "30"),
        ("vcpu/hours", "2026-01", None, "VF-CRM", "10"),
        ("vcpu/hours", "2026-01", "POOL", "VF-CRM", "99"),
        ("vcpu/hours", "2026-02", "POOL", "VF-CRM", "7.5"),
        ("用户数", "2026-01", None, "SALES", "20"),
    ]
    names = ("driver", "period", "source", "target", "quantity")
    items = (dict(zip(names, row, strict=True)) for row in quantities)
    put(live.ingest, "driver-quantities", *items)


def load_tickets(live: LiveServices) -> None:
    def ticket(number: str, day: str, hours: int, **more: object) -> dict[str, Any]:
        return {
            "number": number, "kind": "incident", "opened_at": f"{day}T00:00:00Z",
            "resolved_at": f"{day}T{hours:02}:00:00Z", "sla_met": hours <= 4, **more,
        }  # fmt: skip

    put(
        live.ingest, "tickets",
        ticket("1", "2026-01-05", 2, solution="VF-CRM", consumer="SALES"),
        ticket("2", "2026-01-06", 6, solution="VF-CRM", consumer="SALES"),
        ticket("3", "2026-01-07", 10, solution="VF-ERP"),
        ticket("4", "2026-01-08", 3, solution="VF-CRM", kind="request"),
        ticket("5", "2026-02-08", 1, solution="VF-CRM"),
    )  # fmt: skip


def make(live: LiveServices, code: str, unit: str, formula: str) -> dict[str, Any]:
    body = {
        "code": code, "names": {"en": code}, "class": "cost", "unit": unit, "direction": "down",
        "formula": formula,
    }  # fmt: skip
    made: dict[str, Any] = ok(live.valuation.post("/v1/value-kpis", json=body), 201)
    return made


def series(live: LiveServices, kpi: dict[str, Any], **query: str) -> dict[str, Any]:
    asked = {"from": MONTHS[0], "to": MONTHS[1], **query}
    shown: dict[str, Any] = ok(
        live.valuation.get(f"/v1/value-kpis/{kpi['id']}/series", params=asked)
    )
    return shown


@pytest.mark.parametrize(
    ("unit", "formula", "january", "february"),
    [
        ("EUR", "cost()", "100", "no_published_run"),
        ("EUR", 'cost("solution", "VF-ERP")', "75", "no_published_run"),
        ("money", 'cost("pool", "VF-CLOUD")', "100", "no_published_run"),
        ("EUR", 'cost("solution", "nobody")', "unknown_object", "no_published_run"),
        ("CNY", "cost()", "currency_differs", "no_published_run"),
        ("EUR/h", 'cost() / "vcpu/hours"', "2.5", "no_published_run"),
        ("h", '"vcpu/hours"', "40", "7.5"),
        ("h", 'driver("vcpu/hours", target="VF-CRM")', "10", "7.5"),
        ("h", 'driver("vcpu/hours", source="POOL")', "99", "7.5"),
        ("h", 'driver("nothing")', "unknown_driver", "unknown_driver"),
        ("h", "nothing_at_all", "missing_value", "missing_value"),
        ("CNY", '"vcpu/hours"', "unit_mismatch", "unit_mismatch"),
        ("EUR", "cost() / 用户数", "5", "no_published_run"),
        ("count", "tickets()", "4", "1"),
        ("count", '"tickets.count"', "2", "missing_value"),
        ("count", "tickets.count", "2", "missing_value"),
        ("EUR", "it_cost / tickets.count", "50", "no_published_run"),
        ("h", 'tickets("mttr_hours", solution="VF-CRM", kind="incident")', "4", "1"),
        ("%", 'tickets("sla_met_share", solution="VF-CRM") * 100', "66.6667", "100"),
        ("count", 'tickets("breached", kind="incident")', "2", "0"),
        ("EUR", 'cost("solution", "VF-CRM") / tickets("count", solution="VF-CRM")',
         "8.333333333333333333", "no_published_run"),
    ],
)  # fmt: skip
def test_a_formula_reads_figures_of_other_services(
    live: LiveServices, unit: str, formula: str, january: str, february: str
) -> None:
    made = make(live, f"{unit} {formula}", unit, formula)
    items = series(live, made)["items"]
    assert [item["value"] or item["reason"] for item in items] == [january, february]


def test_figures_pass_through_formulas_of_other_kpis(live: LiveServices) -> None:
    make(live, "it_cost", "EUR", "cost()")
    doubled = make(live, "doubled", "EUR", "it_cost * 2 + 1")
    items = series(live, doubled)["items"]
    assert items[0]["value"] == "201"
    assert (items[1]["reason"], items[1]["missing"]) == ("missing_value", ["it_cost"])


def test_figures_of_the_company_do_not_stand_for_one_thing(live: LiveServices) -> None:
    whole = make(live, "whole", "EUR", "cost()")
    part = make(live, "part", "EUR", 'cost("solution", "VF-CRM")')
    link = "solution:VF-CRM"
    assert series(live, whole, link=link)["items"][0]["reason"] == "not_by_link"
    assert series(live, part, link=link)["items"][0]["value"] == "25"


def test_benchmarks_stand_beside_a_series_from_their_day_on(live: LiveServices) -> None:
    kpi = make(live, "benched", "EUR", "cost()")
    figures = {"kpi": "benched", "p25": "1", "p75": "30", "source": "peers", "metric": "value"}
    put(
        live.allocation, "benchmarks",
        {**figures, "median": "10", "as_of": "2026-01-31", "currency": "EUR"},
        {**figures, "median": "12", "as_of": "2026-02-15", "currency": "EUR"},
        {**figures, "median": "15", "as_of": "2026-02-20", "currency": "USD"},
    )  # fmt: skip
    shown = series(live, kpi)
    assert [item["benchmark"] for item in shown["items"]] == ["10", "12"]
    assert shown["benchmark"]["median"] == "12"
    assert (shown["benchmark"]["p25"], shown["benchmark"]["source"]) == ("1", "peers")
    assert shown["benchmark_reason"] is None
    bare = series(live, make(live, "unbenched", "EUR", "cost()"))
    assert (bare["benchmark"], bare["benchmark_reason"]) == (None, "no_benchmark")


def test_a_formula_of_figures_alone_shows_the_last_twelve_months(live: LiveServices) -> None:
    kpi = make(live, "alone", "EUR", "cost()")
    items = ok(live.valuation.get(f"/v1/value-kpis/{kpi['id']}/series"))["items"]
    assert len(items) == 12


def test_totals_of_drivers_are_asked_together(live: LiveServices) -> None:
    asked = {"driver": ["vcpu/hours", "lines.count:source", "none"], "from": "2026-01",
             "to": "2026-02"}  # fmt: skip
    items = ok(live.ingest.get("/v1/driver-totals", params=asked))["items"]
    assert [(item["driver"], item["known"], item["unit"]) for item in items] == [
        ("vcpu/hours", True, "h"), ("lines.count:source", True, "count"), ("none", False, None),
    ]  # fmt: skip
    assert items[0]["months"] == [
        {"period": "2026-01", "quantity": "40"}, {"period": "2026-02", "quantity": "7.5"},
    ]  # fmt: skip
    assert items[1]["months"] == [{"period": "2026-01", "quantity": "1"}]
    refused = live.ingest.get("/v1/driver-totals?driver=a&from=2026-02&to=2026-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_range")
