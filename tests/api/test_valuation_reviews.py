"""Post-implementation reviews and realised value over the API."""

from decimal import Decimal
from typing import Any

import pytest

from shared.settings import get_settings
from tests.running import ServiceUnderTest, a_key

PATH = "/v1/post-implementation-reviews"


def make_live(valuation: ServiceUnderTest, code: str, **more: object) -> dict[str, Any]:
    """An initiative live since 10 January 2016 that promises to halve 40 hours, worth 1,000."""
    body = {
        "code": code, "names": {"en": code}, "historic": True, "stage": "live",
        "go_live_on": "2016-01-10", **more,
    }  # fmt: skip
    made: dict[str, Any] = valuation.post("/v1/initiatives", json=body).json()
    kpi = {"code": f"{code}-mttr", "names": {"en": "MTTR"}, "class": "efficiency", "unit": "h"}
    valuation.post("/v1/value-kpis", json=kpi | {"direction": "down"})
    expected = {
        "kpi": f"{code}-mttr", "level": "operation", "baseline": "40", "target": "20",
        "monetary_value": "1000", "currency": "GBP", "benefit_kind": "cashable",
    }  # fmt: skip
    answer = valuation.post(f"/v1/initiatives/{made['id']}/value-expectations", json=expected)
    assert answer.status_code == 201, answer.text
    return made


def observe(valuation: ServiceUnderTest, code: str, period: str, value: str) -> None:
    item = {"kpi": f"{code}-mttr", "period": period, "value": value, "source": "itsm"}
    answer = valuation.post("/v1/observations/bulk", json={"items": [item]})
    assert answer.json()["results"][0]["status"] == "created"


def review_of(valuation: ServiceUnderTest, code: str) -> dict[str, Any]:
    items = valuation.get(f"{PATH}?initiative={code}").json()["items"]
    read: dict[str, Any] = valuation.get(f"{PATH}/{items[0]['id']}").json()
    return read


def step(valuation: ServiceUnderTest, review: dict[str, Any], name: str, **body: object) -> Any:
    return valuation.post(f"{PATH}/{review['id']}/{name}", json=body or None)


def approved(valuation: ServiceUnderTest, code: str) -> dict[str, Any]:
    review = review_of(valuation, code)
    for name in ("start", "submit"):
        assert step(valuation, review, name).status_code == 200
    done: dict[str, Any] = step(valuation, review, "approve").json()
    return done


def test_results_are_filled_from_what_was_observed(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "fill")
    for period, value in (
        ("2015-12", "41"),
        ("2016-02", "30"),
        ("2016-03", "25"),
        ("2016-05", "9"),
    ):
        observe(valuation, "fill", period, value)
    review = review_of(valuation, "fill")
    assert (review["due_on"], review["state"], review["overdue"]) == (
        "2016-04-10",
        "scheduled",
        True,
    )
    started = step(valuation, review, "start").json()
    (result,) = started["results"]
    assert (result["actual"], result["actual_period"]) == ("25", "2016-03")
    assert (result["attainment"], result["variance"], result["favourable"]) == ("0.75", "5", False)
    assert (result["verdict"], result["realised_value"]) == ("partly_met", "750")
    seen = valuation.get(result["evidence"][0]).json()
    assert (seen["value"], seen["kpi"]) == ("25", "fill-mttr")
    assert valuation.get(result["evidence"][-1]).json()["items"][0]["value"] == "25"
    assert started["allocated_cost"]["code"] == "no_solution"


def test_what_nobody_measured_is_null_with_a_reason(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "blind")
    (result,) = step(valuation, review_of(valuation, "blind"), "start").json()["results"]
    assert (result["actual"], result["attainment"], result["reason"]) == (None, None, "no_actual")
    assert (result["verdict"], result["realised_value"]) == ("not_measured", None)


def test_a_promise_of_money_is_held_against_booked_benefits(valuation: ServiceUnderTest) -> None:
    made = make_live(valuation, "money")
    path = f"/v1/initiatives/{made['id']}"
    promise = {"level": "strategy", "monetary_value": "200", "currency": "GBP"}
    valuation.post(f"{path}/value-expectations", json=promise)
    flows = [
        {"on": "2016-02-01", "amount": "120", "category": "benefit", "basis": "actual"},
        {"on": "2016-09-01", "amount": "900", "category": "benefit", "basis": "actual"},
        {"on": "2016-02-01", "amount": "-50", "category": "run_cost", "basis": "actual"},
    ]
    valuation.post(f"{path}/cash-flows/bulk", json={"items": flows})
    results = step(valuation, review_of(valuation, "money"), "start").json()["results"]
    assert (results[1]["kpi"], results[1]["actual"], results[1]["attainment"]) == (
        None,
        "120",
        "0.6",
    )


def test_states_follow_each_other(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "states")
    review = review_of(valuation, "states")
    for name in ("submit", "approve"):
        refused = step(valuation, review, name)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    step(valuation, review, "start")
    step(valuation, review, "submit")
    returned = step(valuation, review, "return", reason="which incidents?").json()
    assert (returned["state"], returned["returned_reason"]) == ("in_progress", "which incidents?")
    assert step(valuation, review, "submit").json()["state"] == "submitted"
    assert step(valuation, review, "approve").json()["state"] == "approved"


