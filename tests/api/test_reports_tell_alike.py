"""A report, a chart and the endpoint of the same name tell the same figures of one company."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_valuation_reviews import PATH, approved, make_live, observe, review_of
from tests.running import LiveServices
from tests.value_company import KPI, PERIOD, build_company, named, ok, publish_run, put

BEFORE = "2025-12"
Json = dict[str, Any]
OTHER_KPIS = [
    {"code": "earned-drawings", "value_role": "revenue",
     "links": [{"layer": "solution", "code": "DESIGN"}]},
    {"code": "earned-both", "value_role": "revenue",
     "links": [{"value_chain_stage": "design"}, {"value_chain_stage": "production"}]},
    {"code": "design-cost", "class": "cost", "direction": "down", "baseline": "40", "target": "20",
     "formula": 'cost("solution", "DESIGN")'},
]  # fmt: skip
OTHER_SEEN: list[Json] = [
    {"kpi": "earned-drawings", "value": "7"},
    {"kpi": "earned-both", "value": "5", "link": {"value_chain_stage": "design"}},
    {"kpi": "earned-both", "value": "15", "link": {"value_chain_stage": "production"}},
]


def report_of(services: LiveServices, kind: str, period: str = PERIOD, **parameters: Any) -> Json:
    order = {"type": kind, "period": period, "format": "json", "language": "zh-CN"}
    asked = services.valuation.post("/v1/reports?wait=60", json=order | {"parameters": parameters})
    made = asked.json()
    assert made["status"] == "succeeded", made["problem"]
    document: Json = json.loads(services.valuation.get(made["file"]["href"]).content)
    return document


def rows(document: Json, key: str) -> list[Json]:
    tables = [table for part in document["sections"] for table in part["tables"]]
    found: list[Json] = next(table["rows"] for table in tables if table["key"] == key)
    return found


def said(document: Json) -> str:
    return "\n".join(each["text"] for part in document["sections"] for each in part["sentences"])


@pytest.fixture(scope="module")
def early(services: LiveServices) -> Json:
    """The company, and its value report of a month in which nothing was observed yet."""
    build_company(services)
    line = {"external_id": BEFORE, "source": "erp", "currency": "EUR", "amount": "100"}
    put(services.ingest, "cost-lines", [line | {"period": BEFORE}])
    publish_run(services, BEFORE, ["cost"])
    put(services.valuation, "value-kpis", named([{**KPI, **kpi} for kpi in OTHER_KPIS]))
    put(services.valuation, "observations", [{"period": PERIOD, **each} for each in OTHER_SEEN])
    return report_of(services, "post-implementation-review", BEFORE)


@pytest.fixture(scope="module")
def analysis(services: LiveServices, early: Json) -> Json:
    """The value analysis after one promise of 1000 was found to be half kept, and 40 beside it."""
    valuation: Any = services.valuation
    make_live(valuation, "half")
    observe(valuation, "half", "2016-02", "30")
    extra = [{"text": "Less.", "monetary_value": "40", "currency": "GBP", "kind": "cashable"}]
    path = f"{PATH}/{review_of(valuation, 'half')['id']}"
    ok(valuation.patch(path, json={"extra_benefits": extra}, headers={"If-Match": "*"}))
    approved(valuation, "half")
    return report_of(services, "value-analysis")


def test_a_kpi_computed_from_costs_alone_has_its_figure(early: Json) -> None:
    told = {row["code"]["text"]: row["actual"] for row in rows(early, "kpis")}
    assert told["design-cost"]["value"] == "32"
    assert told["shop-time"]["value"] is None


def test_stages_have_the_shares_of_the_endpoint(services: LiveServices, analysis: Json) -> None:
    chain = ok(services.valuation.get(f"/v1/value-chain?period={PERIOD}"))
    stages = {item["code"]: item for item in chain["items"]}
    assert [stages[code]["value"] for code in ("design", "production")] == ["50", "15"]
    for document in (analysis, report_of(services, "cost-value-distribution")):
        told = {row["stage"]["text"]: row for row in rows(document, "stages")}
        for code, stage in stages.items():
            assert told[code]["amount"]["amount"] == stage["cost"]
            assert told[code]["revenue"]["value"] == stage["value"]
            assert told[code]["share"]["share"] == stage["cost_share"]
            assert told[code]["revenue_share"]["share"] == stage["value_share"]
        (rest,) = told.keys() - stages.keys()
        assert told[rest]["share"]["share"] == chain["unassigned"]["cost_share"]


def test_the_chart_draws_the_same_shares(services: LiveServices, analysis: Json) -> None:
    chain = ok(services.valuation.get(f"/v1/value-chain?period={PERIOD}"))
    chart = services.valuation.get(f"/v1/charts/cost-value?period={PERIOD}").json()
    drawn = {
        (bar["name"], bar["drawn"])
        for bar in chart["datasets"][chart["data"]["name"]]
        if bar["name"] in {"design", "production"}
    }
    assert drawn == {
        (item["code"], float(item[share]))
        for item in chain["items"]
        for share in ("cost_share", "value_share")
    }


def test_every_footprint_is_that_of_the_endpoint(services: LiveServices, early: Json) -> None:
    document = report_of(services, "carbon")
    for layer in ("resource", "solution", "consumer"):
        answer = ok(services.valuation.get(f"/v1/carbon?period={PERIOD}&layer={layer}"))
        told = [
            [row["code"]["text"], row["kwh"]["value"], row["co2e"]["value"],
             row["cost"]["amount"], row["intensity"].get("value")]
            for row in rows(document, f"carbon_{layer}")
        ]  # fmt: skip
        assert told == [
            [item["code"], item["kwh"], item["co2e"], item["cost"], item["kg_per_1000"]]
            for item in answer["items"]
        ]


def test_realised_money_is_that_of_the_endpoint(services: LiveServices, analysis: Json) -> None:
    answer = ok(services.valuation.get(f"/v1/value-realisation?to={PERIOD}"))
    (group,) = answer["by_kind"]
    (row,) = [row for row in rows(analysis, "realisation") if row["by"]["text"] == "收益类型"]
    for name in ("expected", "unmeasured", "realised", "realised_extra"):
        assert row[name]["amount"] == group[name]
    assert (row["rate"]["share"], group["realised_extra"]) == (group["rate"], "40")
    assert "承诺之外的收益" in said(analysis)
    assert "尚不能判断承诺的偏差：已测量 1 项" in said(analysis)


def test_a_consumer_is_billed_with_all_below_it(services: LiveServices, early: Json) -> None:
    def check(document: Json) -> None:
        lines = {row["code"]["text"]: row for row in rows(document, "bill_lines")}
        assert lines["SHOP"]["amount"]["amount"] == "32"
        assert (lines["SHOP"]["name"]["text"], lines["SHOP"]["kind"]["text"]) == (
            "SHOP号", "下级消费者"
        )  # fmt: skip
        assert sum(Decimal(row["amount"]["amount"]) for row in lines.values()) == 42
        (month,) = [row for row in rows(document, "bill_months") if row["month"]["text"] == PERIOD]
        assert month["amount"]["amount"] == "42"
        assert "EAST号 及其下级合计承担 42" in said(document)

    unissued = report_of(services, "consumer-statement", consumer="EAST")
    check(unissued)
    assert "数据取自分摊批次" in said(unissued)
    ok(services.allocation.post("/v1/statements", json={"period": PERIOD}))
    ok(services.allocation.post("/v1/statements/issue", json={"period": PERIOD}))
    issued = report_of(services, "consumer-statement", consumer="EAST")
    check(issued)
    assert f"依据账单 {PERIOD}/EAST/1" in said(issued)
    assert "数据取自分摊批次" not in said(issued)
    below = next(row for row in rows(issued, "bill_lines") if row["code"]["text"] == "SHOP")
    seen = ok(services.allocation.get(below["amount"]["href"].removeprefix("/allocation")))
    assert seen["total"] == "42"
