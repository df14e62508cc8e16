"""Assets: pushed, imported, taken back; their worth, their use, their end, what looks doubled."""

import io
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from shared.database import in_transaction
from tests.running import LiveServices, ServiceUnderTest, a_key


def an_asset(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "names": {"en": code}, **more}


def bought(code: str, cost: str = "1200.00", **more: Any) -> dict[str, Any]:
    money = {"cost": cost, "currency": "EUR", "purchased_on": "2025-01-15"}
    return an_asset(code, **{**money, "useful_life_months": 12, **more})


def push(ingest: ServiceUnderTest, *items: dict[str, Any], query: str = "") -> list[Any]:
    answer = ingest.post(f"/v1/assets/bulk{query}", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


def statuses(results: list[Any]) -> list[str]:
    return [
        result["error"]["code"] if result["status"] == "error" else result["status"]
        for result in results
    ]


def find(ingest: ServiceUnderTest, path: str = "assets", **query: str) -> list[Any]:
    answer = ingest.get(f"/v1/{path}", params={"limit": "1000", **query})
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def upload(ingest: Any, content: bytes, kind: str = "assets", **form: str) -> Any:
    files = {"file": (form.pop("name", "a.csv"), content, "text/csv")}
    sent = ingest.post("/v1/imports", files=files, data={"kind": kind, **form})
    assert sent.status_code == 202, sent.text
    ingest.run_jobs()
    found = ingest.get(f"/v1/imports/{sent.json()['id']}").json()
    assert found["status"] == "succeeded", found["problem"]
    return found


def test_assets_are_created_changed_and_known_by_one_id(ingest: ServiceUnderTest) -> None:
    asset = bought(
        "lasting", status="In use", residual_value="200", capacity="64", kwh="31.5",
        embodied_kgco2e="1240.25", serial_number="S1", tags={"site": "north"},
        **{"class": "server"},
    )  # fmt: skip
    created = push(ingest, asset)
    assert statuses(created) == ["created"]
    assert statuses(push(ingest, asset)) == ["unchanged"]
    changed = push(ingest, {**asset, "status": "In stock"})
    assert statuses(changed) == ["updated"]
    assert changed[0]["id"] == created[0]["id"]
    (found,) = find(ingest, code="lasting")
    assert {name: found[name] for name in asset if name != "status"} == {
        name: "1200" if name == "cost" else value
        for name, value in asset.items()
        if name != "status"
    }
    assert (found["status"], found["life_ends"], found["resource"]["status"]) == (
        "In stock", "2025-12", "none",
    )  # fmt: skip


def test_an_asset_is_patched_and_deleted_with_its_etag(ingest: ServiceUnderTest) -> None:
    (made,) = push(ingest, bought("patched", tags={"a": "1", "b": "2"}, vendor="ACME"))
    path = f"/v1/assets/{made['id']}"
    read = ingest.get(path, headers={"accept-language": "zh-CN"})
    etag = read.headers["etag"]
    assert read.json()["etag"] == etag
    assert ingest.patch(path, json={"vendor": None}).status_code == 428
    patch = {"vendor": None, "tags": {"a": None, "c": "3"}, "names": {"zh-CN": "机器"}}
    after = ingest.patch(path, json=patch, headers={"if-match": etag})
    assert after.status_code == 200, after.text
    assert after.json()["vendor"] is None
    assert after.json()["tags"] == {"b": "2", "c": "3"}
    assert after.json()["names"] == {"en": "patched", "zh-CN": "机器"}
    assert ingest.patch(path, json={}, headers={"if-match": etag}).status_code == 412
    wrong = ingest.patch(path, json={"residual_value": "1201"}, headers={"if-match": "*"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    now = after.headers["etag"]
    assert ingest.patch(path, json={}, headers={"if-match": now}).headers["etag"] == now
    assert ingest.delete(path, headers={"if-match": now}).status_code == 204
    assert ingest.get(path).status_code == 404
    assert push(ingest, bought("patched"))[0] | {"index": 0} == {
        "index": 0, "status": "created", "id": made["id"], "error": None,
    }  # fmt: skip


def test_what_is_wrong_with_an_asset_is_told_by_item(ingest: ServiceUnderTest) -> None:
    results = push(
        ingest,
        an_asset("bad/1", cost="1"),
        an_asset("bad/2", cost="-1", currency="EUR"),
        an_asset("bad/3", currency="XXQ"),
        an_asset("bad/4", useful_life_months=0),
        bought("bad/5", residual_value="1200.01"),
        an_asset("bad/6", colour="red"),
        an_asset("good"),
        an_asset("good"),
    )
    assert statuses(results) == ["invalid"] * 6 + ["created", "repeated_key"]
    assert push(ingest, an_asset("dry"), query="?dry_run=true")[0]["status"] == "created"
    assert find(ingest, code="dry") == []


def test_worth_and_use_are_answered_for_a_month(ingest: ServiceUnderTest) -> None:
    drivers = [{"code": code, "names": {"en": code}} for code in ("vcpu", "ports")]
    ingest.post("/v1/drivers/bulk", json={"items": drivers})
    quantities = [
        {"driver": "vcpu", "period": "2025-02", "source": "used", "target": "A", "quantity": "30"},
        {"driver": "vcpu", "period": "2025-02", "source": "used", "target": "B", "quantity": "18"},
        {"driver": "vcpu", "period": "2025-02", "target": "used", "quantity": "999"},
        {"driver": "ports", "period": "2025-02", "target": "used", "quantity": "8"},
    ]
    ingest.post("/v1/driver-quantities/bulk", json={"items": quantities})
    push(ingest, bought("used", "1000", capacity="64", utilisation_driver="vcpu"))
    (found,) = find(ingest, code="used", period="2025-02")
    assert (found["used"], found["utilisation"]) == ("48", "0.75")
    assert found["depreciation"] == {
        "period": "2025-02", "month": 2, "months": 12, "amount": "83.34", "accumulated": "166.67",
        "book_value": "833.33",
    }  # fmt: skip
    (ported,) = find(ingest, code="used", period="2025-02", driver="ports")
    assert ported["utilisation"] == "0.125"
    known = {"If-None-Match": found["etag"]}  # of the row, which does not know what is used
    again = ingest.get(f"/v1/assets/{found['id']}?period=2025-02&driver=ports", headers=known)
    assert (again.status_code, again.json()["utilisation"]) == (200, "0.125")
    (before,) = find(ingest, code="used", period="2024-12")
    assert (before["used"], before["utilisation"], before["depreciation"]) == (None, None, None)
    schedule = ingest.get(f"/v1/assets/{found['id']}/depreciation").json()
    assert len(schedule["items"]) == 12
    assert schedule["items"][-1]["book_value"] == "0"
    (plain,) = push(ingest, an_asset("no-figures"))
    assert ingest.get(f"/v1/assets/{plain['id']}/depreciation").json()["code"] == "no_figures"


def depreciate(ingest: ServiceUnderTest, period: str, query: str = "") -> Any:
    return ingest.post(f"/v1/assets/depreciation{query}", json={"period": period})


def test_a_month_of_depreciation_becomes_lines_once(ingest: ServiceUnderTest) -> None:
    for item in find(ingest):
        ingest.delete(f"/v1/assets/{item['id']}", headers={"if-match": "*"})
    push(
        ingest,
        bought("dep/1", vendor="ACME", tower="Compute", tags={"site": "x"}, **{"class": "server"}),
        bought("dep/2", "100", currency="JPY", useful_life_months=3),
        bought("dep/3", "0"),
        bought("dep/4", purchased_on="2025-04-01"),
        an_asset("dep/5"),
    )
    dry = depreciate(ingest, "2025-03", "?dry_run=true").json()
    assert dry["lines"] == {"created": 2, "updated": 0, "unchanged": 0, "removed": 0}
    assert find(ingest, "cost-lines", source="assets") == []
    made = depreciate(ingest, "2025-03").json()
    assert made == dry
    assert made["amounts"] == [
        {"currency": "EUR", "lines": 1, "amount": "100"},
        {"currency": "JPY", "lines": 1, "amount": "33"},
    ]
    assert made["assets_without_figures"] == 1
    assert depreciate(ingest, "2025-03").json()["lines"]["unchanged"] == 2
    line = next(
        line for line in find(ingest, "cost-lines", source="assets") if line["asset"] == "dep/1"
    )
    told = {
        name: line[name] for name in ("external_id", "account", "cost_type", "amount", "vendor")
    }
    assert told == {
        "external_id": "depreciation:dep/1:2025-03", "account": "depreciation",
        "cost_type": "opex", "amount": "100", "vendor": "ACME",
    }  # fmt: skip
    assert (line["fields"]["tower"], line["tags"]) == ("Compute", {"site": "x"})
    assert (line["fields"]["asset_class"], line["posted_on"]) == ("server", "2025-03-31")


def test_a_changed_asset_changes_its_line_and_a_deleted_one_takes_it_away(
    ingest: ServiceUnderTest,
) -> None:
    gone, changed = push(ingest, bought("gone", "12"), bought("changed", "24"))
    depreciate(ingest, "2025-05")
    push(ingest, bought("changed", "36"))
    ingest.delete(f"/v1/assets/{gone['id']}", headers={"if-match": "*"})
    lines = depreciate(ingest, "2025-05").json()["lines"]
    assert (lines["updated"], lines["removed"]) == (1, 1)
    left = {
        line["asset"]: line["amount"]
        for line in find(ingest, "cost-lines", source="assets", period="2025-05")
    }
    assert left["changed"] == "3"
    assert "gone" not in left
    assert changed["status"] == "created"


def test_a_closed_month_takes_no_depreciation(ingest: ServiceUnderTest) -> None:
    push(ingest, bought("closed"))
    with in_transaction() as session:
        session.execute(
            text("insert into accounting_period (period, status) values ('2025-06', 'closed')")
        )
    refused = depreciate(ingest, "2025-06")
    assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    assert find(ingest, "cost-lines", source="assets", period="2025-06") == []


def test_assets_at_the_end_of_their_lives_are_listed(ingest: ServiceUnderTest) -> None:
    push(
        ingest,
        bought("eol/past", useful_life_months=3, **{"class": "eol"}),
        bought("eol/last", useful_life_months=6, **{"class": "eol"}),
        bought("eol/soon", useful_life_months=9, **{"class": "eol"}),
        bought("eol/later", useful_life_months=36, **{"class": "eol"}),
        bought("eol/gone", useful_life_months=3, status="Retired", **{"class": "eol"}),
    )
    query = {"class": "eol", "period": "2025-06", "within_months": "3"}
    found = [
        (item["code"], item["months_left"], item["phase"])
        for item in find(ingest, "assets/end-of-life", **query)
    ]
    assert found == [("eol/past", -3, "past"), ("eol/last", 0, "ending"), ("eol/soon", 3, "ending")]
    everything = find(ingest, "assets/end-of-life", **query, include_retired="true")
    assert "eol/gone" in [item["code"] for item in everything]
    table = ingest.get("/v1/assets/end-of-life", params=query, headers={"accept": "text/csv"})
    assert len(table.text.splitlines()) == 4


def test_possible_double_purchases_are_paired_with_their_reasons(ingest: ServiceUnderTest) -> None:
    def laptop(code: str, **more: Any) -> dict[str, Any]:
        common = {"cost": "999.99", "names": {"en": f"Laptop {code}"}, "class": "dup"}
        return bought(code) | common | more

    push(
        ingest,
        laptop("d1", vendor="ACME"),
        laptop("d2", vendor="Acme.", purchased_on="2025-02-01"),
        laptop("d3", vendor="ACME", purchased_on="2025-09-01"),
        laptop("d4", vendor="Other", serial_number="X-1"),
        laptop("d5", cost="5", serial_number="x1", purchased_on="2021-01-01"),
        laptop("d6", vendor="Serial", serial_number="A"),
        laptop("d7", vendor="Serial", serial_number="B"),
        laptop("d8", names={"en": "Twin"}),
        laptop("d9", names={"en": "TWIN!"}),
    )
    found = {
        (pair["first"]["code"], pair["second"]["code"]): pair
        for pair in find(ingest, "assets/possible-duplicates")
        if pair["first"]["class"] == "dup"
    }
    assert {codes: pair["reasons"] for codes, pair in found.items()} == {
        ("d1", "d2"): ["same_vendor", "same_cost"],
        ("d5", "d4"): ["same_serial_number"],
        ("d8", "d9"): ["similar_name", "same_cost"],
    }
    assert found["d1", "d2"]["days_apart"] == 17
    assert len(find(ingest, "assets/possible-duplicates", code="d9")) == 1
    page = ingest.get("/v1/assets/possible-duplicates", params={"limit": "1"}).json()
    assert page["next_cursor"] is not None


def test_assets_are_imported_and_taken_back(ingest: ServiceUnderTest) -> None:
    content = (
        "Asset tag;Name;Asset class;Purchase price;Currency;Purchase date;Useful life (years);"
        "tags.site\n"
        "imp/1;Server one;server;1.234,50;EUR;31.12.2024;3;north\n"
        "imp/2;服务器;server;99,00;EUR;13.01.2025;2,5;\n"
        "imp/3;No money;rack;;;;;south\n"
        "imp/4;Wrong;rack;12,00;;01.02.2025;1;\n"
        "imp/5;Wrong;rack;-12,00;EUR;01.02.2025;1;\n"
        "imp/1;Again;rack;;;;;\n"
    ).encode()
    found = upload(ingest, content)
    assert (found["rows"]["received"], found["rows"]["accepted"]) == (6, 3)
    rejects = ingest.get(f"/v1/imports/{found['id']}/rejects").json()["items"]
    assert [(one["row"], one["code"]) for one in rejects] == [
        (5, "missing_value"), (6, "not_negative"), (7, "repeated_key"),
    ]  # fmt: skip
    items = find(ingest, **{"import": found["id"]})
    one, two, three = items
    assert (one["cost"], one["purchased_on"], one["useful_life_months"]) == (
        "1234.5", "2024-12-31", 36,
    )  # fmt: skip
    assert (two["names"], two["useful_life_months"]) == ({"zh-CN": "服务器"}, 30)
    assert (three["cost"], three["currency"], three["tags"]) == (None, None, {"site": "south"})
    better = upload(ingest, content.replace(b"1.234,50", b"2.000,00"))
    assert (better["rows"]["accepted"], better["rows"]["duplicate"]) == (1, 2)
    assert better["superseded"]["rows"] == 1
    revert = f"/v1/imports/{better['id']}/revert"
    assert ingest.post(revert, json={"reason": "wrong price"}).json()["status"] == "reverted"
    (restored,) = find(ingest, code="imp/1")
    assert (restored["cost"], restored["id"]) == ("1234.5", one["id"])
    ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "all of it"})
    assert [item for item in find(ingest) if item["code"].startswith("imp/")] == []


def test_a_configuration_item_of_servicenow_is_an_asset(ingest: ServiceUnderTest) -> None:
    content = (
        b"_fivetran_deleted,cost,cost_cc,manufacturer_link,manufacturer_value,name,sys_class_name,"
        b"sys_id,vendor_link,vendor_value,business_unit_link,business_unit_value,serial_number\n"
        b"false,12.50,USD,https://x/1,0e8b,Hotfix 1,cmdb_ci_spkg,46be1a35,https://x/2,dell,,,SN-1\n"
    )
    found = upload(ingest, content)
    (item,) = find(ingest, **{"import": found["id"]})
    told = {name: item[name] for name in ("code", "name", "class", "cost", "currency", "vendor")}
    assert told == {
        "code": "46be1a35", "name": "Hotfix 1", "class": "cmdb_ci_spkg", "cost": "12.5",
        "currency": "USD", "vendor": "dell",
    }  # fmt: skip


def test_the_whole_list_streams_as_a_table(ingest: ServiceUnderTest) -> None:
    push(ingest, *(bought(f"x/{number:03}", **{"class": "exported"}) for number in range(30)))
    query = {"class": "exported", "period": "2025-03"}
    sheet = ingest.get("/v1/assets", params=query, headers={"accept": "text/csv"})
    frame = pl.read_csv(io.BytesIO(sheet.content), infer_schema=False)
    assert frame.height == 30
    assert frame["book_value"].to_list() == ["900"] * 30
    assert find(ingest, **query, sort="-cost")[0]["class"] == "exported"
    assert len(find(ingest, **{"tags.site": "nowhere"})) == 0


def test_bound_callers_see_no_assets(ingest: ServiceUnderTest) -> None:
    key = ingest.as_caller(a_key(["ingest:read", "ingest:write"], ["BU"]))
    for path in ("", "/end-of-life", "/possible-duplicates", "/publication"):
        assert ingest.get(f"/v1/assets{path}", headers=key).status_code == 403
    refused = ingest.post("/v1/assets/depreciation", json={"period": "2025-01"}, headers=key)
    assert refused.status_code == 403


@pytest.fixture(scope="module")
def live(services: LiveServices) -> LiveServices:
    towers = {"items": [{"code": "Compute", "names": {"en": "Compute"}}]}
    assert services.allocation.post("/v1/resources/bulk", json=towers).status_code == 200
    return services


def test_assets_below_a_tower_become_resources(live: LiveServices) -> None:
    kept = {"code": "pub/1", "names": {"en": "Old"}, "owner": "Ann", "attributes": {"rack": "7"}}
    live.allocation.post("/v1/resources/bulk", json={"items": [kept]})
    items = [an_asset("pub/1", tower="Compute"), an_asset("pub/2", tower="Nowhere")]
    live.ingest.post("/v1/assets/bulk", json={"items": items})
    done = live.ingest.post("/v1/assets/publication?wait=30")
    assert done.status_code == 200, done.text
    states = {
        item["code"]: (item["resource"]["status"], item["resource"]["code"])
        for item in live.ingest.get("/v1/assets?limit=1000").json()["items"]
    }
    assert states["pub/1"] == ("published", None)
    assert states["pub/2"] == ("refused", "unknown_code")
    (resource,) = live.allocation.get("/v1/resources?code=pub/1").json()["items"]
    assert (resource["name"], resource["parent"]) == ("pub/1", "Compute")
    assert (resource["owner"], resource["attributes"]) == ("Ann", {"rack": "7"})
    nowhere = {"items": [{"code": "Nowhere", "names": {"en": "Nowhere"}}]}
    live.allocation.post("/v1/resources/bulk", json=nowhere)
    again = live.ingest.post("/v1/assets/publication?wait=30").json()
    assert (again["refusals"], again["pending"]) == ([], 0)
