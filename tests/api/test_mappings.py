"""Mappings over HTTP: the grammar is checked, drafts take them, frozen versions do not."""

from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key

ANY = {"If-Match": "*"}


@pytest.fixture(scope="module", autouse=True)
def _objects(allocation: ServiceUnderTest) -> None:
    for collection, codes in {
        "cost-pools": ["HW", "SW"],
        "resources": ["SERVERS", "LAN"],
        "solutions": ["ERP"],
        "consumers": ["SHOP"],
    }.items():
        items = [{"code": code, "names": {"en": code}} for code in codes]
        allocation.post(f"/v1/{collection}/bulk?atomic=true", json={"items": items})


def a_mapping(code: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "stage": "line_to_pool",
        "method": "direct",
        "source": {"account": "4711"},
        "target": {"object": "HW"},
    } | more


def drafted(allocation: ServiceUnderTest, **body: Any) -> dict[str, Any]:
    answer = allocation.post("/v1/mappings", json=a_mapping(**body))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_mapping_comes_back_as_it_was_sent(allocation: ServiceUnderTest) -> None:
    body = a_mapping(
        "whole",
        stage="pool_to_resource",
        priority=10,
        portion="37.5",
        source={"under": "HW", "fields.ServiceCategory": ["Compute", "Storage"]},
        method="driver",
        driver="vcpu_hours",
        target={"code": ["SERVERS", "LAN"]},
        on_zero="next",
        valid_from="2025-01",
        valid_to="2025-12",
        note="metered by the hypervisor",
    )
    made = allocation.post("/v1/mappings", json=body).json()
    read = allocation.get(f"/v1/mappings/{made['id']}").json()
    assert read == made
    assert {name: read[name] for name in body} == body


def test_what_is_left_out_has_its_default(allocation: ServiceUnderTest) -> None:
    made = drafted(allocation, code="defaults")
    assert (made["priority"], made["portion"], made["on_zero"]) == (100, "100", "unallocated")
    assert (made["driver"], made["valid_from"], made["note"]) == (None, None, None)


