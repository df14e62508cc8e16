"""Value KPIs, observations, series and packs over the API."""

from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key


def a_kpi(code: str, **more: object) -> dict[str, object]:
    return {
        "code": code,
        "names": {"en": code.title(), "zh-CN": "指标"},
        "class": "efficiency",
        "dimension": "business",
        "perspective": "process",
        "unit": "h",
        "direction": "down",
        **more,
    }


def make_kpi(valuation: ServiceUnderTest, code: str, **more: object) -> dict[str, Any]:
    answer = valuation.post("/v1/value-kpis", json=a_kpi(code, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def observe(valuation: ServiceUnderTest, *items: dict[str, object]) -> list[dict[str, Any]]:
    answer = valuation.post("/v1/observations/bulk", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def series(valuation: ServiceUnderTest, kpi: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = valuation.get(f"/v1/value-kpis/{kpi['id']}/series", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_kpi_comes_back_as_it_was_sent(valuation: ServiceUnderTest) -> None:
    made = make_kpi(
        valuation,
        "mttr",
        baseline="12.50",
        target="8",
        targets=[{"period": "2026-03", "value": "9.0"}],
        links=[{"layer": "solution", "code": "ITSM"}, {"initiative": "itsm-2026"}],
    )
    read = valuation.get(f"/v1/value-kpis/{made['id']}", headers={"Accept-Language": "zh-CN"})
    assert read.headers["etag"] == made["etag"]
    body = read.json()
    assert (body["class"], body["name"], body["baseline"]) == ("efficiency", "指标", "12.5")
    assert body["targets"] == [{"period": "2026-03", "value": "9"}]
    assert body["links"] == [{"layer": "solution", "code": "ITSM"}, {"initiative": "itsm-2026"}]
    linked = valuation.get("/v1/value-kpis?link_layer=solution&link_code=ITSM").json()["items"]
    assert [item["code"] for item in linked] == ["mttr"]


def test_a_taken_code_is_a_conflict(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "taken")
    again = valuation.post("/v1/value-kpis", json=a_kpi("taken"))
    assert (again.status_code, again.json()["code"]) == (409, "code_taken")


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ({"class": "magic"}, "/class"),
        ({"baseline": 12.5}, "/baseline"),
        ({"formula": "__import__('os')"}, "/formula"),
        ({"formula": "bad + 1"}, "/formula"),
        ({"links": [{"layer": "planet", "code": "x"}]}, "/links"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_bad_kpis_are_refused_where_they_are_bad(
    valuation: ServiceUnderTest, broken: dict[str, object], pointer: str
) -> None:
    answer = valuation.post("/v1/value-kpis", json=a_kpi("bad", **broken))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert valuation.get("/v1/value-kpis?code=bad").json()["items"] == []


def test_a_patch_changes_only_what_it_names(valuation: ServiceUnderTest) -> None:
    made = make_kpi(valuation, "patched", target="1", owner="Li")
    path = f"/v1/value-kpis/{made['id']}"
    assert valuation.patch(path, json={"target": "2"}).status_code == 428
    changed = valuation.patch(
        path,
        json={"target": "2", "owner": None, "names": {"zh-CN": "新"}},
        headers={"If-Match": made["etag"]},
    )
    body = changed.json()
    assert (body["target"], body["owner"], body["unit"]) == ("2", None, "h")
    assert body["names"] == {"en": "Patched", "zh-CN": "新"}
    stale = valuation.patch(path, json={"target": "3"}, headers={"If-Match": made["etag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_etag")
    cleared = valuation.patch(path, json={"unit": None}, headers={"If-Match": "*"})
    assert (cleared.status_code, cleared.json()["errors"][0]["pointer"]) == (422, "/unit")


def test_one_bad_item_never_spoils_the_others(valuation: ServiceUnderTest) -> None:
    items = [a_kpi("b1"), a_kpi("b2", formula="1 +"), a_kpi("b3"), a_kpi("b1", unit="d")]
    answer = valuation.post("/v1/value-kpis/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in answer] == ["created", "error", "created", "updated"]
    assert answer[1]["error"]["errors"][0]["pointer"] == "/items/1/formula"
    again = valuation.post("/v1/value-kpis/bulk", json={"items": items[2:3]}).json()["results"]
    assert again[0]["status"] == "unchanged"


def test_atomic_bulk_keeps_all_or_nothing(valuation: ServiceUnderTest) -> None:
    items = [a_kpi("atomic"), a_kpi("atomic2", direction="sideways")]
    answer = valuation.post("/v1/value-kpis/bulk?atomic=true", json={"items": items})
    assert answer.status_code == 422
    assert valuation.get("/v1/value-kpis?code=atomic").json()["items"] == []


def test_an_observation_sent_again_replaces_the_earlier_value(
    valuation: ServiceUnderTest,
) -> None:
    make_kpi(valuation, "seen")
    first = {"kpi": "seen", "period": "2026-01", "value": "7.123456789012345678", "source": "itsm"}
    assert observe(valuation, first)[0]["status"] == "created"
    assert observe(valuation, first)[0]["status"] == "unchanged"
    assert observe(valuation, first | {"value": "8"})[0]["status"] == "updated"
    assert observe(valuation, first | {"source": "other"})[0]["status"] == "created"
    kept = valuation.get("/v1/observations?kpi=seen&source=itsm").json()["items"]
    assert [(item["value"], item["source"]) for item in kept] == [("8", "itsm")]


def test_an_observation_of_an_unknown_kpi_or_two_times_is_refused(
    valuation: ServiceUnderTest,
) -> None:
    make_kpi(valuation, "once")
    results = observe(
        valuation,
        {"kpi": "nobody", "period": "2026-01", "value": "1"},
        {"kpi": "once", "period": "2026-01", "at": "2026-01-05T00:00:00Z", "value": "1"},
        {"kpi": "once", "period": "2026-13", "value": "1"},
        {"kpi": "once", "period": "2026-01", "value": "1e5"},
        {"kpi": "once", "at": "2026-01-31T23:30:00-02:00", "value": "1"},
    )
    assert [result["status"] for result in results] == ["error"] * 4 + ["created"]
    assert results[0]["error"]["errors"][0] == {
        "pointer": "/items/0/kpi",
        "code": "unknown_code",
        "message": "no value KPI nobody",
    }
    kept = valuation.get("/v1/observations?kpi=once").json()["items"][0]
    assert (kept["period"], kept["at"]) == ("2026-02", "2026-02-01T01:30:00Z")


def test_a_series_shows_value_target_and_attainment(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(
        valuation,
        "cycle",
        baseline="45",
        target="30",
        targets=[{"period": "2026-01", "value": "40"}],
    )
    observe(
        valuation,
        {"kpi": "cycle", "period": "2026-01", "value": "41"},
        {"kpi": "cycle", "period": "2026-01", "value": "43", "source": "b"},
        {
            "kpi": "cycle",
            "period": "2026-01",
            "value": "99",
            "link": {"layer": "solution", "code": "X"},
        },
        {"kpi": "cycle", "period": "2026-03", "value": "30"},
    )
    items = series(valuation, kpi)
    assert [item["period"] for item in items] == ["2026-01", "2026-02", "2026-03"]
    assert (items[0]["value"], items[0]["target"], items[0]["attainment"]) == ("42", "40", "0.6")
    assert (items[1]["value"], items[1]["reason"]) == (None, "no_observation")
    assert (items[2]["attainment"], items[2]["variance"]) == ("1", "0")
    linked = series(valuation, kpi, link_layer="solution", link_code="X")
    assert linked[0]["value"] == "99"


def test_a_formula_is_computed_from_other_kpis(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "it/cost")
    make_kpi(valuation, "revenue")
    share = make_kpi(valuation, "share", formula='"it/cost" / revenue * 100')
    top = make_kpi(valuation, "top", formula="100 - share")
    observe(
        valuation,
        {"kpi": "it/cost", "period": "2026-01", "value": "3"},
        {"kpi": "revenue", "period": "2026-01", "value": "12"},
        {"kpi": "it/cost", "period": "2026-02", "value": "3"},
        {"kpi": "revenue", "period": "2026-02", "value": "0"},
        {"kpi": "it/cost", "period": "2026-03", "value": "3"},
    )
    items = series(valuation, share)
    assert [item["value"] for item in items] == ["25", None, None]
    assert [item["reason"] for item in items] == [None, "division_by_zero", "missing_value"]
    assert items[2]["missing"] == ["revenue"]
    assert series(valuation, top)[0]["value"] == "75"


def test_a_reversed_range_is_refused(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "range")
    answer = valuation.get(f"/v1/value-kpis/{kpi['id']}/series?from=2026-03&to=2026-01")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_range")


def test_a_kpi_in_use_stays(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "used")
    observe(valuation, {"kpi": "used", "period": "2026-01", "value": "1"})
    path = f"/v1/value-kpis/{kpi['id']}"
    refused = valuation.delete(path, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "kpi_in_use")
    seen = valuation.get("/v1/observations?kpi=used").json()["items"][0]
    assert (
        valuation.delete(
            f"/v1/observations/{seen['id']}", headers={"If-Match": seen["etag"]}
        ).status_code
        == 204
    )
    assert valuation.delete(path, headers={"If-Match": kpi["etag"]}).status_code == 204
    assert valuation.get(path).status_code == 404


def test_a_kpi_that_a_formula_names_stays(valuation: ServiceUnderTest) -> None:
    named = make_kpi(valuation, "named", unit="h")
    make_kpi(valuation, "naming", unit="h", formula="named * 2")
    refused = valuation.delete(f"/v1/value-kpis/{named['id']}", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "kpi_in_use")


def test_a_pack_is_taken_over_once(valuation: ServiceUnderTest) -> None:
    packs = valuation.get("/v1/kpi-packs", headers={"Accept-Language": "zh-CN"}).json()["items"]
    assert {pack["class"] for pack in packs} - {None} == {
        "cost", "efficiency", "benefit", "quality", "innovation",
    }  # fmt: skip
    assert packs[0]["title"] == "成本类指标"
    loaded = valuation.post("/v1/kpi-packs/btim-cost/load").json()
    assert "btim:it-cost" in loaded["created"]
    again = valuation.post("/v1/kpi-packs/btim-cost/load").json()
    assert (again["created"], len(again["present"])) == ([], len(loaded["created"]))
    assert valuation.post("/v1/kpi-packs/none/load").status_code == 404


def test_observations_come_as_csv(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "csv")
    observe(valuation, {"kpi": "csv", "period": "2026-01", "value": "1.50", "source": "=cmd"})
    answer = valuation.get("/v1/observations?kpi=csv", headers={"Accept": "text/csv"})
    assert answer.text.splitlines()[1] == "csv,2026-01,,1.5,'=cmd,,"


def test_a_caller_bound_to_consumers_sees_no_whole_company_figures(
    valuation: ServiceUnderTest,
) -> None:
    bound = valuation.as_caller(a_key(["valuation:admin"], consumers=["sales"]))
    answer = valuation.get("/v1/value-kpis", headers=bound)
    assert (answer.status_code, answer.json()["code"]) == (403, "caller_is_bound")


def test_a_reader_writes_no_observations(valuation: ServiceUnderTest) -> None:
    reader = valuation.as_caller(a_key(["valuation:read"]))
    answer = valuation.post("/v1/observations/bulk", json={"items": []}, headers=reader)
    assert answer.status_code == 403
