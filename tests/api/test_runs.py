"""Runs over HTTP: sent lines and a published model become figures that can be traced."""

from decimal import Decimal
from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key

PERIOD = "2026-01"
OBJECTS = {
    "cost-pools": [{"code": "CLOUD"}, {"code": "STAFF"}],
    "resources": [{"code": "COMPUTE"}, {"code": "DESK", "owner": "it-ops"}],
    "solutions": [{"code": "ERP"}, {"code": "CRM"}],
    "consumers": [{"code": "GROUP"}, {"code": "EAST", "parent": "GROUP"}, {"code": "WEST"}],
}
MAPPINGS = [
    {"code": "cloud", "stage": "line_to_pool", "priority": 1, "source": {"account": "cloud"},
     "method": "direct", "target": {"object": "CLOUD"}},
    {"code": "staff", "stage": "line_to_pool", "priority": 2, "source": {"account": "staff"},
     "method": "direct", "target": {"object": "STAFF"}},
    {"code": "not-it", "stage": "line_to_pool", "priority": 3, "source": {"account": "rent"},
     "method": "direct", "target": {"out_of_scope": True}},
    {"code": "apps", "stage": "pool_to_resource", "priority": 1, "source": {"code": "CLOUD"},
     "method": "direct", "target": {"object": "COMPUTE"}},
    {"code": "desk", "stage": "pool_to_resource", "priority": 2, "source": {"code": "STAFF"},
     "method": "direct", "target": {"object": "DESK"}, "portion": "90"},
    {"code": "compute", "stage": "resource_to_solution", "priority": 1,
     "source": {"code": "COMPUTE"}, "method": "fixed",
     "target": {"shares": {"ERP": "75", "CRM": "25"}}},
    {"code": "help", "stage": "resource_to_consumer", "priority": 2, "source": {"code": "DESK"},
     "method": "driver", "driver": "seats", "target": {}},
    {"code": "erp", "stage": "solution_to_consumer", "priority": 1, "source": {},
     "method": "driver", "driver": "lines.count:tags.unit", "target": {}},
]  # fmt: skip
LINES = [
    {"amount": "100.00", "account": "cloud", "tags": {"unit": "EAST"}, "description": "servers"},
    {"amount": "-10.01", "account": "cloud", "tags": {"unit": "WEST"}},
    {"amount": "50.00", "account": "staff", "tags": {"unit": "EAST"}},
    {"amount": "30.00", "account": "rent"},
    {"amount": "7.00", "account": "stationery"},
    {"amount": "20.00", "account": "cloud", "currency": "USD"},
]


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def send_bulk(client: ServiceUnderTest, path: str, items: list[dict[str, Any]]) -> None:
    ok(client.post(f"/v1/{path}/bulk?atomic=true", json={"items": items}))


def a_line(place: int, **fields: Any) -> dict[str, Any]:
    usual = {"external_id": str(place), "source": "erp", "period": PERIOD, "currency": "EUR"}
    return usual | fields


def a_run(allocation: ServiceUnderTest, **fields: Any) -> dict[str, Any]:
    asked = {"period": PERIOD, "currency": "EUR"} | fields
    made = ok(allocation.post("/v1/runs", json=asked), 202)
    allocation.run_jobs()
    run: dict[str, Any] = ok(allocation.get(f"/v1/runs/{made['id']}"))
    return run


@pytest.fixture(scope="module")
def model(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    for collection, members in OBJECTS.items():
        send_bulk(
            allocation, collection, [{"names": {"en": one["code"]}, **one} for one in members]
        )
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    send_bulk(ingest, "cost-lines", [a_line(place, **line) for place, line in enumerate(LINES)])
    send_bulk(ingest, "drivers", [{"code": "seats", "names": {"en": "Seats"}, "unit": "seat"}])
    seats = [("EAST", "2"), ("WEST", "1"), ("NOWHERE", "1")]
    send_bulk(
        ingest,
        "driver-quantities",
        [{"driver": "seats", "period": PERIOD, "target": t, "quantity": q} for t, q in seats],
    )
    rate = {"period": PERIOD, "from": "USD", "to": "EUR", "kind": "average", "rate": "0.5"}
    send_bulk(ingest, "exchange-rates", [rate])


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, model: None) -> dict[str, Any]:
    return a_run(allocation)


