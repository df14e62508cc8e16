"""Same-layer stages, rates, capacities and caps over HTTP: what moves, what stays, who is named."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_runs import a_line, a_run, balances, ok, send_bulk
from tests.running import ServiceUnderTest

PERIOD = "2026-01"
OBJECTS = {
    "cost-pools": [{"code": "LEDGER"}],
    "resources": [
        {"code": "HR"},
        {"code": "IT"},
        {"code": "HOST", "capacity_driver": "cores"},
        {"code": "DESK"},
    ],
    "consumers": [{"code": "EAST"}, {"code": "WEST"}],
}
EUROS = {"currency": "EUR"}
MAPPINGS: list[dict[str, Any]] = [
    {"code": "in", "stage": "line_to_pool", "method": "direct", "target": {"object": "LEDGER"}},
    {"code": "own", "stage": "pool_to_resource", "method": "direct", "target": {"field": "asset"}},
    {"code": "of-hr", "stage": "resource_to_resource", "source": {"code": "HR"},
     "method": "driver", "driver": "heads", "target": {}},
    {"code": "of-it", "stage": "resource_to_resource", "source": {"code": "IT"},
     "method": "driver", "driver": "machines", "target": {}},
    {"code": "hosting", "stage": "resource_to_consumer", "source": {"code": "HOST"},
     "method": "capacity", "driver": "used-cores", "target": {}},
    {"code": "desk", "stage": "resource_to_consumer", "source": {"code": "DESK"},
     "method": "rate", "driver": "tickets", "target": {},
     "rates": {"*": {"amount": "10", **EUROS}, "WEST": {"amount": "5", **EUROS}}},
]  # fmt: skip
DRIVERS = {
    "heads": {"IT": "1", "HOST": "1", "DESK": "2", "HR": "7"},
    "machines": {"HR": "1", "HOST": "3"},
    "used-cores": {"EAST": "30", "WEST": "10"},
    "cores": {"HOST": "50"},
    "tickets": {"EAST": "4", "WEST": "4"},
}


def send_model(
    allocation: ServiceUnderTest, mappings: list[dict[str, Any]], stages: dict[str, Any]
) -> str:
    send_bulk(allocation, "mappings", mappings)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    path = f"/v1/model-versions/{draft['id']}"
    ok(allocation.patch(path, json={"stages": stages}, headers={"If-Match": "*"}))
    ok(allocation.post(f"{path}/publish"))
    return str(draft["id"])


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> dict[str, Any]:
    for collection, members in OBJECTS.items():
        named = [{"names": {"en": one["code"]}, **one} for one in members]
        send_bulk(allocation, collection, named)
    amounts = [("HR", "95"), ("IT", "40"), ("HOST", "0"), ("DESK", "10")]
    rows = [
        a_line(place, amount=amount, asset=code) for place, (code, amount) in enumerate(amounts)
    ]
    send_bulk(ingest, "cost-lines", rows)
    for code, quantities in DRIVERS.items():
        send_bulk(ingest, "drivers", [{"code": code, "names": {"en": code}, "unit": "one"}])
        sent = [
            {"driver": code, "period": PERIOD, "target": target, "quantity": quantity}
            for target, quantity in quantities.items()
        ]
        send_bulk(ingest, "driver-quantities", sent)
    send_model(allocation, MAPPINGS, {})
    return a_run(allocation)


def test_the_stage_is_settled_jointly_before_the_layer_passes_on(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    found = balances(allocation, run, layer="resource")
    hr, it = Decimal("112"), Decimal("68")
    assert Decimal(found["HR"]["received"]) == hr == 95 + it / 4
    assert Decimal(found["IT"]["received"]) == it == 40 + hr / 4
    assert Decimal(found["HOST"]["received"]) == hr / 4 + it * 3 / 4
    assert Decimal(found["DESK"]["received"]) == 10 + hr / 2
    flows = ok(
        allocation.get(
            f"/v1/runs/{run['id']}/flows", params={"stage": "resource_to_resource", "source": "IT"}
        )
    )["items"]
    assert [(one["target"], one["amount"], one["quantity"]) for one in flows] == [
        ("HOST", "51", "3"),
        ("HR", "17", "1"),
    ]


def test_idle_capacity_and_the_difference_of_a_rate_stay_visible(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    items = ok(allocation.get(f"/v1/runs/{run['id']}/unallocated"))["items"]
    assert {(one["code"], one["reason"]): one["amount"] for one in items} == {
        ("HOST", "idle"): "15.8",
        ("DESK", "rate_difference"): "6",
    }
    bills = balances(allocation, run, layer="consumer")
    assert Decimal(bills["EAST"]["received"]) == Decimal("47.4") + 40
    assert Decimal(bills["WEST"]["received"]) == Decimal("15.8") + 20


def test_a_bill_is_traced_through_the_stage_to_lines_and_back(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    path = f"/v1/runs/{run['id']}/trace"
    back = ok(allocation.get(path, params={"layer": "consumer", "code": "EAST"}))
    parts = [Decimal(one["amount"]) for one in back["contributions"]]
    assert len(parts) == 3
    assert sum(parts) + Decimal(back["rest"]) == Decimal(back["amount"])
    resources = ok(
        allocation.get(path, params={"layer": "consumer", "code": "EAST", "to": "resource"})
    )
    shown = {one["code"]: one["amount"] for one in resources["contributions"]}
    assert shown == {"HOST": "47.4", "DESK": "40"}


def test_a_step_down_in_the_given_order_is_another_run(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    setting = {"solve": "step_down", "order": ["IT", "HR"]}
    send_model(allocation, MAPPINGS[:1], {"resource_to_resource": setting})
    stepped = a_run(allocation)
    found = balances(allocation, stepped, layer="resource")
    assert found["IT"]["received"] == "40"
    assert found["HR"]["received"] == "105"
    assert stepped["fingerprint"] != run["fingerprint"]


def test_a_closed_loop_fails_the_run_and_names_its_members(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    loop = [
        MAPPINGS[2] | {"driver": None, "method": "direct", "target": {"object": "IT"}},
        MAPPINGS[3] | {"driver": None, "method": "direct", "target": {"object": "HR"}},
    ]
    send_model(allocation, loop, {"resource_to_resource": None})
    made = ok(allocation.post("/v1/runs", json={"period": PERIOD, "currency": "EUR"}), 202)
    allocation.run_jobs()
    job = ok(allocation.get(f"/v1/jobs/{made['job']['id']}"))
    assert job["status"] == "failed"
    assert job["problem"]["code"] == "closed_loop"
    assert [one["pointer"].rsplit("/", 1)[1] for one in job["problem"]["errors"]] == ["HR", "IT"]
    assert ok(allocation.get(f"/v1/runs/{made['id']}"))["status"] == "failed"
