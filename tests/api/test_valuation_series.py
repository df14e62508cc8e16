"""Formulas as they are written, series with trend and season, weights, notes and files."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.test_valuation_kpis import a_kpi, make_kpi, observe
from tests.running import ServiceUnderTest

# The first of Anscombe's four data sets (1973): slope 0.500, intercept 3.000.
X = (10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5)
Y = ("8.04", "6.95", "7.58", "8.81", "8.33", "9.96", "7.24", "4.26", "10.84", "4.82", "5.68")


def shown(valuation: ServiceUnderTest, kpi: dict[str, Any], **query: str) -> dict[str, Any]:
    answer = valuation.get(f"/v1/value-kpis/{kpi['id']}/series", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(answer: Any) -> tuple[int, str, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"], body["detail"]


def test_a_circle_is_refused_where_it_would_be_closed(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "hen", formula="egg + 1")
    egg = make_kpi(valuation, "egg", formula="nest + 1")
    closing = valuation.post("/v1/value-kpis", json=a_kpi("nest", formula="hen * 2"))
    status, code, pointer, detail = refusal(closing)
    assert (status, code, pointer) == (422, "formula_cycle", "/formula")
    assert "nest -> hen -> egg -> nest" in detail
    patched = valuation.patch(
        f"/v1/value-kpis/{egg['id']}", json={"formula": "hen"}, headers={"If-Match": "*"}
    )
    assert refusal(patched)[1] == "formula_cycle"
    kept = valuation.get("/v1/value-kpis?code=egg").json()["items"][0]
    assert kept["formula"] == "nest + 1"


def test_a_circle_within_one_bulk_is_refused_where_it_closes(valuation: ServiceUnderTest) -> None:
    items = [a_kpi("b-one", formula='"b-two"'), a_kpi("b-two", formula='"b-one"'), a_kpi("b-three")]
    answer = valuation.post("/v1/value-kpis/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in answer] == ["created", "error", "created"]
    assert answer[1]["error"]["code"] == "formula_cycle"
    assert answer[1]["error"]["errors"][0]["pointer"] == "/items/1/formula"


def test_units_that_do_not_go_together_are_refused_by_name(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "u-cost", unit="CNY")
    make_kpi(valuation, "u-hours", unit="h")
    wrong = valuation.post("/v1/value-kpis", json=a_kpi("u-sum", formula='"u-cost" + "u-hours"'))
    status, code, pointer, detail = refusal(wrong)
    assert (status, code, pointer) == (422, "unit_mismatch", "/formula")
    assert "CNY and h" in detail
    declared = a_kpi("u-rate", formula='"u-cost" / "u-hours"', unit="h")
    assert refusal(valuation.post("/v1/value-kpis", json=declared))[1] == "unit_mismatch"
    made = make_kpi(valuation, "u-rate", formula='"u-cost" / "u-hours"', unit="CNY/h")
    patched = valuation.patch(
        f"/v1/value-kpis/{made['id']}", json={"unit": "USD/h"}, headers={"If-Match": "*"}
    )
    assert refusal(patched)[1] == "unit_mismatch"


def test_a_unit_changed_later_gives_a_reason_not_a_number(valuation: ServiceUnderTest) -> None:
    one, _ = make_kpi(valuation, "l-one", unit="CNY"), make_kpi(valuation, "l-two", unit="CNY")
    total = make_kpi(valuation, "l-sum", formula='"l-one" + "l-two"', unit="CNY")
    observe(
        valuation,
        {"kpi": "l-one", "period": "2026-01", "value": "3"},
        {"kpi": "l-two", "period": "2026-01", "value": "4"},
    )
    assert shown(valuation, total)["items"][0]["value"] == "7"
    path = f"/v1/value-kpis/{one['id']}"
    assert valuation.patch(path, json={"unit": "h"}, headers={"If-Match": "*"}).status_code == 200
    point = shown(valuation, total)["items"][0]
    assert (point["value"], point["reason"]) == (None, "unit_mismatch")
    assert set(point["missing"]) == {"CNY", "h"}


def test_services_that_do_not_answer_are_told_as_the_reason(
    valuation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.settings import get_settings

    monkeypatch.setattr(get_settings(), "ingest_url", "http://127.0.0.1:9")
    monkeypatch.setattr(get_settings(), "allocation_url", "http://127.0.0.1:9")
    month = {"from": "2026-01", "to": "2026-01"}
    for formula, reason in (
        ("tickets()", "ingest_unreachable"),
        ("someone_elses", "ingest_unreachable"),
        ("cost()", "allocation_unreachable"),
        ('cost("solution", "CRM") / tickets()', "allocation_unreachable"),
    ):
        kpi = make_kpi(valuation, f"far {formula}", formula=formula, unit="far")
        answer = shown(valuation, kpi, **month)
        assert answer["items"][0]["reason"] == reason
        assert answer["benchmark_reason"] == "allocation_unreachable"


def test_the_trend_of_a_series_is_the_regression_of_the_textbook(
    valuation: ServiceUnderTest,
) -> None:
    kpi = make_kpi(valuation, "anscombe")
    months = [f"2025-{at + 1:02}" if at < 12 else f"2026-{at - 11:02}" for at in range(15)]
    observe(
        valuation,
        *({"kpi": "anscombe", "period": months[x], "value": y} for x, y in zip(X, Y, strict=True)),
    )
    trend = shown(valuation, kpi, **{"from": months[0], "to": months[14]})["trend"]
    assert trend["slope_per_month"] == "0.500090909091"
    assert trend["intercept"] == "3.000090909091"
    assert (trend["direction"], trend["values"], trend["reason"]) == ("worsening", 11, None)
    season = shown(valuation, kpi)["seasonality"]
    assert season == {"reason": "too_short", "pattern": []}


def test_a_season_is_told_and_taken_off(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "seasonal", direction="up")
    observe(
        valuation,
        *(
            {
                "kpi": "seasonal",
                "period": f"{2024 + at // 12}-{at % 12 + 1:02}",
                "value": str(100 + at + (6 if at % 12 == 11 else 0)),
            }
            for at in range(36)
        ),
    )
    found = shown(valuation, kpi)
    pattern = {each["month"]: each["effect"] for each in found["seasonality"]["pattern"]}
    assert (pattern[12], pattern[1]) == ("5.5", "-0.5")
    assert found["items"][11]["seasonally_adjusted"] == "111.5"
    assert found["trend"]["direction"] == "improving"
    gap = shown(valuation, kpi, **{"from": "2023-12"})
    assert gap["seasonality"]["reason"] == "has_gaps"


def test_a_series_of_one_linked_thing(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "linked")
    link = {"layer": "consumer", "code": "SA:LES"}
    observe(
        valuation,
        {"kpi": "linked", "period": "2026-01", "value": "1"},
        {"kpi": "linked", "period": "2026-01", "value": "9", "link": link},
    )
    for query in ({"link": "consumer:SA:LES"}, {"layer": "consumer", "link_code": "SA:LES"}):
        answer = shown(valuation, kpi, **query)
        assert (answer["link"], answer["items"][0]["value"]) == (link, "9")
    assert shown(valuation, kpi)["items"][0]["value"] == "1"
    bad = valuation.get(f"/v1/value-kpis/{kpi['id']}/series?link=planet:X")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_link")
    seen = valuation.get("/v1/observations?link=consumer:SA:LES").json()["items"]
    assert [item["value"] for item in seen] == ["9"]


def test_a_weight_is_one_unless_said_and_never_nothing(valuation: ServiceUnderTest) -> None:
    made = make_kpi(valuation, "plain")
    assert made["weight"] == "1"
    path = f"/v1/value-kpis/{made['id']}"
    changed = valuation.patch(path, json={"weight": "2.50"}, headers={"If-Match": made["etag"]})
    assert changed.json()["weight"] == "2.5"
    for weight in ("0", "-1", None):
        answer = valuation.patch(path, json={"weight": weight}, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/weight")


def test_kpis_come_as_a_file(valuation: ServiceUnderTest) -> None:
    links = [{"layer": "consumer", "code": "SHOPS"}, {"initiative": "i-1"}]
    make_kpi(valuation, "filed", links=links, owner="Li", target="1.50")
    answer = valuation.get("/v1/value-kpis?owner=Li", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["code"] for row in rows] == ["filed"]
    assert (rows[0]["target"], rows[0]["class"]) == ("1.5", "efficiency")
    assert rows[0]["links"] == "consumer:SHOPS; initiative:i-1"
    found = valuation.get("/v1/value-kpis?layer=consumer&link_code=SHOPS").json()["items"]
    assert [item["code"] for item in found] == ["filed"]


def test_a_note_is_kept_with_what_was_measured(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "noted")
    item = {"kpi": "noted", "period": "2026-01", "value": "1", "note": "盘点后修正"}
    assert observe(valuation, item)[0]["status"] == "created"
    kept = valuation.get("/v1/observations?kpi=noted").json()["items"][0]
    assert kept["note"] == "盘点后修正"
    assert observe(valuation, item)[0]["status"] == "unchanged"
    assert observe(valuation, item | {"note": None})[0]["status"] == "updated"
    assert observe(valuation, item | {"note": "x" * 2001})[0]["status"] == "error"


def test_two_clients_at_once_make_one_row(valuation: ServiceUnderTest) -> None:
    make_kpi(valuation, "raced")
    item = {"kpi": "raced", "period": "2026-01", "value": "1"}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: observe(valuation, item), range(8)))
    results = [each[0]["status"] for each in found]
    assert sorted(results) == ["created", *["unchanged"] * 7]
    assert len(valuation.get("/v1/observations?kpi=raced").json()["items"]) == 1


def test_units_within_one_bulk_are_checked_whatever_the_order(
    valuation: ServiceUnderTest,
) -> None:
    money = {**a_kpi("bulk-spend"), "unit": "CNY"}
    mixed = {**a_kpi("bulk-mixed"), "unit": "CNY", "formula": '"bulk-spend" + "bulk-hours"'}
    items = [mixed, money, a_kpi("bulk-hours")]
    for _ in range(2):
        results = valuation.post("/v1/value-kpis/bulk", json={"items": items}).json()["results"]
        assert results[0]["error"]["code"] == "unit_mismatch"
        assert [result["status"] for result in results[1:]] in (
            ["created", "created"],
            ["unchanged", "unchanged"],
        )
