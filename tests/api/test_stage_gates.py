"""The value case of an initiative is checked again at every step."""

from typing import Any

import pytest

from shared.settings import get_settings
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]


@pytest.fixture
def promised(valuation: ServiceUnderTest, request: pytest.FixtureRequest) -> Json:
    """A proposed initiative of 100 planned cost, 150 planned benefit and a promise of 60."""
    body = {"code": request.node.name, "names": {"en": "gates"}, "currency": "CNY"}
    made: Json = valuation.post("/v1/initiatives", json=body).json()
    plan(valuation, made, investment="-100", benefit="150")
    wish = {"level": "strategy", "monetary_value": "60", "currency": "CNY"}
    valuation.post(f"/v1/initiatives/{made['id']}/value-expectations", json=wish)
    return made


def plan(valuation: ServiceUnderTest, made: Json, **amounts: str) -> None:
    days = {"investment": "2026-01-01", "benefit": "2027-01-01"}
    items = [
        {"external_id": category, "on": days[category], "amount": amount, "category": category}
        for category, amount in amounts.items()
    ]
    valuation.post(f"/v1/initiatives/{made['id']}/cash-flows/bulk", json={"items": items})


def step(valuation: ServiceUnderTest, made: Json, name: str, **body: object) -> Any:
    return valuation.post(f"/v1/initiatives/{made['id']}/{name}", json=body)


def gates(valuation: ServiceUnderTest, made: Json) -> list[Json]:
    items: list[Json] = valuation.get(f"/v1/initiatives/{made['id']}/gates").json()["items"]
    return items


def test_every_step_notes_the_value_case(valuation: ServiceUnderTest, promised: Json) -> None:
    approved = step(valuation, promised, "approve", discount_rate="0.25", reason="pays").json()
    assert approved["created_by"] is not None
    step(valuation, promised, "start", started_on="2026-01-05")
    plan(valuation, promised, investment="-120")
    step(valuation, promised, "go-live", go_live_on="2026-06-01")
    closed = step(valuation, promised, "close", closed_on="2026-12-31").json()
    assert (closed["started_on"], closed["closed_on"]) == ("2026-01-05", "2026-12-31")
    first, second, third, fourth = gates(valuation, promised)
    assert (first["step"], first["verdict"], first["npv"], first["change"]) == (
        "approve", "holds", "20", None,
    )  # fmt: skip
    assert (first["roi_net"], first["reason"], first["promises"]) == ("0.5", "pays", 1)
    assert first["expected_values"] == [{"currency": "CNY", "amount": "60"}]
    assert (second["verdict"], second["npv"]) == ("holds", None)
    assert (third["verdict"], third["because"]) == ("weaker", ["net_value_lower"])
    assert (third["change"]["planned_cost"], third["change"]["net"]) == ("20", "-20")
    assert (fourth["step"], fourth["change"]["net"]) == ("close", "0")


def test_a_broken_case_needs_a_reason_to_go_on(valuation: ServiceUnderTest, promised: Json) -> None:
    step(valuation, promised, "approve")
    plan(valuation, promised, investment="-200")
    refused = step(valuation, promised, "start")
    assert (refused.status_code, refused.json()["code"]) == (409, "value_case_broken")
    assert [gate["step"] for gate in gates(valuation, promised)] == ["approve"]
    started = step(valuation, promised, "start", reason="The law asks for it.")
    assert started.json()["stage"] == "in_delivery"
    assert gates(valuation, promised)[-1]["verdict"] == "broken"
    chinese = valuation.get(
        f"/v1/initiatives/{promised['id']}/gates", headers={"Accept-Language": "zh-CN"}
    ).json()["items"]
    assert "计划收益低于计划成本" in chinese[-1]["explanation"]


def test_a_day_of_going_live_becomes_the_baseline(
    valuation: ServiceUnderTest, promised: Json
) -> None:
    path = f"/v1/initiatives/{promised['id']}"
    valuation.patch(path, json={"go_live_on": "2026-06-01"}, headers={"If-Match": "*"})
    approved = step(valuation, promised, "approve").json()
    assert approved["planned_go_live_on"] == "2026-06-01"
    step(valuation, promised, "start")
    step(valuation, promised, "go-live", go_live_on="2026-06-11")
    schedule = valuation.get(f"{path}/variances").json()["schedule"]
    assert schedule["variance_days"] == "-10"


def test_an_upsert_keeps_the_days_that_steps_set(
    valuation: ServiceUnderTest, promised: Json
) -> None:
    step(valuation, promised, "approve")
    step(valuation, promised, "start", started_on="2026-02-02")
    item = {"code": promised["code"], "names": {"en": "renamed"}, "currency": "CNY"}
    valuation.post("/v1/initiatives/bulk", json={"items": [item]})
    kept = valuation.get(f"/v1/initiatives/{promised['id']}").json()
    assert (kept["name"], kept["started_on"]) == ("renamed", "2026-02-02")


def test_with_four_eyes_somebody_else_approves(
    valuation: ServiceUnderTest, promised: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "four_eyes", True)
    own = step(valuation, promised, "approve")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    other = valuation.as_caller(a_key(["valuation:read", "valuation:approve"]))
    path = f"/v1/initiatives/{promised['id']}/approve"
    assert valuation.post(path, json={}, headers=other).status_code == 200


def test_history_passes_gates_without_being_stopped(valuation: ServiceUnderTest) -> None:
    item = {"code": "old", "names": {"en": "old"}, "stage": "in_delivery", "historic": True}
    (made,) = valuation.post("/v1/initiatives/bulk", json={"items": [item]}).json()["results"]
    assert step(valuation, made, "go-live").json()["stage"] == "live"
    (gate,) = gates(valuation, made)
    assert (gate["step"], gate["promises"], gate["roi_net"]) == ("go-live", 0, None)


def test_a_plan_that_comes_after_approval_stops_nothing(valuation: ServiceUnderTest) -> None:
    body = {"code": "late-plan", "names": {"en": "late"}, "currency": "CNY"}
    made = valuation.post("/v1/initiatives", json=body).json()
    wish = {"level": "strategy", "monetary_value": "60", "currency": "CNY"}
    valuation.post(f"/v1/initiatives/{made['id']}/value-expectations", json=wish)
    assert step(valuation, made, "approve").status_code == 200
    plan(valuation, made, investment="-100")
    assert step(valuation, made, "start").status_code == 200
    assert gates(valuation, made)[-1]["verdict"] == "weaker"


def test_a_promise_is_not_softened_after_going_live(
    valuation: ServiceUnderTest, promised: Json
) -> None:
    path = f"/v1/initiatives/{promised['id']}/value-expectations"
    (promise,) = valuation.get(path).json()["items"]
    for name in ("approve", "start", "go-live"):
        assert step(valuation, promised, name).status_code == 200
    one, always = f"{path}/{promise['id']}", {"If-Match": "*"}
    softened = valuation.patch(one, json={"monetary_value": "1"}, headers=always)
    assert (softened.status_code, softened.json()["code"]) == (409, "promise_in_force")
    items = [
        {"level": "strategy", "monetary_value": "1", "currency": "CNY"},
        {"level": "operation", "monetary_value": "5", "currency": "CNY"},
    ]
    results = valuation.post(f"{path}/bulk", json={"items": items}).json()["results"]
    assert (results[0]["error"]["code"], results[1]["status"]) == ("promise_in_force", "created")
    owned = valuation.patch(one, json={"owner": "Sales", "target": "9"}, headers=always)
    assert (owned.json()["owner"], owned.json()["monetary_value"]) == ("Sales", "60")
