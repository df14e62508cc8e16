"""Published lists of projects come in as initiatives; totals are those of their publishers."""

from typing import Any

import pytest

from tests.project_lists import (
    federal_initiatives,
    federal_rows,
    kitchenham_initiative,
    kitchenham_rows,
    outside_file,
)
from tests.running import ServiceUnderTest

Json = dict[str, Any]
TOTALS = "/v1/initiative-variances/totals"


def put(service: ServiceUnderTest, path: str, items: list[Json]) -> list[str]:
    """One bulk call; the ids it answers. Every item must be taken in."""
    answer = service.post(path, json={"items": items})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result for result in results if result["status"] != "created"] == []
    return [result["id"] for result in results]


def listed(service: ServiceUnderTest, **asked: object) -> list[Json]:
    answer = service.get("/v1/initiative-variances", params={"limit": 1000, **asked})
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    items: list[Json] = answer.json()["items"]
    return items


@pytest.fixture(scope="module")
def federal(valuation: ServiceUnderTest) -> ServiceUnderTest:
    read = list(federal_initiatives(federal_rows(outside_file("federal_it_projects_a.csv"))))
    put(valuation, "/v1/initiatives/bulk", [initiative for initiative, _ in read])
    put(valuation, "/v1/cash-flows/bulk", [flow for _, flows in read for flow in flows])
    return valuation


def test_federal_totals_are_the_published_ones(federal: ServiceUnderTest) -> None:
    (total,) = federal.get(f"{TOTALS}?portfolio=federal").json()["items"]
    assert (total["initiatives"], total["without_plan"]) == (823, 9)
    assert (total["planned"], total["actual"]) == ("25842.717785", "26021.667474")
    assert total["over_budget_beyond"] == 57


def test_federal_agencies_have_their_own_variance(federal: ServiceUnderTest) -> None:
    groups = federal.get(f"{TOTALS}?portfolio=federal&group_by=tags.agency").json()["items"]
    found = {group["group"]: group for group in groups}
    assert len(found) == 7
    assert found["Department of Labor"]["variance"] == "-313.914892"
    assert found["Department of Education"]["planned"] == "5481.99696"
    assert found["Department of Agriculture"]["compared"] == 164


def test_only_days_differ_from_what_the_agencies_state(federal: ServiceUnderTest) -> None:
    found = listed(federal, portfolio="federal", conflict="true")
    figures = [conflict["figure"] for item in found for conflict in item["conflicts"]]
    assert figures.count("schedule_variance_days") == 122
    assert [name for name in figures if "cost" in name] == []
    kept = next(item for item in found if item["initiative"] == "657")
    assert kept["stated"]["schedule_variance_days"] == "-153"
    assert kept["recomputed"]["schedule_variance_days"] == "0"


def test_the_questionable_federal_rows_are_found(federal: ServiceUnderTest) -> None:
    doubted = listed(federal, portfolio="federal", finding="lifecycle_cost_questionable")
    assert "1368" in {item["initiative"] for item in doubted}
    assert len(listed(federal, portfolio="federal", finding="no_cost")) == 9
    assert {item["initiative"] for item in listed(federal, **{"tags.project_id": "103"})} == {
        "103",
        "103/2",
    }


@pytest.fixture(scope="module")
def estimates(valuation: ServiceUnderTest) -> ServiceUnderTest:
    """Efforts in hours, as cash flows of no currency and as promises of a KPI."""
    rows = kitchenham_rows(outside_file("kitchenham_145_projects.arff"))
    kpi = {"code": "effort", "names": {"en": "Effort", "zh-CN": "工作量"}, "class": "efficiency",
           "unit": "h", "direction": "down"}  # fmt: skip
    assert valuation.post("/v1/value-kpis", json=kpi).status_code == 201
    made = [kitchenham_initiative(row) for row in rows]
    ids = put(valuation, "/v1/initiatives/bulk", made)
    flows = [
        {"initiative": initiative["code"], "on": row["Actual.start.date"], "amount": f"-{hours}",
         "category": "investment", "basis": basis}
        for initiative, row in zip(made, rows, strict=True)
        for basis, hours in (("plan", row["First.estimate"]), ("actual", row["Actual.effort"]))
    ]  # fmt: skip
    put(valuation, "/v1/cash-flows/bulk", flows)
    wishes = [
        {"initiative": initiative["code"], "kpi": "effort", "level": "operation",
         "target": row["First.estimate"]}
        for initiative, row in zip(made, rows, strict=True)
    ]  # fmt: skip
    put(valuation, "/v1/value-expectations/bulk", wishes)
    seen = [
        {"kpi": "effort", "period": row["Actual.start.date"][:7], "value": row["Actual.effort"],
         "source": "timesheets", "link": {"initiative": initiative["code"]}}
        for initiative, row in zip(made, rows, strict=True)
    ]  # fmt: skip
    put(valuation, "/v1/observations/bulk", seen)
    assert len(ids) == 145
    return valuation


@pytest.mark.parametrize("asked", ["portfolio=kitchenham", "portfolio=kitchenham&kpi=effort"])
def test_estimates_are_as_accurate_as_published(estimates: ServiceUnderTest, asked: str) -> None:
    (total,) = estimates.get(f"{TOTALS}?{asked}").json()["items"]
    accuracy = total["accuracy"]
    assert (total["planned"], total["actual"], total["compared"]) == ("414116", "451402", 145)
    published = {
        "mmre": 0.263495640760563,
        "mdmre": 0.1665098777046096,
        "pred25": 0.6206896551724138,
        "median_actual_over_plan": 0.9732739420935412,
        "p10_actual_over_plan": 0.6507782805430965,
        "p90_actual_over_plan": 1.344537285780454,
        "share_over_plan": 0.33793103448275863,
    }
    assert {name: float(accuracy[name]) for name in published} == pytest.approx(published, abs=1e-9)


def test_missing_days_leave_only_the_schedule_open(estimates: ServiceUnderTest) -> None:
    items = listed(estimates, portfolio="kitchenham")
    missing = [item for item in items if item["schedule"]["reason"] == "no_planned_day"]
    assert len(missing) == 3
    assert {item["cost"]["reason"] for item in items} == {None}
