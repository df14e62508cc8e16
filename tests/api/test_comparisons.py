"""Why two runs differ, over HTTP: parts that add up, of the factor that was changed."""

from decimal import Decimal
from typing import Any

import pytest

from tests.modelling import ok, send_all
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
FACTORS = ["spend", "exchange_rate", "volume", "driver_mix", "mapping", "taxonomy"]
OBJECTS = {
    "cost-pools": [{"code": "CLOUD"}, {"code": "STAFF"}],
    "resources": [{"code": "COMPUTE"}, {"code": "DESK"}],
    "solutions": [{"code": "ERP"}, {"code": "CRM"}],
    "consumers": [{"code": "GROUP"}, {"code": "EAST", "parent": "GROUP"}, {"code": "WEST"}],
}
MAPPINGS = [
    {"code": "cloud", "stage": "line_to_pool", "source": {"account": "cloud"},
     "method": "direct", "target": {"object": "CLOUD"}},
    {"code": "staff", "stage": "line_to_pool", "source": {"account": "staff"},
     "method": "direct", "target": {"object": "STAFF"}},
    {"code": "apps", "stage": "pool_to_resource", "source": {"code": "CLOUD"},
     "method": "direct", "target": {"object": "COMPUTE"}},
    {"code": "desk", "stage": "pool_to_resource", "source": {"code": "STAFF"},
     "method": "direct", "target": {"object": "DESK"}},
    {"code": "compute", "stage": "resource_to_solution", "source": {"code": "COMPUTE"},
     "method": "fixed", "target": {"shares": {"ERP": "75", "CRM": "25"}}},
    {"code": "help", "stage": "resource_to_consumer", "source": {"code": "DESK"},
     "method": "driver", "driver": "seats", "target": {}},
    {"code": "use", "stage": "solution_to_consumer", "source": {},
     "method": "driver", "driver": "usage", "target": {}},
]  # fmt: skip
FIRST, SECOND = "2026-01", "2026-02"
LINES = [
    {"external_id": "1", "account": "cloud", "amount": "100", "currency": "EUR"},
    {"external_id": "2", "account": "cloud", "amount": "40", "currency": "USD"},
    {"external_id": "3", "account": "staff", "amount": "90", "currency": "EUR"},
]
QUANTITIES = {"seats": {"EAST": "2", "WEST": "1"}, "usage": {"EAST": "3", "WEST": "1"}}


