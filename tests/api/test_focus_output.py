"""Split-cost rows after FOCUS 1.3: ratios add up to 1 and costs to their origin, exactly."""

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.allocation.focus.domain import WHOLE, Share, split_exactly
from shared.money import EXACT
from tests.api.test_runs import a_line, ok, send_bulk
from tests.running import ServiceUnderTest, a_key

PERIOD = "2026-01"
MAPPINGS = [
    {"code": "not-it", "stage": "line_to_pool", "priority": 1, "source": {"account": "rent"},
     "method": "direct", "target": {"out_of_scope": True}},
    {"code": "lost", "stage": "line_to_pool", "priority": 2, "source": {"account": "lost"},
     "method": "direct", "target": {"field": "tags.pool"}},
    {"code": "rest", "stage": "line_to_pool", "priority": 3, "source": {}, "method": "direct",
     "target": {"object": "IT"}},
    {"code": "owned", "stage": "pool_to_consumer", "priority": 1,
     "source": {"tags.owner": {"exists": True}}, "method": "direct",
     "target": {"field": "tags.owner"}},
    {"code": "shared", "stage": "pool_to_resource", "priority": 2, "source": {},
     "method": "direct", "target": {"object": "BOX"}, "portion": "90"},
    {"code": "box", "stage": "resource_to_consumer", "priority": 1, "source": {},
     "method": "driver", "driver": "seats", "target": {}},
]  # fmt: skip
BILL = {
    "ServiceName": "Blob", "ServiceCategory": "Storage", "BilledCost": "12.000001",
    "PricingQuantity": "7", "ConsumedQuantity": "1e-3", "ListUnitPrice": "0.5",
    "ChargeCategory": "Usage", "x_Team": "north",
}  # fmt: skip
LINES = [
    {"amount": "100.00", "vendor": "Acme", "document": "INV-1", "tags": {"env": "prod"}},
    {"amount": "-10.01", "account": "cloud"},
    {"amount": "0.00", "account": "cloud"},
    {"amount": "11.11", "account": "cloud", "fields": BILL, "posted_on": "2026-01-15"},
    {"amount": "20.00", "currency": "USD", "tags": {"owner": "WEST"}},
    {"amount": "7.77", "account": "lost"},
    {"amount": "30.00", "account": "rent"},
]


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> dict[str, Any]:
    objects: dict[str, list[dict[str, Any]]] = {
        "cost-pools": [{"code": "IT"}],
        "resources": [{"code": "BOX"}],
        "consumers": [
            {"code": "EAST", "names": {"en": "East", "zh-CN": "东区"},
             "tags": {"env": "all", "unit": "e"}},
            {"code": "WEST"}, {"code": "NORTH"},
        ],
    }  # fmt: skip
    for collection, members in objects.items():
        named = [{"names": {"en": one["code"]}, **one} for one in members]
        send_bulk(allocation, collection, named)
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    send_bulk(ingest, "cost-lines", [a_line(place, **line) for place, line in enumerate(LINES)])
    send_bulk(ingest, "drivers", [{"code": "seats", "names": {"en": "Seats"}}])
    seats = [("EAST", "1"), ("WEST", "1"), ("NORTH", "1")]
    send_bulk(
        ingest,
        "driver-quantities",
        [{"driver": "seats", "period": PERIOD, "target": t, "quantity": q} for t, q in seats],
    )
    rate = {"period": PERIOD, "from": "USD", "to": "EUR", "kind": "average", "rate": "0.5"}
    send_bulk(ingest, "exchange-rates", [rate])
    made = ok(allocation.post("/v1/runs", json={"period": PERIOD, "currency": "EUR"}), 202)
    allocation.run_jobs()
    found: dict[str, Any] = ok(allocation.get(f"/v1/runs/{made['id']}"))
    assert found["status"] == "succeeded", found["problem"]
    return found


