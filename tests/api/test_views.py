"""Views over HTTP: the figures of a run as finance, technology and consumers want to see them."""

from decimal import Decimal
from typing import Any

import pytest

from shared.contracts.allocation.views import (
    ConsumersView,
    FinanceView,
    FlowView,
    SolutionsView,
    TechnologyView,
)
from shared.contracts.values import Contract
from tests.api.test_runs import LINES, MAPPINGS, OBJECTS, a_line, a_run, ok, send_bulk
from tests.running import ServiceUnderTest, a_key

VIEWS: dict[str, type[Contract]] = {
    "finance": FinanceView,
    "technology": TechnologyView,
    "solutions": SolutionsView,
    "consumers": ConsumersView,
    "flow": FlowView,
}
PERIODS = ("2026-01", "2026-02")


@pytest.fixture(scope="module")
def runs(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> list[dict[str, Any]]:
    return two_published_months(allocation, ingest)


def two_published_months(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> list[dict[str, Any]]:
    """Two published months of the company of test_runs; its units are counted in seats."""
    for collection, members in OBJECTS.items():
        items = [
            {"names": {"en": one["code"], "zh-CN": f"中{one['code']}"}, **one} for one in members
        ]
        for item in items:
            if item["code"] == "DESK":
                item |= {"unit_driver": "seats", "capacity_driver": "desks"}
                item |= {"tags": {"kind": "people"}, "owner": "it-ops"}
            if item["code"] in {"EAST", "WEST"}:
                item |= {"unit_driver": "seats"}
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
        desks = {"driver": "desks", "period": period, "target": "DESK", "quantity": "4"}
        send_bulk(ingest, "drivers", [{"code": "desks", "names": {"en": "Desks"}}])
        send_bulk(ingest, "driver-quantities", [desks])
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
    VIEWS[name].model_validate(answer)
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


def test_a_unit_cost_follows_what_the_run_saw_not_what_came_later(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    late = {"driver": "seats", "period": "2026-02", "target": "DESK", "quantity": "5"}
    send_bulk(ingest, "driver-quantities", [late])
    (desk,) = view(allocation, "technology", period="2026-02", code="DESK")["items"]
    assert (desk["quantity"], desk["unit_cost"]) == ("3", "15")
    assert (desk["capacity"], desk["utilisation"]) == ("4", "0.75")
    both = {"from": "2026-01", "to": "2026-02", "code": "DESK"}
    (desk,) = view(allocation, "technology", **both)["items"]
    assert (desk["amount"], desk["quantity"], desk["unit_cost"]) == ("90", "6", "15")


def test_gathered_objects_have_a_unit_cost_when_they_count_in_the_same_unit(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    roots = view(allocation, "consumers", period="2026-01", level=1)
    items = {item["code"]: item for item in roots["items"]}
    assert (items["GROUP"]["quantity"], items["GROUP"]["unit_cost"]) == ("2", "48.33")
    tagged = view(allocation, "technology", period="2026-01", group_by="tags.kind")
    quantities = {item["key"]: item["quantity"] for item in tagged["items"]}
    assert quantities == {"people": "3", "": None}


def test_a_single_month_has_the_months_before_it_in_its_trend(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    for name in ("finance", "technology", "solutions", "consumers"):
        for item in view(allocation, name, period="2026-02")["items"]:
            assert [point["period"] for point in item["trend"]] == list(PERIODS)
            assert item["trend"][-1]["amount"] == item["amount"]
        for item in view(allocation, name, period="2026-01")["items"]:
            assert [point["period"] for point in item["trend"]] == ["2026-01"]


def test_the_months_run_totals_stand_beside_every_view(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    for name in ("finance", "technology", "solutions", "consumers"):
        assert view(allocation, name, run=runs[0]["id"])["totals"] == runs[0]["totals"]["cost"]
    technology = view(allocation, "technology", period="2026-01")
    for item in technology["items"]:
        assert Decimal(item["retained"]) == Decimal(item["unallocated"]) == 0


def test_lines_are_found_sorted_and_paged(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    def codes(**query: Any) -> list[str]:
        return [item["code"] for item in view(allocation, "consumers", period="2026-01", **query)
                ["items"]]  # fmt: skip

    assert codes() == ["EAST", "WEST"]
    assert codes(sort="-code") == ["WEST", "EAST"]
    assert codes(sort="unit_cost,code") == ["EAST", "WEST"]
    assert codes(under="GROUP") == ["EAST"]
    assert codes(under="GROUP", level=1) == ["GROUP"]
    assert codes(code="WEST") == ["WEST"]
    assert codes(q="eas") == ["EAST"]
    first = view(allocation, "consumers", period="2026-01", limit=1)
    assert first["total"] == "144.99"
    rest = view(allocation, "consumers", period="2026-01", limit=1, cursor=first["next_cursor"])
    assert [item["code"] for item in rest["items"]] == ["WEST"]
    assert rest["next_cursor"] is None
    for query in ({"sort": "surprise"}, {"limit": 0}, {"group_by": "names"}):
        assert allocation.get("/v1/views/consumers", params=query).status_code == 422
    foreign = {"period": "2026-02", "cursor": first["next_cursor"]}
    assert allocation.get("/v1/views/consumers", params=foreign).status_code == 400


def test_parts_that_are_not_listed_are_counted(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    for item in view(allocation, "consumers", period="2026-01", parts=1)["items"]:
        (largest,) = item["solutions"]
        assert Decimal(largest["amount"]) + Decimal(item["solutions_rest"]) == Decimal(
            item["amount"]
        )


def test_levels_and_tags_gather(allocation: ServiceUnderTest, runs: list[dict[str, Any]]) -> None:
    roots = view(allocation, "consumers", period="2026-01", level=1)
    assert {item["code"] for item in roots["items"]} == {"GROUP", "WEST"}
    tagged = view(allocation, "technology", period="2026-01", group_by="tags.kind")
    assert {item["key"] for item in tagged["items"]} == {"people", ""}
    assert Decimal(tagged["total"]) == total(view(allocation, "technology", period="2026-01"))
    owned = view(allocation, "technology", period="2026-01", group_by="owner")
    assert {item["name"] for item in owned["items"]} == {"it-ops", "(none)"}


def test_a_small_picture_of_the_flow_still_balances(
    allocation: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    flow = view(allocation, "flow", period="2026-01", limit=1)
    nodes = {node["id"]: node for node in flow["nodes"]}
    assert nodes["other:solution"]["count"] == 1
    assert nodes["other:solution"]["amount"] == "24.9975"
    whole = view(allocation, "flow", period="2026-01")
    for layer in ("pool", "resource", "solution", "consumer"):
        sums = [
            sum(Decimal(node["amount"]) for node in seen["nodes"] if node["layer"] == layer)
            for seen in (flow, whole)
        ]
        assert sums[0] == sums[1]
    into = sum(Decimal(x["amount"]) for x in flow["links"] if x["target"] == "other:consumer")
    assert into == Decimal(nodes["other:consumer"]["amount"])
    tagged = view(allocation, "flow", period="2026-01", group_by="tags.kind")
    assert "resource:people" in {node["id"] for node in tagged["nodes"]}
    assert allocation.get("/v1/views/flow", params={"under": "ERP"}).status_code == 422


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
    links = allocation.get("/v1/views/flow?period=2026-01", headers={"Accept": "text/csv"})
    assert "resource:DESK,DESK,consumer:EAST,EAST,30" in links.text.splitlines()
    for kind in ("application/vnd.apache.parquet", "application/vnd.openxmlformats-officedocument"
                 ".spreadsheetml.sheet"):  # fmt: skip
        for name in ("technology", "solutions", "consumers"):
            answer = allocation.get(f"/v1/views/{name}", headers={"Accept": kind})
            assert answer.status_code == 200
            assert len(answer.content) > 500


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


def test_what_a_solution_does_for_another_one_is_the_others_cost(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    platform = {
        "code": "platform", "stage": "solution_to_solution", "source": {"code": "CRM"},
        "method": "fixed", "target": {"shares": {"ERP": "100"}}, "portion": "40",
    }  # fmt: skip
    send_bulk(allocation, "mappings", [platform])
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    line = a_line(0, amount="100.00", account="cloud", tags={"unit": "EAST"}, period="2026-03")
    send_bulk(ingest, "cost-lines", [line | {"external_id": "march"}])
    run = a_run(allocation, period="2026-03")
    assert run["status"] == "succeeded", run
    solutions = view(allocation, "solutions", run=run["id"])
    assert {item["code"]: item["amount"] for item in solutions["items"]} == {
        "ERP": "85",
        "CRM": "15",
    }
    for item in solutions["items"]:
        parts = sum(Decimal(part["amount"]) for part in item["consumers"])
        assert parts == Decimal(item["tco"])
    flow = view(allocation, "flow", run=run["id"])
    assert total(solutions) == sum(
        Decimal(node["amount"]) for node in flow["nodes"] if node["layer"] == "solution"
    )


def test_energy_is_seen_as_cost_is(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, runs: list[dict[str, Any]]
) -> None:
    power = {"code": "power", "names": {"en": "Power"}, "unit": "kWh", "measure": "kwh"}
    send_bulk(ingest, "drivers", [power])
    used = {"driver": "power", "period": "2026-04", "target": "COMPUTE", "quantity": "12"}
    send_bulk(ingest, "driver-quantities", [used])
    line = a_line(0, amount="100.00", account="cloud", tags={"unit": "EAST"}, period="2026-04")
    send_bulk(ingest, "cost-lines", [line | {"external_id": "april"}])
    run = a_run(allocation, period="2026-04", measures=["cost", "kwh"])
    assert run["status"] == "succeeded", run
    for name in ("technology", "solutions", "consumers"):
        assert view(allocation, name, run=run["id"], measure="kwh")["total"] == "12"
    assert view(allocation, "finance", run=run["id"], measure="kwh")["items"] == []
    flow = view(allocation, "flow", run=run["id"], measure="kwh")
    assert {node["layer"] for node in flow["nodes"]} == {"resource", "solution", "consumer"}


def a_missing_id() -> str:
    return "01970000-0000-7000-8000-000000000000"
