"""A month on its way: lines, a run, its publication, bills, a dispute, the books closed."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.crash.accounts import Line
from tests.crash.calling import Caller
from tests.crash.fact_paths import PERIOD
from tests.crash.traffic import Robot, WritePath

SCHEDULE = "crash-each-run"


def order_a_run(robot: Robot) -> None:
    """A run of the period that everybody pushes lines into, as it is now."""
    run_month(robot, PERIOD)


def settle_a_month(robot: Robot) -> None:
    """From its lines to the correction of a bill and the closed books, step by step."""
    number = robot.next_number()
    period = f"{2400 + number // 12}-{number % 12 + 1:02}"  # rates have all months before
    total = push_lines(robot, period)
    run = run_month(robot, period)
    robot.caller.await_job("allocation", run)
    publish(robot, str(run["id"]), period)
    statements = make_bills(robot, period, total)
    issue_bills(robot, period, statements)
    dispute_a_line(robot, statements)
    close_the_books(robot, period)
    if robot.dice.random() < 0.5:
        reopen_the_books(robot, period)


def push_lines(robot: Robot, period: str) -> Decimal:
    """Some lines of a month; answers their sum."""
    items = [
        {"external_id": f"{period}/{place}", "source": "crash-months", "period": period,
         "amount": str(robot.amount() + 5_000), "currency": "EUR"}
        for place in range(3)
    ]  # fmt: skip
    robot.caller.post("ingest", "/v1/cost-lines/bulk", {"items": items})
    lines = {f"month line {item['external_id']}": Decimal(item["amount"]) for item in items}
    robot.accounts.note_lines(lines)
    return sum(lines.values(), Decimal(0))


def run_month(robot: Robot, period: str) -> Any:
    """A run of a month; answers the order."""
    body = {"period": period, "currency": "EUR"}
    answer = robot.caller.post("allocation", "/v1/runs", body)
    robot.accounts.runs.append(answer["id"])
    robot.accounts.note_lines({f"run {answer['id']}": "succeeded"})
    return answer


def publish(robot: Robot, run_id: str, period: str) -> None:
    """The run speaks for its month; a report of it comes by itself."""
    robot.caller.post("allocation", f"/v1/runs/{run_id}/publish")
    robot.accounts.note_lines({f"run {run_id}": "published", f"report of {period}": "succeeded"})


def make_bills(robot: Robot, period: str, total: Decimal) -> list[dict[str, Any]]:
    """The bills of a month; together they are what was pushed for it."""
    robot.caller.post("allocation", "/v1/statements", {"period": period})
    made = robot.caller.walk("allocation", "/v1/statements", period=period)
    _note(robot, made, "draft")
    assert sum(Decimal(one["amount"]) for one in made) == total, (period, made)
    return made


def issue_bills(robot: Robot, period: str, statements: list[dict[str, Any]]) -> None:
    """From now on they never change."""
    robot.caller.post("allocation", "/v1/statements/issue", {"period": period})
    _note(robot, statements, "issued")


def _note(robot: Robot, statements: list[dict[str, Any]], status: str) -> None:
    robot.accounts.note_lines(
        {f"statement {one['code']}": f"{status} {one['amount']}" for one in statements}
    )


def dispute_a_line(robot: Robot, statements: list[dict[str, Any]]) -> None:
    """A line is disputed, upheld and corrected in the next open period."""
    bill, other = statements[:2]
    line = robot.caller.content("allocation", f"/v1/statements/{bill['id']}")["lines"][0]
    body = {"statement_line": line["id"], "reason": "not ours", "amount": "1.00"}
    dispute = robot.caller.post("allocation", "/v1/disputes", body)
    name = f"dispute {dispute['id']}"
    robot.accounts.note_lines({name: "open"})
    correction = {"counterparty": other["consumer"], "amount": "1.00"}
    steps: list[tuple[str, dict[str, str], str]] = [
        ("review", {}, "in_review"),
        ("uphold", {"reason": "right"}, "upheld"),
        ("correct", correction, "corrected"),
    ]
    for step, content, status in steps:
        robot.caller.post("allocation", f"/v1/disputes/{dispute['id']}/{step}", content)
        robot.accounts.note_lines({name: status})


def close_the_books(robot: Robot, period: str) -> None:
    """Nothing of this month changes any more."""
    body = {"reason": "month end"}
    robot.caller.post("allocation", f"/v1/periods/{period}/close", body)
    robot.accounts.note_lines({f"period {period}": "closed"})


def reopen_the_books(robot: Robot, period: str) -> None:
    """A late invoice came."""
    body = {"reason": "late invoice"}
    robot.caller.post("allocation", f"/v1/periods/{period}/reopen", body)
    robot.accounts.note_lines({f"period {period}": "open"})


def read_months(caller: Caller) -> Iterable[Line]:
    """Lines, runs, bills, disputes and books as the API tells them."""
    for line in caller.listed("ingest", "/v1/cost-lines", source="crash-months"):
        yield f"month line {line['external_id']}", Decimal(line["amount"])
    for run in caller.walk("allocation", "/v1/runs"):
        status = "published" if run["published"] else run["status"]
        yield f"run {run['id']}", status
    for bill in caller.walk("allocation", "/v1/statements"):
        yield f"statement {bill['code']}", f"{bill['status']} {bill['amount']}"
    for dispute in caller.walk("allocation", "/v1/disputes"):
        yield f"dispute {dispute['id']}", dispute["status"]
    for period in caller.walk("allocation", "/v1/periods"):
        if period["closed_at"] is not None:
            yield f"period {period['period']}", period["status"]


MONTHS = [WritePath(settle_a_month, read_months)]
RUNS = [WritePath(order_a_run, lambda _: ())]
