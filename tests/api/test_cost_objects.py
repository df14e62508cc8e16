"""Cost objects over HTTP: one shape in four collections, trees, standards, bulk, files."""

import csv
import io
from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key

COLLECTIONS = ["cost-pools", "resources", "solutions", "consumers"]
ANY = {"If-Match": "*"}


def an_object(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "names": {"en": code}, **more}


def created(allocation: ServiceUnderTest, collection: str, **body: Any) -> dict[str, Any]:
    answer = allocation.post(f"/v1/{collection}", json=an_object(**body))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bulk(allocation: ServiceUnderTest, collection: str, *items: Any) -> list[dict[str, Any]]:
    answer = allocation.post(f"/v1/{collection}/bulk", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def codes(allocation: ServiceUnderTest, collection: str, **query: str) -> list[str]:
    answer = allocation.get(f"/v1/{collection}", params={"limit": "1000", **query})
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_object_comes_back_as_it_was_sent(allocation: ServiceUnderTest, collection: str) -> None:
    body = {
        "names": {"en": "Shared disk", "zh-CN": "共享磁盘"},
        "tags": {"core": "yes"},
        "attributes": {"region": "GB", "seats": 12, "leased": True},
        "valid_from": "2026-01",
        "valid_to": "2026-12",
        "owner": "Storage team",
        "unit_driver": "terabytes",
        "capacity_driver": "terabytes_installed",
        "value_chain_stage": "operations",
    }
    made = created(allocation, collection, code="whole", **body)
    read = allocation.get(f"/v1/{collection}/{made['id']}").json()
    assert read == made
    assert {name: read[name] for name in body} == body
    assert (read["parent"], read["standard"], read["descriptions"]) == (None, None, {})


def test_the_name_follows_the_language_of_the_caller(allocation: ServiceUnderTest) -> None:
    both = {"en": "Print", "zh-CN": "打印"}
    path = f"/v1/solutions/{created(allocation, 'solutions', code='lang', names=both)['id']}"
    assert allocation.get(path).json()["name"] == "Print"
    assert allocation.get(path, headers={"Accept-Language": "zh"}).json()["name"] == "打印"
    only = created(allocation, "solutions", code="lang-2", names={"zh-CN": "打印"})
    assert only["name"] == "打印"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"names": {}}, "value_error"),
        ({"names": {"fr": "Disque"}}, "unknown_field"),
        ({"valid_from": "2026-13"}, "string_pattern_mismatch"),
        ({"valid_from": "2026-02", "valid_to": "2026-01"}, "value_error"),
        ({"tags": {"core": 1}}, "string_type"),
        ({"parent": "nobody"}, "unknown_code"),
        ({"parent": "wrong"}, "parent_cycle"),
        ({"code": "x" * 201}, "too_long"),
    ],
)
def test_bad_objects_are_refused(
    allocation: ServiceUnderTest, change: dict[str, Any], code: str
) -> None:
    answer = allocation.post("/v1/resources", json=an_object("wrong") | change)
    assert answer.status_code == 422
    assert code in {error["code"] for error in answer.json()["errors"]}
    assert codes(allocation, "resources", code="wrong") == []


def test_an_object_cannot_stand_below_itself(allocation: ServiceUnderTest) -> None:
    top = created(allocation, "resources", code="cycle-top")
    created(allocation, "resources", code="cycle-mid", parent="cycle-top")
    created(allocation, "resources", code="cycle-low", parent="cycle-mid")
    answer = allocation.patch(
        f"/v1/resources/{top['id']}", json={"parent": "cycle-low"}, headers=ANY
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "parent_cycle")


