"""Disputes over HTTP: raised on a line, decided, and corrected in the next open period."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from shared.database import in_transaction
from shared.settings import get_settings
from shared.tables.platform import OutboxEvent
from tests.api.test_runs import a_run, balances, ok, send_bulk
from tests.api.test_statements import (
    a_month,
    a_published_run,
    listed,
    make,
    make_model,
    read,
    run_sql,
)
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
PERIOD = "2026-01"


@pytest.fixture(scope="module")
def bills(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> dict[str, Json]:
    """January's issued statements by consumer, beside a February that was run already."""
    make_model(allocation, ingest)
    a_month(allocation, ingest, "2026-02", "40.00", "4.00", "20.00")
    a_month(allocation, ingest, PERIOD, "100.00", "30.00", "50.00")
    ok(make(allocation, PERIOD), 201)
    ok(allocation.post("/v1/statements/issue", json={"period": PERIOD}))
    return {one["consumer"]: read(allocation, one["id"]) for one in listed(allocation)}


@pytest.fixture
def four_eyes() -> Iterator[None]:
    settings = get_settings()
    settings.four_eyes = True
    yield
    settings.four_eyes = False


def line_of(bill: Json, code: str) -> Json:
    (line,) = [one for one in bill["lines"] if one["code"] == code]
    return dict(line)


def raised(allocation: ServiceUnderTest, line: Json, **fields: str) -> Json:
    body = {"statement_line": line["id"], "reason": "not ours", **fields}
    made: Json = ok(allocation.post("/v1/disputes", json=body), 201)
    return made


def step(allocation: ServiceUnderTest, dispute: Json, action: str, **body: str) -> Any:
    return allocation.post(f"/v1/disputes/{dispute['id']}/{action}", json=body)


def upheld(allocation: ServiceUnderTest, line: Json, **fields: str) -> Json:
    dispute = raised(allocation, line, **fields)
    ok(step(allocation, dispute, "review"))
    found: Json = ok(step(allocation, dispute, "uphold", reason="counted twice"))
    return found


