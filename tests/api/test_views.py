"""Views over HTTP: the figures of a run as finance, technology and consumers want to see them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_runs import LINES, MAPPINGS, OBJECTS, a_line, a_run, ok, send_bulk
from tests.running import ServiceUnderTest, a_key

PERIODS = ("2026-01", "2026-02")


@pytest.fixture(scope="module")
def runs(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> list[dict[str, Any]]:
    """Two published months of the company of test_runs; its units are counted in seats."""
    for collection, members in OBJECTS.items():
        items = [
            {"names": {"en": one["code"], "zh-CN": f"中{one['code']}"}, **one} for one in members
        ]
        for item in items:
            if item["code"] == "DESK":
                item |= {"unit_driver": "seats", "tags": {"kind": "people"}}
        send_bulk(allocation, collection, items)
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    made = []
    for period in PERIODS:
        lines = [
            a_line(place, **line) | {"period": period, "external_id": f"{period}-{place}"}
            for place, line in enumerate(LINES)
        ]
        send_bulk(ingest, "cost-lines", lines)
        send_bulk(ingest, "drivers", [{"code": "seats", "names": {"en": "Seats"}, "unit": "seat"}])
        quantities = [("EAST", "2"), ("WEST", "1"), ("DESK", "3")]
        send_bulk(
            ingest,
            "driver-quantities",
            [
                {"driver": "seats", "period": period, "target": target, "quantity": quantity}
                for target, quantity in quantities
            ],
        )
        rate = {"period": period, "from": "USD", "to": "EUR", "kind": "average", "rate": "0.5"}
        send_bulk(ingest, "exchange-rates", [rate])
        run = a_run(allocation, period=period)
        assert run["status"] == "succeeded", run
        ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
        made.append(run)
    return made


def view(allocation: ServiceUnderTest, name: str, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = ok(allocation.get(f"/v1/views/{name}", params=query))
    return answer


def total(answer: dict[str, Any]) -> Decimal:
    return sum((Decimal(item["amount"]) for item in answer["items"]), Decimal(0))


def test_without_a_period_the_newest_published_one_is_seen(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    answer = view(allocation, "finance")
    assert answer["periods"] == ["2026-02"]
    assert answer["runs"] == [runs[1]["id"]]
    assert answer["currency"] == "EUR"


def test_pools_towers_and_consumers_add_up_to_the_runs_own_totals(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    totals = runs[0]["totals"]["cost"]
    finance = view(allocation, "finance", period="2026-01")
    assert total(finance) == Decimal(totals["input"]) - 7, "7.00 of the lines found no pool"
    consumers = view(allocation, "consumers", period="2026-01")
    assert total(consumers) == Decimal(totals["consumers"]) == Decimal(consumers["total"])
    assert Decimal(consumers["unallocated"]) == Decimal(totals["unallocated"])
    for item in consumers["items"]:
        parts = sum(Decimal(part["amount"]) for part in item["solutions"])
        assert parts == Decimal(item["amount"])


def test_a_stretch_of_months_adds_up_with_its_trend(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    both = view(allocation, "solutions", **{"from": "2026-01", "to": "2026-02"})
    assert both["periods"] == list(PERIODS)
    for item in both["items"]:
        trend = sum(Decimal(point["amount"]) for point in item["trend"])
        assert trend == Decimal(item["amount"]) == Decimal(item["tco"])
        given = sum(Decimal(each["amount"]) for each in item["consumers"])
        assert given == Decimal(item["amount"])


def test_unit_cost_is_amount_by_quantity(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    items = {i["code"]: i for i in view(allocation, "technology", period="2026-01")["items"]}
    desk = items["DESK"]
    assert (desk["amount"], desk["quantity"], desk["unit"]) == ("45", "3", "seat")
    assert desk["unit_cost"] == "15"
    assert items["COMPUTE"]["unit_cost"] is None


def test_levels_and_tags_gather(allocation: ServiceUnderTest, runs: list[dict[str, Any]]) -> None:
    roots = view(allocation, "consumers", period="2026-01", level=1)
    assert {item["code"] for item in roots["items"]} == {"GROUP", "WEST"}
    tagged = view(allocation, "technology", period="2026-01", group_by="tags.kind")
    assert {item["key"] for item in tagged["items"]} == {"people", ""}
    assert Decimal(tagged["total"]) == total(view(allocation, "technology", period="2026-01"))


def test_names_come_in_the_callers_language(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    answer = allocation.get("/v1/views/finance", headers={"Accept-Language": "zh-CN"})
    assert {item["name"] for item in answer.json()["items"]} == {"中CLOUD", "中STAFF"}


def test_the_flow_balances_at_every_node(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    flow = view(allocation, "flow", period="2026-01")
    for node in flow["nodes"]:
        into = sum(Decimal(x["amount"]) for x in flow["links"] if x["target"] == node["id"])
        out = sum(Decimal(x["amount"]) for x in flow["links"] if x["source"] == node["id"])
        if node["layer"] in {"resource", "solution", "consumer", "unallocated"}:
            assert into == Decimal(node["amount"]), node
        if node["layer"] in {"pool", "resource", "solution", "line"}:
            assert out == Decimal(node["amount"]), node


def test_a_bound_caller_sees_its_own_part_and_nothing_else(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    east = allocation.as_caller(a_key(["allocation:read"], consumers=["GROUP"]))
    own = ok(allocation.get("/v1/views/consumers", headers=east))
    assert [item["code"] for item in own["items"]] == ["EAST"]
    assert own["total"] == own["items"][0]["amount"]
    assert own["unallocated"] == "0"
    for name in ("finance", "technology", "solutions", "flow"):
        assert allocation.get(f"/v1/views/{name}", headers=east).status_code == 403


def test_a_view_is_also_a_csv(allocation: ServiceUnderTest, runs: list[dict[str, Any]]) -> None:
    answer = allocation.get("/v1/views/finance", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0].startswith("key,code,name,amount,share")


def test_an_unpublished_month_is_empty_and_odd_questions_are_refused(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    assert view(allocation, "finance", period="2025-01")["items"] == []
    for query in (
        {"from": "2026-01"},
        {"from": "2026-02", "to": "2026-01"},
        {"period": "2026-01", "from": "2026-01", "to": "2026-01"},
        {"measure": "kwh", "period": "2026-01"},
    ):
        assert allocation.get("/v1/views/finance", params=query).status_code == 422
    assert allocation.get(f"/v1/views/finance?run={a_missing_id()}").status_code == 404


def a_missing_id() -> str:
    return "01970000-0000-7000-8000-000000000000"