def balances(allocation: ServiceUnderTest, run: dict[str, Any], **query: Any) -> dict[Any, Any]:
    items = ok(allocation.get(f"/v1/runs/{run['id']}/balances", params=query))["items"]
    return {item["code"]: item for item in items}


def test_a_run_says_what_came_in_and_where_it_went(run: dict[str, Any]) -> None:
    assert run["status"] == "succeeded"
    assert run["totals"]["cost"] == {
        "lines": "186.99",
        "out_of_scope": "30",
        "own": "0",
        "input": "156.99",
        "consumers": "133.74",
        "retained": "0",
        "unallocated": "23.25",
        "residual": "0",
    }
    assert run["counts"]["lines"] == 6
    assert run["stale"] is False
    assert run["precision"] == 6


def test_every_balance_adds_up(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    found = balances(allocation, run)
    assert len(found) == 10
    for item in found.values():
        had = Decimal(item["own"]) + Decimal(item["received"])
        kept = Decimal(item["retained"]) + Decimal(item["unallocated"])
        assert had == Decimal(item["passed_on"]) + kept
    assert found[None]["own"] == "156.99"
    assert found["CLOUD"]["received"] == "99.99"
    assert found["STAFF"]["unallocated"] == "5"
    assert found["DESK"]["unallocated"] == "11.25"


def test_a_rolled_up_balance_counts_all_below(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    single = balances(allocation, run, layer="consumer")
    rolled = balances(allocation, run, layer="consumer", rollup=True)
    assert single["GROUP"]["received"] == "0"
    assert rolled["GROUP"]["received"] == single["EAST"]["received"]


def test_balances_are_narrowed_to_a_subtree_of_any_layer(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    assert set(balances(allocation, run, under="GROUP")) == {"GROUP", "EAST"}
    assert set(balances(allocation, run, under="ERP")) == {"ERP"}
    assert balances(allocation, run, under="ERP", layer="consumer") == {}
    assert balances(allocation, run, under="NOBODY") == {}


def test_flows_show_share_and_quantity(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    path = f"/v1/runs/{run['id']}/flows"
    items = ok(allocation.get(path, params={"source": "DESK"}))["items"]
    assert [(one["target"], one["amount"], one["share"], one["quantity"]) for one in items] == [
        ("EAST", "22.5", "0.5", "2"),
        ("WEST", "11.25", "0.25", "1"),
    ]
    (first,) = ok(allocation.get(path, params={"stage": "line_to_pool", "limit": 1}))["items"]
    assert (first["source"], first["target"], first["mapping"]) == (None, "CLOUD", "cloud")


def test_flows_come_in_pages_and_as_csv(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    path = f"/v1/runs/{run['id']}/flows"
    whole = ok(allocation.get(path))["items"]
    first = ok(allocation.get(path, params={"limit": 4}))
    rest = ok(allocation.get(path, params={"limit": 100, "cursor": first["next_cursor"]}))
    assert first["items"] + rest["items"] == whole
    assert rest["next_cursor"] is None
    table = allocation.get(path, headers={"Accept": "text/csv"}).text
    assert len(table.splitlines()) == len(whole) + 1
    foreign = allocation.get(
        path, params={"stage": "pool_to_resource", "cursor": first["next_cursor"]}
    )
    assert (foreign.status_code, foreign.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("to", ["line", "pool", "resource", "solution"])
@pytest.mark.parametrize("limit", [1, 100])
def test_a_bill_traced_back_adds_up_exactly(
    allocation: ServiceUnderTest, run: dict[str, Any], to: str, limit: int
) -> None:
    query = {"layer": "consumer", "code": "EAST", "to": to, "limit": limit}
    trace = ok(allocation.get(f"/v1/runs/{run['id']}/trace", params=query))
    parts = [Decimal(one["amount"]) for one in trace["contributions"]]
    assert sum(parts) + Decimal(trace["rest"]) == Decimal(trace["amount"])
    assert trace["amount"] == balances(allocation, run, layer="consumer")["EAST"]["received"]
    assert parts == sorted(parts, key=abs, reverse=True)
    if limit == 100:
        assert trace["rest"] == "0"


def test_a_trace_to_lines_names_them(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    query = {"layer": "solution", "code": "ERP", "to": "line"}
    trace = ok(allocation.get(f"/v1/runs/{run['id']}/trace", params=query))
    first = trace["contributions"][0]
    assert (first["kind"], first["name"], first["amount"]) == ("line", "servers", "75")
    assert [one["amount"] for one in trace["contributions"][1:]] == ["-7.5075", "7.5"]
    line = f"/v1/runs/{run['id']}/cost-lines/{first['line']}/trace"
    forward = ok(allocation.get(line, params={"to": "solution"}))
    assert [(one["code"], one["amount"]) for one in forward["contributions"]] == [
        ("ERP", "75"),
        ("CRM", "25"),
    ]


def test_forward_and_back_agree(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    path = f"/v1/runs/{run['id']}/trace"
    forward = ok(
        allocation.get(path, params={"layer": "pool", "code": "CLOUD", "direction": "forward"})
    )
    back = ok(allocation.get(path, params={"layer": "consumer", "code": "WEST", "to": "pool"}))
    to_west = next(one for one in forward["contributions"] if one["code"] == "WEST")
    from_cloud = next(one for one in back["contributions"] if one["code"] == "CLOUD")
    difference = Decimal(to_west["amount"]) - Decimal(from_cloud["amount"])
    assert abs(difference) <= Decimal("0.000002")


def test_every_step_of_the_reconciliation_closes(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    steps = ok(allocation.get(f"/v1/runs/{run['id']}/reconciliation"))["steps"]
    assert [step["name"] for step in steps] == [
        "imports",
        "imports",
        "conversion",
        "scope",
        "input",
        "pool",
        "resource",
        "solution",
        "result",
    ]
    for step in steps:
        assert step["difference"] == "0", step
    assert steps[0]["left"] == [{"label": "lines sent one by one", "amount": "176.99"}]
    chinese = allocation.get(
        f"/v1/runs/{run['id']}/reconciliation", headers={"Accept-Language": "zh-CN"}
    ).json()
    assert chinese["steps"][-1]["title"] == "投入与结果"


def test_unallocated_money_says_why_and_whose_it_is(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    items = ok(allocation.get(f"/v1/runs/{run['id']}/unallocated"))["items"]
    assert [(one["layer"], one["code"], one["reason"], one["amount"]) for one in items] == [
        ("resource", "DESK", "unknown_target", "11.25"),
        ("line", None, "no_mapping", "7"),
        ("pool", "STAFF", "no_mapping", "5"),
    ]
    assert (items[0]["owner"], items[0]["unknown_code"]) == ("it-ops", "NOWHERE")
    assert items[0]["since"] == PERIOD
    assert items[0]["trend"] == [{"period": PERIOD, "amount": "11.25"}]


def test_the_same_inputs_give_the_same_result(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    again = a_run(allocation)
    assert again["id"] != run["id"]
    assert again["fingerprint"] == run["fingerprint"]
    assert again["output_hash"] == run["output_hash"]


def test_one_run_of_a_period_is_published(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    other = a_run(allocation)
    tried = ok(allocation.post(f"/v1/runs/{run['id']}/publish", params={"dry_run": True}))
    assert tried["published"] is True
    assert ok(allocation.get(f"/v1/runs/{run['id']}"))["published"] is False
    assert ok(allocation.post(f"/v1/runs/{run['id']}/publish"))["published"] is True
    assert ok(allocation.post(f"/v1/runs/{run['id']}/publish"))["published"] is True
    ok(allocation.post(f"/v1/runs/{other['id']}/publish"))
    found = ok(allocation.get("/v1/runs", params={"period": PERIOD, "published": True}))["items"]
    assert [one["id"] for one in found] == [other["id"]]
    assert ok(allocation.get(f"/v1/runs/{run['id']}"))["published"] is False


def test_newer_lines_make_a_run_stale_and_as_of_repeats_the_old_ones(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, run: dict[str, Any]
) -> None:
    send_bulk(ingest, "cost-lines", [a_line(0, amount="999", account="cloud")])
    assert ok(allocation.get(f"/v1/runs/{run['id']}"))["stale"] is True
    fresh, repeated = a_run(allocation), a_run(allocation, as_of=run["id"])
    assert fresh["fingerprint"] != run["fingerprint"]
    assert repeated["output_hash"] == run["output_hash"]
    send_bulk(ingest, "cost-lines", [a_line(0, **LINES[0])])


def test_a_missing_rate_refuses_the_run_or_sets_lines_aside(
    allocation: ServiceUnderTest, model: None
) -> None:
    refused = a_run(allocation, currency="GBP")
    assert (refused["status"], refused["problem"]["code"]) == ("failed", "missing_rate")
    aside = a_run(allocation, currency="USD", on_missing_rate="set_aside")
    assert aside["unconverted"] == [{"currency": "EUR", "amount": "176.99", "lines": 5}]
    assert aside["totals"]["cost"]["lines"] == "20"
    figures = allocation.get(f"/v1/runs/{refused['id']}/balances")
    assert (figures.status_code, figures.json()["code"]) == (409, "run_not_finished")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"period": "2026-13"}, 422, None),
        ({"currency": "XXQ"}, 422, None),
        ({"rate_kind": "spot"}, 422, None),
        ({"model_version": "01970000-0000-7000-8000-000000000001"}, 422, "unknown_code"),
        ({"as_of": "01970000-0000-7000-8000-000000000001"}, 422, "unknown_code"),
        ({"scenario": "dream"}, 422, None),
    ],
)
def test_what_cannot_be_run_is_refused(
    allocation: ServiceUnderTest, model: None, fields: dict[str, Any], status: int, code: str | None
) -> None:
    answer = allocation.post("/v1/runs", json={"period": PERIOD, "currency": "EUR"} | fields)
    assert answer.status_code == status
    if code:
        assert answer.json()["code"] == code


def test_unknown_objects_and_measures_are_said_to_be_so(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    path = f"/v1/runs/{run['id']}/trace"
    assert allocation.get(path, params={"layer": "pool", "code": "NO"}).status_code == 404
    kwh = {"layer": "pool", "code": "CLOUD", "measure": "kwh"}
    assert allocation.get(path, params=kwh).json()["code"] == "measure_not_in_run"
    nil = "00000000-0000-0000-0000-000000000000"
    assert allocation.get(f"/v1/runs/{run['id']}/cost-lines/{nil}/trace").status_code == 404
    assert allocation.get(f"/v1/runs/{nil}/balances").status_code == 404


def test_a_bound_caller_sees_its_own_part_only(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    headers = allocation.as_caller(a_key(["allocation:read"], ["GROUP"]))
    path = f"/v1/runs/{run['id']}"
    assert ok(allocation.get(path, headers=headers))["totals"] == {}
    seen = ok(allocation.get(f"{path}/balances", headers=headers))["items"]
    assert {item["code"] for item in seen} == {"GROUP", "EAST"}
    flows = ok(allocation.get(f"{path}/flows", headers=headers))["items"]
    assert {(item["target"], item["share"]) for item in flows} == {("EAST", None)}
    query = {"layer": "consumer", "code": "EAST", "to": "pool"}
    ok(allocation.get(f"{path}/trace", params=query, headers=headers))
    for layer, code in (("consumer", "WEST"), ("pool", "CLOUD")):
        refused = allocation.get(
            f"{path}/trace", params={"layer": layer, "code": code}, headers=headers
        )
        assert refused.status_code == 404
    for part in ("unallocated", "reconciliation"):
        assert allocation.get(f"{path}/{part}", headers=headers).status_code == 403
    asked = {"period": PERIOD, "currency": "EUR"}
    assert allocation.post("/v1/runs", json=asked, headers=headers).status_code == 403


def test_energy_enters_at_resources_and_moves_with_the_weights(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None
) -> None:
    send_bulk(ingest, "drivers", [{"code": "meter", "names": {"en": "Meter"}, "measure": "kwh"}])
    reading = {"driver": "meter", "period": PERIOD, "target": "COMPUTE", "quantity": "10"}
    send_bulk(ingest, "driver-quantities", [reading])
    run = a_run(allocation, measures=["kwh"])
    assert run["measures"] == ["cost", "kwh"]
    assert run["totals"]["kwh"]["input"] == "10"
    found = balances(allocation, run, layer="solution", measure="kwh")
    assert (found["ERP"]["received"], found["CRM"]["received"]) == ("7.5", "2.5")


def test_a_closed_period_is_run_again_only_with_a_reason(
    allocation: ServiceUnderTest, model: None
) -> None:
    ok(allocation.post(f"/v1/periods/{PERIOD}/close"))
    asked = {"period": PERIOD, "currency": "EUR"}
    refused = allocation.post("/v1/runs", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    assert a_run(allocation, reason="late invoice")["status"] == "succeeded"
    ok(allocation.post(f"/v1/periods/{PERIOD}/reopen", json={"reason": "test"}))
