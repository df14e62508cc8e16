"""Initiatives, promises, cash flows and evaluations over the API."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key

D = Decimal


def make_initiative(valuation: ServiceUnderTest, code: str, **more: object) -> dict[str, Any]:
    body = {"code": code, "names": {"en": code, "zh-CN": "项目"}, **more}
    answer = valuation.post("/v1/initiatives", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_kpi(valuation: ServiceUnderTest, code: str, direction: str = "up") -> None:
    body = {"code": code, "names": {"en": code}, "class": "benefit", "unit": "%"}
    answer = valuation.post("/v1/value-kpis", json=body | {"direction": direction})
    assert answer.status_code == 201, answer.text


def promise(valuation: ServiceUnderTest, initiative: dict[str, Any], **body: object) -> Any:
    return valuation.post(f"/v1/initiatives/{initiative['id']}/value-expectations", json=body)


def pay(valuation: ServiceUnderTest, initiative: dict[str, Any], *items: dict[str, object]) -> Any:
    path = f"/v1/initiatives/{initiative['id']}/cash-flows/bulk"
    answer = valuation.post(path, json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def a_payment(on: str, amount: str, category: str, **more: object) -> dict[str, object]:
    return {"on": on, "amount": amount, "category": category, **more}


def step(valuation: ServiceUnderTest, initiative: dict[str, Any], name: str, **body: object) -> Any:
    return valuation.post(f"/v1/initiatives/{initiative['id']}/{name}", json=body)


def test_an_initiative_goes_its_way_step_by_step(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "way")
    refused = step(valuation, made, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_value_expectation")
    make_kpi(valuation, "way-kpi")
    assert promise(valuation, made, kpi="way-kpi", level="strategy").status_code == 201
    assert step(valuation, made, "approve").json()["code"] == "no_value_expectation"
    promise(valuation, made, kpi="way-kpi", level="strategy", due_period="2026-06", target="28")
    assert step(valuation, made, "approve", reason="worth it").json()["stage"] == "approved"
    assert step(valuation, made, "close").json()["code"] == "wrong_stage"
    bare = valuation.post(f"/v1/initiatives/{made['id']}/start")
    assert bare.json()["stage"] == "in_delivery"
    live = step(valuation, made, "go-live", go_live_on="2026-01-31").json()
    assert (live["stage"], live["go_live_on"]) == ("live", "2026-01-31")
    reviews = valuation.get("/v1/post-implementation-reviews?initiative=way").json()["items"]
    assert [(review["due_on"], review["state"]) for review in reviews] == [
        ("2026-04-30", "scheduled")
    ]
    assert step(valuation, made, "close").json()["stage"] == "closed"
    assert step(valuation, made, "reject").status_code == 409


def test_only_approvers_approve(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "approvers")
    writer = valuation.as_caller(a_key(["valuation:write"]))
    path = f"/v1/initiatives/{made['id']}/approve"
    assert valuation.post(path, json={}, headers=writer).status_code == 403


def test_a_later_stage_comes_only_with_history(valuation: ServiceUnderTest) -> None:
    items = [
        {"code": "h1", "names": {"en": "h"}, "stage": "closed"},
        {"code": "h2", "names": {"en": "h"}, "stage": "closed", "historic": True,
         "go_live_on": "2012-05-31"},
    ]  # fmt: skip
    results = valuation.post("/v1/initiatives/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in results] == ["error", "created"]
    assert results[0]["error"]["errors"][0]["pointer"] == "/items/0/stage"
    review = valuation.get("/v1/post-implementation-reviews?initiative=h2").json()["items"][0]
    assert (review["due_on"], review["overdue"]) == ("2012-08-31", True)


def test_who_may_not_approve_takes_no_initiative_past_its_gates(
    valuation: ServiceUnderTest,
) -> None:
    make_initiative(valuation, "past-gates")
    item = {"code": "past-gates", "names": {"en": "p"}, "stage": "approved", "historic": True}
    writer = valuation.as_caller(a_key(["valuation:read", "valuation:write"]))
    path, body = "/v1/initiatives/bulk", {"items": [item]}
    (refused,) = valuation.post(path, json=body, headers=writer).json()["results"]
    assert refused["error"]["code"] == "scope_missing"
    assert valuation.get("/v1/initiatives?code=past-gates").json()["items"][0]["stage"] == (
        "proposed"
    )
    (done,) = valuation.post(path, json=body).json()["results"]
    assert done["status"] == "updated"


def test_an_upsert_without_a_stage_leaves_the_stage(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "stay")
    promise(valuation, made, monetary_value="5", currency="EUR", level="strategy")
    step(valuation, made, "approve")
    item = {"code": "stay", "names": {"en": "renamed"}}
    result = valuation.post("/v1/initiatives/bulk", json={"items": [item]}).json()["results"][0]
    assert result["status"] == "updated"
    assert valuation.get("/v1/initiatives?code=stay").json()["items"][0]["stage"] == "approved"


def test_a_new_day_of_going_live_moves_reviews_not_begun(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "moves", go_live_on="2026-01-15", review_offsets=[3, 12])
    path = f"/v1/initiatives/{made['id']}"
    patch = {"go_live_on": "2026-02-28", "review_offsets": [6, 12]}
    stale = valuation.patch(path, json=patch, headers={"If-Match": '"0-0"'})
    assert stale.status_code == 412
    assert valuation.patch(path, json=patch, headers={"If-Match": made["etag"]}).status_code == 200
    reviews = valuation.get("/v1/post-implementation-reviews?initiative=moves").json()["items"]
    assert [review["due_on"] for review in reviews] == ["2026-08-28", "2027-02-28"]
    valuation.patch(path, json={"go_live_on": None}, headers={"If-Match": "*"})
    listed = valuation.get("/v1/post-implementation-reviews?initiative=moves").json()["items"]
    assert listed == []


def test_demand_is_ranked_by_value(valuation: ServiceUnderTest) -> None:
    for code, benefit in (("rank-a", "100"), ("rank-b", "300"), ("rank-c", "200")):
        made = make_initiative(valuation, code, tags={"round": "1"})
        pay(
            valuation, made,
            a_payment("2026-01-01", "-100", "investment"),
            a_payment("2027-01-01", benefit, "benefit"),
        )  # fmt: skip
    make_initiative(valuation, "rank-d", tags={"round": "1"})
    path = "/v1/initiatives?sort=-value_score&tags.round=1&limit=3"
    page = valuation.get(path).json()
    scores = [(item["code"], item["value_score"]) for item in page["items"]]
    assert scores == [("rank-c", "100"), ("rank-b", "100"), ("rank-a", "50")]
    rest = valuation.get(f"{path}&cursor={page['next_cursor']}").json()["items"]
    assert [(item["code"], item["value_score"]) for item in rest] == [("rank-d", None)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kpi": "unknown", "level": "strategy"}, "unknown_code"),
        ({"level": "strategy"}, "nothing_expected"),
        ({"level": "strategy", "monetary_value": "5"}, "missing_value"),
        ({"level": "strategy", "monetary_value": "-5", "currency": "EUR"}, "sign_of_benefit"),
    ],
)
def test_empty_promises_are_refused(
    valuation: ServiceUnderTest, body: dict[str, object], code: str
) -> None:
    listed = valuation.get("/v1/initiatives?code=promises").json()["items"]
    made = listed[0] if listed else make_initiative(valuation, "promises")
    answer = promise(valuation, made, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_promise_may_be_due_some_months_after_going_live(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "due", planned_go_live_on="2026-11-30")
    money = {"level": "strategy", "monetary_value": "5", "currency": "EUR"}
    wish = promise(valuation, made, due_months_after_go_live=3, **money)
    assert (wish.status_code, wish.json()["due_period"]) == (201, "2027-02")
    twice = promise(valuation, made, due_months_after_go_live=3, due_period="2027-02", **money)
    assert (twice.status_code, twice.json()["code"]) == (422, "due_twice")
    unset = make_initiative(valuation, "due-unset")
    refused = promise(valuation, unset, due_months_after_go_live=3, **money)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_go_live_day")


def test_equal_payments_are_all_kept_and_never_doubled(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "pays")
    twice = [a_payment("2026-01-01", "-5.10", "run_cost")] * 2
    named = a_payment("2026-01-01", "-5.10", "run_cost", external_id="inv-1")
    first = pay(valuation, made, *twice, named)
    assert [result["status"] for result in first] == ["created"] * 3
    again = pay(valuation, made, *twice, named | {"amount": "-6"})
    assert [result["status"] for result in again] == ["unchanged", "unchanged", "updated"]
    listed = valuation.get(f"/v1/initiatives/{made['id']}/cash-flows").json()["items"]
    assert sorted(item["amount"] for item in listed) == ["-5.1", "-5.1", "-6"]


def test_published_figures_come_from_the_api(valuation: ServiceUnderTest) -> None:
    body = {
        "cash_flows": [
            {"amount": "-40000"}, {"amount": "5000"}, {"amount": "8000"}, {"amount": "12000"},
            {"amount": "30000"},
        ],
        "discount_rate": "0.08",
    }  # fmt: skip
    answer = valuation.post("/v1/evaluations", json=body)
    assert answer.status_code == 200, answer.text
    figures = answer.json()["figures"]
    assert figures["npv"]["value"] == "3065.222668179535"
    assert figures["npv"]["convention"] == "indexed"
    assert figures["xirr"] == figures["xirr"] | {"value": None, "reason": "no_dates"}


def test_weights_and_scenarios_may_be_chosen(valuation: ServiceUnderTest) -> None:
    unchanged = {"investment": "1", "run_cost": "1", "benefit": "1"}
    body = {
        "cash_flows": [{"amount": "-100"}, {"amount": "150"}],
        "business_impact": "90",
        "strategic_fit": "10",
        "weights": {"financial": "0.5", "business": "0.5", "strategic": "0"},
        "scenarios": {"best": unchanged | {"benefit": "2"}, "base": unchanged, "worst": unchanged},
    }
    answer = valuation.post("/v1/evaluations", json=body).json()
    assert answer["axes"]["score"] == "82.5"
    assert answer["scenarios"][0]["figures"]["roi_gross"]["value"] == "3"
    assert answer["scenarios"][0]["factors"]["benefit"] == "2"


def test_several_roots_are_null_and_listed(valuation: ServiceUnderTest) -> None:
    body = {"cash_flows": [{"amount": "-1000"}, {"amount": "2300"}, {"amount": "-1320"}]}
    answer = valuation.post("/v1/evaluations", json=body, headers={"Accept-Language": "zh"}).json()
    irr = answer["figures"]["irr"]
    assert (irr["value"], irr["reason"], irr["roots"]) == (None, "several_roots", ["0.1", "0.2"])
    assert irr["name"] == "内部收益率（按期）"
    assert irr["explanation"].startswith("有多个利率")


@pytest.mark.parametrize(
    "broken",
    [
        {"discount_rate": "-1"},
        {"discount_rate": 0.08},
        {"convention": "guessed"},
        {"convention": "dated"},
        {"cash_flows": [{"amount": "1", "index": 0}, {"amount": "1"}]},
        {"weights": {"financial": "1", "business": "1", "strategic": "0"}},
    ],
)
def test_bad_cases_are_refused(valuation: ServiceUnderTest, broken: dict[str, object]) -> None:
    body = {"cash_flows": [{"amount": "-1"}, {"amount": "2"}], **broken}
    answer = valuation.post("/v1/evaluations", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_an_initiative_is_judged_by_plan_and_by_fact(valuation: ServiceUnderTest) -> None:
    made = make_initiative(
        valuation, "btim", currency="CNY", business_impact="90", strategic_fit="80"
    )
    pay(
        valuation, made,
        a_payment("2024-01-01", "-120000000", "investment"),
        a_payment("2025-01-01", "480000000", "benefit"),
        a_payment("2024-01-01", "-130000000", "investment", basis="actual"),
        a_payment("2025-01-01", "260000000", "benefit", basis="actual"),
    )  # fmt: skip
    path = f"/v1/initiatives/{made['id']}/evaluation"
    plan = valuation.get(f"{path}?discount_rate=0.08").json()
    assert plan["figures"]["roi_gross"]["value"] == "4"
    assert plan["figures"]["roi_net"]["value"] == "3"
    assert plan["axes"]["business"] == "90"
    assert plan["run_cost"]["code"] == "not_asked"
    fact = valuation.get(f"{path}?basis=actual").json()
    assert (fact["figures"]["roi_gross"]["value"], fact["basis"]) == ("2", "actual")
    assert fact["run_cost"]["code"] == "no_solution"
    assert [scenario["name"] for scenario in plan["scenarios"]] == ["best", "base", "worst"]


def test_an_unreachable_allocation_is_said_and_not_hidden(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "alone", solution="ERP", go_live_on="2026-01-01")
    answer = valuation.get(f"/v1/initiatives/{made['id']}/evaluation?basis=actual")
    assert answer.status_code == 200, answer.text
    assert answer.json()["run_cost"]["code"] == "allocation_unreachable"


def test_an_initiative_with_work_in_it_stays(valuation: ServiceUnderTest) -> None:
    made = make_initiative(valuation, "gone", go_live_on="2026-01-01")
    pay(valuation, made, a_payment("2026-01-01", "-5", "run_cost"))
    path = f"/v1/initiatives/{made['id']}"
    assert valuation.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert valuation.get(path).status_code == 404
    kept = make_initiative(valuation, "kept")
    promise(valuation, kept, monetary_value="5", currency="EUR", level="strategy")
    step(valuation, kept, "approve")
    refused = valuation.delete(f"/v1/initiatives/{kept['id']}", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "initiative_in_use")


def test_every_command_is_in_the_audit_trail(valuation: ServiceUnderTest) -> None:
    since = datetime.now(UTC).isoformat()
    made = make_initiative(valuation, "audited")
    promise(valuation, made, monetary_value="5", currency="EUR", level="strategy")
    step(valuation, made, "approve", reason="cheap")
    path = f"/v1/audit-events?resource_type=initiative&resource_id={made['id']}"
    events = valuation.get(path).json()["items"]
    assert [event["action"] for event in events if event["at"] >= since[:19]] == [
        "create",
        "approve",
    ]
    assert events[1]["details"]["reason"] == "cheap"
