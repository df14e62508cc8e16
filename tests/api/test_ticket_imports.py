"""Event logs fold into tickets inside the database, and the figures of the log come out again."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.api.test_assets import upload
from tests.modelling import Modelling, send_all
from tests.running import ServiceUnderTest

START = datetime(2016, 2, 29, tzinfo=UTC)
HEAD = (
    "number", "opened_at", "updated_at", "resolved_at", "service", "state", "made_sla",
    "reopen_count",
)  # fmt: skip


def tickets_of(ingest: ServiceUnderTest, import_id: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    cursor = None
    while True:
        query = {"limit": "1000", "import": import_id, **({"cursor": cursor} if cursor else {})}
        page = ingest.get("/v1/tickets", params=query).json()
        found |= {item["number"]: item for item in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def statistics(ingest: ServiceUnderTest, **query: str) -> Any:
    answer = ingest.get("/v1/ticket-statistics", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def log_of(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def an_event(number: str, hour: int, **more: str) -> dict[str, str]:
    moment = (START + timedelta(hours=hour)).isoformat()
    return {"number": number, "opened_at": START.isoformat(), "updated_at": moment, **more}


def test_the_last_event_makes_the_ticket_whatever_the_order_of_rows(
    ingest: ServiceUnderTest,
) -> None:
    content = log_of(
        an_event("F1", 2, state="Closed", reopen_count="1"),
        an_event("F1", 1, state="New", service="Mail", made_sla="false", reopen_count="2"),
        an_event("F1", 1, state="Active", resolved_at=(START + timedelta(hours=1)).isoformat()),
        {**an_event("F2", 5, state="First"), "updated_at": ""},
        an_event("F2", 3, state="Second"),
    )
    found = upload(ingest, content, "tickets")
    assert (found["rows"]["received"], found["rows"]["accepted"]) == (5, 5)
    tickets = tickets_of(ingest, found["id"])
    told = {name: tickets["F1"][name] for name in ("state", "service", "sla_met", "reopen_count")}
    assert told == {"state": "Closed", "service": "Mail", "sla_met": False, "reopen_count": 2}
    assert tickets["F1"]["resolved_at"] is None
    assert tickets["F2"]["state"] == "Second"


def folded(events: list[dict[str, str]]) -> dict[str, Any]:
    """The rule in plain words, event by event."""
    dated = all(event["updated_at"] for event in events)
    in_order = sorted(events, key=lambda event: event["updated_at"]) if dated else events
    last = in_order[-1]

    def stays(name: str) -> str:
        return next((event[name] for event in reversed(in_order) if event.get(name)), "")

    return {
        "opened_at": min(event["opened_at"] for event in events),
        "resolved_at": last.get("resolved_at", ""),
        "service": stays("service"),
        "state": stays("state"),
        "made_sla": stays("made_sla"),
        "reopen_count": max(int(event.get("reopen_count") or 0) for event in events),
    }


def test_random_logs_fold_as_the_rule_says_and_again_change_nothing(
    ingest: ServiceUnderTest,
) -> None:
    dice = random.Random(7)
    rows = []
    for _ in range(600):
        event = an_event(f"R{dice.randrange(150)}", dice.randrange(40))
        event["opened_at"] = (START + timedelta(hours=dice.randrange(9))).isoformat()
        event["updated_at"] = event["updated_at"] if dice.random() < 0.97 else ""
        event["resolved_at"] = dice.choice(["", (START + timedelta(hours=90)).isoformat()])
        event["service"] = dice.choice(["", "Mail", "Files"])
        event["state"] = dice.choice(["", "New", "Closed"])
        event["made_sla"] = dice.choice(["", "true", "false"])
        event["reopen_count"] = dice.choice(["", "0", "3"])
        rows.append(event)
    by_number: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_number.setdefault(row["number"], []).append(row)
    found = upload(ingest, log_of(*rows), "tickets")
    assert found["rows"]["accepted"] == 600
    tickets = tickets_of(ingest, found["id"])
    assert tickets.keys() == by_number.keys()
    for number, events in by_number.items():
        wanted, got = folded(events), tickets[number]
        assert got["opened_at"] == wanted["opened_at"].replace("+00:00", "Z")
        assert (got["resolved_at"] or "") == wanted["resolved_at"].replace("+00:00", "Z")
        assert (got["service"] or "", got["state"] or "") == (wanted["service"], wanted["state"])
        assert {True: "true", False: "false", None: ""}[got["sla_met"]] == wanted["made_sla"]
        assert got["reopen_count"] == wanted["reopen_count"]
    again = upload(ingest, log_of(*rows), "tickets", source="another")
    assert (again["rows"]["accepted"], again["rows"]["duplicate"]) == (0, 600)


def test_the_figures_of_the_incident_log_come_out_again(
    ingest: ServiceUnderTest, examples: Path
) -> None:
    folder = examples / "oxford-council"
    log = (folder / "itsm" / "servicenow_incident_log_a.csv").read_bytes()
    found = upload(ingest, log, "tickets", source="servicenow")
    tickets = tickets_of(ingest, found["id"])
    assert len(tickets) == 300
    periods = sorted({item["opened_at"][:7] for item in tickets.values()})
    answer = statistics(ingest, by="priority", **{"from": periods[0], "to": periods[-1]})
    answer["items"] = [item for item in answer["items"] if item["key"]]
    assert {item["key"]: item["opened"] for item in answer["items"]} == {
        "1 - Critical": 7, "2 - High": 8, "3 - Moderate": 239, "4 - Low": 46,
    }  # fmt: skip
    total = statistics(ingest, by="kind", **{"from": periods[0], "to": periods[-1]})
    mine = [item for item in tickets.values() if item["resolved_at"]]
    hours = sorted(
        (datetime.fromisoformat(item["resolved_at"]) - datetime.fromisoformat(item["opened_at"]))
        / timedelta(hours=1)
        for item in mine
    )
    assert (len(hours), round(median(hours), 6), round(hours[-1], 6)) == (289, 53.7, 7122.283333)
    assert round(sum(hours) / 289, 6) == 279.771626
    assert sum(1 for item in tickets.values() if item["sla_met"]) == 195
    assert sum(1 for item in tickets.values() if item["reopen_count"]) == 4
    assert total["total"]["opened"] == sum(month["total"]["opened"] for month in total["months"])


@pytest.fixture(scope="module")
def desk(ingest: ServiceUnderTest) -> ServiceUnderTest:
    def ticket(number: str, opened: str, resolved: str | None = None, **more: Any) -> Any:
        return {"number": number, "opened_at": f"{opened}:00:00Z", "service": "Print",
                "resolved_at": resolved and f"{resolved}:00:00Z", **more}  # fmt: skip

    items = [
        ticket("S1", "2024-01-05T08", "2024-01-05T10", sla_met=True),
        ticket("S2", "2024-01-05T08", "2024-01-05T12", sla_met=False, reopen_count=1),
        ticket("S3", "2024-01-06T08", "2024-03-06T08"),
        ticket("S4", "2024-02-06T08", "2024-02-06T09"),
        ticket("S5", "2024-02-06T08", service="Scan"),
        ticket("S6", "2024-02-29T08", closed_at="2024-03-01T00:00:00Z"),
    ]
    answer = ingest.post("/v1/tickets/bulk", json={"items": items})
    assert {result["status"] for result in answer.json()["results"]} == {"created"}
    return ingest


def test_a_month_has_median_ninth_decile_and_backlog(desk: ServiceUnderTest) -> None:
    answer = statistics(desk, period="2024-01", by="service")
    assert answer["period"] == "2024-01"
    (printing,) = [item for item in answer["items"] if item["key"] == "Print"]
    told = {name: printing[name] for name in ("median_hours", "p90_hours", "longest_hours")}
    assert told == {"median_hours": "4", "p90_hours": "1440", "longest_hours": "1440"}
    assert (printing["mttr_hours"], printing["resolution_hours"]) == ("482", "1446")
    assert (printing["backlog"], printing["reopen_rate"]) == (1, "0.333333")
    assert [month["period"] for month in answer["months"]] == ["2024-01"]


def test_a_stretch_of_months_tells_each_of_them(desk: ServiceUnderTest) -> None:
    answer = statistics(desk, by="service", **{"from": "2024-01", "to": "2024-04"})
    assert (answer["period"], answer["from"], answer["to"]) == (None, "2024-01", "2024-04")
    series = [
        (month["total"]["opened"], {item["key"]: item["backlog"] for item in month["items"]})
        for month in answer["months"]
    ]
    assert [opened for opened, _ in series] == [3, 3, 0, 0]
    backlog = [{key: found.get(key) for key in ("Print", "Scan")} for _, found in series]
    assert backlog == [
        {"Print": 1, "Scan": None},
        {"Print": 2, "Scan": 1},
        {"Print": None, "Scan": 1},
        {"Print": None, "Scan": 1},
    ]
    (printing,) = [item for item in answer["items"] if item["key"] == "Print"]
    assert (printing["opened"], printing["resolved"], printing["median_hours"]) == (5, 4, "3")


@pytest.mark.parametrize(
    "query",
    ["", "?from=2024-01", "?period=2024-01&from=2024-01", "?from=2024-02&to=2024-01",
     "?from=1990-01&to=2024-01", "?period=2024-13"],
)  # fmt: skip
def test_a_stretch_that_makes_no_sense_is_refused(ingest: ServiceUnderTest, query: str) -> None:
    assert ingest.get(f"/v1/ticket-statistics{query}").status_code == 422


def test_runs_share_costs_by_what_the_desk_had_to_do(
    allocation: ServiceUnderTest, desk: ServiceUnderTest
) -> None:
    modelling = Modelling(allocation, desk)
    modelling.objects("pool", "DESK")
    modelling.objects("consumer", "EAST", "WEST")
    tickets = [
        {"number": f"D{place}", "opened_at": "2023-05-05T08:00:00Z", "consumer": consumer,
         "resolved_at": f"2023-05-05T{9 + hours:02}:00:00Z", "reopen_count": reopened,
         "sla_met": met}
        for place, (consumer, hours, reopened, met) in enumerate(
            [("EAST", 0, 1, True), ("EAST", 2, 0, False), ("EAST", 0, 5, None),
             ("WEST", 4, 1, False), ("WEST", 0, 0, False)]
        )
    ]  # fmt: skip
    send_all(desk, "tickets", tickets)
    shares = {}
    for driver in ("tickets.count", "tickets.hours", "tickets.reopened", "tickets.breached"):
        mappings: list[dict[str, Any]] = [
            {"code": "in", "stage": "line_to_pool", "method": "direct",
             "target": {"object": "DESK"}},
            {"code": "out", "stage": "pool_to_consumer", "method": "driver", "driver": driver,
             "target": {}},
        ]  # fmt: skip
        modelling.publish_model(mappings, {})
        modelling.lines("2023-05", [{"amount": "3300"}])
        figures = modelling.run("2023-05")
        shares[driver] = [figures.holding("consumer", code) for code in ("EAST", "WEST")]
    assert shares == {
        "tickets.count": [1980, 1320],
        "tickets.hours": [1500, 1800],
        "tickets.reopened": [2200, 1100],
        "tickets.breached": [1100, 2200],
    }