def test_a_patch_merges_and_null_takes_away(allocation: ServiceUnderTest) -> None:
    made = created(
        allocation,
        "consumers",
        code="patched",
        tags={"a": "1", "b": "2"},
        owner="Somebody",
        names={"en": "Shop", "zh-CN": "门店"},
    )
    patch = {"tags": {"a": None, "c": "3"}, "owner": None, "names": {"en": "Store"}}
    answer = allocation.patch(
        f"/v1/consumers/{made['id']}", json=patch, headers={"If-Match": made["etag"]}
    )
    after = answer.json()
    assert after["tags"] == {"b": "2", "c": "3"}
    assert after["names"] == {"en": "Store", "zh-CN": "门店"}
    assert after["owner"] is None
    assert after["etag"] != made["etag"]
    stale = allocation.patch(
        f"/v1/consumers/{made['id']}", json=patch, headers={"If-Match": made["etag"]}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_etag")
    assert allocation.patch(f"/v1/consumers/{made['id']}", json=patch).status_code == 428


def test_a_patch_leaves_an_object_valid(allocation: ServiceUnderTest) -> None:
    made = created(allocation, "consumers", code="stays-valid", valid_from="2026-05")
    path = f"/v1/consumers/{made['id']}"
    for patch in ({"names": None}, {"names": {"en": None}}, {"valid_to": "2026-04"}):
        assert allocation.patch(path, json=patch, headers=ANY).status_code == 422
    assert allocation.get(path).json() == made


def test_a_put_replaces_everything_but_the_code(allocation: ServiceUnderTest) -> None:
    made = created(allocation, "consumers", code="put", tags={"a": "1"}, owner="X")
    path = f"/v1/consumers/{made['id']}"
    after = allocation.put(path, json=an_object("put"), headers=ANY).json()
    assert (after["tags"], after["owner"]) == ({}, None)
    renamed = allocation.put(path, json=an_object("put-2"), headers=ANY)
    assert (renamed.status_code, renamed.json()["code"]) == (422, "code_fixed")


def test_a_code_is_unique_in_its_collection_only(allocation: ServiceUnderTest) -> None:
    created(allocation, "resources", code="same")
    created(allocation, "solutions", code="same")
    again = allocation.post("/v1/resources", json=an_object("same"))
    assert (again.status_code, again.json()["code"]) == (409, "code_taken")


def test_parents_and_children_come_in_any_order_in_one_request(
    allocation: ServiceUnderTest,
) -> None:
    results = bulk(
        allocation,
        "consumers",
        an_object("order-low", parent="order-mid"),
        an_object("order-mid", parent="order-top"),
        an_object("order-top"),
    )
    assert [result["status"] for result in results] == ["created"] * 3
    assert codes(allocation, "consumers", under="order-mid") == ["order-low", "order-mid"]


def test_a_bad_item_takes_along_only_what_stands_below_it(allocation: ServiceUnderTest) -> None:
    results = bulk(
        allocation,
        "consumers",
        an_object("below", parent="bad-top"),
        an_object("bad-top", parent="nobody"),
        an_object("loop-a", parent="loop-b"),
        an_object("loop-b", parent="loop-a"),
        an_object("fine"),
    )
    assert [result["status"] for result in results] == ["error"] * 4 + ["created"]
    found = [result["error"]["errors"][0] for result in results[:4]]
    assert [error["code"] for error in found] == ["unknown_code"] * 2 + ["parent_cycle"] * 2
    assert found[0]["pointer"] == "/items/0/parent"
    assert codes(allocation, "consumers", q="loop-") == []


def test_a_bulk_can_turn_a_tree_around(allocation: ServiceUnderTest) -> None:
    bulk(allocation, "solutions", an_object("turn-a"), an_object("turn-b", parent="turn-a"))
    results = bulk(
        allocation, "solutions", an_object("turn-a", parent="turn-b"), an_object("turn-b")
    )
    assert [result["status"] for result in results] == ["updated", "updated"]
    assert codes(allocation, "solutions", under="turn-b") == ["turn-a", "turn-b"]


def test_lists_are_narrowed_by_parent_subtree_tag_words_and_period(
    allocation: ServiceUnderTest,
) -> None:
    bulk(
        allocation,
        "cost-pools",
        an_object("f-root", names={"en": "Filter root", "zh-CN": "过滤根"}),
        an_object("f-1", parent="f-root", tags={"f": "x"}, valid_to="2025-12"),
        an_object("f-2", parent="f-root", tags={"f": "x", "g": "y"}, valid_from="2026-01"),
        an_object("f-3", parent="f-2", tags={"f": "z"}, owner="Ann"),
    )
    pools = "cost-pools"
    assert codes(allocation, pools, parent="f-root") == ["f-1", "f-2"]
    assert codes(allocation, pools, under="f-2") == ["f-2", "f-3"]
    assert codes(allocation, pools, **{"tags.f": "x"}) == ["f-1", "f-2"]
    assert codes(allocation, pools, **{"tags.f": "x", "tags.g": "y"}) == ["f-2"]
    assert codes(allocation, pools, q="过滤") == ["f-root"]
    assert codes(allocation, pools, q="%") == []
    assert codes(allocation, pools, period="2026-01", under="f-root") == ["f-2", "f-3", "f-root"]
    assert codes(allocation, pools, owner="Ann") == ["f-3"]
    assert "f-root" in codes(allocation, pools, parent="")
    assert "f-1" not in codes(allocation, pools, parent="")


def test_codes_are_ordered_by_their_bytes(allocation: ServiceUnderTest) -> None:
    bulk(allocation, "solutions", *(an_object(f"ö{code}") for code in ("a", "B", "é", "-", "/")))
    assert codes(allocation, "solutions", q="ö") == ["ö-", "ö/", "öB", "öa", "öé"]


def test_a_list_comes_whole_as_a_file(allocation: ServiceUnderTest) -> None:
    bulk(
        allocation,
        "resources",
        an_object("csv-1", names={"en": "=1+1", "zh-CN": "一"}),
        an_object("csv-2", parent="csv-1", tags={"a": "b"}),
    )
    answer = allocation.get("/v1/resources?under=csv-1", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["code"] for row in rows] == ["csv-1", "csv-2"]
    assert rows[0]["names.en"] == "'=1+1"
    assert rows[1]["tags"] == '{"a": "b"}'
    other = allocation.get("/v1/resources", headers={"Accept": "image/png"})
    assert (other.status_code, other.json()["code"]) == (406, "not_acceptable")


def test_only_what_nothing_uses_can_be_deleted(allocation: ServiceUnderTest) -> None:
    top = created(allocation, "consumers", code="used-top")
    low = created(allocation, "consumers", code="used-low", parent="used-top")
    refused = allocation.delete(f"/v1/consumers/{top['id']}", headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (409, "object_in_use")
    assert allocation.delete(f"/v1/consumers/{low['id']}", headers=ANY).status_code == 204
    assert allocation.delete(f"/v1/consumers/{top['id']}", headers=ANY).status_code == 204
    assert codes(allocation, "consumers", q="used-") == []


def test_an_object_that_a_mapping_names_cannot_be_deleted(allocation: ServiceUnderTest) -> None:
    pool = created(allocation, "cost-pools", code="named-pool")
    mapping = {
        "code": "names-a-pool",
        "stage": "line_to_pool",
        "method": "direct",
        "source": {"account": "A"},
        "target": {"object": "named-pool"},
    }
    assert allocation.post("/v1/mappings", json=mapping).status_code == 201
    refused = allocation.delete(f"/v1/cost-pools/{pool['id']}", headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (409, "object_in_use")
    assert "names-a-pool" in refused.json()["detail"]


def test_an_object_with_driver_quantities_cannot_be_deleted(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    made = created(allocation, "consumers", code="measured")
    ingest.post("/v1/drivers", json={"code": "heads", "names": {"en": "Heads"}, "unit": "heads"})
    quantity = {"driver": "heads", "period": "2026-01", "target": "measured", "quantity": "5"}
    sent = ingest.post("/v1/driver-quantities/bulk?atomic=true", json={"items": [quantity]})
    assert sent.status_code == 200, sent.text
    refused = allocation.delete(f"/v1/consumers/{made['id']}", headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (409, "object_in_use")


def test_an_object_is_found_in_its_own_collection_only(allocation: ServiceUnderTest) -> None:
    made = created(allocation, "consumers", code="at-home")
    assert allocation.get(f"/v1/solutions/{made['id']}").status_code == 404
    assert allocation.get("/v1/solutions/nonsense").status_code == 404


def test_a_closed_period_keeps_the_validity_of_its_objects(allocation: ServiceUnderTest) -> None:
    made = created(allocation, "consumers", code="in-2020", valid_from="2020-01")
    assert allocation.post("/v1/periods/2020-06/close").status_code == 200
    path = f"/v1/consumers/{made['id']}"
    for patch in ({"valid_from": "2020-07"}, {"valid_to": "2020-05"}):
        refused = allocation.patch(path, json=patch, headers=ANY)
        assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    (result,) = bulk(allocation, "consumers", an_object("in-2020", valid_from="2020-07"))
    assert result["error"]["code"] == "closed_period"
    later = allocation.patch(path, json={"valid_to": "2020-06"}, headers=ANY)
    assert later.status_code == 200


def test_scopes_are_kept(allocation: ServiceUnderTest) -> None:
    reader = allocation.as_caller(a_key(["allocation:read"]))
    foreign = allocation.as_caller(a_key(["ingest:admin", "valuation:admin"]))
    assert allocation.get("/v1/solutions", headers=reader).status_code == 200
    assert allocation.get("/v1/solutions", headers=foreign).status_code == 403
    for path in ("/v1/solutions", "/v1/solutions/bulk", "/v1/taxonomies/btim/load"):
        assert allocation.post(path, json={}, headers=reader).status_code == 403


def test_a_bound_caller_sees_its_own_subtree_only(allocation: ServiceUnderTest) -> None:
    items = (
        an_object("north"),
        an_object("north-1", parent="north"),
        an_object("south"),
    )
    bulk(allocation, "consumers", *items)
    bound = allocation.as_caller(a_key(["allocation:admin"], consumers=["north", "nobody"]))
    seen = allocation.get("/v1/consumers", headers=bound).json()["items"]
    assert [item["code"] for item in seen] == ["north", "north-1"]
    exported = allocation.get("/v1/consumers", headers={**bound, "Accept": "text/csv"}).text
    assert "south" not in exported
    south = allocation.get("/v1/consumers?code=south").json()["items"][0]["id"]
    assert allocation.get(f"/v1/consumers/{south}", headers=bound).status_code == 404
    assert allocation.get("/v1/mappings", headers=bound).status_code == 403
    refused = allocation.post("/v1/consumers", json=an_object("mine"), headers=bound)
    assert (refused.status_code, refused.json()["code"]) == (403, "caller_is_bound")


def test_commands_are_written_down(allocation: ServiceUnderTest) -> None:
    made = created(allocation, "solutions", code="written-down")
    path = f"/v1/solutions/{made['id']}"
    allocation.patch(path, json={"owner": "Ann"}, headers=ANY)
    allocation.patch(path, json={"owner": "Ann"}, headers=ANY)
    allocation.delete(path, headers=ANY)
    query = {"resource_id": made["id"], "sort": "id"}
    events = allocation.get("/v1/audit-events", params=query).json()["items"]
    assert sorted(event["action"] for event in events) == ["create", "delete", "update"]
    (update,) = [event for event in events if event["action"] == "update"]
    assert update["details"]["before"]["owner"] is None
    assert update["details"]["after"]["owner"] == "Ann"


def test_a_new_object_is_not_said_to_have_been_in_a_closed_period(
    allocation: ServiceUnderTest,
) -> None:
    assert allocation.post("/v1/periods/2017-03/close").status_code == 200
    late = {"code": "LATE", "names": {"en": "Late"}, "valid_from": "2017-01"}
    refused = allocation.post("/v1/solutions", json=late)
    assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    (result,) = allocation.post("/v1/solutions/bulk", json={"items": [late]}).json()["results"]
    assert result["error"]["code"] == "closed_period"
    months = {"valid_from": "2017-04", "valid_to": "2018-12"}
    since = allocation.post("/v1/solutions", json=late | months)
    assert since.status_code == 201
    ever = allocation.post("/v1/solutions", json={"code": "EVER", "names": late["names"]})
    assert ever.status_code == 201
    reopened = allocation.post("/v1/periods/2017-03/reopen", json={"reason": "a test"})
    assert reopened.status_code == 200
