"""Reports that come by themselves: once for each due time, once for each published run."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.valuation.reporting.report_schedules.workflow import order_due_reports
from shared.database import at_once
from shared.events import outbox
from shared.ids import new_id
from tests.running import ServiceUnderTest, a_key

MONTHLY = {
    "type": "post-implementation-review",
    "format": "html",
    "language": "en",
    "period": "previous",
    "cron": "0 6 3 * *",
    "timezone": "Asia/Shanghai",
}
ON_PUBLISH = {
    "type": "post-implementation-review",
    "format": "json",
    "language": "zh-CN",
    "period": "on_publish",
    "event": "run.published",
}


def a_schedule(valuation: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    base = ON_PUBLISH if "event" in changes else MONTHLY
    answer = valuation.post("/v1/report-schedules", json={**base, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def reports_of(valuation: ServiceUnderTest, code: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = valuation.get(f"/v1/reports?schedule={code}").json()["items"]
    return items


def make_due(code: str, at: str) -> None:
    """As if the schedule had been due since then."""
    with at_once() as connection:
        connection.execute(
            text("update report_schedule set next_due_at = :at where code = :code"),
            {"at": at, "code": code},
        )


def published(valuation: ServiceUnderTest, run: str, period: str = "2026-01", **more: Any) -> None:
    """What allocation tells valuation when a run is published."""
    event = {
        "id": str(new_id()),
        "type": "run.published",
        "source": "allocation",
        "resource_id": run,
        "payload": {"run": run, "period": period, "scenario": "actual", **more},
    }
    assert valuation.post("/v1/events", json=event).status_code == 204


def test_a_schedule_says_when_it_is_due_next(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="monthly", names={"zh-CN": "月报"})
    due = datetime.fromisoformat(made["next_due_at"])
    assert (due.day, due.hour, due.minute) == (2, 22, 0), "6 o'clock in Shanghai"
    assert due > datetime.now(UTC)
    found = valuation.get("/v1/report-schedules?code=monthly").json()["items"]
    assert [item["name"] for item in found] == ["月报"]
    assert found[0]["last_report"] is None
    read = valuation.get(f"/v1/report-schedules/{made['id']}")
    assert read.headers["ETag"] == made["etag"] == found[0]["etag"]


def test_without_a_code_or_a_period_both_are_found(valuation: ServiceUnderTest) -> None:
    wanted = {"type": "post-implementation-review", "cron": "0 6 3 * *"}
    by_clock = valuation.post("/v1/report-schedules", json=wanted).json()
    assert (by_clock["period"], by_clock["format"], by_clock["timezone"]) == (
        "previous",
        "xlsx",
        "UTC",
    )
    assert by_clock["code"] == f"post-implementation-review-{by_clock['id']}"
    on_event = {"type": "post-implementation-review", "event": "run.published"}
    by_event = valuation.post("/v1/report-schedules", json=on_event).json()
    assert (by_event["period"], by_event["next_due_at"]) == ("on_publish", None)
    for made in (by_clock, by_event):
        delete(valuation, made)


def delete(valuation: ServiceUnderTest, made: dict[str, Any]) -> None:
    path = f"/v1/report-schedules/{made['id']}"
    assert valuation.delete(path, headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"event": "run.published"}, "cron_or_event", "/cron"),
        ({"cron": None}, "cron_or_event", "/cron"),
        ({"cron": "0 6 31 2 *"}, "bad_cron", "/cron"),
        ({"cron": "0 0 6 3 * *"}, "bad_cron", "/cron"),
        ({"timezone": "Mars/Olympus"}, "unknown_timezone", "/timezone"),
        ({"period": "on_publish"}, "period_needs_event", "/period"),
        ({"webhook": str(new_id())}, "unknown_webhook", "/webhook"),
        ({"webhook": "ftp://example.org"}, "unknown_webhook", "/webhook"),
        ({"parameters": {"run": str(new_id())}}, "run_in_schedule", "/parameters/run"),
        ({"type": "consumer-statement"}, "consumer_missing", "/parameters/consumer"),
        ({"parameters": {"months": 3}}, "parameter_not_used", "/parameters/months"),
        ({"type": "portfolio-recommendation"}, "report_type_not_available", "/type"),
    ],
)
def test_a_schedule_that_breaks_a_rule_is_refused(
    valuation: ServiceUnderTest, wrong: dict[str, Any], code: str, pointer: str
) -> None:
    answer = valuation.post("/v1/report-schedules", json={**MONTHLY, "code": "wrong", **wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert valuation.get("/v1/report-schedules?code=wrong").json()["items"] == []


def test_a_taken_code_is_a_conflict(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="taken")
    answer = valuation.post("/v1/report-schedules", json={**MONTHLY, "code": "taken"})
    assert (answer.status_code, answer.json()["code"]) == (409, "code_taken")
    delete(valuation, made)


def test_a_due_report_is_ordered_once_with_many_workers(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="raced")
    make_due("raced", "2026-02-02T22:00:00Z")
    now = datetime(2026, 2, 10, tzinfo=UTC)
    workers = [threading.Thread(target=order_due_reports, args=(now,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (report,) = reports_of(valuation, "raced")
    assert (report["period"], report["status"], report["schedule"]) == (
        "2026-01",
        "queued",
        "raced",
    )
    again = valuation.get(f"/v1/report-schedules/{made['id']}").json()
    assert again["next_due_at"] == "2026-03-02T22:00:00Z"
    assert again["last_report"]["id"] == report["id"]
    make_due("raced", "2026-02-02T22:00:00Z")
    assert order_due_reports(now) == 0, "the same due time a second time"
    delete(valuation, made)
    assert [item["id"] for item in reports_of(valuation, "raced")] == [report["id"]]
    valuation.run_jobs()


def test_of_missed_times_the_newest_is_made_up_for(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="missed")
    make_due("missed", "2025-06-02T22:00:00Z")
    order_due_reports(datetime(2026, 2, 10, tzinfo=UTC))
    assert [item["period"] for item in reports_of(valuation, "missed")] == ["2026-01"]
    subjects = valuation.get("/v1/audit-events?subject=schedule:missed").json()["items"]
    assert [(event["action"], event["resource_type"]) for event in subjects] == [
        ("order", "report")
    ]
    delete(valuation, made)
    valuation.run_jobs()


def test_a_run_orders_its_report_once_however_often_it_is_told(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="with-runs", event="run.published")
    other = a_schedule(
        valuation, code="budgets", event="run.published", parameters={"scenario": "budget"}
    )
    run = str(new_id())
    for _ in range(3):
        published(valuation, run, "2026-01")
    published(valuation, str(new_id()), "2026-02")
    periods = sorted(item["period"] for item in reports_of(valuation, "with-runs"))
    assert periods == ["2026-01", "2026-02"]
    assert reports_of(valuation, "budgets") == []
    assert run in {item["parameters"]["run"] for item in reports_of(valuation, "with-runs")}
    delete(valuation, made)
    delete(valuation, other)
    valuation.run_jobs()


def test_a_disabled_schedule_makes_nothing(valuation: ServiceUnderTest) -> None:
    by_clock = a_schedule(valuation, code="off-clock", enabled=False)
    by_event = a_schedule(valuation, code="off-event", event="run.published", enabled=False)
    assert by_clock["next_due_at"] is None
    published(valuation, str(new_id()))
    order_due_reports(datetime.now(UTC) + timedelta(days=400))
    for made in (by_clock, by_event):
        assert reports_of(valuation, made["code"]) == []
        answer = valuation.post(f"/v1/report-schedules/{made['id']}/run", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "schedule_disabled")
        delete(valuation, made)
    valuation.run_jobs()


def test_a_schedule_runs_now_when_it_is_told_to(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="now")
    path = f"/v1/report-schedules/{made['id']}/run"
    accepted = valuation.post(path, json={"period": "2025-11"})
    assert accepted.status_code == 202
    assert accepted.headers["Location"].startswith("/v1/jobs/")
    without_body = valuation.post(path)
    assert without_body.status_code == 202, without_body.text
    valuation.run_jobs()
    reports = reports_of(valuation, "now")
    assert {report["status"] for report in reports} == {"succeeded"}
    assert "2025-11" in {report["period"] for report in reports}
    read = valuation.get(f"/v1/report-schedules/{made['id']}").json()
    assert read["last_report"]["status"] == "succeeded"
    assert read["next_due_at"] == made["next_due_at"]
    delete(valuation, made)


def test_why_a_report_was_not_made_stands_on_its_schedule(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="fails", type="cost-value-distribution")
    make_due("fails", "2026-02-02T22:00:00Z")
    order_due_reports(datetime(2026, 2, 3, tzinfo=UTC))
    with at_once() as connection:  # allocation is not running here: the job has no patience left
        connection.execute(text("update job set attempts = 1000 where status = 'queued'"))
    valuation.run_jobs()
    read = valuation.get(f"/v1/report-schedules/{made['id']}").json()
    assert read["last_report"]["status"] == "failed"
    assert read["last_problem"]["status"] == 503
    delete(valuation, made)


def test_a_patch_moves_a_schedule_from_the_clock_to_an_event(valuation: ServiceUnderTest) -> None:
    made = a_schedule(valuation, code="moved", names={"en": "Moved"})
    path = f"/v1/report-schedules/{made['id']}"
    change = {"cron": None, "event": "run.published", "names": {"zh-CN": "移动"}}
    assert valuation.patch(path, json=change).status_code == 428
    moved = valuation.patch(path, json=change, headers={"If-Match": made["etag"]}).json()
    assert (moved["cron"], moved["event"], moved["next_due_at"]) == (None, "run.published", None)
    assert moved["names"] == {"en": "Moved", "zh-CN": "移动"}
    stale = valuation.patch(path, json={"enabled": False}, headers={"If-Match": made["etag"]})
    assert stale.status_code == 412
    wrong = valuation.patch(path, json={"cron": "0 6 * * *"}, headers={"If-Match": "*"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "cron_or_event")
    assert valuation.get(path).json()["etag"] == moved["etag"]
    delete(valuation, made)
    assert valuation.get(path).status_code == 404


def test_a_bulk_upserts_by_code(valuation: ServiceUnderTest) -> None:
    items = [
        {**MONTHLY, "code": "bulk-1"},
        {**ON_PUBLISH, "code": "bulk-2"},
        {**MONTHLY},
        {**MONTHLY, "code": "bulk-3", "cron": "never"},
        {**MONTHLY, "code": "bulk-4", "webhook": "https://unknown.example.org/x"},
    ]
    done = valuation.post("/v1/report-schedules/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in done] == ["created", "created"] + ["error"] * 3
    assert [result["error"]["code"] for result in done[2:]] == [
        "code_needed",
        "invalid",
        "unknown_webhook",
    ]
    items[0]["format"] = "pdf"
    again = valuation.post("/v1/report-schedules/bulk", json={"items": items[:2]}).json()
    assert [result["status"] for result in again["results"]] == ["updated", "unchanged"]
    first, second = (result["id"] for result in again["results"])
    assert valuation.get(f"/v1/report-schedules/{first}").json()["format"] == "pdf"
    for made in (first, second):
        delete(valuation, {"id": made})


def test_a_named_webhook_is_told_whatever_it_subscribes_to(valuation: ServiceUnderTest) -> None:
    hook = {"url": "https://robot.example.org/a", "events": ["review.due"]}
    known = valuation.post("/v1/webhooks", json=hook).json()
    by_id = a_schedule(valuation, code="hook-id", webhook=known["id"])
    by_url = a_schedule(valuation, code="hook-url", webhook=known["url"])
    new = a_schedule(valuation, code="hook-new", webhook="https://robot.example.org/b")
    assert (by_id["webhook"], by_url["webhook"]) == (known["id"], known["url"])
    assert by_id["webhook_id"] == by_url["webhook_id"] == known["id"]
    assert by_id["webhook_secret"] is None
    assert new["webhook_secret"].startswith("whsec_")
    for made in (by_id, new):
        valuation.post(f"/v1/report-schedules/{made['id']}/run", json={"period": "2026-01"})
    valuation.run_jobs()
    outbox.route_events("valuation")
    for hook_id, code in ((known["id"], "hook-id"), (new["webhook_id"], "hook-new")):
        told = valuation.get(f"/v1/webhooks/{hook_id}/deliveries").json()["items"]
        assert [delivery["type"] for delivery in told] == ["report.ready"], code
    valuation.delete(f"/v1/webhooks/{known['id']}")
    read = valuation.get(f"/v1/report-schedules/{by_id['id']}").json()
    assert (read["webhook"], read["webhook_id"]) == (None, None)
    valuation.delete(f"/v1/webhooks/{new['webhook_id']}")
    for made in (by_id, by_url, new):
        delete(valuation, made)


def test_who_may_schedule(valuation: ServiceUnderTest) -> None:
    reader = valuation.as_caller(a_key(["valuation:read"]))
    writer = valuation.as_caller(a_key(["valuation:write"]))
    bound = valuation.as_caller(a_key(["valuation:write"], consumers=["SHOPS"]))
    wanted = {**MONTHLY, "code": "rights"}
    path = "/v1/report-schedules"
    assert valuation.post(path, json=wanted, headers=reader).status_code == 403
    assert valuation.get(path, headers=reader).status_code == 200
    assert valuation.get(path, headers=bound).status_code == 403
    new_hook = {**wanted, "webhook": "https://elsewhere.example.org/x"}
    refused = valuation.post(path, json=new_hook, headers=writer)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    audits = valuation.post(path, json={**wanted, "type": "compliance"}, headers=writer)
    assert (audits.status_code, audits.json()["code"]) == (403, "admin_only")
    made = valuation.post(path, json=wanted, headers=writer)
    assert made.status_code == 201
    delete(valuation, made.json())
