"""Emission factors, operational carbon, kinds of exchange rates, and replays of all of it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_runs import a_line, ok, send_bulk
from tests.running import ServiceUnderTest, a_key

PERIOD = "2026-01"
FACTOR = {
    "code": "grid-gb",
    "region": "GB",
    "scope": "2",
    "basis": "location",
    "valid_from": "2026-01",
    "kg_per_kwh": "0.2",
}
RESOURCES = [
    {"code": "LONDON", "attributes": {"region": "GB"}},
    {"code": "PARIS", "attributes": {"region": "FR"}},
    {"code": "CELLAR"},
]
MAPPINGS = [
    {"code": "all", "stage": "line_to_pool", "priority": 1, "source": {}, "method": "direct",
     "target": {"object": "IT"}},
    {"code": "site", "stage": "pool_to_resource", "priority": 1, "source": {}, "method": "direct",
     "target": {"object": "LONDON"}},
    {"code": "use", "stage": "resource_to_consumer", "priority": 1, "source": {},
     "method": "fixed", "target": {"shares": {"EAST": "75", "WEST": "25"}}},
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def model(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    objects: dict[str, list[dict[str, Any]]] = {
        "cost-pools": [{"code": "IT"}],
        "resources": RESOURCES,
        "consumers": [{"code": "EAST"}, {"code": "WEST"}],
    }
    for collection, members in objects.items():
        named = [{"names": {"en": str(one["code"])}, **one} for one in members]
        send_bulk(allocation, collection, named)
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    send_bulk(
        ingest, "cost-lines", [a_line(1, amount="100"), a_line(2, amount="10", currency="USD")]
    )
    rates = [("USD", "EUR", "average", "0.5"), ("USD", "EUR", "closing", "0.25"),
             ("EUR", "GBP", "average", "0.8")]  # fmt: skip
    send_bulk(
        ingest,
        "exchange-rates",
        [{"period": PERIOD, "from": f, "to": t, "kind": k, "rate": r} for f, t, k, r in rates],
    )
    send_bulk(
        ingest,
        "drivers",
        [
            {"code": "meter", "names": {"en": "Meter"}, "unit": "kWh", "measure": "kwh"},
            {"code": "build", "names": {"en": "Build"}, "measure": "co2e_embodied"},
        ],
    )
    energy(ingest, LONDON="100", PARIS="10")


def energy(ingest: ServiceUnderTest, **used: str) -> None:
    items = [{"target": code, "quantity": quantity} for code, quantity in used.items()]
    feed = {"driver": "meter", "period": PERIOD, "items": items}
    ok(ingest.post("/v1/driver-quantities/replace", json=feed))


def factor(allocation: ServiceUnderTest, **fields: str) -> None:
    send_bulk(allocation, "emission-factors", [FACTOR | fields])


def run_of(allocation: ServiceUnderTest, **fields: Any) -> dict[str, Any]:
    asked = {"period": PERIOD, "currency": "EUR"} | fields
    made = ok(allocation.post("/v1/runs", json=asked), 202)
    allocation.run_jobs()
    run: dict[str, Any] = ok(allocation.get(f"/v1/runs/{made['id']}"))
    return run


def carbon_run(allocation: ServiceUnderTest, **fields: Any) -> dict[str, Any]:
    return run_of(allocation, measures=["co2e_operational"], **fields)


def bill(allocation: ServiceUnderTest, run: dict[str, Any], consumer: str) -> str:
    query = {"measure": "co2e_operational", "layer": "consumer", "code": consumer}
    items = ok(allocation.get(f"/v1/runs/{run['id']}/balances", params=query))["items"]
    return str(items[0]["received"])


def test_a_factor_is_known_by_region_scope_basis_and_month(allocation: ServiceUnderTest) -> None:
    one = FACTOR | {"region": "NO", "code": "grid-no"}

    def put(**fields: Any) -> Any:
        body = {"items": [one | fields]}
        return ok(allocation.post("/v1/emission-factors/bulk", json=body))["results"][0]

    assert put()["status"] == "created"
    assert put(scope="Scope 2")["status"] == "unchanged"
    assert put(kg_per_kwh="0.03")["status"] == "updated"
    assert put(valid_from="2026-02")["status"] == "created"
    assert put(code="other")["error"]["code"] == "factor_taken"
    assert put(kg_per_kwh="-1")["error"]["errors"][0]["pointer"] == "/items/0/kg_per_kwh"
    listed = ok(allocation.get("/v1/emission-factors", params={"region": "NO"}))["items"]
    assert [(row["valid_from"], row["kg_per_kwh"]) for row in listed] == [
        ("2026-01", "0.03"),
        ("2026-02", "0.2"),
    ]


def test_a_factor_sent_twice_at_once_is_kept_once(allocation: ServiceUnderTest) -> None:
    twice = [FACTOR | {"region": "SE", "kg_per_kwh": kg} for kg in ("0.1", "0.2")]
    send_bulk(allocation, "emission-factors", twice)
    (row,) = ok(allocation.get("/v1/emission-factors", params={"region": "SE"}))["items"]
    assert row["kg_per_kwh"] == "0.2"
    table = allocation.get("/v1/emission-factors?region=SE", headers={"Accept": "text/csv"}).text
    assert table.splitlines()[1] == "grid-gb,SE,2,location,2026-01,0.2"


def test_a_withdrawn_factor_is_gone(allocation: ServiceUnderTest) -> None:
    factor(allocation, region="DK")
    (row,) = ok(allocation.get("/v1/emission-factors", params={"region": "DK"}))["items"]
    path = f"/v1/emission-factors/{row['id']}"
    assert allocation.delete(path).status_code == 428
    assert allocation.delete(path, headers={"If-Match": row["etag"]}).status_code == 204
    assert allocation.get(path).status_code == 404
    assert ok(allocation.get("/v1/emission-factors", params={"region": "DK"}))["items"] == []


def test_a_bound_caller_sees_no_factors(allocation: ServiceUnderTest) -> None:
    bound = allocation.as_caller(a_key(["allocation:write"], ["EAST"]))
    assert allocation.get("/v1/emission-factors", headers=bound).status_code == 403


def test_energy_without_a_factor_refuses_the_run_and_names_the_resource(
    allocation: ServiceUnderTest,
) -> None:
    factor(allocation)
    run = carbon_run(allocation)
    assert run["status"] == "failed"
    assert run["problem"]["code"] == "missing_emission_factor"
    (error,) = run["problem"]["errors"]
    assert error["message"] == "PARIS: FR has no location factor by 2026-01"


def test_energy_without_a_factor_can_be_set_aside_and_is_told(
    allocation: ServiceUnderTest,
) -> None:
    run = carbon_run(allocation, on_missing_rate="set_aside")
    assert run["totals"]["co2e_operational"]["input"] == "20"
    (finding,) = [one for one in run["findings"] if one["code"] == "missing_emission_factor"]
    assert (finding["details"]["kwh"], finding["details"]["resources"]) == ("10", 1)
    told = ok(allocation.get(f"/v1/runs/{run['id']}", headers={"Accept-Language": "zh-CN"}))
    assert "10 kWh 没有排放因子，未计入运营碳排放" in [one["message"] for one in told["findings"]]
    again = carbon_run(allocation, as_of=run["id"])
    plainly = run_of(allocation, as_of=run["id"])
    assert plainly["measures"] == run["measures"]
    assert plainly["fingerprint"] == run["fingerprint"]
    assert (again["status"], again["findings"]) == ("succeeded", run["findings"])


def test_carbon_is_energy_times_the_newest_factor_of_every_scope(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    factor(allocation, code="grid-fr", region="FR", kg_per_kwh="0.05")
    factor(allocation, code="older", valid_from="2025-01", kg_per_kwh="9")
    factor(allocation, code="later", valid_from="2026-02", kg_per_kwh="8")
    factor(allocation, code="losses", scope="3", kg_per_kwh="0.018")
    factor(allocation, code="contract", basis="market", kg_per_kwh="0.001")
    run = carbon_run(allocation)
    assert run["totals"]["co2e_operational"]["input"] == "22.3"  # 100 x 0.218 + 10 x 0.05
    assert bill(allocation, run, "EAST") == "16.725"
    assert run["measures"] == ["cost", "co2e_operational"]
    factor(allocation, code="contract-fr", region="FR", basis="market", kg_per_kwh="0")
    market = carbon_run(allocation, emission_basis="market")
    assert market["emission_basis"] == "market"
    assert market["totals"]["co2e_operational"]["input"] == "0.1"


def test_a_resource_that_used_nothing_needs_no_factor(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    energy(ingest, LONDON="100", CELLAR="0")
    assert carbon_run(allocation)["status"] == "succeeded"
    energy(ingest, LONDON="100", PARIS="10")


def test_a_changed_factor_makes_only_carbon_runs_stale(allocation: ServiceUnderTest) -> None:
    plain, carbon = run_of(allocation), carbon_run(allocation)
    factor(allocation, kg_per_kwh="0.21")
    assert ok(allocation.get(f"/v1/runs/{plain['id']}"))["stale"] is False
    assert ok(allocation.get(f"/v1/runs/{carbon['id']}"))["stale"] is True
    assert carbon_run(allocation)["fingerprint"] != carbon["fingerprint"]


def test_a_replay_takes_everything_from_the_run_that_it_repeats(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    measures = ["kwh", "co2e_operational", "co2e_embodied"]
    base = run_of(allocation, measures=measures)
    factor(allocation, kg_per_kwh="0.3")
    energy(ingest, LONDON="999")
    rate = {"period": PERIOD, "from": "USD", "to": "EUR", "kind": "average", "rate": "7"}
    send_bulk(ingest, "exchange-rates", [rate])
    send_bulk(ingest, "cost-lines", [a_line(3, amount="1")])
    moved = [{"code": "LONDON", "names": {"en": "L"}, "attributes": {"region": "FR"}},
             {"code": "TOKYO", "names": {"en": "T"}}]  # fmt: skip
    send_bulk(allocation, "resources", moved)
    driver = ok(ingest.get("/v1/drivers?code=meter"))["items"][0]
    changed = {"measure": "co2e_embodied", "basis": "estimated"}
    match = {"If-Match": driver["etag"]}
    ok(ingest.patch(f"/v1/drivers/{driver['id']}", json=changed, headers=match))
    again = run_of(allocation, measures=measures, as_of=base["id"])
    assert again["fingerprint"] == base["fingerprint"]
    assert again["output_hash"] == base["output_hash"]
    driver = ok(ingest.get("/v1/drivers?code=meter"))["items"][0]
    back = {"measure": "kwh", "basis": "measured"}
    match = {"If-Match": driver["etag"]}
    ok(ingest.patch(f"/v1/drivers/{driver['id']}", json=back, headers=match))


def test_a_replay_on_another_basis_takes_the_factors_of_that_time(
    allocation: ServiceUnderTest,
) -> None:
    french = {"code": "contract-fr", "region": "FR", "basis": "market"}
    factor(allocation, **french, kg_per_kwh="0.002")
    base = carbon_run(allocation, on_missing_rate="set_aside")
    factor(allocation, code="grid-fr", region="FR", kg_per_kwh="0.9")
    factor(allocation, **french, kg_per_kwh="5")
    again = carbon_run(allocation, as_of=base["id"])
    assert again["totals"] == base["totals"]
    assert again["findings"] == base["findings"]
    market = carbon_run(allocation, as_of=base["id"], emission_basis="market")
    assert market["totals"]["co2e_operational"]["input"] == "1.998"  # 999 x 0.002


def test_a_run_takes_closing_rates_when_asked(allocation: ServiceUnderTest) -> None:
    run = run_of(allocation, rate_kind="closing")
    assert run["rate_kind"] == "closing"
    assert run["totals"]["cost"]["lines"] == "103.5"  # 101 + 10 x 0.25


def test_a_missing_rate_is_named_with_what_there_is_instead(allocation: ServiceUnderTest) -> None:
    run = run_of(allocation, currency="GBP", rate_kind="closing")
    assert run["problem"]["code"] == "missing_rate"
    assert [one["message"] for one in run["problem"]["errors"]] == [
        "2026-01 has no closing exchange rate from EUR to GBP"
        " (only a rate of kind average from EUR to GBP)",
        "2026-01 has no closing exchange rate from USD to GBP",
    ]
    aside = run_of(allocation, currency="USD", on_missing_rate="set_aside")
    assert Decimal(aside["unconverted"][0]["amount"]) == 101
