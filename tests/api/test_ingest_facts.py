"""Pushed lines, drivers, rates, tickets and profiles: upserts with a result for every item."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.database import in_transaction
from tests.running import ServiceUnderTest


def push(ingest: ServiceUnderTest, path: str, *items: dict[str, Any], query: str = "") -> list[Any]:
    answer = ingest.post(f"/v1/{path}/bulk{query}", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


def statuses(results: list[Any]) -> list[str]:
    return [
        result["error"]["code"] if result["status"] == "error" else result["status"]
        for result in results
    ]


def get(ingest: ServiceUnderTest, path: str, **query: str) -> list[Any]:
    answer = ingest.get(f"/v1/{path}", params={"limit": "1000", **query})
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def a_line(external_id: str, amount: str = "1.50", **more: Any) -> dict[str, Any]:
    return {
        "external_id": external_id, "source": "erp", "period": "2026-01", "amount": amount,
        "currency": "EUR", **more,
    }  # fmt: skip


def close(period: str) -> None:
    with in_transaction() as session:
        session.execute(
            text("insert into accounting_period (period, status) values (:period, 'closed')"),
            {"period": period},
        )


def test_pushed_lines_are_created_changed_and_deleted(ingest: ServiceUnderTest) -> None:
    line = a_line("a/1", account="4400", tags={"team": "ops"}, fields={"note": "\u00fc \n x"})
    assert statuses(push(ingest, "cost-lines", line, a_line("a/2"))) == ["created", "created"]
    assert statuses(push(ingest, "cost-lines", line)) == ["unchanged"]
    changed = {**line, "amount": "2"}
    assert statuses(push(ingest, "cost-lines", changed)) == ["updated"]
    (found,) = get(ingest, "cost-lines", source="erp", external_id="a/1")
    assert (found["amount"], found["tags"], found["fields"]) == ("2", line["tags"], line["fields"])
    versions = get(ingest, "cost-lines", source="erp", external_id="a/1", live="false")
    assert [version["amount"] for version in versions] == ["1.5", "2"]
    assert versions[0]["live_to"] == versions[1]["live_from"]
    assert statuses(push(ingest, "cost-lines", {**line, "deleted": True})) == ["updated"]
    assert get(ingest, "cost-lines", source="erp", external_id="a/1") == []
    assert statuses(push(ingest, "cost-lines", {**line, "deleted": True})) == ["unchanged"]


def test_one_bad_line_never_spoils_the_others(ingest: ServiceUnderTest) -> None:
    items = [
        a_line("bad/1"),
        a_line("bad/2", amount=1.5),
        a_line("bad/3", currency="XXQ"),
        a_line("bad/4", colour="red"),
        a_line("bad/5", description="nul \x00"),
    ]
    results = push(ingest, "cost-lines", *items)
    assert [result["status"] for result in results] == ["created"] + ["error"] * 4
    pointers = [result["error"]["errors"][0]["pointer"] for result in results[1:]]
    assert pointers == [
        "/items/1/amount", "/items/2/currency", "/items/3/colour", "/items/4/description",
    ]  # fmt: skip
    refused = ingest.post("/v1/cost-lines/bulk?atomic=true", json={"items": items})
    assert (refused.status_code, refused.json()["code"]) == (422, "bulk_refused")


def test_a_dry_run_keeps_nothing(ingest: ServiceUnderTest) -> None:
    dry = push(ingest, "cost-lines", a_line("dry/1"), query="?dry_run=true")
    assert statuses(dry) == ["created"]
    assert get(ingest, "cost-lines", external_id="dry/1") == []


def test_the_same_id_twice_in_a_push_is_an_error_unless_equal(ingest: ServiceUnderTest) -> None:
    results = push(ingest, "cost-lines", a_line("t/1"), a_line("t/1"), a_line("t/1", amount="9"))
    assert statuses(results) == ["created", "unchanged", "duplicate_external_id"]


def test_a_line_moves_to_another_period_and_both_note_the_change(ingest: ServiceUnderTest) -> None:
    push(ingest, "cost-lines", a_line("move/1", source="move", period="2026-05"))
    push(ingest, "cost-lines", a_line("move/1", source="move", period="2026-06"))
    (found,) = get(ingest, "cost-lines", source="move")
    assert found["period"] == "2026-06"
    with in_transaction() as session:
        numbers = session.execute(
            text(
                "select last_change from period_change where topic = 'cost_lines'"
                " and period in ('2026-05', '2026-06')"
            )
        ).scalars()
        assert set(numbers) == {found["live_from"]}


def test_pushes_at_once_lose_and_double_nothing(ingest: ServiceUnderTest) -> None:
    def send(part: int) -> None:
        for again in range(3):
            items = [a_line(f"{part}/{n}", source="many", amount=f"{again}.5") for n in range(20)]
            assert len(push(ingest, "cost-lines", *items)) == 20

    threads = [threading.Thread(target=send, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = get(ingest, "cost-lines", source="many")
    assert len(lines) == 120
    assert {line["amount"] for line in lines} == {"2.5"}


def test_a_push_into_a_closed_period_needs_a_reason(ingest: ServiceUnderTest) -> None:
    close("2018-01")
    late = a_line("late/1", period="2018-01")
    assert statuses(push(ingest, "cost-lines", late)) == ["closed_period"]
    assert statuses(push(ingest, "cost-lines", late, query="?restate=audit")) == ["created"]
    rate = {"period": "2018-01", "from": "USD", "to": "GBP", "rate": "0.7"}
    assert statuses(push(ingest, "exchange-rates", rate)) == ["closed_period"]


def test_lines_are_paged_and_exported_whole(ingest: ServiceUnderTest) -> None:
    push(ingest, "cost-lines", *(a_line(f"p/{n}", source="paged") for n in range(25)))
    seen, cursor = [], None
    while True:
        query = {"source": "paged", "limit": 10, **({"cursor": cursor} if cursor else {})}
        page = ingest.get("/v1/cost-lines", params=query).json()
        seen += [item["external_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(f"p/{n}" for n in range(25))
    whole = ingest.get("/v1/cost-lines?source=paged", headers={"accept": "text/csv"})
    assert len(whole.text.splitlines()) == 26


def a_driver(ingest: ServiceUnderTest, code: str, **more: Any) -> None:
    push(ingest, "drivers", {"code": code, "names": {"en": code}, **more})


def test_a_driver_is_read_changed_and_deleted(ingest: ServiceUnderTest) -> None:
    made = ingest.post(
        "/v1/drivers", json={"code": "seats", "names": {"en": "Seats", "zh-CN": "席位"}}
    )
    path = f"/v1/drivers/{made.json()['id']}"
    assert made.status_code == 201
    assert ingest.get(path, headers={"accept-language": "zh-CN"}).json()["name"] == "席位"
    assert ingest.patch(path, json={"unit": "1"}).status_code == 428
    etag = made.headers["etag"]
    changed = ingest.patch(path, json={"basis": "estimated"}, headers={"if-match": etag})
    assert changed.json()["basis"] == "estimated"
    assert ingest.patch(path, json={"unit": "1"}, headers={"if-match": etag}).status_code == 412
    quantity = {"driver": "seats", "period": "2026-01", "target": "ERP", "quantity": "3"}
    push(ingest, "driver-quantities", quantity)
    used = ingest.delete(path, headers={"if-match": "*"})
    assert (used.status_code, used.json()["code"]) == (409, "in_use")


def test_quantities_are_upserted_by_their_whole_key(ingest: ServiceUnderTest) -> None:
    a_driver(ingest, "hours")
    base = {"driver": "hours", "period": "2026-01", "target": "ERP", "quantity": "1.25"}
    pair = {**base, "source": "DB", "quantity": "2"}
    assert statuses(push(ingest, "driver-quantities", base, pair)) == ["created", "created"]
    again = push(ingest, "driver-quantities", base, {**pair, "quantity": "-0.5"})
    assert statuses(again) == ["unchanged", "updated"]
    unknown = push(ingest, "driver-quantities", {**base, "driver": "nobody"}, base, base)
    assert statuses(unknown) == ["unknown_code", "unchanged", "repeated_key"]
    found = get(ingest, "driver-quantities", driver="hours")
    assert {item["source"]: item["quantity"] for item in found} == {None: "1.25", "DB": "-0.5"}


def test_a_feed_is_replaced_whole(ingest: ServiceUnderTest) -> None:
    a_driver(ingest, "feed")

    def replace(*items: tuple[str, str]) -> Any:
        listed = [{"target": target, "quantity": quantity} for target, quantity in items]
        body = {"driver": "feed", "period": "2026-01", "items": listed}
        return ingest.post("/v1/driver-quantities/replace", json=body).json()

    assert replace(("A", "1"), ("B", "2"))["created"] == 2
    done = replace(("B", "2"), ("C", "3"))
    assert done == {"created": 1, "updated": 0, "unchanged": 1, "removed": 1}
    targets = {item["target"] for item in get(ingest, "driver-quantities", driver="feed")}
    assert targets == {"B", "C"}
    assert replace()["removed"] == 2


def test_rates_are_upserted_and_must_be_positive(ingest: ServiceUnderTest) -> None:
    rate = {"period": "2026-01", "from": "USD", "to": "GBP", "kind": "average", "rate": "0.7901"}
    assert statuses(push(ingest, "exchange-rates", rate)) == ["created"]
    assert statuses(push(ingest, "exchange-rates", rate)) == ["unchanged"]
    assert statuses(push(ingest, "exchange-rates", {**rate, "rate": "0"})) == ["invalid"]
    (found,) = get(ingest, "exchange-rates", period="2026-01", **{"from": "USD"})
    assert (found["to"], found["rate"]) == ("GBP", "0.7901")


def test_statistics_count_the_tickets_of_a_month(ingest: ServiceUnderTest) -> None:
    def ticket(number: str, **more: Any) -> dict[str, Any]:
        return {"number": number, "opened_at": "2026-01-05T08:00:00Z", "service": "Mail", **more}

    push(
        ingest,
        "tickets",
        ticket("T1", resolved_at="2026-01-05T10:30:00Z", sla_met=True),
        ticket("T2", resolved_at="2026-01-05T09:30:00+01:00", sla_met=False, reopen_count=2),
        ticket("T3", service=None),
        ticket("T4", opened_at="2026-02-01T00:00:00+02:00", service="Files"),
    )
    answer = ingest.get("/v1/ticket-statistics?period=2026-01&by=service").json()
    mail = next(item for item in answer["items"] if item["key"] == "Mail")
    assert (mail["opened"], mail["resolved"], mail["reopened"]) == (2, 2, 1)
    assert (mail["mttr_hours"], mail["resolution_hours"]) == ("1.5", "3")
    assert (mail["sla_met_share"], mail["reopen_rate"]) == ("0.5", "0.5")
    assert answer["total"]["opened"] == 4
    assert [item["key"] for item in answer["items"]] == ["Files", "Mail", None]


def upload(ingest: ServiceUnderTest, content: bytes, kind: str, **form: str) -> Any:
    files = {"file": ("a.csv", content, "text/csv")}
    sent = ingest.post("/v1/imports", files=files, data={"kind": kind, **form})
    assert sent.status_code == 202, sent.text
    ingest.run_jobs()
    return ingest.get(f"/v1/imports/{sent.json()['id']}").json()


def test_the_incident_log_becomes_tickets(ingest: ServiceUnderTest, examples: Path) -> None:
    folder = examples / "oxford-council"
    ingest.post("/v1/profiles/bulk", content=(folder / "profile.json").read_bytes(),
                headers={"content-type": "application/json"})  # fmt: skip
    log = (folder / "itsm" / "servicenow_incident_log_a.csv").read_bytes()
    found = upload(ingest, log, "tickets", profile="incident-event-log")
    assert found["status"] == "succeeded", found["problem"]
    assert (found["rows"]["received"], found["rows"]["accepted"]) == (2040, 2040)
    tickets = [item for item in get(ingest, "tickets") if item["number"].startswith("INC")]
    assert len(tickets) == 300
    assert sum(1 for item in tickets if item["sla_met"]) == 195
    assert sum(1 for item in tickets if item["reopen_count"]) == 4
    reverted = ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "test"})
    assert reverted.json()["status"] == "reverted"
    assert [item for item in get(ingest, "tickets") if item["number"].startswith("INC")] == []


def test_rates_and_quantities_are_imported_and_taken_back(ingest: ServiceUnderTest) -> None:
    content = b"period,from,to,kind,rate\n2017-01,USD,EUR,average,0.9\n2017-01,USD,EUR,average,1\n"
    found = upload(ingest, content, "exchange_rates")
    assert (found["rows"]["accepted"], found["rows"]["rejected"]) == (1, 1)
    better = upload(ingest, b"period,from,to,rate\n2017-01,USD,EUR,0.95\n", "exchange_rates")
    assert better["superseded"]["rows"] == 1
    ingest.post(f"/v1/imports/{better['id']}/revert", json={"reason": "wrong"})
    (rate,) = get(ingest, "exchange-rates", period="2017-01")
    assert rate["rate"] == "0.9"
    a_driver(ingest, "imported")
    quantities = b"driver,target,quantity\nimported,A,1\nimported,B,2\nnobody,B,2\nimported,C,x\n"
    found = upload(ingest, quantities, "drivers", period="2017-01")
    assert (found["rows"]["accepted"], found["rows"]["rejected"]) == (2, 2)
    less = b"driver,target,quantity\nimported,A,1\n"
    replaced = upload(ingest, less, "drivers", period="2017-01", mode="replace")
    assert replaced["superseded"]["rows"] == 1
    assert len(get(ingest, "driver-quantities", driver="imported")) == 1


def test_a_profile_is_kept_changed_and_proposed(ingest: ServiceUnderTest, examples: Path) -> None:
    profile = {"code": "p", "kind": "ledger", "columns": {"amount": "A", "tags.team": "Team"}}
    made = ingest.post("/v1/profiles", json=profile)
    path = f"/v1/profiles/{made.json()['id']}"
    etag = made.headers["etag"]
    changed = {**profile, "decimal": ",", "sign": "reversed"}
    assert ingest.put(path, json=changed, headers={"if-match": etag}).json()["sign"] == "reversed"
    assert ingest.put(path, json=profile, headers={"if-match": etag}).status_code == 412
    wrong = ingest.post("/v1/profiles", json={**profile, "code": "q", "columns": {"hue": "A"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_field")
    assert statuses(push(ingest, "profiles", changed, {**profile, "code": "r"})) == [
        "unchanged", "created",
    ]  # fmt: skip
    assert ingest.delete(path, headers={"if-match": "*"}).status_code == 204
    ledger = examples / "oxford-council" / "ledger" / "oxford_council_2016q3.csv"
    with ledger.open("rb") as stream:
        detected = ingest.post("/v1/profiles/detect", files={"file": stream}).json()
    assert detected["profile"]["columns"]["amount"] == "Amount"
    assert detected["profile"]["date_format"] == "%d/%m/%Y"
    assert detected["missing"] == []


@pytest.mark.parametrize(
    "path", ["cost-lines", "drivers", "driver-quantities", "exchange-rates", "tickets", "profiles"]
)
def test_an_empty_push_is_no_fault(ingest: ServiceUnderTest, path: str) -> None:
    assert push(ingest, path) == []