def test_a_dispute_shows_its_line_and_the_way_to_its_trace(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    line = line_of(bills["EAST"], "ERP")
    dispute = raised(allocation, line, amount="10.00")
    assert (dispute["status"], dispute["amount"], dispute["consumer"]) == ("open", "10", "EAST")
    assert (dispute["line"]["solution"], dispute["line"]["amount"]) == ("ERP", line["amount"])
    trace = ok(allocation.get(dispute["trace"]))
    assert trace["amount"] == bills["EAST"]["run_amount"]
    assert {term["layer"] for term in trace["contributions"]} == {"line"}
    (flow,) = ok(allocation.get(dispute["flows"]))["items"]
    assert abs(Decimal(flow["amount"]) - Decimal(line["amount"])) < Decimal("0.01")
    assert dispute["explanation"].endswith("/explain?layer=consumer&code=EAST")
    assert ok(allocation.get(f"/v1/disputes/{dispute['id']}")) == dispute
    (found,) = ok(
        allocation.get("/v1/disputes", params={"statement_line": line["id"], "status": "open"})
    )["items"]
    assert found == dispute


def test_a_dispute_is_reviewed_then_rejected_and_ends_there(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    dispute = raised(allocation, line_of(bills["EAST"], "CRM"))
    for early in ("uphold", "reject"):
        refused = step(allocation, dispute, early)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert ok(step(allocation, dispute, "review"))["reviewed_by"] == "admin"
    done = ok(step(allocation, dispute, "reject", reason="as agreed"))
    assert (done["status"], done["decision_reason"]) == ("rejected", "as agreed")
    refused = step(allocation, dispute, "correct", counterparty="WEST")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    query = {"resource_id": dispute["id"]}
    events = ok(allocation.get("/v1/audit-events", params=query))["items"]
    assert {event["action"] for event in events} == {"create", "review", "reject"}
    assert told("dispute.changed", dispute["id"]) == ["open", "in_review", "rejected"]
    assert told("statement.issued", bills["EAST"]["id"], "amount") == [bills["EAST"]["amount"]]


def told(event: str, resource: str, field: str = "status") -> list[str]:
    """A field of the events that went out about a thing, in their order."""
    with in_transaction() as session:
        query = (
            select(OutboxEvent)
            .where(OutboxEvent.type == event, OutboxEvent.resource_id == resource)
            .order_by(col(OutboxEvent.id))
        )
        return [one.payload[field] for one in session.exec(query)]


def test_a_correction_moves_exactly_its_amount_in_the_next_open_period_and_nothing_else(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    (before,) = ok(allocation.get("/v1/runs?period=2026-02&published=true"))["items"]
    was = {code: Decimal(one["received"]) for code, one in consumers(allocation, before).items()}
    dispute = upheld(allocation, line_of(bills["EAST"], "DESK"))
    done = ok(step(allocation, dispute, "correct", amount="1.25", counterparty="WEST", note="x"))
    assert done["status"] == "corrected"
    assert (done["correction"]["period"], done["correction"]["amount"]) == ("2026-02", "1.25")
    assert ok(allocation.get(f"/v1/runs/{before['id']}"))["stale"] is True
    assert read(allocation, bills["EAST"]["id"]) == bills["EAST"]
    run = a_published_run(allocation, "2026-02")
    now = consumers(allocation, run)
    assert (now["EAST"]["own"], now["WEST"]["own"]) == ("-1.25", "1.25")
    for code, received in was.items():
        assert Decimal(now[code]["received"]) == received
    totals, former = run["totals"]["cost"], before["totals"]["cost"]
    assert {key: totals[key] for key in totals} == {key: former[key] for key in totals}
    assert run["stale"] is False
    steps = ok(allocation.get(f"/v1/runs/{run['id']}/reconciliation"))["steps"]
    assert {each["difference"] for each in steps} == {"0"}
    again = a_run(allocation, period="2026-02", as_of=before["id"])
    assert again["output_hash"] == before["output_hash"]
    same = a_run(allocation, period="2026-02", as_of=run["id"])
    assert same["output_hash"] == run["output_hash"]
    correction_lines(allocation, dispute)
    east = allocation.as_caller(a_key(["allocation:read"], consumers=["EAST"]))
    seen = ok(allocation.get(f"/v1/disputes/{dispute['id']}", headers=east))["correction"]
    assert (seen["amount"], seen["counterparty"], seen["note"]) == ("1.25", None, None)


def consumers(allocation: ServiceUnderTest, run: Json) -> dict[str, Json]:
    return balances(allocation, run, layer="consumer")


def correction_lines(allocation: ServiceUnderTest, dispute: Json) -> None:
    """The new bills name the correction; only the one who disputed is told of the dispute."""
    made = {one["consumer"]: one for one in ok(make(allocation, "2026-02"), 201)["items"]}
    for code, amount, told in (("EAST", "-1.25", dispute["id"]), ("WEST", "1.25", None)):
        bill = read(allocation, made[code]["id"])
        assert sum(Decimal(line["amount"]) for line in bill["lines"]) == Decimal(bill["amount"])
        (line,) = [one for one in bill["lines"] if one["kind"] == "correction"]
        assert (line["amount"], line["dispute"], line["layer"]) == (amount, told, "consumer")
        assert line["name"] == "Correction of 2026-01"


def test_a_correction_skips_closed_periods_and_is_converted_by_the_runs_rate(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    ok(make(allocation, "2026-02"), 200)
    ok(allocation.post("/v1/statements/issue", json={"period": "2026-02"}))
    (item,) = listed(allocation, period="2026-02", consumer="WEST")
    ok(allocation.post("/v1/periods/2026-03/close"))
    dispute = upheld(allocation, line_of(read(allocation, item["id"]), "DESK"), amount="1.00")
    done = ok(step(allocation, dispute, "correct", counterparty="EAST"))
    assert (done["correction"]["period"], done["correction"]["amount"]) == ("2026-04", "1")
    a_month(allocation, ingest, "2026-04", "10.00")
    in_dollars = {"period": "2026-04", "currency": "USD"}
    refused = a_run(allocation, **in_dollars)
    assert (refused["status"], refused["problem"]["code"]) == ("failed", "missing_rate")
    aside = a_run(allocation, **in_dollars, on_missing_rate="set_aside")
    assert "correction_set_aside" in {one["code"] for one in aside["findings"]}
    assert consumers(allocation, aside)["EAST"]["own"] == "0"
    rate = {"period": "2026-04", "from": "EUR", "to": "USD", "kind": "average", "rate": "1.2345678"}
    send_bulk(ingest, "exchange-rates", [rate])
    converted = consumers(allocation, a_run(allocation, **in_dollars))
    assert (converted["EAST"]["own"], converted["WEST"]["own"]) == ("1.234568", "-1.234568")
    budget = a_run(allocation, period="2026-04", scenario="budget")
    assert consumers(allocation, budget)["EAST"]["own"] == "0"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"counterparty": "EAST"}, 422, "same_consumer"),
        ({"counterparty": "NOBODY"}, 422, "unknown_code"),
        ({"counterparty": "LATER"}, 422, "not_valid_in_period"),
        ({"counterparty": "WEST", "amount": "1000000"}, 422, "beyond_line"),
        ({"counterparty": "WEST", "amount": "0"}, 422, "zero_amount"),
        ({"counterparty": "WEST", "amount": "0.001"}, 422, "too_many_digits"),
        ({"amount": "1.00"}, 422, "invalid"),
        ({"counterparty": None}, 422, "invalid"),
    ],
)
def test_a_correction_without_two_sides_is_refused(
    allocation: ServiceUnderTest, bills: dict[str, Json], body: Json, status: int, code: str
) -> None:
    later = {"code": "LATER", "names": {"en": "Later"}, "valid_from": "2030-01"}
    send_bulk(allocation, "consumers", [later])
    dispute = upheld(allocation, line_of(bills["EAST"], "ERP"))
    refused = step(allocation, dispute, "correct", **body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert ok(allocation.get(f"/v1/disputes/{dispute['id']}"))["status"] == "upheld"


def test_a_counterparty_is_not_deleted(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    send_bulk(allocation, "consumers", [{"code": "FUND", "names": {"en": "Fund"}}])
    dispute = upheld(allocation, line_of(bills["WEST"], "CRM"), amount="0.02")
    ok(step(allocation, dispute, "correct", counterparty="FUND"))
    (fund,) = ok(allocation.get("/v1/consumers?code=FUND"))["items"]
    refused = allocation.delete(f"/v1/consumers/{fund['id']}", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "object_in_use")


@pytest.mark.parametrize(
    "change", ["update correction set amount = 2 * amount", "delete from correction"]
)
def test_a_correction_never_changes(
    allocation: ServiceUnderTest, bills: dict[str, Json], change: str
) -> None:
    dispute = upheld(allocation, line_of(bills["WEST"], "ERP"), amount="0.01")
    ok(step(allocation, dispute, "correct", counterparty="EAST"))
    with pytest.raises(IntegrityError):
        run_sql(change)


def test_only_a_line_of_an_issued_statement_is_disputed(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    a_month(allocation, ingest, "2026-09", "10.00", "1.00")
    (east, _) = ok(make(allocation, "2026-09"), 201)["items"]
    line = read(allocation, east["id"])["lines"][0]
    body = {"statement_line": line["id"], "reason": "?"}
    refused = allocation.post("/v1/disputes", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "statement_not_issued")
    ok(allocation.post(f"/v1/statements/{east['id']}/issue"))
    a_month(allocation, ingest, "2026-09", "11.00", "1.00")
    make(allocation, "2026-09")
    ok(allocation.post("/v1/statements/issue", json={"period": "2026-09"}))
    refused = allocation.post("/v1/disputes", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "statement_corrected")
    unknown = body | {"statement_line": "01970000-0000-7000-8000-000000000000"}
    refused = allocation.post("/v1/disputes", json=unknown)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")


def test_a_bound_caller_disputes_its_own_lines_and_knows_of_no_others(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    scopes = ["allocation:write", "allocation:approve"]
    west = allocation.as_caller(a_key(scopes, consumers=["WEST"]))
    others = raised(allocation, line_of(bills["EAST"], "ERP"))
    body = {"statement_line": line_of(bills["WEST"], "ERP")["id"], "reason": "twice"}
    own = ok(allocation.post("/v1/disputes", json=body, headers=west), 201)
    body["statement_line"] = others["statement_line"]
    refused = allocation.post("/v1/disputes", json=body, headers=west)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")
    assert allocation.get(f"/v1/disputes/{others['id']}", headers=west).status_code == 404
    seen = ok(allocation.get("/v1/disputes", headers=west))["items"]
    assert own["id"] in {one["id"] for one in seen}
    assert {one["consumer"] for one in seen} == {"WEST"}
    statistics = ok(allocation.get("/v1/disputes/statistics", headers=west))
    assert [group["key"] for group in statistics["by_consumer"]] == ["WEST"]
    for action in ("review", "uphold", "reject", "correct"):
        path = f"/v1/disputes/{own['id']}/{action}"
        refused = allocation.post(path, json={"counterparty": "EAST"}, headers=west)
        assert refused.status_code in {403, 422}
    assert allocation.get(own["trace"], headers=west).status_code == 200


@pytest.mark.usefixtures("four_eyes")
def test_who_raised_or_upheld_a_dispute_does_not_take_the_next_step(
    allocation: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    dispute = raised(allocation, line_of(bills["EAST"], "CRM"))
    ok(step(allocation, dispute, "review"))
    refused = step(allocation, dispute, "uphold")
    assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")
    other = allocation.as_caller(a_key(["allocation:approve"]))
    path = f"/v1/disputes/{dispute['id']}"
    assert ok(allocation.post(f"{path}/uphold", headers=other))["decided_by"] == "tester"
    for caller in (other, {}):
        body = {"counterparty": "WEST"}
        refused = allocation.post(f"{path}/correct", json=body, headers=caller)
        assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")


def test_statistics_count_what_was_disputed_and_how_it_ended(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, bills: dict[str, Json]
) -> None:
    period = "2026-10"
    a_month(allocation, ingest, period, "30.00", "3.00")
    ok(make(allocation, period), 201)
    ok(allocation.post("/v1/statements/issue", json={"period": period}))
    (item,) = listed(allocation, period=period, consumer="EAST")
    bill = read(allocation, item["id"])
    raised(allocation, line_of(bill, "ERP"), amount="5.00")
    upheld(allocation, line_of(bill, "ERP"), amount="2.00")
    dispute = upheld(allocation, line_of(bill, "DESK"), amount="1.00")
    ok(step(allocation, dispute, "correct", amount="0.50", counterparty="WEST"))
    rejected = raised(allocation, line_of(bill, "CRM"), amount="0.25", reason="too dear")
    ok(step(allocation, rejected, "review"))
    ok(step(allocation, rejected, "reject"))
    query = {"from": period, "to": period}
    found = ok(allocation.get("/v1/disputes/statistics", params=query))
    states = ("open", "in_review", "upheld", "rejected", "corrected")
    assert [found[state] for state in states] == [1, 0, 1, 1, 1]
    assert found["amounts"] == [
        {"currency": "EUR", "disputed": "8.25", "upheld": "3", "corrected": "0.5"}
    ]
    assert found["share_upheld"] == "0.666666666667"
    assert Decimal(found["median_days_to_decide"]) == 0
    assert [(one["key"], one["disputes"]) for one in found["by_solution"]] == [
        ("ERP", 2),
        ("DESK", 1),
        ("CRM", 1),
    ]
    assert [one["key"] for one in found["by_reason"]] == ["not ours", "too dear"]
    none = ok(allocation.get("/v1/disputes/statistics?from=2020-01&to=2020-12"))
    assert (none["disputes"], none["share_upheld"], none["amounts"]) == (0, None, [])
    refused = allocation.get("/v1/disputes/statistics?from=2026-02&to=2026-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_range")
