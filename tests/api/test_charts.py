"""Charts over HTTP: each is drawn from figures that the API gives, and refuses what lacks them."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.modelling import ok
from tests.running import LiveServices
from tests.small_run import publish_a_run

PERIOD = "2026-01"
FLOWS = [("2025-01-15", "-900", "investment"), ("2025-06-15", "500", "benefit"),
         ("2025-12-15", "700", "benefit")]  # fmt: skip


@pytest.fixture(scope="module")
def company(services: LiveServices) -> dict[str, str]:
    """Two published months, two KPIs of twelve months, an initiative with a review."""
    for period, amount in (("2025-12", "1000"), (PERIOD, "1200.50")):
        publish_a_run(services, period, amount)
    valuation = services.valuation
    kpis = [
        {"code": code, "names": {"en": code, "zh-CN": name}, "class": "efficiency", "unit": "%",
         "direction": "up", "perspective": "process", "baseline": "10", "target": "40"}
        for code, name in (("signing", "签约率"), ("tool", "设计工具使用率"))
    ]  # fmt: skip
    ok(valuation.post("/v1/value-kpis/bulk?atomic=true", json={"items": kpis}))
    seen = [
        {"kpi": code, "period": f"2025-{month:02d}", "value": str(10 + month * step % 17),
         "source": "survey"}
        for code, step in (("signing", 5), ("tool", 7))
        for month in range(1, 13)
    ]  # fmt: skip
    ok(valuation.post("/v1/observations/bulk?atomic=true", json={"items": seen}))
    initiative = {"code": "crm", "names": {"en": "CRM", "zh-CN": "客户关系管理"}, "stage": "live",
                  "historic": True, "go_live_on": "2025-02-01", "solution": "CRM",
                  "currency": "CNY", "tags": {"portfolio": "sales"}}  # fmt: skip
    ok(valuation.post("/v1/initiatives/bulk?atomic=true", json={"items": [initiative]}))
    row = valuation.get("/v1/initiatives?code=crm").json()["items"][0]
    path = f"/v1/initiatives/{row['id']}"
    promise = {"kpi": "signing", "level": "strategy", "baseline": "10", "target": "40",
               "due_period": "2025-12", "monetary_value": "800", "currency": "CNY",
               "benefit_kind": "cashable"}  # fmt: skip
    ok(valuation.post(f"{path}/value-expectations/bulk?atomic=true", json={"items": [promise]}))
    flows = [
        {"external_id": f"{basis}-{n}", "on": day, "amount": amount, "category": kind,
         "basis": basis}
        for basis in ("plan", "actual")
        for n, (day, amount, kind) in enumerate(FLOWS)
    ]  # fmt: skip
    ok(valuation.post(f"{path}/cash-flows/bulk?atomic=true", json={"items": flows}))
    review = ok(
        valuation.post(
            "/v1/post-implementation-reviews", json={"initiative": "crm", "due_on": "2026-01-31"}
        )
    )
    ok(valuation.post(f"/v1/post-implementation-reviews/{review['id']}/start", json={}))
    return {"review": str(review["id"]), "initiative": str(row["id"])}


ASKED = {
    "flow": f"period={PERIOD}",
    "cost-distribution": f"period={PERIOD}",
    "cost-value": f"period={PERIOD}",
    "kpi-attainment": f"period={PERIOD}",
    "kpi-series": "kpi=signing",
    "attribution": "kpi=signing&other=tool",
    "scorecard": "period=2025-12",
    "tornado": "initiative=crm&discount_rate=0.08",
    "cash-flows": "initiative=crm",
    "review": "review={review}",
    "value-realisation": "by=portfolio",
    "solution-value": f"period={PERIOD}",
    "spend-trend": f"period={PERIOD}&layer=solution",
    "unallocated": f"period={PERIOD}",
}


def chart(services: LiveServices, name: str, query: str, **headers: str) -> Any:
    return services.valuation.get(f"/v1/charts/{name}?{query}", headers=headers)


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row that a specification draws."""
    return [row for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_chart_is_drawn_in_both_languages(
    services: LiveServices, company: dict[str, str], name: str
) -> None:
    query = ASKED[name].format(**company)
    specs = [
        ok(chart(services, name, query, **{"Accept-Language": language}))
        for language in ("en", "zh-CN")
    ]
    assert specs[0] != specs[1]
    assert "vega-lite/v6" in specs[0]["$schema"]
    assert rows_of(specs[0]), "something is drawn"


@pytest.mark.parametrize("name", ["kpi-series", "spend-trend"])
def test_a_picture_comes_as_svg_and_png_and_the_same_twice(
    services: LiveServices, company: dict[str, str], name: str
) -> None:
    for media_type, start in (("image/svg+xml", b"<svg"), ("image/png", b"\x89PNG")):
        first = chart(services, name, ASKED[name], Accept=media_type)
        again = chart(services, name, ASKED[name], Accept=media_type)
        assert first.headers["content-type"].startswith(media_type)
        assert first.content.startswith(start)
        assert first.content == again.content


def amounts(spec: dict[str, Any], **equal: str) -> list[Decimal]:
    return [
        Decimal(row["amount"])
        for row in rows_of(spec)
        if row.get("amount") is not None and all(row.get(k) == v for k, v in equal.items())
    ]


def test_months_of_spending_are_those_of_the_published_runs(
    services: LiveServices, company: dict[str, str]
) -> None:
    spec = ok(chart(services, "spend-trend", f"period={PERIOD}"))
    assert amounts(spec, name="SW") == [Decimal(1000), Decimal("1200.5")]


def test_unallocated_money_is_drawn_to_the_cent(
    services: LiveServices, company: dict[str, str]
) -> None:
    spec = ok(chart(services, "unallocated", f"period={PERIOD}"))
    assert sum(amounts(spec)) == Decimal("120.05"), "a tenth of 1,200.50 has no mapping"


def test_cash_flows_add_up_and_mark_the_month_of_payback(
    services: LiveServices, company: dict[str, str]
) -> None:
    spec = ok(chart(services, "cash-flows", f"initiative={company['initiative']}"))
    assert amounts(spec, basis="Plan")[-1] == Decimal(300)
    assert "Plan: paid back 2025-12" in json.dumps(spec)


def test_the_tornado_shows_the_swings_of_the_evaluation(
    services: LiveServices, company: dict[str, str]
) -> None:
    path = f"/v1/initiatives/{company['initiative']}/evaluation?discount_rate=0.08"
    swings = ok(services.valuation.get(path))["sensitivity"]
    spec = ok(chart(services, "tornado", ASKED["tornado"]))
    ends = {Decimal(swing[f"result_at_{end}"]) for swing in swings for end in ("low", "high")}
    assert set(amounts(spec)) == ends


def test_a_series_draws_what_was_observed(services: LiveServices, company: dict[str, str]) -> None:
    spec = ok(chart(services, "kpi-series", "kpi=signing&from=2025-01&to=2025-03"))
    assert amounts(spec, kind="Value") == [Decimal(15), Decimal(20), Decimal(25)]
    assert set(amounts(spec, kind="Target")) == {Decimal(40)}


@pytest.mark.parametrize(
    ("name", "query", "status", "code"),
    [
        ("flow", "", 422, "missing_parameter"),
        ("kpi-series", "", 422, "missing_parameter"),
        ("attribution", "kpi=signing", 422, "missing_parameter"),
        ("attribution", "kpi=signing&other=tool&driver=x", 422, "missing_parameter"),
        ("tornado", "period=2026-01", 422, "missing_parameter"),
        ("review", "", 422, "missing_parameter"),
        ("review", "review=x", 422, "unprocessable"),
        ("spend-trend", "from=2026-02&to=2026-01", 422, "bad_stretch"),
        ("spend-trend", "period=2024-01", 409, "no_published_run"),
        ("carbon", f"period={PERIOD}", 409, "measures_missing"),
        ("scorecard", "", 422, "missing_parameter"),
        ("kpi-series", "kpi=nobody", 404, "not_found"),
        ("tornado", "initiative=nobody", 404, "not_found"),
        ("review", "review=01a205a1-6c6c-7017-9233-10a39aeea1e5", 404, "not_found"),
        ("horoscope", "", 422, ""),
    ],
)
def test_a_chart_without_what_it_needs_says_so(
    services: LiveServices, company: dict[str, str], name: str, query: str, status: int, code: str
) -> None:
    answer = chart(services, name, query)
    assert answer.status_code == status, answer.text
    if code not in ("", "unprocessable"):
        assert answer.json()["code"] == code