class Company:
    """The model, its facts of a month and runs of it."""

    def __init__(self, allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
        self.allocation, self.ingest = allocation, ingest

    def lines(self, period: str, lines: list[Json]) -> None:
        usual = {"source": "erp", "period": period}
        send_all(self.ingest, "cost-lines", [usual | line for line in lines])

    def quantities(self, period: str, driver: str, quantities: dict[str, str]) -> None:
        items = [
            {"driver": driver, "period": period, "target": target, "quantity": quantity}
            for target, quantity in quantities.items()
        ]
        send_all(self.ingest, "driver-quantities", items)

    def rate(self, period: str, rate: str) -> None:
        item = {"period": period, "from": "USD", "to": "EUR", "kind": "average", "rate": rate}
        send_all(self.ingest, "exchange-rates", [item])

    def month(self, period: str) -> None:
        self.lines(
            period, [{**line, "external_id": line["external_id"] + period} for line in LINES]
        )
        for driver, quantities in QUANTITIES.items():
            self.quantities(period, driver, quantities)
        self.rate(period, "0.5")

    def publish(self) -> str:
        (draft,) = ok(self.allocation.get("/v1/model-versions?status=draft"))["items"]
        ok(self.allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
        return str(draft["id"])

    def run(self, period: str, **fields: Any) -> str:
        asked = {"period": period, "currency": "EUR"} | fields
        made = ok(self.allocation.post("/v1/runs", json=asked))
        self.allocation.run_jobs()
        run = ok(self.allocation.get(f"/v1/runs/{made['id']}"))
        assert run["status"] == "succeeded", run
        return str(run["id"])

    def compare(self, run: str, base: str, **query: Any) -> Json:
        path = f"/v1/runs/{run}/compare"
        found: Json = ok(self.allocation.get(path, params={"base": base, **query}))
        return found


@pytest.fixture(scope="module")
def company(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Company:
    for collection, members in OBJECTS.items():
        items = [{"names": {"en": f"The {one['code']}"}, **one} for one in members]
        send_all(allocation, collection, items)
    send_all(allocation, "mappings", MAPPINGS)
    drivers = [
        {"code": code, "names": {"en": code}, "unit": "each"} for code in (*QUANTITIES, "heads")
    ]
    send_all(ingest, "drivers", drivers)
    found = Company(allocation, ingest)
    found.publish()
    found.month(FIRST)
    return found


@pytest.fixture(scope="module")
def base(company: Company) -> str:
    return company.run(FIRST)


def parts(item: Json) -> dict[str, str]:
    """The parts that are not zero, after checking that they add up."""
    assert list(item["parts"]) == FACTORS
    added = sum(Decimal(part) for part in item["parts"].values())
    assert added == Decimal(item["difference"])
    assert added == Decimal(item["after"]) - Decimal(item["before"])
    return {factor: part for factor, part in item["parts"].items() if part != "0"}


def items_of(found: Json) -> dict[str | None, Json]:
    return {item["code"]: item for item in found["items"]}


def test_the_same_month_again_differs_in_nothing(company: Company, base: str) -> None:
    found = company.compare(base, base)
    assert found["changed"] == []
    assert len(found["items"]) == 10
    assert all(parts(item) == {} for item in [*found["items"], found["total"]])


def test_more_spend_and_a_higher_rate_have_parts_of_their_own(company: Company, base: str) -> None:
    company.month("2026-02")
    company.lines(
        "2026-02", [{"external_id": "x", "account": "staff", "amount": "30", "currency": "EUR"}]
    )
    company.rate("2026-02", "0.75")
    run = company.run("2026-02")
    found = company.compare(run, base)
    assert (found["period"], found["base_period"]) == ("2026-02", "2026-01")
    assert found["changed"] == ["spend", "exchange_rate"]
    items = items_of(found)
    assert parts(items["EAST"]) == {"spend": "20", "exchange_rate": "7.5"}
    assert parts(items["WEST"]) == {"spend": "10", "exchange_rate": "2.5"}
    assert parts(items["STAFF"]) == {"spend": "30"}
    assert parts(items[None]) == parts(found["total"]) == {"spend": "30", "exchange_rate": "10"}
    assert parts(found["totals"]["consumers"]) == {"spend": "30", "exchange_rate": "10"}
    assert parts(found["totals"]["unallocated"]) == {}


def test_shares_of_a_driver_are_its_mix_and_a_total_alone_moves_nothing(
    company: Company, base: str
) -> None:
    company.month("2026-03")
    company.quantities("2026-03", "seats", {"EAST": "20", "WEST": "10"})
    company.quantities("2026-03", "usage", {"EAST": "1", "WEST": "3"})
    found = company.compare(company.run("2026-03"), base)
    assert parts(items_of(found)["EAST"]) == {"driver_mix": "-60"}
    assert parts(found["total"]) == {}


def test_a_new_consumer_is_taxonomy_and_a_new_mapping_is_mapping(
    company: Company, base: str
) -> None:
    company.month("2026-04")
    company.quantities("2026-04", "usage", {"NORTH": "4"})
    north = {"code": "NORTH", "names": {"en": "North"}, "valid_from": "2026-04"}
    send_all(company.allocation, "consumers", [north])
    shares = {"shares": {"EAST": "50", "WEST": "50"}}
    desk = {**MAPPINGS[5], "method": "fixed", "target": shares, "valid_from": "2026-04"}
    del desk["driver"]
    send_all(company.allocation, "mappings", [desk])
    company.publish()
    found = company.compare(company.run("2026-04"), base)
    items = items_of(found)
    assert parts(items["NORTH"]) == {"taxonomy": "60"}
    assert parts(items["EAST"]) == {"driver_mix": "-45", "mapping": "-15"}
    totals = found["totals"]
    assert parts(totals["unallocated"]) == {"driver_mix": "60", "taxonomy": "-60"}


def test_a_mapping_that_looks_at_other_fields_and_drivers_is_mapping_only(
    company: Company, base: str
) -> None:
    tagged = [
        {**line, "external_id": f"{line['external_id']}-5", "cost_center": f"K{place}"}
        for place, line in enumerate(LINES)
    ]
    company.lines("2026-05", tagged)
    for driver, quantities in QUANTITIES.items():
        company.quantities("2026-05", driver, quantities)
    company.quantities("2026-05", "heads", {"DESK": "1", "COMPUTE": "3"})
    company.rate("2026-05", "0.333333")
    before = company.run("2026-05")
    apps = {**MAPPINGS[2], "source": {"cost_center": "K0"}, "method": "driver", "driver": "heads"}
    apps["target"] = {}
    send_all(company.allocation, "mappings", [apps])
    company.publish()
    after = company.run("2026-05")
    found = company.compare(after, before)
    assert found["changed"] == ["mapping"]
    assert set(parts(items_of(found)["COMPUTE"])) == {"mapping"}
    back = company.compare(before, after)
    assert back["changed"] == ["mapping"]


def test_the_largest_difference_comes_first_and_lists_come_in_pages(
    company: Company, base: str
) -> None:
    run = company.run("2026-02")
    whole = company.compare(run, base)["items"]
    sizes = [abs(Decimal(item["difference"])) for item in whole]
    assert sizes == sorted(sizes, reverse=True)
    first = company.compare(run, base, limit=4)
    rest = company.compare(run, base, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == whole
    only = company.compare(run, base, layer="consumer", sort="-spend,code", code="EAST")
    assert [item["name"] for item in only["items"]] == ["The EAST"]
    table = company.allocation.get(
        f"/v1/runs/{run}/compare?base={base}", headers={"Accept": "text/csv"}
    ).text.splitlines()
    assert table[0] == "layer,code,name,before,after,difference," + ",".join(FACTORS)
    assert len(table) == len(whole) + 1


def test_runs_that_cannot_be_compared_are_refused(company: Company, base: str) -> None:
    path = f"/v1/runs/{base}/compare"
    nobody = "01890a5d-ac96-774b-bcce-b302099a8057"
    company.rate("2026-01", "0.5")
    dollars = {"period": FIRST, "from": "EUR", "to": "USD", "kind": "average", "rate": "2"}
    send_all(company.ingest, "exchange-rates", [dollars])
    other = company.run(FIRST, currency="USD")
    budget = company.run(FIRST, scenario="budget")
    for query, code in (
        ({"base": other}, "other_currency"),
        ({"base": budget}, "other_scenario"),
        ({"base": nobody}, "unknown_code"),
        ({"base": base, "measure": "kwh"}, "measure_not_in_run"),
        ({"base": base, "sort": "amount"}, "bad_sort"),
    ):
        answer = company.allocation.get(path, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    body = {"run": base, "base": other, "method": "shapley"}
    answer = company.allocation.post("/v1/comparisons", json=body)
    assert answer.json()["errors"][0]["pointer"] == "/base"


def test_a_stored_comparison_averages_over_all_orders(company: Company, base: str) -> None:
    company.month("2026-06")
    company.lines(
        "2026-06", [{"external_id": "y", "account": "cloud", "amount": "30", "currency": "EUR"}]
    )
    company.quantities("2026-06", "usage", {"EAST": "1", "WEST": "3"})
    run = company.run("2026-06")
    body = {"run": run, "base": base, "method": "shapley"}
    made = ok(company.allocation.post("/v1/comparisons", json=body))
    path = f"/v1/comparisons/{made['id']}"
    waiting = ok(company.allocation.get(path))
    assert (waiting["status"], waiting["total"], waiting["items"]) == ("queued", None, [])
    company.allocation.run_jobs()
    found = ok(company.allocation.get(path))
    assert (found["status"], found["measures"], found["method"]) == (
        "succeeded",
        ["cost"],
        "shapley",
    )
    for item in [*found["items"], *found["totals"].values()]:
        parts(item)
    in_order = parts(items_of(company.compare(run, base))["EAST"])
    averaged = parts(items_of(found)["EAST"])
    assert in_order.keys() == averaged.keys()
    assert in_order != averaged
    listed = ok(company.allocation.get("/v1/comparisons", params={"run": run}))["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    csv = company.allocation.get(path, headers={"Accept": "text/csv"}).text
    assert len(csv.splitlines()) == len(found["items"]) + 1


def test_a_caller_bound_to_consumers_sees_only_why_its_own_bill_changed(
    company: Company, base: str
) -> None:
    run = company.run("2026-02")
    key = company.allocation.as_caller(a_key(["allocation:read", "allocation:write"], ["GROUP"]))
    path = f"/v1/runs/{run}/compare?base={base}"
    found = ok(company.allocation.get(path, headers=key))
    assert {item["code"] for item in found["items"]} == {"GROUP", "EAST"}
    assert found["totals"] is None
    assert found["total"]["after"] == items_of(found)["EAST"]["after"]
    for answer in (
        company.allocation.get("/v1/comparisons", headers=key),
        company.allocation.post("/v1/comparisons", json={"run": run, "base": base}, headers=key),
    ):
        assert answer.status_code == 403


def impact(company: Company, version: str, **asked: Any) -> Json:
    path = f"/v1/model-versions/{version}/impact"
    found: Json = ok(company.allocation.post(path, json=asked))
    return found


def test_the_impact_of_a_draft_is_what_a_run_of_it_will_differ_by(
    company: Company, base: str
) -> None:
    company.lines(
        "2026-07",
        [{**line, "external_id": f"{line['external_id']}-7", "project": "N"} for line in LINES],
    )
    for driver, quantities in QUANTITIES.items():
        company.quantities("2026-07", driver, quantities)
    company.rate("2026-07", "0.5")
    before = company.run("2026-07")
    send_all(company.allocation, "consumers", [{"code": "LATER", "names": {"en": "Later"}}])
    later = {"code": "later", "stage": "pool_to_consumer", "priority": 1, "portion": "50",
             "source": {"project": "N", "code": "STAFF"}, "method": "direct",
             "target": {"object": "LATER"}}  # fmt: skip
    send_all(company.allocation, "mappings", [later])
    (draft,) = ok(company.allocation.get("/v1/model-versions?status=draft"))["items"]
    runs_before = ok(company.allocation.get("/v1/runs"))["items"]
    found = impact(company, draft["id"], run=before)
    assert impact(company, draft["id"], run=before, layer="consumer")["items"][0] == {
        "layer": "consumer", "code": "LATER", "name": "Later",
        "before": "0", "after": "45", "delta": "45",
    }  # fmt: skip
    assert ok(company.allocation.get("/v1/runs"))["items"] == runs_before
    assert len(impact(company, draft["id"], run=before, limit=1)["items"]) == 1
    company.publish()
    after = items_of(company.compare(company.run("2026-07"), before))
    changed = {
        code: item["difference"] for code, item in after.items() if item["difference"] != "0"
    }
    assert {item["code"]: item["delta"] for item in found["items"]} == changed
    assert found["changed"] == len(changed)


def test_the_impact_says_what_would_become_unallocated(company: Company, base: str) -> None:
    run = company.run("2026-07")
    stopped = {**MAPPINGS[3], "portion": "60"}
    send_all(company.allocation, "mappings", [stopped])
    (draft,) = ok(company.allocation.get("/v1/model-versions?status=draft"))["items"]
    unpublished = company.allocation.post(f"/v1/model-versions/{draft['id']}/impact", json={})
    assert unpublished.json()["code"] == "no_published_run"
    ok(company.allocation.post(f"/v1/runs/{run}/publish"))
    found = impact(company, draft["id"])
    assert found["run"] == run
    (left,) = found["unallocated"]
    assert (left["layer"], left["code"], left["reason"]) == ("pool", "STAFF", "no_mapping")
    assert (left["before"], left["after"], left["delta"]) == ("0", "18", "18")
    assert found["totals"]["cost"]["unallocated"]["delta"] == "18"
    assert found["totals"]["cost"]["consumers"]["delta"] == "-18"
    assert {item["layer"] for item in impact(company, draft["id"], layer="consumer")["items"]} == {
        "consumer"
    }
