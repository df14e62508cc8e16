"""The monthly report over all three live services: one call returns the file, figures agree."""

import csv
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from tests.running import LiveServices, a_key

PERIOD = "2026-01"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTHLY = {
    "type": "cost-value-distribution",
    "period": PERIOD,
    "format": "xlsx",
    "language": "zh-CN",
}
SUPPLY_SHARES = {"WEB": "60", "EVIL": "30", "WEST-SHOPS": "10"}
INJECTION = "=cmd|'/c calc'!A1"


def made(answer: Any) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    body = answer.json()
    assert not [item for item in body.get("results", []) if item["status"] == "error"], body
    return body


def a_thing(code: str, name: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "names": {"en": code, "zh-CN": name}, **more}


def a_mapping(code: str, stage: str, source: dict[str, Any], target: Any) -> dict[str, Any]:
    """Fixed shares when the target is several objects, direct when it is one."""
    method = "direct" if isinstance(target, str) else "fixed"
    goal = {"object": target} if isinstance(target, str) else {"shares": target}
    return {"code": code, "stage": stage, "source": source, "method": method, "target": goal}


@pytest.fixture(scope="module")
def company(services: LiveServices) -> str:
    """1,000 of software and 500.10 of hardware go over a tower and two solutions to three shops;
    a tenth of the tower has no mapping. Answers the id of the published run."""
    lines = [
        {"external_id": "1", "amount": "1000", "account": "SW", "cost_type": "opex"},
        {"external_id": "2", "amount": "500.10", "account": "HW", "cost_type": "capex"},
        {"external_id": "3", "amount": "70", "account": "RENT", "cost_type": "opex"},
    ]
    common = {"source": "erp", "period": PERIOD, "currency": "CNY"}
    items = [{**line, **common} for line in lines]
    made(services.ingest.post("/v1/cost-lines/bulk", json={"items": items}))
    objects = {
        "cost-pools": [a_thing("SW", "软件"), a_thing("HW", "硬件")],
        "resources": [a_thing("APP", "应用平台")],
        "solutions": [
            a_thing("DESIGN", "设计服务", value_chain_stage="design"),
            a_thing("SCM", "供应链协同", value_chain_stage="supply"),
        ],
        "consumers": [
            a_thing("EAST", "华东"),
            a_thing("SHOPS", "直营门店", parent="EAST"),
            a_thing("WEST", "华西"),
            a_thing("WEST-SHOPS", "直营门店", parent="WEST"),
            a_thing("WEB", "电商渠道"),
            a_thing("EVIL", INJECTION),
        ],
    }
    for collection, things in objects.items():
        made(services.allocation.post(f"/v1/{collection}/bulk", json={"items": things}))
    mappings = [
        a_mapping("sw", "line_to_pool", {"account": "SW"}, "SW"),
        a_mapping("hw", "line_to_pool", {"account": "HW"}, "HW"),
        {
            "code": "not-it",
            "stage": "line_to_pool",
            "source": {"account": "RENT"},
            "method": "direct",
            "target": {"out_of_scope": True},
        },
        a_mapping("tower", "pool_to_resource", {}, "APP"),
        a_mapping("solutions", "resource_to_solution", {}, {"DESIGN": "40", "SCM": "60"})
        | {"portion": "90"},
        a_mapping("design", "solution_to_consumer", {"code": "DESIGN"}, "SHOPS"),
        a_mapping("scm", "solution_to_consumer", {"code": "SCM"}, SUPPLY_SHARES),
    ]
    made(services.allocation.post("/v1/mappings/bulk", json={"items": mappings}))
    draft = services.allocation.get("/v1/model-versions?status=draft").json()["items"][0]
    made(services.allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={}))
    order = {"period": PERIOD, "currency": "CNY"}
    run = made(services.allocation.post("/v1/runs?wait=60", json=order))
    assert run["status"] == "succeeded", run
    made(services.allocation.post(f"/v1/runs/{run['id']}/publish", json={}))
    _tell_values(services)
    return str(run["id"])


