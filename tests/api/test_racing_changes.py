"""Changes of the same rows at the same moment: none is lost, none is refused without a reason."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.ingest.changes import repository as changes
from tests.running import ServiceUnderTest

HEAD = "date,account,amount,currency\n"
TWO = HEAD + "2026-01-05,6500,10.00,EUR\n2026-01-06,6500,20.00,EUR\n"
THREE = TWO + "2026-01-07,6500,30.00,EUR\n"
QUANTITIES = "driver,period,target,quantity\nracing,2026-01,A,5\n"


def load(ingest: ServiceUnderTest, content: str, **form: str) -> Any:
    sent = ingest.post("/v1/imports", data=form, files={"file": ("a.csv", content.encode())})
    ingest.run_jobs()
    found = ingest.get(f"/v1/imports/{sent.json()['id']}").json()
    assert found["status"] == "succeeded", found
    return found


def take_back(ingest: ServiceUnderTest, found: Any) -> Any:
    return ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "sent by mistake"})


def while_it_looks(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen when a revert has looked for its rows and has no lock on them yet."""
    lock, began = changes.lock_spans, threading.Event()

    def late(session: Any, topic: str, spans: Any) -> None:
        if not began.is_set():
            began.set()
            happens()
        lock(session, topic, spans)

    monkeypatch.setattr(changes, "lock_spans", late)


def test_a_row_that_is_claimed_while_its_import_is_taken_back_lives_on(
    ingest: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(ingest, TWO, kind="ledger", source="racing")
    with monkeypatch.context() as patch:
        while_it_looks(patch, lambda: load(ingest, THREE, kind="ledger", source="racing"))
        assert take_back(ingest, first).status_code == 200
    items = ingest.get("/v1/cost-lines", params={"source": "racing"}).json()["items"]
    assert sorted(item["amount"] for item in items) == ["10", "20", "30"]


def test_of_two_reverts_at_once_the_later_one_ends_the_row_of_both(
    ingest: ServiceUnderTest,
) -> None:
    driver = {"code": "racing", "names": {"en": "Racing"}, "unit": "h", "basis": "measured"}
    assert ingest.post("/v1/drivers", json=driver).status_code == 201
    both = [load(ingest, QUANTITIES, kind="drivers", source=source) for source in ("a", "b")]
    assert both[1]["rows"]["duplicate"] == 1
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda found: take_back(ingest, found), both))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert ingest.get("/v1/driver-quantities", params={"driver": "racing"}).json()["items"] == []


def test_a_ticket_may_move_between_months_from_several_sides(ingest: ServiceUnderTest) -> None:
    def push(number: int) -> int:
        opened = f"2026-{1 + number % 5:02d}-05T10:00:00Z"
        item = {"number": "T1", "kind": "incident", "opened_at": opened}
        return int(ingest.post("/v1/tickets/bulk", json={"items": [item]}).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(push, range(24))) == {200}
    assert len(ingest.get("/v1/tickets", params={"number": "T1"}).json()["items"]) == 1


def test_the_same_corrections_sent_at_once_are_one_import(ingest: ServiceUnderTest) -> None:
    bad = HEAD + "2026-01-05,6500,1o.00,EUR\n2026-01-06,6500,20.00,EUR\n"
    first = load(ingest, bad, kind="ledger", source="mended", max_reject_share="1")
    row = ingest.get(f"/v1/imports/{first['id']}/rejects").json()["items"][0]["row"]
    body = {"items": [{"row": row, "values": {"amount": "10.00"}}]}

    def mend(_: int) -> str:
        answer = ingest.post(f"/v1/imports/{first['id']}/rejects/retry", json=body)
        return str(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(mend, range(4)))) == 1
