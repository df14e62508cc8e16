"""Every type of report over three live services: figures agree with the services, bytes repeat."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.api.report_company import LONG_NAME, PERIOD, SHOPS, Company, Json, build, made
from tests.running import LiveServices, a_key

TYPES: dict[str, Json] = {
    "cost-value-distribution": {},
    "it-spend-overview": {"months": 12},
    "consumer-statement": {"consumer": "SHOP-00"},
    "post-implementation-review": {},
    "value-analysis": {"discount_rate": "0.1"},
    "unallocated-and-data-quality": {},
    "carbon": {},
    "compliance": {},
}


@pytest.fixture(scope="module")
def company(services: LiveServices) -> Company:
    return build(services)


def an_order(kind: str, **changes: Any) -> Json:
    order = {"type": kind, "period": PERIOD, "format": "json", "language": "zh-CN"}
    return {**order, "parameters": TYPES[kind], **changes}


def report_of(services: LiveServices, kind: str, **changes: Any) -> Json:
    report: Json = made(
        services.valuation.post("/v1/reports?wait=60", json=an_order(kind, **changes))
    )
    assert report["status"] == "succeeded", report
    return report


def file_of(services: LiveServices, report: Json) -> bytes:
    content: bytes = services.valuation.get(report["file"]["href"]).content
    return content


@pytest.fixture(scope="module")
def documents(services: LiveServices, company: Company) -> dict[str, Json]:
    """Each type's file as JSON."""
    return {kind: json.loads(file_of(services, report_of(services, kind))) for kind in TYPES}


def rows(document: Json, key: str) -> list[Json]:
    tables = [table for part in document["sections"] for table in part["tables"]]
    found: list[Json] = next(table["rows"] for table in tables if table["key"] == key)
    return found


def said(document: Json) -> str:
    return "\n".join(each["text"] for part in document["sections"] for each in part["sentences"])


def test_the_statement_is_the_issued_bill_line_by_line(
    services: LiveServices, documents: dict[str, Json]
) -> None:
    path = f"/v1/statements?period={PERIOD}&consumer=SHOP-00"
    bill = services.allocation.get(path).json()["items"][0]
    lines = services.allocation.get(f"/v1/statements/{bill['id']}").json()["lines"]
    told = rows(documents["consumer-statement"], "bill_lines")
    assert {(row["code"]["text"], row["amount"]["amount"]) for row in told} == {
        (line["code"], line["amount"]) for line in lines
    }
    seats = next(row for row in told if row["code"]["text"] == "SCM")
    assert (seats["driver"]["text"], seats["quantity"]["value"]) == ("席位", "1")
    assert sum(Decimal(row["amount"]["amount"]) for row in told) == Decimal(bill["amount"])


def test_the_statement_tells_its_months_its_origins_and_its_dispute(
    documents: dict[str, Json], company: Company
) -> None:
    document = documents["consumer-statement"]
    months = rows(document, "bill_months")
    assert [row["month"]["text"] for row in months] == ["2026-01", "2026-02"]
    assert months[1]["change"]["share"].startswith("0.0")
    assert {row["code"]["text"] for row in rows(document, "bill_origins")} == {"SW", "HW"}
    complaint = rows(document, "bill_complaints")[0]
    assert complaint["line"]["href"] == f"/allocation/v1/disputes/{company.disputed}"
    assert complaint["state"]["text"] == "待处理"
    assert LONG_NAME in said(document)


def test_without_a_statement_the_run_speaks(services: LiveServices, company: Company) -> None:
    report = report_of(services, "consumer-statement", period="2026-01")
    document = json.loads(file_of(services, report))
    view = services.allocation.get("/v1/views/consumers?period=2026-01&code=SHOP-00").json()
    told = rows(document, "bill_lines")
    assert sum(Decimal(row["amount"]["amount"]) for row in told) == Decimal(
        view["items"][0]["amount"]
    )
    assert "尚未签发账单" in said(document)


def test_the_overview_has_every_consumer_by_month(
    services: LiveServices, documents: dict[str, Json]
) -> None:
    table = rows(documents["it-spend-overview"], "consumer_months")
    assert len(table) == SHOPS
    run = services.allocation.get(f"/v1/runs?period={PERIOD}&published=true").json()["items"][0]
    total = sum(Decimal(row[PERIOD]["amount"]) for row in table)
    assert total == Decimal(run["totals"]["cost"]["consumers"])