def _tell_values(services: LiveServices) -> None:
    """Design earns 45, supply 55; use of the supply solution is far from its target."""
    common = {"class": "benefit", "unit": "CNY", "direction": "up"}
    kpis = [
        {
            **common,
            "code": f"revenue-{stage}",
            "names": {"en": stage, "zh-CN": stage},
            "value_role": "revenue",
            "links": [{"value_chain_stage": stage}],
        }
        for stage in ("design", "supply")
    ]
    use = {
        **common,
        "code": "use-scm",
        "names": {"en": "Users", "zh-CN": "活跃用户"},
        "unit": "users",
        "value_role": "use",
        "baseline": "0",
        "target": "100",
        "links": [{"layer": "solution", "code": "SCM"}],
    }
    made(services.valuation.post("/v1/value-kpis/bulk", json={"items": [*kpis, use]}))
    seen = [("revenue-design", "45"), ("revenue-supply", "55"), ("use-scm", "20")]
    items = [{"kpi": kpi, "period": PERIOD, "value": value, "source": "bi"} for kpi, value in seen]
    made(services.valuation.post("/v1/observations/bulk", json={"items": items}))


def fetch(services: LiveServices, media_type: str, **changes: Any) -> Any:
    """One call of a robot: order, wait, file."""
    return services.valuation.post(
        "/v1/reports?wait=60", json={**MONTHLY, **changes}, headers={"Accept": media_type}
    )


@pytest.fixture(scope="module")
def document(services: LiveServices, company: str) -> dict[str, Any]:
    answer = fetch(services, "application/json", format="json")
    assert answer.status_code == 200, answer.text
    content = services.valuation.get(answer.json()["file"]["href"])
    body: dict[str, Any] = json.loads(content.content)
    return body


def rows(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = [table for part in document["sections"] for table in part["tables"]]
    return next(table["rows"] for table in tables if table["key"] == key)


def test_one_call_returns_the_workbook(services: LiveServices, company: str) -> None:
    answer = fetch(services, XLSX)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert "IT 成本 - 价值分布报告" in texts
    assert company in texts


def test_the_same_order_returns_the_same_bytes(services: LiveServices, company: str) -> None:
    first, second = (fetch(services, "application/pdf", format="pdf") for _ in range(2))
    assert first.headers["x-report-id"] != second.headers["x-report-id"]
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_figures_are_those_of_the_run_to_the_last_digit(
    services: LiveServices, company: str, document: dict[str, Any]
) -> None:
    view = services.allocation.get(f"/v1/views/consumers?run={company}").json()
    told = {row["code"]["text"]: row["amount"]["amount"] for row in rows(document, "consumer")}
    assert told == {item["code"]: item["amount"] for item in view["items"]}
    assert sum(map(Decimal, told.values())) == Decimal("1350.09")


def test_objects_of_one_name_are_told_apart_by_their_parents(document: dict[str, Any]) -> None:
    names = {row["code"]["text"]: row["name"]["text"] for row in rows(document, "consumer")}
    assert names["SHOPS"] == "华东 › 直营门店"
    assert names["WEST-SHOPS"] == "华西 › 直营门店"
    assert names["WEB"] == "电商渠道"


def test_cost_by_pool_is_split_by_type(document: dict[str, Any]) -> None:
    pools = {row["code"]["text"]: row for row in rows(document, "pool")}
    assert pools["HW"]["capex"]["amount"] == "500.1"
    assert pools["SW"]["opex"]["amount"] == "1000"


def test_the_source_of_a_figure_adds_up_to_it(
    services: LiveServices, document: dict[str, Any]
) -> None:
    figure = rows(document, "consumer")[0]["amount"]
    trace = services.allocation.get(figure["href"].removeprefix("/allocation")).json()
    parts = [Decimal(part["amount"]) for part in trace["contributions"]]
    assert sum(parts) + Decimal(trace["rest"]) == Decimal(figure["amount"])


def test_stages_are_told_with_both_shares(document: dict[str, Any]) -> None:
    said = [line["text"] for part in document["sections"] for line in part["sentences"]]
    assert "design环节 IT 投入占比 36.0%\uff0c贡献营收占比 45.0%。" in said
    assert "supply环节 IT 投入占比 54.0%\uff0c贡献营收占比 55.0%。" in said


def test_what_was_left_over_is_listed_with_its_reason(document: dict[str, Any]) -> None:
    row = rows(document, "unallocated_objects")[0]
    assert (row["code"]["text"], row["amount"]["amount"]) == ("APP", "150.01")
    assert row["reason"]["text"] == "没有适用的映射"


def test_every_step_of_the_reconciliation_closes(document: dict[str, Any]) -> None:
    gaps = [
        row["amount"]["amount"]
        for row in rows(document, "reconciliation")
        if row["label"]["text"] == "差额"
    ]
    assert gaps
    assert set(gaps) == {"0"}


def test_names_that_would_run_in_a_spreadsheet_do_not(services: LiveServices, company: str) -> None:
    content = fetch(services, "text/csv", format="csv").text
    cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
    assert f"'{INJECTION}" in cells
    assert INJECTION not in cells


def test_a_period_without_a_published_run_fails_with_the_reason(
    services: LiveServices, company: str
) -> None:
    answer = fetch(services, "application/json", period="2025-06")
    assert answer.json()["status"] == "failed"
    assert answer.json()["problem"]["code"] == "no_published_run"
    refused = fetch(services, XLSX, period="2025-06")
    assert (refused.status_code, refused.json()["code"]) == (409, "report_failed")


def test_a_named_run_of_another_period_is_refused(services: LiveServices, company: str) -> None:
    answer = fetch(services, "application/json", period="2025-06", parameters={"run": company})
    assert answer.json()["problem"]["code"] == "run_of_another_period"


def test_a_spend_overview_says_nothing_of_value(services: LiveServices, company: str) -> None:
    answer = fetch(services, "text/html", type="it-spend-overview", format="html")
    assert "IT 支出概览" in answer.text
    assert "价值指标" not in answer.text


@pytest.mark.parametrize("name", ["flow", "cost-distribution", "cost-value"])
def test_charts_come_as_specification_svg_and_png(
    services: LiveServices, company: str, name: str
) -> None:
    path = f"/v1/charts/{name}?period={PERIOD}"
    spec = services.valuation.get(path).json()
    assert "vega-lite" in spec["$schema"]
    chinese = {"Accept-Language": "zh-CN"}
    svg = services.valuation.get(path, headers={"Accept": "image/svg+xml", **chinese})
    assert svg.text.startswith("<svg")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in svg.text)
    png = services.valuation.get(path, headers={"Accept": "image/png"})
    assert png.content.startswith(b"\x89PNG")
    known = {"Accept": "image/png", "If-None-Match": png.headers["etag"]}
    assert services.valuation.get(path, headers=known).status_code == 304


