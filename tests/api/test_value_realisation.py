"""Realised value over time, bias of promises, corrections offered, and success cases."""

from typing import Any

import pytest

from tests.api.test_valuation_reviews import PATH, approved, make_live, observe, review_of, step
from tests.running import ServiceUnderTest, a_key

ANY = {"If-Match": "*"}


def reviewed(valuation: ServiceUnderTest, code: str, value: str, **more: Any) -> dict[str, Any]:
    """An approved review: 40 hours were to become 20, `value` was measured."""
    make_live(valuation, code, **more)
    observe(valuation, code, "2016-02", value)
    return approved(valuation, code)


@pytest.fixture(scope="module")
def experience(valuation: ServiceUnderTest) -> ServiceUnderTest:
    """Eight reviewed promises of one portfolio that reached 10 % to 80 % of what was expected."""
    for number in range(1, 9):
        reviewed(
            valuation, f"past-{number}", str(40 - 2 * number),
            tags={"portfolio": "past"}, sponsor="Wang",
        )  # fmt: skip
    return valuation


def test_realised_value_is_told_over_time_with_what_came_beside(
    valuation: ServiceUnderTest,
) -> None:
    make_live(valuation, "time", tags={"portfolio": "time"})
    observe(valuation, "time", "2016-02", "30")
    review = review_of(valuation, "time")
    extra = [
        {"text": "Fewer calls.", "monetary_value": "40", "currency": "GBP", "kind": "cashable"}
    ]
    patched = valuation.patch(f"{PATH}/{review['id']}", json={"extra_benefits": extra}, headers=ANY)
    assert patched.status_code == 200, patched.text
    approved(valuation, "time")
    later = valuation.post(PATH, json={"initiative": "time", "due_on": "2017-01-10"}).json()
    observe(valuation, "time", "2016-12", "20")
    for name in ("start", "submit", "approve"):
        step(valuation, later, name)
    answer = valuation.get("/v1/value-realisation?portfolio=time").json()
    told = [
        (month["period"], month["expected"], month["realised"]) for month in answer["over_time"]
    ]
    assert told == [("2016-04", "1000", "500"), ("2017-01", "1000", "1000")]
    (total,) = answer["totals"]
    assert (total["realised"], total["realised_extra"], total["rate"]) == ("1000", "40", "1")
    assert answer["by_kpi_class"][0]["group"] == "efficiency"
    assert answer["by_level"][0]["group"] == "operation"
    early = valuation.get("/v1/value-realisation?portfolio=time&to=2016-12").json()
    assert (early["totals"][0]["realised"], early["undated"]) == ("500", 0)
    assert valuation.get("/v1/value-realisation?portfolio=time&from=2016-05").json()["totals"] == []


def test_an_extra_benefit_without_currency_is_refused(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "loose")
    body = {"extra_benefits": [{"text": "Less paper.", "monetary_value": "5"}]}
    path = f"{PATH}/{review_of(valuation, 'loose')['id']}"
    refused = valuation.patch(path, json=body, headers=ANY)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/extra_benefits/0/currency"


