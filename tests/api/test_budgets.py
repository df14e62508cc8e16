"""Budgets over HTTP: kept, shown beside figures, and told of when a published run goes beyond."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.api.test_runs import a_run, ok, send_bulk
from tests.api.test_views import total, two_published_months, view
from tests.running import ServiceUnderTest, a_key

JANUARY, FEBRUARY = "2026-01", "2026-02"


@pytest.fixture(scope="module")
def runs(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> list[dict[str, Any]]:
    return two_published_months(allocation, ingest)


def a_budget(**fields: Any) -> dict[str, Any]:
    usual = {"layer": "consumer", "object": "EAST", "period": JANUARY, "amount": "90"}
    return usual | {"currency": "EUR"} | fields


def alerts(allocation: ServiceUnderTest, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(allocation.get("/v1/budget-alerts", params=query))["items"]
    return found


def events_of(session: Session, alert: str) -> list[Any]:
    from sqlalchemy import text

    rows = session.execute(
        text("select payload from outbox_event where type = 'budget.exceeded'"
             " and resource_id = :id order by id"), {"id": alert},
    )  # fmt: skip
    return [row[0] for row in rows]


def test_a_budget_is_added_read_changed_and_deleted(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    asked = a_budget(period="2027-01", thresholds=["100", "80"], note="plan")
    made = allocation.post("/v1/budgets", json=asked)
    budget = ok(made, 201)
    assert budget["thresholds"] == ["80", "100"]
    assert (budget["amount"], budget["object"], budget["note"]) == ("90", "EAST", "plan")
    path = f"/v1/budgets/{budget['id']}"
    assert ok(allocation.get(path)) == budget
    assert made.headers["etag"] == budget["etag"]
    assert allocation.post("/v1/budgets", json=asked).json()["code"] == "budget_exists"
    assert allocation.put(path, json=asked).status_code == 428
    changed = ok(
        allocation.put(path, json=asked | {"amount": "95.5"}, headers={"If-Match": budget["etag"]})
    )
    assert changed["amount"] == "95.5"
    stale = allocation.patch(path, json={"amount": "1"}, headers={"If-Match": budget["etag"]})
    assert stale.status_code == 412
    moved = allocation.put(path, json=asked | {"period": "2027-02"}, headers={"If-Match": "*"})
    assert moved.json()["code"] == "key_fixed"
    ok(allocation.patch(path, json={"note": None}, headers={"If-Match": "*"}))
    assert ok(allocation.get(path))["note"] is None
    assert allocation.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert allocation.get(path).status_code == 404


def test_bulk_upserts_by_object_period_currency_and_cost_type(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    items = [
        a_budget(period="2027-03"),
        a_budget(period="2027-03", currency="USD"),
        a_budget(layer="pool", object="CLOUD", period="2027-03", cost_type="opex"),
        a_budget(object="NOBODY", period="2027-03"),
        a_budget(period="2027-03", amount="-1"),
        a_budget(period="2027-03", cost_type="opex"),
    ]
    results = ok(allocation.post("/v1/budgets/bulk", json={"items": items}))["results"]
    assert [result["status"] for result in results] == [*["created"] * 3, *["error"] * 3]
    assert results[3]["error"]["errors"][0]["pointer"] == "/items/3/object"
    assert results[3]["error"]["code"] == "unknown_code"
    again = ok(allocation.post("/v1/budgets/bulk", json={"items": [items[0], items[1]]}))
    assert [result["status"] for result in again["results"]] == ["unchanged", "unchanged"]
    listed = ok(allocation.get("/v1/budgets", params={"period": "2027-03", "code": "EAST"}))
    assert {item["currency"] for item in listed["items"]} == {"EUR", "USD"}
    refused = allocation.post("/v1/budgets/bulk?atomic=true", json={"items": items})
    assert refused.status_code == 422
    as_csv = allocation.get("/v1/budgets?period=2027-03", headers={"Accept": "text/csv"})
    assert len(as_csv.text.splitlines()) == 4


def test_odd_budgets_are_refused(allocation: ServiceUnderTest, runs: list[dict[str, Any]]) -> None:
    odd: list[dict[str, Any]] = [
        {"currency": "XXX"}, {"amount": 5}, {"amount": "-0.01"}, {"thresholds": []},
        {"thresholds": ["0"]}, {"thresholds": ["80", "80"]}, {"layer": "line"}, {"period": "2026"},
        {"object": "NOBODY"}, {"surprise": True},
    ]  # fmt: skip
    for wrong in odd:
        answer = allocation.post("/v1/budgets", json=a_budget(period="2027-04") | wrong)
        assert answer.status_code == 422, wrong


def test_a_view_shows_budget_and_variance(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "budgets", [
        a_budget(period=FEBRUARY, thresholds=["500"], amount="100"),
        a_budget(period=FEBRUARY, object="WEST", thresholds=["500"], amount="40"),
        a_budget(period=FEBRUARY, object="WEST", currency="USD", amount="1"),
    ])  # fmt: skip
    seen = view(allocation, "consumers", period=FEBRUARY)
    items = {item["code"]: item for item in seen["items"]}
    assert (items["EAST"]["budget"], items["EAST"]["variance"]) == ("100", "-3.34")
    assert (items["WEST"]["budget"], items["WEST"]["variance"]) == ("40", "8.33")
    assert items["WEST"]["variance_share"] == "0.20825"
    assert (seen["budget"], seen["variance"]) == ("140", "4.99")
    assert (seen["budget_source"], seen["budgets_left_out"]) == ("entries", 1)
    roots = view(allocation, "consumers", period=FEBRUARY, level=1)
    assert {item["code"]: item["budget"] for item in roots["items"]} == {
        "GROUP": "100",
        "WEST": "40",
    }
    ordered = view(allocation, "consumers", period=FEBRUARY, sort="-variance")
    assert [item["code"] for item in ordered["items"]] == ["WEST", "EAST"]


def test_a_budget_of_a_parent_is_for_all_below_it(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "budgets", [
        a_budget(period=JANUARY, object="GROUP", thresholds=["500"], amount="120"),
        a_budget(period=JANUARY, object="EAST", thresholds=["500"], amount="100"),
    ])  # fmt: skip
    roots = view(allocation, "consumers", period=JANUARY, level=1)
    (group,) = [item for item in roots["items"] if item["code"] == "GROUP"]
    assert group["budget"] == "120"
    singles = view(allocation, "consumers", period=JANUARY)
    assert {item["code"]: item["budget"] for item in singles["items"]}["EAST"] == "100"
    assert singles["budgets_left_out"] == 1


def test_what_has_a_budget_and_costs_nothing_is_shown(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "consumers", [{"code": "SOUTH", "names": {"en": "South"}}])
    run = a_run(allocation, period=FEBRUARY)
    ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
    send_bulk(allocation, "budgets", [a_budget(period=FEBRUARY, object="SOUTH", amount="7")])
    items = {i["code"]: i for i in view(allocation, "consumers", period=FEBRUARY)["items"]}
    assert (items["SOUTH"]["amount"], items["SOUTH"]["variance"]) == ("0", "-7")


def test_publishing_raises_an_alert_once_and_a_larger_budget_resolves_it(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]], session: Session
) -> None:
    send_bulk(allocation, "solutions", [{"code": "WEB", "names": {"en": "Web"}}])
    send_bulk(allocation, "budgets", [
        a_budget(layer="solution", object="ERP", amount="80", thresholds=["80", "100"]),
        a_budget(layer="solution", object="CRM", amount="25", thresholds=["100"]),
    ])  # fmt: skip
    (early,) = alerts(allocation, layer="solution")
    assert (early["object"], early["threshold"], early["state"]) == ("ERP", "80", "open")
    assert (early["amount"], early["budget_amount"]) == ("74.9925", "80")
    assert (early["share"], early["name"]) == ("0.93740625", "ERP")
    (told,) = events_of(session, early["id"])
    assert told["period"] == JANUARY
    assert (told["amount"], told["budget_amount"], told["share"]) == ("74.9925", "80", "0.93740625")
    for _ in range(2):
        run = a_run(allocation, period=JANUARY)
        ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
    (again,) = alerts(allocation, layer="solution")
    assert (again["id"], again["run"]) == (early["id"], run["id"])
    send_bulk(allocation, "budgets", [
        a_budget(layer="solution", object="ERP", amount="200", thresholds=["80", "100"])
    ])  # fmt: skip
    (resolved,) = alerts(allocation, layer="solution")
    assert resolved["state"] == "resolved"
    session.rollback()
    assert len(events_of(session, early["id"])) == 1
    send_bulk(allocation, "budgets", [
        a_budget(layer="solution", object="ERP", amount="70", thresholds=["80", "100"])
    ])  # fmt: skip
    reopened = alerts(allocation, layer="solution", state="open")
    assert [one["threshold"] for one in reopened] == ["100", "80"]
    session.rollback()
    assert len(events_of(session, early["id"])) == 2


def test_a_budget_waits_for_its_months_published_run(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    march = {"period": "2026-03", "layer": "solution", "thresholds": ["50"]}
    send_bulk(allocation, "budgets", [
        a_budget(object="ERP", amount="100", **march),
        a_budget(object="CRM", amount="50", **march),
    ])  # fmt: skip
    line = {
        "external_id": "march", "source": "erp", "period": "2026-03", "amount": "100.00",
        "currency": "EUR", "account": "cloud", "tags": {"unit": "EAST"},
    }  # fmt: skip
    send_bulk(ingest, "cost-lines", [line])
    run = a_run(allocation, period="2026-03")
    assert alerts(allocation, period="2026-03") == []
    ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
    (alert,) = alerts(allocation, period="2026-03")
    assert (alert["object"], alert["amount"], alert["share"]) == ("ERP", "75", "0.75")
    assert (alert["run"], alert["threshold"]) == (run["id"], "50")


def test_a_budget_of_one_cost_type_is_held_against_its_part(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "budgets", [
        a_budget(layer="pool", object="CLOUD", amount="99"),
        a_budget(layer="pool", object="CLOUD", amount="1", cost_type="capex"),
    ])  # fmt: skip
    (found,) = alerts(allocation, layer="pool")
    assert (found["cost_type"], found["amount"]) == (None, "99.99")
    finance = view(allocation, "finance", period=JANUARY)
    budgets = {(item["code"], item["cost_type"]): item["budget"] for item in finance["items"]}
    assert budgets[("CLOUD", "capex")] == "1"
    assert total(finance) == total(view(allocation, "finance", period=FEBRUARY))


def test_an_alert_is_acknowledged_once(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "budgets", [a_budget(layer="resource", object="DESK", amount="1")])
    (alert,) = alerts(allocation, layer="resource")
    path = f"/v1/budget-alerts/{alert['id']}"
    seen = ok(allocation.post(f"{path}/acknowledge", json={"note": "paid ahead"}))
    assert (seen["state"], seen["note"], seen["acknowledged_by"]) == (
        "acknowledged", "paid ahead", "admin",
    )  # fmt: skip
    assert ok(allocation.get(path)) == seen
    assert allocation.post(f"{path}/acknowledge").status_code == 409


def test_a_published_budget_run_beats_entries(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    line = {
        "external_id": "plan", "source": "plan", "period": FEBRUARY, "scenario": "budget",
        "amount": "60.00", "currency": "EUR", "account": "cloud", "tags": {"unit": "EAST"},
    }  # fmt: skip
    send_bulk(ingest, "cost-lines", [line])
    run = a_run(allocation, period=FEBRUARY, scenario="budget")
    ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
    seen = view(allocation, "solutions", period=FEBRUARY)
    items = {item["code"]: item for item in seen["items"]}
    assert (items["ERP"]["budget"], items["ERP"]["variance"]) == ("45", "29.9925")
    assert seen["budget_source"] == "run"
    planned = view(allocation, "solutions", period=FEBRUARY, scenario="budget")
    assert (planned["total"], planned["scenario"], planned["budget"]) == ("60", "budget", None)


def test_a_bound_caller_sees_the_budgets_of_its_own_consumers_only(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    send_bulk(allocation, "budgets", [
        a_budget(period="2027-09", object=code, amount="5") for code in ("EAST", "WEST")
    ])  # fmt: skip
    east = allocation.as_caller(a_key(["allocation:write"], consumers=["GROUP"]))
    seen = ok(allocation.get("/v1/budgets", headers=east))["items"]
    assert {item["object"] for item in seen} <= {"EAST", "GROUP"}
    assert {item["layer"] for item in seen} == {"consumer"}
    other = ok(allocation.get("/v1/budgets?object=WEST&period=2027-09"))["items"][0]
    assert allocation.get(f"/v1/budgets/{other['id']}", headers=east).status_code == 404
    assert allocation.post("/v1/budgets", json=a_budget(), headers=east).status_code == 403
    assert {one["layer"] for one in alerts(allocation)} > {"pool"}
    own = ok(allocation.get("/v1/budget-alerts", headers=east))["items"]
    assert {one["object"] for one in own} <= {"EAST", "GROUP"}
    view_of_east = ok(allocation.get(f"/v1/views/consumers?period={FEBRUARY}", headers=east))
    assert view_of_east["totals"] is None
    assert [item["code"] for item in view_of_east["items"]] == ["EAST"]
    rolled = ok(allocation.get(f"/v1/views/consumers?period={FEBRUARY}&level=1", headers=east))
    assert [item["code"] for item in rolled["items"]] == ["GROUP"]


@pytest.mark.parametrize("path", ["budgets", "budget-alerts", "benchmarks"])
def test_lists_take_pages_and_sorting(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]], path: str
) -> None:
    first = ok(allocation.get(f"/v1/{path}", params={"limit": 1}))
    if first["next_cursor"]:
        query = {"limit": 1, "cursor": first["next_cursor"]}
        second = ok(allocation.get(f"/v1/{path}", params=query))
        assert second["items"][0]["id"] != first["items"][0]["id"]
    assert allocation.get(f"/v1/{path}", params={"sort": "surprise"}).status_code == 422