FIXED = {"stage": "pool_to_resource", "method": "fixed", "source": {}}


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({**FIXED, "target": {"shares": {"SERVERS": "99.9"}}}, "shares_not_100", "/target/shares"),
        (
            {**FIXED, "target": {"shares": {"SERVERS": 100}}},
            "bad_target",
            "/target/shares/SERVERS",
        ),
        ({"target": {"object": "NOPE"}}, "unknown_code", "/target/object"),
        (
            {**FIXED, "target": {"shares": {"SERVERS": "50", "NOPE": "50"}}},
            "unknown_code",
            "/target/shares/NOPE",
        ),
        (
            {"target": {"field": "vendor", "aliases": {"x/y": "NOPE"}}},
            "unknown_code",
            "/target/aliases/x~1y",
        ),
        (
            {"stage": "pool_to_resource", "source": {"under": "NOPE"}, "target": {"object": "LAN"}},
            "unknown_code",
            "/source/under",
        ),
        ({"source": {"colour": "red"}}, "bad_selector", "/source/colour"),
        ({"source": {"account": {"like": "4"}}}, "bad_selector", "/source/account/like"),
        ({"source": {"account": {"matches": "("}}}, "bad_selector", "/source/account/matches"),
        ({"portion": "50"}, "bad_portion", "/portion"),
        ({"method": "driver", "driver": "d", "target": {}}, "bad_method", "/method"),
        ({"valid_from": "2026-02", "valid_to": "2026-01"}, "bad_period", "/valid_to"),
        ({"target": {"retain": True}}, "bad_target", "/target/retain"),
    ],
)
def test_a_mapping_that_breaks_a_rule_is_refused_with_its_place(
    allocation: ServiceUnderTest, change: dict[str, Any], code: str, pointer: str
) -> None:
    answer = allocation.post("/v1/mappings", json=a_mapping("refused") | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert (pointer, code) in {(e["pointer"], e["code"]) for e in answer.json()["errors"]}
    assert allocation.get("/v1/mappings?code=refused").json()["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "pool_to_moon"},
        {"method": "magic"},
        {"valid_from": "2026-13"},
        {"portion": 100},
        {"portion": "1e2"},
        {"priority": "10"},
        {"on_zero": "panic"},
        {"colour": "red"},
        {"source": []},
    ],
)
def test_values_of_the_wrong_form_are_refused(
    allocation: ServiceUnderTest, change: dict[str, Any]
) -> None:
    answer = allocation.post("/v1/mappings", json=a_mapping("refused") | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_bulk_upserts_by_code_into_the_draft(allocation: ServiceUnderTest) -> None:
    items = [a_mapping("b-1"), a_mapping("b-2", target={"object": "NOPE"}), {"code": "b-3"}]
    results = allocation.post("/v1/mappings/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in results] == ["created", "error", "error"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/items/1/target/object"
    again = [a_mapping("b-1"), a_mapping("b-1", priority=7)]
    results = allocation.post("/v1/mappings/bulk", json={"items": again}).json()["results"]
    assert [result["status"] for result in results] == ["unchanged", "updated"]
    (kept,) = allocation.get("/v1/mappings?model_version=draft&code=b-1").json()["items"]
    assert kept["priority"] == 7
    named = {version: f"/v1/mappings/bulk?model_version={version}" for version in ("draft", "x")}
    assert allocation.post(named["draft"], json={"items": again}).status_code == 200
    assert allocation.post(named["x"], json={"items": again}).status_code == 422


def test_a_dry_run_and_a_refused_atomic_bulk_keep_nothing(allocation: ServiceUnderTest) -> None:
    body = {"items": [a_mapping("dry")]}
    assert allocation.post("/v1/mappings/bulk?dry_run=true", json=body).status_code == 200
    assert allocation.post("/v1/mappings?dry_run=true", json=body["items"][0]).status_code == 201
    body = {"items": [a_mapping("dry"), a_mapping("dry-2", target={"object": "NOPE"})]}
    assert allocation.post("/v1/mappings/bulk?atomic=true", json=body).status_code == 422
    assert allocation.get("/v1/mappings?code=dry").json()["items"] == []


def test_a_patch_replaces_what_it_names(allocation: ServiceUnderTest) -> None:
    made = drafted(allocation, code="patched", priority=5, note="old")
    patch = {"source": {"account": "4712"}, "note": None}
    after = allocation.patch(
        f"/v1/mappings/{made['id']}", json=patch, headers={"If-Match": made["etag"]}
    ).json()
    assert (after["source"], after["note"], after["priority"]) == ({"account": "4712"}, None, 5)
    stale = allocation.patch(
        f"/v1/mappings/{made['id']}", json=patch, headers={"If-Match": made["etag"]}
    )
    assert stale.status_code == 412
    wrong = {"target": {"object": "NOPE"}}
    refused = allocation.patch(f"/v1/mappings/{made['id']}", json=wrong, headers=ANY)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")


def test_a_put_replaces_the_whole_mapping(allocation: ServiceUnderTest) -> None:
    made = drafted(allocation, code="put", priority=5, note="old")
    after = allocation.put(
        f"/v1/mappings/{made['id']}", json=a_mapping("put-2"), headers=ANY
    ).json()
    assert (after["code"], after["priority"], after["note"]) == ("put-2", 100, None)
    drafted(allocation, code="put-3")
    taken = allocation.put(f"/v1/mappings/{made['id']}", json=a_mapping("put-3"), headers=ANY)
    assert (taken.status_code, taken.json()["code"]) == (409, "code_taken")


def test_a_mapping_can_be_taken_out_of_the_draft(allocation: ServiceUnderTest) -> None:
    made = drafted(allocation, code="gone")
    assert allocation.delete(f"/v1/mappings/{made['id']}").status_code == 428
    assert allocation.delete(f"/v1/mappings/{made['id']}", headers=ANY).status_code == 204
    assert allocation.get(f"/v1/mappings/{made['id']}").status_code == 404


def test_lists_are_narrowed_and_come_as_files(allocation: ServiceUnderTest) -> None:
    drafted(allocation, code="l-1", stage="pool_to_solution", target={"object": "ERP"}, source={})
    listed = allocation.get("/v1/mappings?stage=pool_to_solution&method=direct").json()["items"]
    assert [item["code"] for item in listed] == ["l-1"]
    text = allocation.get("/v1/mappings?code=l-1", headers={"Accept": "text/csv"}).text
    assert text.splitlines()[1].startswith("l-1,pool_to_solution,100,100,{},direct,")
    unknown = allocation.get("/v1/mappings?model_version=nonsense")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "bad_model_version")
    nowhere = "/v1/mappings?model_version=00000000-0000-7000-8000-000000000000"
    assert allocation.get(nowhere).status_code == 404


def test_a_reader_may_not_write(allocation: ServiceUnderTest) -> None:
    reader = allocation.as_caller(a_key(["allocation:approve"]))
    assert allocation.get("/v1/mappings", headers=reader).status_code == 200
    answer = allocation.post("/v1/mappings", json=a_mapping("x"), headers=reader)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_a_same_layer_stage_shares_out_but_charges_no_rates(
    allocation: ServiceUnderTest,
) -> None:
    body = a_mapping(
        "joint",
        stage="resource_to_resource",
        source={"code": "LAN"},
        method="rate",
        driver="vcpu_hours",
        rates={"*": {"amount": "1", "currency": "EUR"}},
        target={},
    )
    answer = allocation.post("/v1/mappings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_in_same_layer")


def a_line(number: int, account: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "external_id": f"line-{number}",
        "source": "preview",
        "period": "2027-01",
        "amount": amount,
        "currency": "GBP",
        "account": account,
    } | more


@pytest.fixture(scope="module")
def _lines(ingest: ServiceUnderTest) -> None:
    lines = [
        a_line(1, "100", "10.50", vendor="Acme"),
        a_line(2, "100", "-0.50", vendor="Bolt"),
        a_line(3, "200", "7", currency="USD"),
        a_line(4, "300", "99999999999999999999.000000000000000001"),
        a_line(5, "100", "1", period="2027-02"),
    ]
    answer = ingest.post("/v1/cost-lines/bulk?atomic=true", json={"items": lines})
    assert answer.status_code == 200, answer.text


def preview(allocation: ServiceUnderTest, period: str = "2027-01", **more: Any) -> dict[str, Any]:
    body = {"mapping": a_mapping("tried", **more), "period": period}
    answer = allocation.post("/v1/mappings/preview", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("_lines")
class TestPreview:
    """What a mapping would catch."""

    def test_lines_are_counted_and_summed_by_currency(self, allocation: ServiceUnderTest) -> None:
        found = preview(allocation, source={"account": ["100", "200"]})
        assert (found["lines"], found["objects"]) == (3, 0)
        assert found["amounts"] == [
            {"currency": "GBP", "lines": 2, "amount": "10"},
            {"currency": "USD", "lines": 1, "amount": "7"},
        ]

    def test_sums_are_exact(self, allocation: ServiceUnderTest) -> None:
        (amount,) = preview(allocation, source={"account": "300"})["amounts"]
        assert amount["amount"] == "99999999999999999999.000000000000000001"

    def test_overlaps_name_who_goes_first(self, allocation: ServiceUnderTest) -> None:
        drafted(allocation, code="rival", priority=1, source={"vendor": "Acme"})
        drafted(allocation, code="late-rival", priority=900, source={"account": "100"})
        found = preview(allocation, source={"account": {"starts_with": "1"}})
        rivals = {one["mapping"]: one for one in found["overlaps"]}
        assert rivals["rival"]["goes_first"] is True
        assert rivals["rival"]["amounts"][0]["amount"] == "10.5"
        assert rivals["late-rival"]["goes_first"] is False
        assert rivals["late-rival"]["lines"] == 2

    def test_stages_that_leave_the_pool_see_lines_and_pools(
        self, allocation: ServiceUnderTest
    ) -> None:
        drafted(allocation, code="into-sw", priority=0, source={"account": "200"}, note="x")
        found = preview(
            allocation,
            stage="pool_to_resource",
            source={"under": "HW", "vendor": {"exists": True}},
            method="even",
            target={"code": ["SERVERS", "LAN"]},
        )
        assert (found["lines"], found["codes"], found["targets"]) == (2, ["HW"], 2)
        assert found["amounts"] == [{"currency": "GBP", "lines": 2, "amount": "10"}]

    def test_later_stages_catch_objects(self, allocation: ServiceUnderTest) -> None:
        found = preview(
            allocation,
            stage="resource_to_solution",
            source={"code": ["SERVERS", "LAN"]},
            target={"object": "ERP"},
        )
        assert (found["lines"], found["objects"], found["codes"]) == (0, 2, ["LAN", "SERVERS"])

    def test_outside_its_validity_a_mapping_catches_nothing(
        self, allocation: ServiceUnderTest
    ) -> None:
        assert preview(allocation, source={}, valid_to="2026-12")["lines"] == 0
        assert preview(allocation, period="2027-02", source={"account": "100"})["lines"] == 1

    def test_a_preview_keeps_nothing_and_refuses_what_is_not_sound(
        self, allocation: ServiceUnderTest
    ) -> None:
        preview(allocation, source={})
        assert allocation.get("/v1/mappings?code=tried").json()["items"] == []
        body = {"mapping": a_mapping("tried", target={"object": "NOPE"}), "period": "2027-01"}
        answer = allocation.post("/v1/mappings/preview", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_code")
