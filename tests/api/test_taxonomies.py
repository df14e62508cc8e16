"""Objects of a shipped taxonomy: loaded once, kept as they are, led from version to version."""

from typing import Any

import pytest

from tests.api.test_cost_objects import ANY, an_object, bulk, created
from tests.running import ServiceUnderTest

pytestmark = pytest.mark.usefixtures("_standards")


@pytest.fixture(scope="module")
def _standards(allocation: ServiceUnderTest) -> None:
    assert allocation.post("/v1/taxonomies/tbm-5.0.1/load").status_code == 200


def the_lease(allocation: ServiceUnderTest) -> dict[str, Any]:
    query = {"code": "tbm-5.0.1:hardware/lease"}
    item: dict[str, Any] = allocation.get("/v1/cost-pools", params=query).json()["items"][0]
    return item


def test_loading_makes_cost_objects_once(allocation: ServiceUnderTest) -> None:
    layers = allocation.post("/v1/taxonomies/tbm-5.0.1/load").json()["layers"]
    assert layers["pool"] == {"created": 0, "updated": 0, "unchanged": 49}
    lease = the_lease(allocation)
    assert lease["parent"] == "tbm-5.0.1:hardware"
    assert lease["standard"] == "tbm-5.0.1"
    assert lease["attributes"] == {"kind": "sub_pool", "cost_type": "opex"}


def test_a_standard_object_keeps_name_and_place(allocation: ServiceUnderTest) -> None:
    path = f"/v1/cost-pools/{the_lease(allocation)['id']}"
    for patch in ({"names": {"en": "Rent"}}, {"parent": None}):
        refused = allocation.patch(path, json=patch, headers=ANY)
        assert (refused.status_code, refused.json()["code"]) == (409, "standard_object")
    refused = allocation.delete(path, headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (409, "standard_object")
    item = an_object("tbm-5.0.1:hardware/lease", names={"en": "Rent"})
    (result,) = bulk(allocation, "cost-pools", item)
    assert result["error"]["code"] == "standard_object"


def test_a_standard_object_is_tagged_and_takes_children(allocation: ServiceUnderTest) -> None:
    before = the_lease(allocation)
    path = f"/v1/cost-pools/{before['id']}"
    patch = {"tags": {"t": "1"}, "attributes": {"cost_type": "capex", "own": "x"}}
    after = allocation.patch(path, json=patch, headers=ANY).json()
    assert after["tags"] == {"t": "1"}
    assert after["attributes"] == {**before["attributes"], "own": "x"}
    created(allocation, "cost-pools", code="car-lease", parent=before["code"])
    allocation.post("/v1/taxonomies/tbm-5.0.1/load")
    assert the_lease(allocation)["tags"] == {"t": "1"}


def test_codes_of_a_taxonomy_are_reserved(allocation: ServiceUnderTest) -> None:
    answer = allocation.post("/v1/cost-pools", json=an_object("tbm-5.0.1:hardware/own"))
    assert (answer.status_code, answer.json()["code"]) == (422, "reserved_code")


def test_only_loading_makes_a_standard(allocation: ServiceUnderTest) -> None:
    body = an_object("own", standard="tbm-5.0.1")
    answer = allocation.post("/v1/cost-pools", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_standard")
    lease = the_lease(allocation)
    kept = ("code", "names", "parent", "standard", "tags", "attributes")
    item = {name: lease[name] for name in kept}
    (result,) = bulk(allocation, "cost-pools", item)
    assert result["status"] == "unchanged"


def test_taxonomies_say_what_is_loaded(allocation: ServiceUnderTest) -> None:
    listed = allocation.get("/v1/taxonomies", headers={"Accept-Language": "zh-CN"}).json()
    by_name = {item["name"]: item for item in listed["items"]}
    assert list(by_name) == ["btim", "tbm-4.1", "tbm-5.0.1"]
    assert by_name["tbm-5.0.1"]["loaded"] == by_name["tbm-5.0.1"]["objects"]
    assert by_name["tbm-4.1"]["loaded"] == {}
    assert by_name["tbm-4.1"]["title"] == "TBM 分类体系 4.1:成本池与资源塔"


def test_crosswalks_lead_from_version_to_version(allocation: ServiceUnderTest) -> None:
    query = {"from": "tbm-4.1", "to": "tbm-5.0.1"}
    steps = allocation.get("/v1/taxonomies/crosswalk", params=query).json()["items"]
    by_code = {(step["layer"], step["code"]): step for step in steps}
    power = by_code["pool", "tbm-4.1:facilities-and-power"]
    assert power["target_names"] == ["Data Center Facilities"]
    lan = by_code["resource", "tbm-4.1:network/lan-wan"]
    assert (lan["change"], len(lan["targets"])) == ("split", 2)
    missing = allocation.get("/v1/taxonomies/crosswalk?from=a&to=b")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_crosswalk")
    assert allocation.post("/v1/taxonomies/nope/load").status_code == 404
    assert allocation.get("/v1/taxonomies/btim").json()["content"][0]["code"] == "btim:hardware"
