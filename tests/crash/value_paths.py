"""What the money was for: initiatives through their gates, reviews, reports, schedules."""

from collections.abc import Iterable
from typing import Any

from tests.crash.accounts import Line
from tests.crash.calling import Caller
from tests.crash.fact_paths import PERIOD
from tests.crash.month_paths import SCHEDULE
from tests.crash.traffic import Robot, WritePath

REVIEWS = "/v1/post-implementation-reviews"
REPORT = {"type": "post-implementation-review", "period": PERIOD, "format": "html"}


def see_an_initiative_through(robot: Robot) -> None:
    """Proposed, approved, delivered, live, its review approved, closed."""
    code = f"crash-{robot.next_number():04}"
    body = {"code": code, "names": {"en": code}, "currency": "EUR"}
    made = robot.caller.post("valuation", "/v1/initiatives", body)
    name = f"initiative {code}"
    robot.accounts.note_lines({name: "proposed"})
    _plan(robot, f"/v1/initiatives/{made['id']}")
    steps: list[tuple[str, dict[str, str], str]] = [
        ("approve", {}, "approved"),
        ("start", {"started_on": "2020-01-05"}, "in_delivery"),
        ("go-live", {"go_live_on": "2020-02-01"}, "live"),
        ("close", {"closed_on": "2020-12-31"}, "closed"),
    ]
    for step, content, stage in steps:
        robot.caller.post("valuation", f"/v1/initiatives/{made['id']}/{step}", content)
        robot.accounts.note_lines({name: stage, f"gate {code} {step}": "passed"})
        if stage == "live":
            _review(robot, code)


def _plan(robot: Robot, path: str) -> None:
    flows = [
        {"external_id": category, "on": "2020-01-01", "amount": amount, "category": category}
        for category, amount in (("investment", "-100"), ("benefit", "150"))
    ]
    robot.caller.post("valuation", f"{path}/cash-flows/bulk", {"items": flows})
    promise = {"level": "strategy", "monetary_value": "60", "currency": "EUR"}
    robot.caller.post("valuation", f"{path}/value-expectations", promise)


def _review(robot: Robot, code: str) -> None:
    [review] = robot.caller.walk("valuation", REVIEWS, initiative=code)
    name = f"review {review['id']}"
    robot.accounts.note_lines({name: "scheduled"})
    for step, state in (("start", "in_progress"), ("submit", "submitted"), ("approve", "approved")):
        robot.caller.post("valuation", f"{REVIEWS}/{review['id']}/{step}")
        robot.accounts.note_lines({name: state})


def read_initiatives(caller: Caller) -> Iterable[Line]:
    """Initiatives with their gates, and reviews."""
    for made in caller.walk("valuation", "/v1/initiatives"):
        yield f"initiative {made['code']}", made["stage"]
        for gate in caller.walk("valuation", f"/v1/initiatives/{made['id']}/gates"):
            yield f"gate {made['code']} {gate['step']}", "passed"
    for review in caller.walk("valuation", REVIEWS):
        yield f"review {review['id']}", review["state"]


def order_a_report(robot: Robot) -> None:
    """A report for a person."""
    report = robot.caller.post("valuation", "/v1/reports", REPORT)
    robot.accounts.note_lines({f"report {report['id']}": "succeeded"})


def schedule_a_report(robot: Robot) -> None:
    """A report of every year, and one of it at once."""
    code = f"crash-{robot.next_number():04}"
    wanted: dict[str, Any] = REPORT | {"code": code, "period": "previous", "cron": "0 6 1 1 *"}
    made = robot.caller.post("valuation", "/v1/report-schedules", wanted)
    robot.accounts.note_lines({f"schedule {code}": "0 6 1 1 *"})
    path = f"/v1/report-schedules/{made['id']}/run"
    report = robot.caller.post("valuation", path, {"period": PERIOD})
    robot.accounts.note_lines({f"report {report['id']}": "succeeded"})


def read_reports(caller: Caller) -> Iterable[Line]:
    """Reports that were ordered, those that came by themselves, and schedules."""
    for report in caller.walk("valuation", "/v1/reports"):
        by_itself = report["schedule"] == SCHEDULE
        name = f"report of {report['period']}" if by_itself else f"report {report['id']}"
        yield name, report["status"]
    for schedule in caller.walk("valuation", "/v1/report-schedules"):
        if schedule["code"] != SCHEDULE:
            yield f"schedule {schedule['code']}", schedule["cron"]


VALUE = [
    WritePath(see_an_initiative_through, read_initiatives),
    WritePath(order_a_report, read_reports),
    WritePath(schedule_a_report, lambda _: ()),
]
