"""Feedback: what it is known by, and the figures made of it."""

from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key
from tests.value_company import ok, put

NPS = {"solution": "CRM", "period": "2026-01", "kind": "nps", "source": "survey"}


def send(valuation: ServiceUnderTest, *items: dict[str, Any]) -> list[dict[str, Any]]:
    body = ok(valuation.post("/v1/feedback/bulk", json={"items": [*items]}))
    results: list[dict[str, Any]] = body["results"]
    return results


def figures(valuation: ServiceUnderTest, query: str) -> dict[str, Any]:
    body: dict[str, Any] = ok(valuation.get(f"/v1/feedback/statistics?{query}"))
    return body


def test_equal_answers_of_one_request_are_all_kept_once(valuation: ServiceUnderTest) -> None:
    twins = [{**NPS, "solution": "TWINS", "score": "9"}] * 2
    for expected in ("created", "unchanged"):
        assert [each["status"] for each in send(valuation, *twins)] == [expected] * 2
    assert figures(valuation, "solution=TWINS")["total"]["nps"]["n"] == 2


def test_an_external_id_names_one_answer_of_a_source(valuation: ServiceUnderTest) -> None:
    first = {**NPS, "solution": "ID", "external_id": "1", "score": "3"}
    assert send(valuation, first)[0]["status"] == "created"
    (changed,) = send(valuation, {**first, "score": "10"})
    assert changed["status"] == "updated"
    assert send(valuation, {**first, "source": "desk"})[0]["status"] == "created"
    assert figures(valuation, "solution=ID")["total"]["nps"]["nps"] == "0"


def test_net_promoters_are_exact(valuation: ServiceUnderTest) -> None:
    counted = [(10, 5), (9, 1), (8, 3), (6, 2), (0, 1)]
    items = [{**NPS, "solution": "N", "score": score, "count": count} for score, count in counted]
    send(valuation, *items)
    nps = figures(valuation, "solution=N")["total"]["nps"]
    assert (nps["promoters"], nps["passives"], nps["detractors"]) == (6, 3, 3)
    assert (nps["nps"], nps["n"], nps["few_answers"]) == ("25", 12, False)
    send(valuation, *[{**items[0], "count": 17}])
    assert figures(valuation, "solution=N")["total"]["nps"]["n"] == 24


def test_both_scales_of_satisfaction_lie_on_one_line(valuation: ServiceUnderTest) -> None:
    common = {"solution": "S", "on": "2026-02-03", "kind": "csat"}
    send(
        valuation,
        {**common, "score": "4"},
        {**common, "kind": "satisfaction", "score": "25.5", "scale": "0-100"},
    )
    csat = figures(valuation, "solution=S")["total"]["csat"]
    assert (csat["mean"], csat["mean_of_five"]) == ("50.25", "3.01")
    assert (csat["satisfied_share"], csat["few_answers"]) == ("0.5", True)


def test_figures_are_told_by_solution_consumer_and_month(valuation: ServiceUnderTest) -> None:
    told = [("2025-01", "EAST", "10"), ("2025-02", None, "0")]
    items = [
        {**NPS, "solution": "BY", "period": period, "consumer": consumer, "score": score}
        for period, consumer, score in told
    ]
    send(valuation, *items)
    by = {each: figures(valuation, f"solution=BY&by={each}") for each in ("consumer", "period")}
    assert [(row["key"], row["nps"]["nps"]) for row in by["consumer"]["items"]] == [
        ("EAST", "100"),
        (None, "-100"),
    ]
    assert [row["key"] for row in by["period"]["items"]] == ["2025-01", "2025-02"]
    trend = by["period"]["total"]["trend"]
    assert [(point["period"], point["nps"]) for point in trend] == [
        ("2025-01", "100"),
        ("2025-02", "-100"),
    ]
    last = figures(valuation, "solution=BY&from=2025-02&to=2025-02")["total"]["nps"]
    assert last["nps"] == "-100"


def test_nobodys_answer_is_no_figure(valuation: ServiceUnderTest) -> None:
    nps = figures(valuation, "solution=NOBODY")["total"]["nps"]
    assert (nps["nps"], nps["n"], nps["reason"]) == (None, 0, "no_answers")


@pytest.mark.parametrize(
    "broken",
    [
        {"score": "11"},
        {"score": "7.5"},
        {"score": "9", "scale": "1-5"},
        {"score": "9", "on": "2026-01-05"},
        {"score": "9", "period": None},
        {"score": "9", "count": 0},
        {"score": 9.0},
        {"score": "9", "kind": "mood"},
        {"score": "0", "kind": "csat"},
    ],
)
def test_an_impossible_answer_spoils_only_itself(
    valuation: ServiceUnderTest, broken: dict[str, Any]
) -> None:
    good = {**NPS, "solution": "GOOD", "external_id": str(broken), "score": "9"}
    body = valuation.post("/v1/feedback/bulk", json={"items": [{**NPS, **broken}, good]}).json()
    assert [each["status"] for each in body["results"]] == ["error", "created"]


def test_long_comments_are_cut_and_can_be_forgotten(valuation: ServiceUnderTest) -> None:
    (made,) = send(valuation, {**NPS, "solution": "C", "score": "1", "comment": "a\n" * 2000})
    path = f"/v1/feedback/{made['id']}"
    kept = ok(valuation.get(path))
    assert (len(kept["comment"]), kept["count"], kept["source"]) == (2000, 1, "survey")
    listed = ok(valuation.get("/v1/feedback?solution=C&kind=nps"))["items"]
    assert [each["etag"] for each in listed] == [kept["etag"]]
    assert valuation.get("/v1/feedback?solution=C", headers={"Accept": "text/csv"}).text.count(",")
    assert valuation.delete(path).status_code == 428
    assert valuation.delete(path, headers={"If-Match": kept["etag"]}).status_code == 204
    assert valuation.get(path).status_code == 404
    (event,) = ok(valuation.get("/v1/audit-events?action=delete&resource_type=feedback"))["items"]
    assert "a\n" not in str(event)


def test_bound_callers_read_no_feedback(valuation: ServiceUnderTest) -> None:
    bound = valuation.as_caller(a_key(["valuation:read"], consumers=["EAST"]))
    for path in ("/v1/feedback", "/v1/feedback/statistics"):
        assert valuation.get(path, headers=bound).status_code == 403


def test_many_answers_at_once(valuation: ServiceUnderTest) -> None:
    items = [
        {**NPS, "solution": "MANY", "external_id": str(number), "score": str(number % 11)}
        for number in range(2_000)
    ]
    put(valuation, "feedback", items)
    assert figures(valuation, "solution=MANY")["total"]["nps"]["n"] == 2_000
