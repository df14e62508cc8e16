"""What a review holds beside measured results: entered ones, money, decision, users, actions."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.api.test_valuation_reviews import PATH, approved, make_live, observe, review_of, step
from tests.running import ServiceUnderTest, a_key

ANY = {"If-Match": "*"}


def started(valuation: ServiceUnderTest, code: str) -> dict[str, Any]:
    answer = step(valuation, review_of(valuation, code), "start")
    assert answer.status_code == 200, answer.text
    review: dict[str, Any] = answer.json()
    return review


def enter(valuation: ServiceUnderTest, review: dict[str, Any], **result: Any) -> Any:
    body = {"actual": "92", "source": "Protocol of 3 March", **result}
    return valuation.post(f"{PATH}/{review['id']}/results", json=body)


def test_what_no_kpi_says_is_entered_with_its_source(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "hand")
    names = {"en": "Modules in use", "zh-CN": "已启用模块"}
    module = {"level": "function", "names": names, "unit": "%", "baseline": "0", "target": "100"}
    scheduled = enter(valuation, review_of(valuation, "hand"), **module)
    assert (scheduled.status_code, scheduled.json()["code"]) == (409, "wrong_state")
    review = started(valuation, "hand")
    made = enter(valuation, review, **module, evidence=["https://wiki.example.org/protocol"])
    assert made.status_code == 201, made.text
    assert (made.json()["attainment"], made.json()["verdict"]) == ("0.92", "nearly_met")
    shown = valuation.get(f"{PATH}/{review['id']}", headers={"Accept-Language": "zh-CN"}).json()
    result = shown["results"][-1]
    assert (result["name"], result["manual"], result["source"]) == (
        "已启用模块", True, "Protocol of 3 March",
    )  # fmt: skip
    assert result["evidence"] == ["https://wiki.example.org/protocol"]
    (function, *_) = shown["levels"]
    assert (function["level"], function["results"], function["attainment"]) == (
        "function", 1, "0.92",
    )  # fmt: skip
    path = f"{PATH}/{review['id']}/results/{result['id']}"
    assert valuation.delete(path, headers=ANY).status_code == 204
    left = valuation.get(f"{PATH}/{review['id']}/results").json()["items"]
    assert [kept["manual"] for kept in left] == [False]


def test_an_entered_result_stands_for_an_unmeasured_promise(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "stand")
    review = started(valuation, "stand")
    promise = review["results"][0]["expectation"]
    for actual in ("22", "25"):
        assert enter(valuation, review, expectation=promise, actual=actual).status_code == 201
    (result,) = valuation.get(f"{PATH}/{review['id']}").json()["results"]
    assert (result["actual"], result["attainment"], result["realised_value"]) == (
        "25", "0.75", "750",
    )  # fmt: skip
    assert result["manual"] is True
    observe(valuation, "stand", "2016-02", "20")
    fresh = valuation.post(f"{PATH}/{review['id']}/refresh").json()
    assert (fresh["results"][0]["actual"], fresh["results"][0]["manual"]) == ("20", False)
    refused = enter(valuation, review, expectation=promise)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_measured")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({}, "/level"),
        ({"level": "function"}, "/names"),
        ({"level": "function", "kpi": "no such KPI"}, "/kpi"),
        ({"expectation": "01980000-0000-7000-8000-000000000001"}, "/expectation"),
        ({"evidence": ["javascript:alert(1)"]}, "/evidence/0"),
    ],
)
def test_an_entered_result_that_says_too_little_is_refused(
    valuation: ServiceUnderTest, wrong: dict[str, Any], pointer: str
) -> None:
    if not valuation.get("/v1/initiatives?code=wrong").json()["items"]:
        make_live(valuation, "wrong")
        step(valuation, review_of(valuation, "wrong"), "start")
    refused = enter(valuation, review_of(valuation, "wrong"), **wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_cost_and_decision_are_held_against_the_plan(valuation: ServiceUnderTest) -> None:
    made = make_live(valuation, "cost", currency="GBP")
    flows = [
        ("2016-01-01", "-100", "investment", "plan"),
        ("2016-01-01", "-120", "investment", "actual"),
        ("2016-04-01", "300", "benefit", "plan"),
        ("2016-04-01", "250", "benefit", "actual"),
        ("2017-04-01", "100", "benefit", "plan"),
    ]
    items = [
        {"on": on, "amount": amount, "category": category, "basis": basis}
        for on, amount, category, basis in flows
    ]
    valuation.post(f"/v1/initiatives/{made['id']}/cash-flows/bulk", json={"items": items})
    review = started(valuation, "cost")
    lines = {line["category"]: line for line in review["cost"]["lines"]}
    assert (lines["cost"]["planned"], lines["cost"]["actual"]) == ("100", "120")
    assert (lines["cost"]["variance"], lines["cost"]["variance_percent"]) == ("-20", "-20")
    assert lines["benefit"]["variance"] == "-50"
    net = review["decision"]["figures"]["roi_net"]
    assert (net["plan"], net["outlook"]) == ("3", "1.916666666667")
    assert review["decision"]["verdict"] == "weaker"
    assert review["decision"]["figures"]["npv"]["plan"] is None
    path = f"{PATH}/{review['id']}"
    judged = valuation.patch(path, json={"discount_rate": "0.08"}, headers=ANY).json()
    assert judged["decision"]["figures"]["npv"]["plan"] is not None
    stated = {"decision_right": "partly", "why": "The market was smaller."}
    judged = valuation.patch(path, json={"judgement": stated}, headers=ANY).json()
    assert judged["judgement"] == stated | {"benefits_process": None}
    assert valuation.get(review["cost"]["evidence"][0]).json()["items"]


def test_use_and_satisfaction_of_the_solution_stand_beside(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "users", solution="USERS-CRM")
    kpi = {
        "code": "users-active", "names": {"en": "Active users"}, "class": "benefit", "unit": "%",
        "direction": "up", "value_role": "use", "baseline": "0", "target": "100",
        "links": [{"layer": "solution", "code": "USERS-CRM"}],
    }  # fmt: skip
    assert valuation.post("/v1/value-kpis", json=kpi).status_code == 201
    seen = {"kpi": "users-active", "period": "2016-03", "value": "60", "source": "crm"}
    valuation.post("/v1/observations/bulk", json={"items": [seen]})
    said = {"solution": "USERS-CRM", "period": "2016-03", "kind": "nps", "score": "9", "count": 3}
    valuation.post("/v1/feedback/bulk", json={"items": [said]})
    review = started(valuation, "users")
    (use,) = review["adoption"]
    assert (use["kpi"], use["actual"], use["attainment"]) == ("users-active", "60", "0.6")
    told = review["satisfaction"]
    assert (told["nps"]["nps"], told["nps"]["n"], told["csat"]["reason"]) == (
        "100", 3, "no_answers",
    )  # fmt: skip
    assert valuation.get(told["evidence"][0]).json()["total"]["nps"]["n"] == 3


def test_an_approved_review_takes_no_results_and_a_later_one_adds(
    valuation: ServiceUnderTest,
) -> None:
    make_live(valuation, "adds")
    observe(valuation, "adds", "2016-02", "30")
    first = approved(valuation, "adds")
    refused = [
        enter(valuation, first, level="function", names={"en": "x"}),
        valuation.post(f"{PATH}/{first['id']}/refresh"),
        valuation.delete(f"{PATH}/{first['id']}/results/{first['id']}", headers=ANY),
        valuation.delete(f"{PATH}/{first['id']}", headers=ANY),
    ]
    assert [answer.status_code for answer in refused] == [409, 409, 404, 409]
    later = valuation.post(PATH, json={"initiative": "adds", "due_on": "2017-01-10"}).json()
    observe(valuation, "adds", "2016-12", "20")
    for name in ("start", "submit", "approve"):
        answer = step(valuation, later, name)
    assert answer.json()["results"][0]["attainment"] == "1"
    assert valuation.get(f"{PATH}/{first['id']}").json()["results"] == first["results"]


def test_what_is_to_be_done_stays_as_it_was_approved(
    valuation: ServiceUnderTest, session: Any
) -> None:
    make_live(valuation, "todo")
    review = review_of(valuation, "todo")
    todo = {"text": "Train the branches.", "owner": "Zhou", "due_on": "2016-06-01"}
    action = valuation.post(f"{PATH}/{review['id']}/actions", json=todo).json()
    approved(valuation, "todo")
    overdue = valuation.get("/v1/review-actions?owner=Zhou&overdue=true").json()["items"]
    assert [(item["initiative"], item["overdue"]) for item in overdue] == [("todo", True)]
    path = f"{PATH}/{review['id']}/actions/{action['id']}"
    done = valuation.patch(path, json={"state": "done", "note": "All six."}, headers=ANY)
    assert done.json()["done_at"] is not None
    assert valuation.get("/v1/review-actions?owner=Zhou&overdue=true").json()["items"] == []
    exported = valuation.get("/v1/review-actions?owner=Zhou", headers={"Accept": "text/csv"})
    assert "Train the branches." in exported.text
    change = text("update review_action set owner = 'nobody' where id = :id")
    with pytest.raises(IntegrityError, match="does not change"):
        session.execute(change, {"id": action["id"]})


def test_reviews_are_found_by_sponsor_portfolio_and_day(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "found", sponsor="Qian", tags={"portfolio": "east"})
    for query in (
        "sponsor=Qian", "portfolio=east", "sponsor=Qian&due_after=2016-04-09&due_before=2016-04-11",
        "sponsor=Qian&overdue=true&state=scheduled",
    ):  # fmt: skip
        items = valuation.get(f"{PATH}?{query}").json()["items"]
        assert [item["initiative"] for item in items] == ["found"], query
    assert valuation.get(f"{PATH}?sponsor=Qian&due_after=2016-04-10").json()["items"] == []
    exported = valuation.get(f"{PATH}?portfolio=east", headers={"Accept": "text/csv"}).text
    assert "Qian" in exported.splitlines()[1]


def test_with_four_eyes_who_started_it_does_not_approve_it_either(
    valuation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.settings import get_settings

    make_live(valuation, "starter")
    review = review_of(valuation, "starter")
    tester = valuation.as_caller(a_key(["valuation:read", "valuation:write", "valuation:approve"]))
    assert valuation.post(f"{PATH}/{review['id']}/start", headers=tester).status_code == 200
    step(valuation, review, "submit")
    monkeypatch.setattr(get_settings(), "four_eyes", True)
    refused = valuation.post(f"{PATH}/{review['id']}/approve", headers=tester)
    assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")
    returned = step(valuation, review, "return")
    assert returned.status_code == 422


def test_a_computed_result_shows_the_observations_it_comes_from(
    valuation: ServiceUnderTest,
) -> None:
    made = make_live(valuation, "ratio")
    for code, formula in (("ratio-a", None), ("ratio-b", None), ("ratio-c", "ratio_a / ratio_b")):
        kpi = {
            "code": code.replace("-", "_"), "names": {"en": code}, "class": "cost", "unit": "h",
            "direction": "down", "formula": formula,
        }  # fmt: skip
        kpi["unit"] = "ratio" if formula else "h"
        assert valuation.post("/v1/value-kpis", json=kpi).status_code == 201
    seen = [
        {"kpi": code, "period": "2016-03", "value": value, "source": "log"}
        for code, value in (("ratio_a", "6"), ("ratio_b", "8"))
    ]
    ids = [
        result["id"]
        for result in valuation.post("/v1/observations/bulk", json={"items": seen}).json()[
            "results"
        ]
    ]
    promise = {"kpi": "ratio_c", "level": "operation", "baseline": "1", "target": "0.5"}
    valuation.post(f"/v1/initiatives/{made['id']}/value-expectations", json=promise)
    result = started(valuation, "ratio")["results"][-1]
    assert (result["actual"], result["attainment"], result["name"]) == ("0.75", "0.5", "ratio-c")
    addresses = [address.rpartition("/")[2] for address in result["evidence"][:-1]]
    assert sorted(addresses) == sorted(ids)
