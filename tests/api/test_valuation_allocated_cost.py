"""Run cost of an initiative comes from allocation's published runs, over the real services."""

import time
from typing import Any

import pytest

from tests.running import LiveServices

PERIOD = "2026-01"
MAPPINGS = [
    {"code": "all", "stage": "line_to_pool", "priority": 1, "source": {}, "method": "direct",
     "target": {"object": "VC-CLOUD"}},
    {"code": "half", "stage": "pool_to_solution", "priority": 1, "source": {"code": "VC-CLOUD"},
     "method": "fixed", "target": {"shares": {"VC-ERP": "75", "VC-CRM": "25"}}},
]  # fmt: skip


def ok(answer: Any, *statuses: int) -> Any:
    assert answer.status_code in (statuses or (200,)), answer.text
    return answer.json()


def put(client: Any, path: str, *items: dict[str, Any]) -> None:
    ok(client.post(f"/v1/{path}/bulk?atomic=true", json={"items": list(items)}))


@pytest.fixture(scope="module")
def live(services: LiveServices) -> LiveServices:
    """A model that gives three quarters of every line to VC-ERP."""
    put(services.allocation, "cost-pools", {"code": "VC-CLOUD", "names": {"en": "Cloud"}})
    put(
        services.allocation, "solutions",
        {"code": "VC-ERP", "names": {"en": "ERP"}}, {"code": "VC-CRM", "names": {"en": "CRM"}},
    )  # fmt: skip
    put(services.allocation, "mappings", *MAPPINGS)
    versions = ok(services.allocation.get("/v1/model-versions?status=draft"))["items"]
    ok(services.allocation.post(f"/v1/model-versions/{versions[0]['id']}/publish"))
    return services


def publish_run(live: LiveServices, amount: str) -> dict[str, Any]:
    line = {
        "external_id": amount, "source": "erp", "period": PERIOD, "currency": "EUR",
        "amount": amount,
    }  # fmt: skip
    put(live.ingest, "cost-lines", line)
    asked = {"period": PERIOD, "currency": "EUR"}
    run = ok(live.allocation.post("/v1/runs?wait=60", json=asked))
    ok(live.allocation.post(f"/v1/runs/{run['id']}/publish"))
    published: dict[str, Any] = run
    return published


def make_initiative(live: LiveServices) -> dict[str, Any]:
    body = {
        "code": "vc-erp", "names": {"en": "ERP"}, "solution": "VC-ERP", "historic": True,
        "stage": "live", "go_live_on": "2026-01-10", "currency": "EUR",
    }  # fmt: skip
    made: dict[str, Any] = ok(live.valuation.post("/v1/initiatives", json=body), 201)
    flows = [
        {"on": "2026-01-01", "amount": "-50", "category": "investment", "basis": "actual"},
        {"on": "2026-01-20", "amount": "-1", "category": "run_cost", "basis": "actual"},
        {"on": "2026-02-20", "amount": "500", "category": "benefit", "basis": "actual"},
    ]
    put(live.valuation, f"initiatives/{made['id']}/cash-flows", *flows)
    return made


def start_review(live: LiveServices) -> dict[str, Any]:
    path = "/v1/post-implementation-reviews"
    review = ok(live.valuation.get(f"{path}?initiative=vc-erp"))["items"][0]
    started: dict[str, Any] = ok(live.valuation.post(f"{path}/{review['id']}/start"))
    return started


def wait_for_cost(live: LiveServices, review: dict[str, Any]) -> dict[str, Any]:
    """The allocated cost of a review once the published run has reached it."""
    path = f"/v1/post-implementation-reviews/{review['id']}"
    until = time.monotonic() + 30
    while True:
        cost: dict[str, Any] = ok(live.valuation.get(path))["allocated_cost"]
        if cost["code"] == "allocated" or time.monotonic() > until:
            return cost
        time.sleep(0.2)


def test_a_published_run_reaches_the_evaluation_and_the_open_review(live: LiveServices) -> None:
    initiative = make_initiative(live)
    review = start_review(live)
    assert review["allocated_cost"]["code"] == "no_published_run"

    run = publish_run(live, "100.00")

    path = f"/v1/initiatives/{initiative['id']}/evaluation?basis=actual"
    judged = ok(live.valuation.get(path))
    assert judged["run_cost"]["code"] == "allocated"
    (cost,) = judged["run_cost"]["runs"]
    assert (cost["period"], cost["run"], cost["amount"]) == (PERIOD, run["id"], "75")
    assert judged["run_cost"]["replaced_cash_flows"] == 1
    assert judged["figures"]["tco"]["value"] == "125"
    shown = ok(live.allocation.get(cost["href"]))["items"][0]
    assert shown["received"] == "75"
    assert wait_for_cost(live, review)["runs"][0]["amount"] == "75"
    held = ok(live.valuation.get(f"/v1/initiatives/{initiative['id']}/variances"))
    assert (held["cost"]["actual"], held["run_cost"]["code"]) == ("51", "not_asked")
    path = f"/v1/initiatives/{initiative['id']}/variances?run_cost=allocation"
    held = ok(live.valuation.get(path))
    assert (held["cost"]["actual"], held["run_cost"]["code"]) == ("125", "allocated")
    assert [item["actual"] for item in held["categories"]] == ["50", "75", "500"]
