"""The value side of reports, from KPIs, promises and reviews that were sent over HTTP."""

from typing import Any

import pytest

from tests.running import ServiceUnderTest

PERIOD = "2016-04"


def made(answer: Any) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def case(valuation: ServiceUnderTest) -> str:
    """A project live since January 2016 that promised to restore service in 24 hours, not 48."""
    kpi = {
        "code": "mttr",
        "names": {"en": "Mean time to restore", "zh-CN": "平均恢复时长"},
        "class": "efficiency",
        "unit": "h",
        "direction": "down",
        "baseline": "48",
        "target": "24",
    }
    made(valuation.post("/v1/value-kpis/bulk", json={"items": [kpi]}))
    observed = [
        {"kpi": "mttr", "period": period, "value": value, "source": "itsm"}
        for period, value in (("2016-02", "36"), ("2016-03", "30"), ("2016-05", "20"))
    ]
    made(valuation.post("/v1/observations/bulk", json={"items": observed}))
    initiative = made(
        valuation.post(
            "/v1/initiatives",
            json={
                "code": "servicedesk",
                "names": {"en": "New service desk", "zh-CN": "新服务台"},
                "stage": "live",
                "historic": True,
                "go_live_on": "2016-01-15",
                "currency": "GBP",
            },
        )
    )
    path = f"/v1/initiatives/{initiative['id']}"
    promise = {
        "kpi": "mttr",
        "level": "operation",
        "baseline": "48",
        "target": "24",
        "due_period": "2016-12",
        "monetary_value": "40000",
        "currency": "GBP",
        "benefit_kind": "cashable",
    }
    made(valuation.post(f"{path}/value-expectations/bulk", json={"items": [promise]}))
    flows = [
        {"external_id": "1", "on": "2015-10-01", "amount": "-20000", "category": "investment"},
        {"external_id": "2", "on": "2016-12-31", "amount": "80000", "category": "benefit"},
        {
            "external_id": "3",
            "on": "2016-03-31",
            "amount": "9000.55",
            "category": "benefit",
            "basis": "actual",
        },
        {
            "external_id": "4",
            "on": "2016-06-30",
            "amount": "1",
            "category": "benefit",
            "basis": "actual",
        },
    ]
    made(valuation.post(f"{path}/cash-flows/bulk", json={"items": flows}))
    return str(initiative["id"])


@pytest.fixture(scope="module")
def tables(valuation: ServiceUnderTest, case: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table of the review report of April 2016."""
    order = {
        "type": "post-implementation-review",
        "period": PERIOD,
        "format": "json",
        "language": "zh-CN",
    }
    accepted = valuation.post("/v1/reports", json=order).json()
    valuation.run_jobs()
    body = valuation.get(f"/v1/reports/{accepted['id']}/content").json()
    return {table["key"]: table["rows"] for part in body["sections"] for table in part["tables"]}


def test_a_kpi_is_told_with_its_newest_figure_up_to_the_period(
    tables: dict[str, list[dict[str, Any]]],
) -> None:
    row = tables["kpis"][0]
    assert row["kpi"]["text"] == "平均恢复时长"
    assert (row["actual"]["value"], row["measured_in"]["text"]) == ("30", "2016-03")
    assert row["attainment"]["share"] == "0.75"


def test_benefits_are_promised_and_received_up_to_the_period(
    tables: dict[str, list[dict[str, Any]]],
) -> None:
    row = tables["initiatives"][0]
    assert row["initiative"]["text"] == "新服务台"
    assert row["expected"]["amount"] == "40000"
    assert row["received"]["amount"] == "9000.55"
    assert row["realised"]["value"] is None


def test_the_plan_is_judged_by_named_figures(tables: dict[str, list[dict[str, Any]]]) -> None:
    figures = {row["figure"]["text"]: row["value"].get("value") for row in tables["figures"]}
    assert (figures["roi_gross"], figures["roi_net"]) == ("4", "3")


def test_a_review_that_was_due_is_listed(tables: dict[str, list[dict[str, Any]]]) -> None:
    row = tables["review_list"][0]
    assert (row["initiative"]["text"], row["due_on"]["date"]) == ("新服务台", "2016-04-15")


def test_a_new_observation_changes_the_inputs_and_the_file(
    valuation: ServiceUnderTest, case: str
) -> None:
    order = {"type": "post-implementation-review", "period": PERIOD, "format": "csv"}
    files = []
    for value in ("30", "28"):
        item = {"kpi": "mttr", "period": "2016-03", "value": value, "source": "itsm"}
        made(valuation.post("/v1/observations/bulk", json={"items": [item]}))
        accepted = valuation.post("/v1/reports", json=order).json()
        valuation.run_jobs()
        files.append(valuation.get(f"/v1/reports/{accepted['id']}").json())
    assert files[0]["inputs_sha256"] != files[1]["inputs_sha256"]
    assert files[0]["file"]["sha256"] != files[1]["file"]["sha256"]


def test_what_happened_after_the_period_changes_nothing(
    valuation: ServiceUnderTest, case: str
) -> None:
    order = {"type": "post-implementation-review", "period": "2016-02", "format": "csv"}
    hashes = []
    for value in ("21", "19"):
        item = {"kpi": "mttr", "period": "2016-09", "value": value, "source": "itsm"}
        made(valuation.post("/v1/observations/bulk", json={"items": [item]}))
        accepted = valuation.post("/v1/reports", json=order).json()
        valuation.run_jobs()
        hashes.append(valuation.get(f"/v1/reports/{accepted['id']}").json()["file"]["sha256"])
    assert hashes[0] == hashes[1]


def test_kpi_attainment_is_drawn_without_any_run(valuation: ServiceUnderTest, case: str) -> None:
    drawn = valuation.get(
        "/v1/charts/kpi-attainment?period=2016-04",
        headers={"Accept": "image/svg+xml", "Accept-Language": "zh-CN"},
    )
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "平均恢复时长" in drawn.text