def test_a_chart_without_a_run_is_a_conflict(services: LiveServices, company: str) -> None:
    answer = services.valuation.get("/v1/charts/flow?period=2025-06")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_published_run")


def test_cost_stands_beside_value_for_each_solution(services: LiveServices, company: str) -> None:
    view = services.valuation.get(f"/v1/views/solution-value?period={PERIOD}").json()
    scm, design = view["items"]
    assert (scm["code"], design["code"]) == ("SCM", "DESIGN")
    assert scm["underused"] is True
    assert design["underused"] is None
    assert scm["kpis"][0] == {
        "kpi": "use-scm",
        "name": "Users",
        "value_role": "use",
        "unit": "users",
        "value": "20",
        "period": PERIOD,
        "target": "100",
        "attainment": "0.2",
        "value_per_cost": None,
    }


def test_a_finished_report_is_an_event(services: LiveServices, company: str) -> None:
    from sqlmodel import col, select

    from shared.database import new_session
    from shared.tables.platform import OutboxEvent

    report = fetch(services, "application/json", format="csv").json()
    with new_session() as session:
        event = session.exec(
            select(OutboxEvent).where(
                col(OutboxEvent.type) == "report.ready",
                col(OutboxEvent.resource_id) == report["id"],
            )
        ).one()
    assert event.payload["sha256"] == report["file"]["sha256"]


def test_a_bound_caller_sees_neither_charts_nor_views(services: LiveServices, company: str) -> None:
    key = a_key(["valuation:read", "valuation:write"], consumers=["SHOPS"])
    bound = {"Authorization": f"Bearer {key}"}
    for path in (f"/v1/charts/flow?period={PERIOD}", f"/v1/views/solution-value?period={PERIOD}"):
        assert services.valuation.get(path, headers=bound).status_code == 403
    assert services.valuation.post("/v1/reports", json=MONTHLY, headers=bound).status_code == 403