def rows_of(
    allocation: ServiceUnderTest, run: dict[str, Any], language: str = "en"
) -> list[dict[str, str]]:
    answer = allocation.get(
        f"/v1/runs/{run['id']}/focus", headers={"Accept": "text/csv", "Accept-Language": language}
    )
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def by_origin(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        found[row["x_OriginExternalId"]].append(row)
    return found


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def test_ratios_add_up_to_one_and_costs_to_their_line(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    origins = by_origin(rows_of(allocation, run))
    assert sorted(origins) == ["0", "1", "2", "3", "4", "5"]  # rent is out of scope
    for place, rows in origins.items():
        line = LINES[int(place)]
        assert total(rows, "x_AllocatedRatio") == 1
        assert total(rows, "EffectiveCost") == Decimal(str(line["amount"]))
        assert {row["BillingCurrency"] for row in rows} == {line.get("currency", "EUR")}
        details = [json.loads(row["AllocatedMethodDetails"], parse_float=Decimal) for row in rows]
        ratios = [Decimal(one["Elements"][0]["AllocatedRatio"]) for one in details]
        assert sum(ratios) == 1
    assert total(origins["4"], "x_RunCost") == 10


def test_every_row_is_a_consumer_or_a_named_rest(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    origins = by_origin(rows_of(allocation, run))
    ends = {(row["AllocatedResourceId"], row["x_Outcome"], row["EffectiveCost"])
            for row in origins["0"]}  # fmt: skip
    assert ends == {
        ("EAST", "consumer", "30"),
        ("WEST", "consumer", "30"),
        ("NORTH", "consumer", "30"),
        ("", "unallocated", "10"),
    }
    (lost,) = origins["5"]
    assert (lost["AllocatedResourceId"], lost["x_OutcomeLayer"]) == ("", "line")
    (owned,) = origins["4"]
    assert (owned["AllocatedResourceId"], owned["x_AllocatedRatio"]) == ("WEST", "1")


def test_dimensions_are_those_of_the_origin_and_additive_metrics_are_split(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    origins = by_origin(rows_of(allocation, run))
    billed = origins["3"]
    for row in billed:
        assert (row["ServiceName"], row["ServiceCategory"]) == ("Blob", "Storage")
        assert row["ListUnitPrice"] == "0.5"
        assert row["ChargePeriodStart"] == "2026-01-15T00:00:00Z"
        assert row["BillingPeriodEnd"] == "2026-02-01T00:00:00Z"
    assert total(billed, "BilledCost") == Decimal("12.000001")
    assert total(billed, "ListCost") == Decimal("11.11")
    assert total(billed, "PricingQuantity") == 7
    assert total(billed, "ConsumedQuantity") == Decimal("0.001")
    plain = origins["0"][0]
    assert (plain["InvoiceId"], plain["ServiceProviderName"]) == ("INV-1", "Acme")
    assert plain["AllocatedMethodId"] == f"btim:model-version:{run['model_version']}"
    mandatory = ("BillingAccountId", "ChargeCategory", "ServiceCategory", "ServiceName",
                 "InvoiceIssuerName", "ProviderName", "PublisherName")  # fmt: skip
    assert all(row[name] for rows in origins.values() for row in rows for name in mandatory)


def test_names_and_tags_are_the_consumers_own(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    (east,) = [
        row
        for row in by_origin(rows_of(allocation, run, "zh-CN"))["0"]
        if row["AllocatedResourceId"] == "EAST"
    ]
    assert east["AllocatedResourceName"] == "东区"
    assert json.loads(east["Tags"]) == {"env": "prod"}
    assert json.loads(east["AllocatedTags"]) == {"unit": "e"}


def test_pages_and_parquet_hold_the_same_rows(
    allocation: ServiceUnderTest, run: dict[str, Any]
) -> None:
    path = f"/v1/runs/{run['id']}/focus"
    table = rows_of(allocation, run)
    json_only = {"Accept": "application/json"}
    page = ok(allocation.get(path, params={"limit": 5}, headers=json_only))
    items = page["items"]
    while page["next_cursor"]:
        query = {"limit": 5, "cursor": page["next_cursor"]}
        page = ok(allocation.get(path, params=query, headers=json_only))
        items += page["items"]
    assert [{name: one or "" for name, one in item.items()} for item in items] == table
    content = allocation.get(path, headers={"Accept": "application/vnd.apache.parquet"}).content
    stored = pq.read_table(io.BytesIO(content)).to_pylist()
    assert [one["x_OriginId"] for one in stored] == [row["x_OriginId"] for row in table]
    assert sum(one["x_AllocatedRatio"] for one in stored) == 6
    assert allocation.get(path).headers["content-type"].startswith("text/csv")
    assert allocation.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_one_line_can_be_asked_for(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    path = f"/v1/runs/{run['id']}/focus"
    line = rows_of(allocation, run)[0]["x_OriginId"]
    answer = allocation.get(path, params={"line": line}, headers={"Accept": "application/json"})
    assert {one["x_OriginId"] for one in ok(answer)["items"]} == {line}
    unknown = "01970000-0000-7000-8000-000000000001"
    assert allocation.get(path, params={"line": unknown}).status_code == 404


def test_a_bound_caller_gets_none_of_it(allocation: ServiceUnderTest, run: dict[str, Any]) -> None:
    bound = allocation.as_caller(a_key(["allocation:read"], ["EAST"]))
    assert allocation.get(f"/v1/runs/{run['id']}/focus", headers=bound).status_code == 403


ratios = st.lists(st.integers(-WHOLE, WHOLE), min_size=0, max_size=20).map(
    lambda parts: [*parts, WHOLE - sum(parts)]
)
values = st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**18),
                     max_value=10**18)  # fmt: skip


@given(values, ratios, st.integers(0, 18))
def test_parts_add_up_to_any_value_whatever_the_ratios(
    value: Decimal, parts: list[int], decimals: int
) -> None:
    shares = [Share("consumer", place, ratio) for place, ratio in enumerate(parts)]
    total = Decimal(0)
    for part in split_exactly(value, shares, decimals):
        total = EXACT.add(total, part)
    assert total == value
