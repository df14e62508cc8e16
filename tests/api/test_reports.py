"""Ordering reports over HTTP: the job, the file by `Accept`, refusals, equal bytes."""

import hashlib
from typing import Any

import pytest

from tests.running import ServiceUnderTest, a_key

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REVIEW_REPORT = {
    "type": "post-implementation-review",
    "period": "2026-03",
    "format": "html",
    "language": "zh-CN",
}


def order(valuation: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """Order a report that needs no run and let the worker make it."""
    accepted = valuation.post("/v1/reports", json={**REVIEW_REPORT, **changes})
    assert accepted.status_code == 202, accepted.text
    valuation.run_jobs()
    report: dict[str, Any] = valuation.get(f"/v1/reports/{accepted.json()['id']}").json()
    return report


@pytest.fixture(scope="module")
def report(valuation: ServiceUnderTest) -> dict[str, Any]:
    return order(valuation)


def test_an_order_is_a_job_that_leads_to_the_report(valuation: ServiceUnderTest) -> None:
    accepted = valuation.post("/v1/reports", json=REVIEW_REPORT)
    job = accepted.json()["job"]
    assert accepted.headers["Location"] == f"/v1/jobs/{job['id']}"
    valuation.run_jobs()
    done = valuation.get(accepted.headers["Location"]).json()
    assert done["status"] == "succeeded"
    assert done["result"]["href"] == f"/v1/reports/{accepted.json()['id']}"


def test_a_finished_report_tells_its_file_and_hash(
    valuation: ServiceUnderTest, report: dict[str, Any]
) -> None:
    assert report["status"] == "succeeded"
    content = valuation.get(report["file"]["href"])
    assert content.headers["content-type"] == "text/html; charset=utf-8"
    assert hashlib.sha256(content.content).hexdigest() == report["file"]["sha256"]
    assert len(content.content) == report["file"]["bytes"]
    assert "上线后评估" in content.text


def test_the_report_itself_answers_the_file_when_its_type_is_accepted(
    valuation: ServiceUnderTest, report: dict[str, Any]
) -> None:
    answer = valuation.get(f"/v1/reports/{report['id']}", headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["etag"] == f'"{report["file"]["sha256"]}"'
    assert (
        'filename="post-implementation-review_2026-03_zh-CN.html"'
        in (answer.headers["content-disposition"])
    )


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html;q=0.5, */*"])
def test_otherwise_it_answers_json(
    valuation: ServiceUnderTest, report: dict[str, Any], accept: str
) -> None:
    answer = valuation.get(f"/v1/reports/{report['id']}", headers={"Accept": accept})
    assert answer.json()["id"] == report["id"]


def test_a_type_that_the_file_does_not_have_is_not_acceptable(
    valuation: ServiceUnderTest, report: dict[str, Any]
) -> None:
    answer = valuation.get(f"/v1/reports/{report['id']}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_equal_inputs_give_equal_bytes(valuation: ServiceUnderTest, report: dict[str, Any]) -> None:
    again = order(valuation)
    assert again["id"] != report["id"]
    assert again["inputs_sha256"] == report["inputs_sha256"]
    assert again["file"]["sha256"] == report["file"]["sha256"]


def test_known_bytes_are_not_sent_again(
    valuation: ServiceUnderTest, report: dict[str, Any]
) -> None:
    known = {"If-None-Match": f'"{report["file"]["sha256"]}"'}
    answer = valuation.get(report["file"]["href"], headers=known)
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    ("form", "start"), [("xlsx", b"PK"), ("pdf", b"%PDF"), ("csv", b"section,"), ("json", b"{")]
)
def test_each_format_is_what_it_says(valuation: ServiceUnderTest, form: str, start: bytes) -> None:
    report = order(valuation, format=form)
    assert valuation.get(report["file"]["href"]).content.startswith(start)


def test_without_a_language_the_caller_s_is_written(valuation: ServiceUnderTest) -> None:
    body = {key: value for key, value in REVIEW_REPORT.items() if key != "language"}
    accepted = valuation.post("/v1/reports", json=body, headers={"Accept-Language": "zh-CN"})
    report = valuation.get(f"/v1/reports/{accepted.json()['id']}").json()
    assert report["language"] == "zh-CN"
    valuation.run_jobs()


def test_a_file_that_is_not_there_yet_is_a_conflict(valuation: ServiceUnderTest) -> None:
    accepted = valuation.post("/v1/reports", json=REVIEW_REPORT).json()
    answer = valuation.get(f"/v1/reports/{accepted['id']}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (409, "report_not_ready")
    valuation.run_jobs()


def test_a_cancelled_order_leaves_a_cancelled_report(valuation: ServiceUnderTest) -> None:
    accepted = valuation.post("/v1/reports", json=REVIEW_REPORT).json()
    valuation.post(f"/v1/jobs/{accepted['job']['id']}/cancel")
    valuation.run_jobs()
    report = valuation.get(f"/v1/reports/{accepted['id']}").json()
    assert report["status"] == "cancelled"


@pytest.mark.parametrize("kind", ["portfolio-recommendation"])
def test_a_type_that_is_not_made_yet_is_said_so(valuation: ServiceUnderTest, kind: str) -> None:
    answer = valuation.post("/v1/reports", json={**REVIEW_REPORT, "type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "report_type_not_available")
    assert answer.json()["errors"][0]["pointer"] == "/type"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "horoscope"},
        {"period": "2026-13"},
        {"format": "docx"},
        {"language": "de"},
        {"parameters": {"colour": "red"}},
        {"parameters": {"run": "x"}},
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(
    valuation: ServiceUnderTest, wrong: dict[str, Any]
) -> None:
    before = len(valuation.get("/v1/reports?limit=1000").json()["items"])
    assert valuation.post("/v1/reports", json={**REVIEW_REPORT, **wrong}).status_code == 422
    assert len(valuation.get("/v1/reports?limit=1000").json()["items"]) == before


def test_the_list_filters_and_pages(valuation: ServiceUnderTest, report: dict[str, Any]) -> None:
    order(valuation, period="2025-11")
    found = valuation.get("/v1/reports?period=2025-11").json()["items"]
    assert [item["period"] for item in found] == ["2025-11"]
    page = valuation.get("/v1/reports?limit=1").json()
    assert page["items"][0]["id"] == found[0]["id"]
    rest = valuation.get(f"/v1/reports?limit=1&cursor={page['next_cursor']}").json()
    assert rest["items"][0]["id"] != found[0]["id"]


def test_ordering_needs_the_right_to_write(valuation: ServiceUnderTest) -> None:
    reader = valuation.as_caller(a_key(["valuation:read"]))
    assert valuation.post("/v1/reports", json=REVIEW_REPORT, headers=reader).status_code == 403
    assert valuation.get("/v1/reports", headers=reader).status_code == 200


def test_a_caller_bound_to_a_consumer_sees_no_report_of_the_company(
    valuation: ServiceUnderTest, report: dict[str, Any]
) -> None:
    bound = valuation.as_caller(a_key(["valuation:read"], consumers=["SHOPS"]))
    for path in ("/v1/reports", f"/v1/reports/{report['id']}", report["file"]["href"]):
        assert valuation.get(path, headers=bound).status_code == 403


def test_an_unknown_report_is_not_found(valuation: ServiceUnderTest) -> None:
    unknown = "0193a2f4-7c1e-7b54-9d3f-2f1f0f7a9b10"
    assert valuation.get(f"/v1/reports/{unknown}").status_code == 404
    assert valuation.get(f"/v1/reports/{unknown}/content").status_code == 404
    assert valuation.get("/v1/reports/nonsense").status_code == 422
