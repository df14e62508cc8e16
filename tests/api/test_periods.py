"""Accounting periods over HTTP: closing and reopening, and what that keeps out."""

import threading

import pytest

from shared.database import in_transaction
from shared.errors import Conflict
from shared.postgres.period_locks import hold_open
from tests.running import ServiceUnderTest, a_key


def test_a_month_that_was_never_closed_is_open(allocation: ServiceUnderTest) -> None:
    read = allocation.get("/v1/periods/2031-01").json()
    assert (read["period"], read["status"], read["closed_at"]) == ("2031-01", "open", None)


@pytest.mark.parametrize("period", ["2026-13", "2026-1", "202601", "x"])
def test_what_is_no_month_is_refused(allocation: ServiceUnderTest, period: str) -> None:
    answer = allocation.post(f"/v1/periods/{period}/close")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_month_is_closed_and_reopened_with_a_reason(allocation: ServiceUnderTest) -> None:
    closed = allocation.post("/v1/periods/2030-01/close", json={"reason": "month end"}).json()
    assert (closed["status"], closed["closed_by"], closed["reason"]) == (
        "closed",
        "admin",
        "month end",
    )
    again = allocation.post("/v1/periods/2030-01/close")
    assert (again.status_code, again.json()["code"]) == (409, "period_closed")
    assert allocation.post("/v1/periods/2030-01/reopen", json={}).status_code == 422
    opened = allocation.post("/v1/periods/2030-01/reopen", json={"reason": "late invoice"}).json()
    assert (opened["status"], opened["reopened_by"]) == ("open", "admin")
    again = allocation.post("/v1/periods/2030-01/reopen", json={"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "period_open")


def test_a_dry_run_closes_nothing(allocation: ServiceUnderTest) -> None:
    answer = allocation.post("/v1/periods/2030-02/close?dry_run=true")
    assert answer.json()["status"] == "closed"
    assert allocation.get("/v1/periods/2030-02").json()["status"] == "open"


def test_closed_months_are_listed(allocation: ServiceUnderTest) -> None:
    allocation.post("/v1/periods/2030-03/close")
    listed = allocation.get("/v1/periods?status=closed&sort=-period").json()["items"]
    assert "2030-03" in [item["period"] for item in listed]
    (found,) = allocation.get("/v1/periods?code=2030-03").json()["items"]
    assert found == allocation.get("/v1/periods/2030-03").json()


def test_writers_are_kept_out_of_a_closed_month(allocation: ServiceUnderTest) -> None:
    allocation.post("/v1/periods/2030-04/close")
    with pytest.raises(Conflict, match="2030-04 is closed"), in_transaction() as session:
        hold_open(session, ["2030-04", "2030-05"])


def test_closing_waits_for_writers_under_way(allocation: ServiceUnderTest) -> None:
    statuses: list[int] = []

    def close() -> None:
        statuses.append(allocation.post("/v1/periods/2030-06/close").status_code)

    closing = threading.Thread(target=close)
    with in_transaction() as session:
        hold_open(session, ["2030-06"])
        closing.start()
        closing.join(0.5)
        assert statuses == []
    closing.join(10)
    assert statuses == [200]


def test_closing_needs_the_scope_to_approve(allocation: ServiceUnderTest) -> None:
    writer = allocation.as_caller(a_key(["allocation:write", "ingest:admin"]))
    answer = allocation.post("/v1/periods/2030-07/close", headers=writer)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert allocation.get("/v1/periods", headers=writer).status_code == 200


def test_closing_is_written_down(allocation: ServiceUnderTest) -> None:
    allocation.post("/v1/periods/2030-08/close", json={"reason": "month end"})
    query = {"resource_id": "2030-08"}
    (event,) = allocation.get("/v1/audit-events", params=query).json()["items"]
    assert (event["action"], event["details"]["reason"]) == ("close", "month end")
