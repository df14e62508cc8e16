"""Benchmarks over HTTP: kept, and shown beside unit costs."""

from typing import Any

import pytest

from tests.api.test_runs import ok, send_bulk
from tests.api.test_views import two_published_months, view
from tests.running import ServiceUnderTest, a_key


@pytest.fixture(scope="module")
def runs(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> list[dict[str, Any]]:
    return two_published_months(allocation, ingest)


def a_benchmark(**fields: Any) -> dict[str, Any]:
    usual = {"layer": "resource", "object": "DESK", "metric": "unit_cost", "source": "peers"}
    return usual | {"p25": "10", "median": "12", "p75": "16", "as_of": "2026-01-31"} | fields


def desk(allocation: ServiceUnderTest, period: str) -> Any:
    (item,) = view(allocation, "technology", period=period, code="DESK")["items"]
    return item["benchmark"]


def test_the_newest_benchmark_up_to_the_periods_end_stands_beside_a_unit_cost(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    assert desk(allocation, "2026-01") is None
    send_bulk(allocation, "benchmarks", [
        a_benchmark(as_of="2025-06-30", median="11"),
        a_benchmark(),
        a_benchmark(as_of="2026-02-28", p75="30", median="30"),
        a_benchmark(as_of="2026-01-31", currency="USD", source="others", median="13"),
        a_benchmark(metric="utilisation", p25="0.4", median="0.5", p75="0.6"),
    ])  # fmt: skip
    seen = desk(allocation, "2026-01")
    assert (seen["p25"], seen["median"], seen["p75"]) == ("10", "12", "16")
    assert (seen["gap"], seen["source"], seen["as_of"]) == ("0.25", "peers", "2026-01-31")
    assert desk(allocation, "2026-02")["gap"] == "-0.5"


def test_a_solution_without_units_shows_its_benchmark_without_a_gap(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "benchmarks", [a_benchmark(layer="solution", object="ERP")])
    items = {i["code"]: i for i in view(allocation, "solutions", period="2026-01")["items"]}
    assert (items["ERP"]["benchmark"]["median"], items["ERP"]["benchmark"]["gap"]) == ("12", None)
    assert items["CRM"]["benchmark"] is None


def test_a_benchmark_is_of_an_object_or_of_a_kpi(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    kpi = a_benchmark(kpi="csat", metric="value", p25="70", median="80", p75="90")
    del kpi["layer"], kpi["object"]
    made = ok(allocation.post("/v1/benchmarks", json=kpi), 201)
    assert (made["kpi"], made["object"], made["as_of"]) == ("csat", None, "2026-01-31")
    assert allocation.post("/v1/benchmarks", json=kpi).json()["code"] == "benchmark_exists"
    items = [
        kpi | {"layer": "resource", "object": "DESK"},
        a_benchmark(object=None),
        a_benchmark(p25="13"),
        a_benchmark(object="NOTHING"),
        a_benchmark(as_of="today"),
        a_benchmark(median=12),
        kpi | {"as_of": "2026-03"},
    ]
    results = ok(allocation.post("/v1/benchmarks/bulk", json={"items": items}))["results"]
    assert [result["status"] for result in results] == [*["error"] * 6, "created"]
    listed = ok(allocation.get("/v1/benchmarks?kpi=csat"))["items"]
    assert [item["as_of"] for item in listed] == ["2026-03-31", "2026-01-31"]


def test_a_benchmark_is_replaced_and_deleted(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    asked = a_benchmark(source="one", as_of="2024-01-31")
    made = ok(allocation.post("/v1/benchmarks", json=asked), 201)
    path = f"/v1/benchmarks/{made['id']}"
    after = asked | {"median": "14"}
    assert allocation.put(path, json=after).status_code == 428
    replaced = ok(allocation.put(path, json=after, headers={"If-Match": made["etag"]}))
    assert (replaced["median"], replaced["source"]) == ("14", "one")
    assert allocation.put(path, json=after, headers={"If-Match": made["etag"]}).status_code == 412
    moved = allocation.put(path, json=after | {"source": "two"}, headers={"If-Match": "*"})
    assert moved.json()["code"] == "key_fixed"
    assert ok(allocation.get(path)) == replaced
    assert allocation.delete(path, headers={"If-Match": replaced["etag"]}).status_code == 204
    assert allocation.get(path).status_code == 404
    as_csv = allocation.get("/v1/benchmarks", headers={"Accept": "text/csv"})
    assert as_csv.text.startswith("id,layer,object,kpi,metric")


def test_a_bound_caller_sees_no_benchmarks(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    east = allocation.as_caller(a_key(["allocation:write"], consumers=["EAST"]))
    assert allocation.get("/v1/benchmarks", headers=east).status_code == 403
    refused = allocation.post("/v1/benchmarks", json=a_benchmark(), headers=east)
    assert refused.status_code == 403