def test_an_approved_review_never_changes(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "fixed")
    observe(valuation, "fixed", "2016-02", "20")
    review = review_of(valuation, "fixed")
    finding = {"kind": "strength", "text": "The queue is empty by noon."}
    assert valuation.post(f"{PATH}/{review['id']}/findings", json=finding).status_code == 201
    todo = {"text": "Do the same for printing.", "owner": "Chen", "due_on": "2016-06-01"}
    action = valuation.post(f"{PATH}/{review['id']}/actions", json=todo).json()
    lessons = {"lessons": ["Ask the night shift first."]}
    etag = {"If-Match": review["etag"]}
    assert valuation.patch(f"{PATH}/{review['id']}", json=lessons, headers=etag).status_code == 200
    stale = valuation.patch(f"{PATH}/{review['id']}", json=lessons, headers=etag)
    assert stale.status_code == 412
    done = approved(valuation, "fixed")
    assert (done["lessons"], len(done["findings"])) == (["Ask the night shift first."], 1)
    observe(valuation, "fixed", "2016-03", "39")
    refused = [
        valuation.patch(f"{PATH}/{review['id']}", json=lessons, headers={"If-Match": "*"}),
        valuation.post(f"{PATH}/{review['id']}/findings", json=finding),
        valuation.post(f"{PATH}/{review['id']}/actions", json=todo),
        valuation.patch(
            f"{PATH}/{review['id']}/actions/{action['id']}",
            json={"due_on": "2030-01-01"},
            headers={"If-Match": "*"},
        ),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {
        (409, "review_approved")
    }
    followed = valuation.patch(
        f"{PATH}/{review['id']}/actions/{action['id']}",
        json={"state": "done"},
        headers={"If-Match": action["etag"]},
    ).json()
    assert (followed["state"], followed["done_at"] is not None) == ("done", True)
    after = valuation.get(f"{PATH}/{review['id']}").json()
    assert after["results"] == done["results"]


def test_even_the_database_keeps_an_approved_review(
    valuation: ServiceUnderTest, session: Any
) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    make_live(valuation, "locked")
    done = approved(valuation, "locked")
    change = text("update post_implementation_review set lessons = '[]' where id = :id")
    with pytest.raises(IntegrityError, match="does not change"):
        session.execute(change, {"id": done["id"]})


def test_four_eyes_look_at_a_review(
    valuation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_live(valuation, "eyes")
    review = review_of(valuation, "eyes")
    step(valuation, review, "start")
    step(valuation, review, "submit")
    monkeypatch.setattr(get_settings(), "four_eyes", True)
    refused = step(valuation, review, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")
    other = valuation.as_caller(a_key(["valuation:approve"]))
    answer = valuation.post(f"{PATH}/{review['id']}/approve", headers=other)
    assert answer.json()["approved_by"] == "tester"


def test_a_second_review_is_asked_for_and_a_third_on_that_day_refused(
    valuation: ServiceUnderTest,
) -> None:
    make_live(valuation, "second")
    body = {"initiative": "second", "due_on": "2017-01-10"}
    made = valuation.post(PATH, json=body)
    assert (made.status_code, made.json()["offset_months"]) == (201, None)
    again = valuation.post(PATH, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "review_exists")
    unknown = valuation.post(PATH, json=body | {"initiative": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_code")
    path = f"{PATH}/{made.json()['id']}"
    assert valuation.delete(path, headers={"If-Match": "*"}).status_code == 204
    automatic = review_of(valuation, "second")
    kept = valuation.delete(f"{PATH}/{automatic['id']}", headers={"If-Match": "*"})
    assert kept.json()["code"] == "review_in_use"


def test_realised_value_is_summed_from_approved_reviews(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "real-a", sponsor="Wang", tags={"portfolio": "real"})
    make_live(valuation, "real-b", sponsor="Wang", tags={"portfolio": "real"})
    observe(valuation, "real-a", "2016-02", "25")
    approved(valuation, "real-a")
    answer = valuation.get("/v1/value-realisation?portfolio=real").json()
    (total,) = answer["totals"]
    assert (total["expected"], total["measured"], total["unmeasured"]) == ("2000", "1000", "1000")
    assert (total["realised"], total["rate"], total["currency"]) == ("750", "0.75", "GBP")
    assert [group["group"] for group in answer["by_sponsor"]] == ["Wang"]
    assert [group["group"] for group in answer["by_kind"]] == ["cashable"]
    assert (answer["initiatives"], answer["reviews"]) == (2, 1)


def test_a_published_run_fills_open_reviews_anew(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "event", solution="ITSM")
    review = review_of(valuation, "event")
    step(valuation, review, "start")
    observe(valuation, "event", "2016-02", "20")
    event = {
        "id": "01980000-0000-7000-8000-000000000001", "type": "run.published",
        "source": "allocation", "resource_id": "01980000-0000-7000-8000-000000000002",
        "payload": {"period": "2016-02"},
    }  # fmt: skip
    assert valuation.post("/v1/events", json=event).status_code == 204
    assert valuation.post("/v1/events", json=event).status_code == 204
    jobs = valuation.get("/v1/jobs?kind=refresh_review").json()["items"]
    assert len(jobs) == 1
    valuation.run_jobs()
    assert valuation.get(f"/v1/jobs/{jobs[0]['id']}").json()["status"] == "succeeded"
    (result,) = valuation.get(f"{PATH}/{review['id']}").json()["results"]
    assert Decimal(result["attainment"]) == 1
