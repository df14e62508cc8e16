"""The shipped KPI packs over the API: reading, loading, loading again."""

from typing import Any

from tests.running import ServiceUnderTest, a_key


def packs(valuation: ServiceUnderTest, **query: str) -> list[dict[str, Any]]:
    answer = valuation.get("/v1/kpi-packs", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_packs_are_filtered_by_name_and_kind(valuation: ServiceUnderTest) -> None:
    assert len(packs(valuation)) == 12
    assert [pack["name"] for pack in packs(valuation, name="crm")] == ["crm"]
    assert packs(valuation, name="none") == []
    assert {pack["class"] for pack in packs(valuation, kind="system")} == {None}
    assert len({pack["class"] for pack in packs(valuation, kind="class")}) == 5
    assert valuation.get("/v1/kpi-packs?kind=magic").status_code == 422


def test_a_pack_says_of_each_kpi_what_it_is(valuation: ServiceUnderTest) -> None:
    answer = valuation.get("/v1/kpi-packs/crm", headers={"Accept-Language": "zh-CN"})
    body = answer.json()
    assert body["title"] == "客户关系管理（CRM）"
    kpis = {kpi["code"]: kpi for kpi in body["kpis"]}
    assert len({kpi["class"] for kpi in kpis.values()}) >= 3
    cost = kpis["btim:crm-acquisition-cost"]
    assert (cost["name"], cost["unit"], cost["direction"]) == ("获客成本", "money", "down")
    assert cost["formula"] == '"btim:crm-marketing-cost" / "btim:crm-new-customers"'
    assert (cost["level"], cost["pack"]) == ("strategy", "crm")
    assert set(cost["source"]) == {"en", "zh-CN"}
    assert kpis["btim:repurchase-rate"]["pack"] == "btim-benefit"
    assert valuation.get("/v1/kpi-packs/none").status_code == 404


def test_a_dry_run_loads_nothing_and_says_what_it_would(valuation: ServiceUnderTest) -> None:
    told = valuation.post("/v1/kpi-packs/mes/load?dry_run=true").json()
    assert told["dry_run"]
    assert "btim:mes-output" in told["created"]
    assert valuation.get("/v1/value-kpis?pack=mes").json()["items"] == []


def test_loading_brings_what_formulas_need_once(valuation: ServiceUnderTest) -> None:
    loaded = valuation.post("/v1/kpi-packs/store-ordering/load").json()
    needed = {"btim:erp-inventory-turns", "btim:erp-cost-of-sales", "btim:erp-inventory"}
    assert set(loaded["needed"]) == needed <= set(loaded["created"])
    turns = valuation.get("/v1/value-kpis?code=btim:erp-inventory-turns").json()["items"][0]
    assert (turns["pack"], turns["class"], turns["perspective"]) == ("erp", "benefit", "process")
    again = valuation.post("/v1/kpi-packs/store-ordering/load").json()
    assert (again["created"], set(again["present"])) == ([], set(loaded["created"]))
    (pack,) = packs(valuation, name="store-ordering")
    assert pack["loaded"] == len(pack["kpis"])


def test_loading_leaves_a_changed_kpi_as_it_is(valuation: ServiceUnderTest) -> None:
    valuation.post("/v1/kpi-packs/smart-design/load")
    rate = valuation.get("/v1/value-kpis?code=btim:design-signing-rate").json()["items"][0]
    path = f"/v1/value-kpis/{rate['id']}"
    changed = valuation.patch(path, json={"target": "40"}, headers={"If-Match": rate["etag"]})
    assert changed.status_code == 200, changed.text
    valuation.post("/v1/kpi-packs/smart-design/load")
    assert valuation.get(path).json()["target"] == "40"


def test_every_pack_loads_and_its_formulas_compute(valuation: ServiceUnderTest) -> None:
    for pack in packs(valuation):
        answer = valuation.post(f"/v1/kpi-packs/{pack['name']}/load")
        assert answer.status_code == 200, answer.text
    items = [
        {"kpi": code, "period": "2026-01", "value": value}
        for code, value in (("btim:design-contracts", "30"), ("btim:design-store-visits", "120"))
    ]
    valuation.post("/v1/observations/bulk?atomic=true", json={"items": items})
    rate = valuation.get("/v1/value-kpis?code=btim:design-signing-rate").json()["items"][0]
    series = valuation.get(f"/v1/value-kpis/{rate['id']}/series?from=2026-01&to=2026-01").json()
    assert series["items"][0]["value"] == "25"


def test_loading_is_in_the_audit_trail_and_needs_the_right_to_write(
    valuation: ServiceUnderTest,
) -> None:
    reader = valuation.as_caller(a_key(["valuation:read"]))
    assert valuation.get("/v1/kpi-packs", headers=reader).status_code == 200
    assert valuation.post("/v1/kpi-packs/crm/load", headers=reader).status_code == 403
    bound = valuation.as_caller(a_key(["valuation:read"], consumers=["SALES"]))
    assert valuation.get("/v1/kpi-packs", headers=bound).status_code == 403
    valuation.post("/v1/kpi-packs/erp/load")
    events = valuation.get("/v1/audit-events?resource_type=kpi_pack").json()["items"]
    assert ("load", "erp") in {(event["action"], event["resource_id"]) for event in events}