def test_the_analysis_judges_plan_and_actual_as_the_evaluation_does(
    services: LiveServices, documents: dict[str, Json], company: Company
) -> None:
    path = f"/v1/initiatives/{company.initiative}/evaluation?discount_rate=0.1"
    judged = {row["figure"]["text"]: row for row in rows(documents["value-analysis"], "judged")}
    for basis in ("plan", "actual"):
        figures = services.valuation.get(f"{path}&basis={basis}").json()["figures"]
        told = judged["roi_net"][basis]["value"]
        assert told == figures["roi_net"]["value"]
        assert judged["npv"][basis]["amount"] == figures["npv"]["value"]


def test_the_analysis_sets_kpis_by_class_and_cost_beside_value(
    documents: dict[str, Json],
) -> None:
    document = documents["value-analysis"]
    cycle = next(row for row in rows(document, "kpis_efficiency") if row["code"]["text"] == "CYCLE")
    assert (cycle["previous"]["value"], cycle["trend"]["text"]) == ("36", "向好")
    solutions = {row["code"]["text"]: row for row in rows(document, "solution_list")}
    assert solutions["SCM"]["underused"]["text"] == "使用不足"
    assert solutions["DESIGN"]["value"]["value"] == "1800000"


def test_open_ends_and_rejected_rows_are_told(
    services: LiveServices, documents: dict[str, Json]
) -> None:
    document = documents["unallocated-and-data-quality"]
    run = services.allocation.get(f"/v1/runs?period={PERIOD}&published=true").json()["items"][0]
    month = rows(document, "months")[-1]
    assert month["unallocated"]["amount"] == run["totals"]["cost"]["unallocated"]
    brought = rows(document, "imports")[0]
    assert (brought["rows"]["value"], brought["rejected"]["value"]) == ("7", "1")
    assert "erp" in [row["source"]["text"] for row in rows(document, "sources_quality")]


def test_emissions_are_those_of_the_run(services: LiveServices, documents: dict[str, Json]) -> None:
    run = services.allocation.get(f"/v1/runs?period={PERIOD}&published=true").json()["items"][0]
    told = {row["unit"]["text"]: row for row in rows(documents["carbon"], "carbon_totals")}
    assert told["kWh"]["total"]["value"] == run["totals"]["kwh"]["input"] == "31250.5"
    emitted = run["totals"]["co2e_operational"]["input"]
    assert told["kg CO2e"]["total"]["value"] == emitted
    assert "该批次未度量隐含排放" in said(documents["carbon"])


def test_the_books_of_the_period_are_told_whenever_they_were_kept(
    documents: dict[str, Json], company: Company
) -> None:
    events = rows(documents["compliance"], "book_events")
    done = {(event["action"]["text"], event["resource"]["text"]) for event in events}
    assert {("create", "run"), ("publish", "run"), ("issue", "statement")} <= done
    assert company.run in {event["resource_id"]["text"] for event in events}


def test_every_type_gives_the_same_bytes_again(
    services: LiveServices, documents: dict[str, Json]
) -> None:
    for kind in TYPES:
        hashes = {report_of(services, kind)["file"]["sha256"] for _ in range(2)}
        assert len(hashes) == 1, kind


def test_every_figure_of_the_narrative_leads_to_its_source(documents: dict[str, Json]) -> None:
    for kind, document in documents.items():
        for part in document["sections"]:
            for each in part["sentences"]:
                for figure in each["figures"]:
                    is_number = {"amount", "value", "share"} & figure.keys()
                    assert not is_number or figure.get("href"), (kind, each["text"], figure)


@pytest.mark.parametrize(
    ("kind", "parameters", "code"),
    [
        ("consumer-statement", {}, "consumer_missing"),
        ("consumer-statement", {"consumer": "NOBODY"}, "unknown_consumer"),
        ("carbon", {"consumer": "SHOP-00"}, "parameter_not_used"),
        ("it-spend-overview", {"discount_rate": "0.1"}, "parameter_not_used"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    services: LiveServices, company: Company, kind: str, parameters: Json, code: str
) -> None:
    answer = services.valuation.post("/v1/reports", json=an_order(kind, parameters=parameters))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_audit_trails_are_not_for_any_reader(services: LiveServices, company: Company) -> None:
    report = report_of(services, "compliance")
    writer = {"Authorization": f"Bearer {a_key(['valuation:write'])}"}
    ordered = services.valuation.post("/v1/reports", json=an_order("compliance"), headers=writer)
    fetched = services.valuation.get(report["file"]["href"], headers=writer)
    for answer in (ordered, fetched):
        assert (answer.status_code, answer.json()["code"]) == (403, "admin_only")
