"""Attribution to drivers of ingest and published costs of allocation, over the real services."""

from typing import Any

import pytest

from shared.periods import next_period
from tests.running import LiveServices

START = "2025-01"
SPENT = (100, 140, 90, 160, 120, 180, 110, 150)
MAPPINGS = [
    {"code": "at-all", "stage": "line_to_pool", "priority": 1, "source": {}, "method": "direct",
     "target": {"object": "AT-CLOUD"}},
    {"code": "at-split", "stage": "pool_to_solution", "priority": 1,
     "source": {"code": "AT-CLOUD"}, "method": "fixed",
     "target": {"shares": {"AT-CRM": "75", "AT-ERP": "25"}}},
]  # fmt: skip


def ok(answer: Any, *statuses: int) -> Any:
    assert answer.status_code in (statuses or (200,)), answer.text
    return answer.json()


def put(client: Any, path: str, *items: dict[str, Any]) -> None:
    ok(client.post(f"/v1/{path}/bulk?atomic=true", json={"items": list(items)}))


def months() -> list[str]:
    return [next_period(START, at) for at in range(len(SPENT))]


@pytest.fixture(scope="module")
def live(services: LiveServices) -> LiveServices:
    """Eight published months, a driver of two targets, and a KPI that follows both."""
    put(services.allocation, "cost-pools", {"code": "AT-CLOUD", "names": {"en": "Cloud"}})
    put(
        services.allocation, "solutions",
        {"code": "AT-ERP", "names": {"en": "ERP"}}, {"code": "AT-CRM", "names": {"en": "CRM"}},
    )  # fmt: skip
    put(services.allocation, "mappings", *MAPPINGS)
    draft = ok(services.allocation.get("/v1/model-versions?status=draft"))["items"][0]["id"]
    ok(services.allocation.post(f"/v1/model-versions/{draft}/publish"))
    lines = [
        {"external_id": f"at-{month}", "source": "erp", "period": month, "currency": "EUR",
         "amount": str(amount)}
        for month, amount in zip(months(), SPENT, strict=True)
    ]  # fmt: skip
    put(services.ingest, "cost-lines", *lines)
    for month in months():
        asked = {"period": month, "currency": "EUR"}
        run = ok(services.allocation.post("/v1/runs?wait=60", json=asked))
        ok(services.allocation.post(f"/v1/runs/{run['id']}/publish"))
    put(services.ingest, "drivers", {"code": "设计次数", "names": {"en": "Designs"}, "unit": "次"})
    quantities = [
        {"driver": "设计次数", "period": month, "target": target, "quantity": str(quantity)}
        for month, amount in zip(months(), SPENT, strict=True)
        for target, quantity in (("AT-CRM", amount // 10), ("AT-ERP", 3))
    ]
    put(services.ingest, "driver-quantities", *quantities)
    return services


@pytest.fixture(scope="module")
def path(live: LiveServices) -> str:
    """The attribution of a KPI that is twice what is spent."""
    kpi = {
        "code": "at-sales", "names": {"en": "Sales"}, "class": "benefit", "unit": "EUR",
        "direction": "up",
    }  # fmt: skip
    made = ok(live.valuation.post("/v1/value-kpis", json=kpi), 201)
    items = [
        {"kpi": "at-sales", "period": month, "value": str(2 * amount)}
        for month, amount in zip(months(), SPENT, strict=True)
    ]
    put(live.valuation, "observations", *items)
    return f"/v1/value-kpis/{made['id']}/attribution"


@pytest.mark.parametrize(
    ("asked", "layer", "slope"),
    [
        ("AT-CRM", "solution", 2 / 0.75),
        ("pool:AT-CLOUD", "pool", 2),
        ("solution:AT-ERP", "solution", 8),
    ],
)
def test_published_costs_explain(
    live: LiveServices, path: str, asked: str, layer: str, slope: float
) -> None:
    body = ok(live.valuation.get(path, params={"cost_of": asked}))
    code = asked.rpartition(":")[2]
    assert body["explained_by"] == {
        "kind": "cost_of", "code": code, "layer": layer, "target": None, "unit": "EUR",
    }  # fmt: skip
    assert (body["n"], body["pearson"]["value"]) == (len(SPENT), "1")
    assert float(body["regression"]["slope"]["value"]) == pytest.approx(slope)


def test_a_driver_explains_by_its_total_or_by_one_target(live: LiveServices, path: str) -> None:
    total = ok(live.valuation.get(path, params={"driver": "设计次数"}))
    assert (total["n"], total["pearson"]["value"], total["explained_by"]["unit"]) == (8, "1", "次")
    assert [point["explained_by"] for point in total["points"]][:2] == ["13", "17"]
    one = ok(live.valuation.get(path, params={"driver": "设计次数", "target": "AT-CRM"}))
    assert [point["explained_by"] for point in one["points"]][:2] == ["10", "14"]
    assert one["explained_by"]["target"] == "AT-CRM"
    still = ok(live.valuation.get(path, params={"driver": "设计次数", "target": "AT-ERP"}))
    assert still["pearson"]["reason"] == "no_variation"


def test_a_formula_over_a_driver_is_told_when_held_against_it(live: LiveServices) -> None:
    kpi = {
        "code": "at-formula", "names": {"en": "Made of designs"}, "class": "efficiency",
        "unit": "count", "direction": "up", "formula": 'driver("设计次数", target="AT-CRM") * 2',
    }  # fmt: skip
    made = ok(live.valuation.post("/v1/value-kpis", json=kpi), 201)
    query = {"driver": "设计次数", "from": months()[0], "to": months()[-1]}
    body = ok(live.valuation.get(f"/v1/value-kpis/{made['id']}/attribution", params=query))
    assert (body["n"], body["pearson"]["value"]) == (8, "1")
    assert "shared_inputs" in [each["code"] for each in body["cautions"]]


def test_the_shipped_it_cost_is_that_of_published_runs(live: LiveServices) -> None:
    ok(live.valuation.post("/v1/kpi-packs/btim-cost/load"))
    kpi = ok(live.valuation.get("/v1/value-kpis?code=btim:it-cost"))["items"][0]
    query = {"from": months()[0], "to": months()[-1]}
    series = ok(live.valuation.get(f"/v1/value-kpis/{kpi['id']}/series", params=query))
    assert [point["value"] for point in series["items"]] == [str(each) for each in SPENT]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"driver": "nobody"}, 422, "unknown_code"),
        ({"cost_of": "nobody"}, 422, "unknown_code"),
        ({"cost_of": "consumer:AT-CRM"}, 422, "unknown_code"),
        ({"driver": "设计次数", "target": "nobody"}, 409, "too_little_data"),
        ({"cost_of": "AT-CRM", "to": "2025-07"}, 409, "too_little_data"),
    ],
)
def test_what_is_not_known_is_refused(
    live: LiveServices, path: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = live.valuation.get(path, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_service_that_does_not_answer_is_no_thin_data(
    live: LiveServices, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.settings import get_settings

    monkeypatch.setattr(get_settings(), "ingest_url", "http://127.0.0.1:9")
    answer = live.valuation.get(path, params={"driver": "设计次数"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