def test_who_approves_adds_no_benefit_to_what_was_submitted(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "late")
    review = review_of(valuation, "late")
    for name in ("start", "submit"):
        step(valuation, review, name)
    path = f"{PATH}/{review['id']}"
    body = {"extra_benefits": [{"text": "More.", "monetary_value": "5", "currency": "GBP"}]}
    refused = valuation.patch(path, json=body, headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert valuation.patch(path, json={"lessons": ["Ask early."]}, headers=ANY).status_code == 200


def test_bias_says_how_far_off_promises_were(experience: ServiceUnderTest) -> None:
    answer = experience.get("/v1/value-realisation/bias?portfolio=past&group_by=sponsor").json()
    overall = answer["overall"]
    assert (overall["n"], overall["median"], overall["mean"]) == (8, "0.45", "0.45")
    assert (overall["p10"], overall["p90"], overall["optimism_bias"]) == ("0.17", "0.73", "0.55")
    (wang,) = answer["groups"]
    assert wang == overall | {"group": "Wang"}
    by_kpi = experience.get("/v1/value-realisation/bias?portfolio=past&group_by=kpi").json()
    assert {group["reason"] for group in by_kpi["groups"]} == {"too_little_data"}
    assert {group["n"] for group in by_kpi["groups"]} == {1}


def test_experience_offers_a_correction_and_changes_nothing(experience: ServiceUnderTest) -> None:
    made = make_live(experience, "next", tags={"portfolio": "past"})
    path = f"/v1/initiatives/{made['id']}/value-expectations"
    promise = experience.get(path).json()["items"][0]
    offer = experience.get(f"{path}/{promise['id']}/correction").json()
    chosen = [each["name"] for each in offer["classes"] if each["chosen"]]
    assert chosen == ["same_kind_and_portfolio"]
    assert (offer["factor"], offer["factor_low"], offer["factor_high"]) == ("0.45", "0.17", "0.73")
    assert offer["target"] == {
        "promised": "20", "corrected": "31", "low": "25.4", "high": "36.6",
    }  # fmt: skip
    assert offer["monetary_value"]["corrected"] == "450"
    assert "8 earlier promises" in offer["sentence"]
    chinese = experience.get(
        f"{path}/{promise['id']}/correction", headers={"Accept-Language": "zh-CN"}
    ).json()
    assert "45.0%" in chinese["sentence"]
    assert experience.get(path).json()["items"][0] == promise


def test_too_little_experience_offers_nothing(valuation: ServiceUnderTest) -> None:
    made = make_live(valuation, "alone")
    path = f"/v1/initiatives/{made['id']}/value-expectations"
    promise = valuation.post(
        path, json={"level": "strategy", "monetary_value": "5", "currency": "GBP",
                    "benefit_kind": "non_cashable"},
    ).json()  # fmt: skip
    offer = valuation.get(f"{path}/{promise['id']}/correction").json()
    named = {each["name"]: each["n"] for each in offer["classes"]}
    assert (named["same_kpi"], named["same_kind"]) == (0, 0)
    if named["all"] < 8:
        assert (offer["reason"], offer["factor"]) == ("too_little_data", None)
    assert offer["target_reason"] == "no_target"


def case_body(review: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "review": review["id"],
        "names": {"en": "Faults are mended sooner", "zh-CN": "故障修复更快"},
        "summary": {"en": "From 40 hours to 25."},
        "story": {"problem": {"en": "The night shift waited."}},
        "tags": {"industry": "furniture"},
        **more,
    }


def test_a_case_keeps_the_figures_of_its_review(valuation: ServiceUnderTest) -> None:
    make_live(valuation, "case", solution="CASE-ITSM", value_chain_stage="service")
    observe(valuation, "case", "2016-02", "25")
    early = valuation.post("/v1/cases", json=case_body(review_of(valuation, "case")))
    assert (early.status_code, early.json()["code"]) == (409, "review_not_approved")
    review = approved(valuation, "case")
    made = valuation.post("/v1/cases", json=case_body(review, published=True))
    assert made.status_code == 201, made.text
    case = made.json()
    assert (case["code"], case["kpis"]) == ("case@2016-04-10", ["case-mttr"])
    assert case["figures"]["results"] == review["results"]
    assert case["figures"]["money"] == [
        {"currency": "GBP", "expected": "1000", "realised": "750", "realised_extra": "0"}
    ]
    assert valuation.get(case["review_href"]).json()["id"] == review["id"]
    again = valuation.post("/v1/cases", json=case_body(review))
    assert (again.status_code, again.json()["code"]) == (409, "code_taken")
    for query in (
        "solution=CASE-ITSM", "value_chain_stage=service", "kpi=case-mttr", "tag=industry",
        "q=night shift", "q=故障", "initiative=case&published=true", "tags.industry=furniture",
    ):  # fmt: skip
        items = valuation.get(f"/v1/cases?{query}").json()["items"]
        assert [item["id"] for item in items] == [case["id"]], query
    for query in ("published=false", "q=100%25", "tag=other", "kpi=none"):
        assert valuation.get(f"/v1/cases?{query}").json()["items"] == [], query
    exported = valuation.get("/v1/cases", headers={"Accept": "text/csv"}).text
    assert "Faults are mended sooner" in exported


def test_only_the_words_of_a_case_change(valuation: ServiceUnderTest) -> None:
    review = reviewed(valuation, "words", "25")
    case = valuation.post("/v1/cases", json=case_body(review)).json()
    path = f"/v1/cases/{case['id']}"
    patch = {"published": True, "story": {"problem": None, "result": {"zh-CN": "不再等待"}}}
    changed = valuation.patch(path, json=patch, headers={"If-Match": case["etag"]}).json()
    assert (changed["published"], changed["story"]) == (True, {"result": {"zh-CN": "不再等待"}})
    assert changed["figures"] == case["figures"]
    stale = valuation.patch(path, json=patch, headers={"If-Match": case["etag"]})
    assert stale.status_code == 412
    figures = valuation.patch(path, json={"figures": {}}, headers=ANY)
    assert figures.status_code == 422
    assert valuation.delete(path, headers=ANY).status_code == 204
    assert valuation.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/review-actions", "/v1/value-realisation/bias"])
def test_callers_bound_to_consumers_see_none_of_it(valuation: ServiceUnderTest, path: str) -> None:
    bound = valuation.as_caller(a_key(["valuation:read"], consumers=["SHOP-1"]))
    assert valuation.get(path, headers=bound).status_code == 403
