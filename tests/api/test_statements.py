"""Statements over HTTP: made from the published run, issued, corrected by newer ones."""

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import text

from services.allocation.statements import endpoints
from shared.clients.allocation.statements import StatementCalls
from shared.database import in_transaction
from tests.api.test_runs import MAPPINGS, OBJECTS, a_run, ok, send_bulk
from tests.running import LiveServices, ServiceUnderTest, a_key

Json = dict[str, Any]
PERIOD = "2026-01"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SEATS = [("EAST", "2"), ("WEST", "1")]


def a_month(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, period: str, *amounts: str
) -> Json:
    """A published run over lines of cloud and staff, one line per unit and account."""
    lines = [
        {"external_id": f"{period}-{place}", "source": "erp", "period": period, "currency": "EUR",
         "amount": amount, "account": ("cloud", "staff")[place % 2],
         "tags": {"unit": ("EAST", "WEST")[place // 2 % 2]}}
        for place, amount in enumerate(amounts)
    ]  # fmt: skip
    send_bulk(ingest, "cost-lines", lines)
    quantities = [
        {"driver": "seats", "period": period, "target": target, "quantity": quantity}
        for target, quantity in SEATS
    ]
    send_bulk(ingest, "driver-quantities", quantities)
    return a_published_run(allocation, period)


def a_published_run(allocation: ServiceUnderTest, period: str) -> Json:
    run = a_run(allocation, period=period)
    assert run["status"] == "succeeded", run
    ok(allocation.post(f"/v1/runs/{run['id']}/publish"))
    return run


def make_model(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    for collection, members in OBJECTS.items():
        items = [
            {"names": {"en": one["code"], "zh-CN": f"中{one['code']}"}, **one} for one in members
        ]
        send_bulk(allocation, collection, items)
    send_bulk(allocation, "mappings", MAPPINGS)
    draft = ok(allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    send_bulk(ingest, "drivers", [{"code": "seats", "names": {"en": "Seats"}, "unit": "seat"}])


@pytest.fixture(scope="module")
def model(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    make_model(allocation, ingest)


@pytest.fixture(scope="module")
def run(allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None) -> Json:
    return a_month(allocation, ingest, PERIOD, "100.01", "33.34", "-17.77", "0.05")


@pytest.fixture(scope="module")
def made(allocation: ServiceUnderTest, run: Json) -> Json:
    answer: Json = ok(make(allocation, PERIOD), 201)
    return answer


def make(allocation: ServiceUnderTest, period: str) -> Any:
    return allocation.post("/v1/statements", json={"period": period})


def read(allocation: ServiceUnderTest, statement: str, **headers: str) -> Json:
    found: Json = ok(allocation.get(f"/v1/statements/{statement}", headers=headers))
    return found


def listed(allocation: ServiceUnderTest, headers: Any = None, **query: str) -> list[Json]:
    items: list[Json] = ok(allocation.get("/v1/statements", params=query, headers=headers))["items"]
    return items


def test_bills_add_up_to_the_rounded_run_and_lines_to_the_bill(
    allocation: ServiceUnderTest, run: Json, made: Json
) -> None:
    exact = Decimal(run["totals"]["cost"]["consumers"])
    assert (made["statements"], made["created"], made["run"]) == (2, 2, run["id"])
    assert Decimal(made["total"]) == round(exact, 2) != exact
    assert sum(Decimal(one["amount"]) for one in made["items"]) == Decimal(made["total"])
    for item in made["items"]:
        statement = read(allocation, item["id"])
        lines = [Decimal(line["amount"]) for line in statement["lines"]]
        assert sum(lines) == Decimal(statement["amount"])
        assert all(amount == round(amount, 2) for amount in lines)


def test_a_line_says_what_was_charged_and_by_which_quantity(
    allocation: ServiceUnderTest, made: Json
) -> None:
    (item,) = [one for one in made["items"] if one["consumer"] == "EAST"]
    statement = read(allocation, item["id"], **{"Accept-Language": "zh-CN"})
    assert statement["name"] == "中EAST"
    lines = {line["code"]: line for line in statement["lines"]}
    assert list(lines) == ["CRM", "ERP", "DESK"]
    assert (lines["ERP"]["solution"], lines["ERP"]["layer"]) == ("ERP", "solution")
    desk = lines["DESK"]
    assert (desk["solution"], desk["layer"], desk["name"]) == (None, "resource", "中DESK")
    assert (desk["driver"], desk["quantity"]) == ("seats", "2")
    assert Decimal(desk["unit_price"]) * 2 == Decimal(desk["amount"])


def test_making_them_again_for_the_same_run_changes_nothing(
    allocation: ServiceUnderTest, made: Json
) -> None:
    before = [one["id"] for one in listed(allocation, period=PERIOD)]
    again = make(allocation, PERIOD)
    assert again.status_code == 200
    assert (again.json()["created"], again.json()["unchanged"]) == (0, 2)
    assert [one["id"] for one in listed(allocation, period=PERIOD)] == before


def test_without_a_published_run_there_are_none(allocation: ServiceUnderTest, model: None) -> None:
    refused = make(allocation, "2024-01")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_published_run")
    refused = allocation.post("/v1/statements/issue", json={"period": "2024-01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_published_run")
    assert make(allocation, "January").status_code == 422


def test_lists_are_filtered_and_totalled(allocation: ServiceUnderTest, made: Json) -> None:
    codes = {one["consumer"]: one["code"] for one in made["items"]}
    assert codes == {"EAST": f"{PERIOD}/EAST/1", "WEST": f"{PERIOD}/WEST/1"}
    for query in ({"consumer": "EAST"}, {"code": codes["EAST"]}, {"under": "GROUP"}):
        (found,) = listed(allocation, period=PERIOD, **query)
        assert found["consumer"] == "EAST"
    assert listed(allocation, period=PERIOD, under="WEST", status="corrected") == []
    largest = listed(allocation, period=PERIOD, sort="-amount")
    assert [one["consumer"] for one in largest] == ["EAST", "WEST"]
    query = {"period": PERIOD, "run": made["run"]}
    (total,) = ok(allocation.get("/v1/statements/totals", params=query))["items"]
    assert (total["amount"], total["statements"]) == (made["total"], 2)
    page = ok(allocation.get("/v1/statements", params={"limit": 1, "period": PERIOD}))
    following = {"limit": 1, "period": PERIOD, "cursor": page["next_cursor"]}
    assert [one["consumer"] for one in listed(allocation, **following)] == ["WEST"]


def test_a_statement_is_also_a_csv_and_a_workbook(allocation: ServiceUnderTest, made: Json) -> None:
    path = f"/v1/statements/{made['items'][0]['id']}"
    rows = allocation.get(path, headers={"Accept": "text/csv"}).text.splitlines()
    assert rows[0].startswith(
        "id,position,kind,layer,code,name,solution,driver,quantity,unit_price"
    )
    assert len(rows) == 4
    first, again = (
        allocation.get(path, headers={"Accept": XLSX, "Accept-Language": "zh-CN"}) for _ in "ab"
    )
    assert first.content == again.content
    with zipfile.ZipFile(io.BytesIO(first.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "SUM(G9:G11)" in sheet
    assert f"<v>{made['items'][0]['amount']}</v>" in sheet
    assert "账单" in texts
    assert allocation.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_the_whole_list_is_also_a_table(
    allocation: ServiceUnderTest, made: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "EXPORT_BATCH", 1)
    everything = allocation.get("/v1/statements", headers={"Accept": "text/csv"}).text
    codes = [row.split(",")[1] for row in everything.splitlines()[1:]]
    assert codes == [one["code"] for one in listed(allocation)]
    answer = allocation.get("/v1/statements?consumer=WEST", headers={"Accept": "text/csv"})
    head, *rows = answer.text.splitlines()
    assert head.startswith("id,code,status,period,run,consumer,name,currency,amount")
    assert all(",WEST," in row for row in rows)
    assert rows
    for odd in ("sort=colour", "code=%00"):
        refused = allocation.get(f"/v1/statements?{odd}", headers={"Accept": "text/csv"})
        assert refused.status_code == 422, "before the first byte of a table is written"


def test_an_issued_statement_is_final_and_told(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None
) -> None:
    a_month(allocation, ingest, "2026-05", "10.00", "1.00")
    (east, _) = ok(make(allocation, "2026-05"), 201)["items"]
    issued = ok(allocation.post(f"/v1/statements/{east['id']}/issue"))
    assert (issued["status"], issued["issued_by"]) == ("issued", "admin")
    refused = allocation.post(f"/v1/statements/{east['id']}/issue")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    query = {"resource_id": east["id"], "action": "issue"}
    assert len(ok(allocation.get("/v1/audit-events", params=query))["items"]) == 1
    done = ok(allocation.post("/v1/statements/issue", json={"period": "2026-05"}))
    assert done["issued"] == 1
    assert ok(allocation.post("/v1/statements/issue", json={"period": "2026-05"}))["issued"] == 0


@pytest.mark.parametrize(
    "change",
    [
        "update statement set amount = 1 where status = 'issued'",
        "update statement set status = 'draft', issued_at = null where status = 'issued'",
        "delete from statement where status = 'issued'",
        "update statement_line set amount = 1",
        "delete from statement_line",
        "insert into statement_line (id, statement_id, position, kind, layer, code, names, amount)"
        " select uuidv7(), id, 99, 'charge', 'pool', 'P', '{}', 1 from statement",
    ],
)
def test_the_database_lets_nobody_change_an_issued_bill(
    allocation: ServiceUnderTest, made: Json, change: str
) -> None:
    allocation.post("/v1/statements/issue", json={"period": PERIOD})
    with pytest.raises(IntegrityError):
        run_sql(change)


def run_sql(change: str) -> None:
    with in_transaction() as session:
        session.connection().execute(text(change))


def test_a_newer_run_replaces_drafts_and_corrects_what_is_issued(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None
) -> None:
    period = "2026-06"
    a_month(allocation, ingest, period, "10.00", "1.00", "20.00", "0.50")
    former = {one["consumer"]: one for one in ok(make(allocation, period), 201)["items"]}
    ok(allocation.post(f"/v1/statements/{former['EAST']['id']}/issue"))
    newer = a_month(allocation, ingest, period, "30.00", "1.00", "20.00", "0.50")
    late = allocation.post(f"/v1/statements/{former['WEST']['id']}/issue")
    assert (late.status_code, late.json()["code"]) == (409, "run_not_published")
    answer = ok(make(allocation, period), 201)
    assert (answer["created"], answer["replaced"], answer["statements"]) == (2, 1, 2)
    assert sum(Decimal(one["amount"]) for one in answer["items"]) == Decimal(answer["total"])
    assert allocation.get(f"/v1/statements/{former['WEST']['id']}").status_code == 404
    correcting = {one["consumer"]: one for one in answer["items"]}["EAST"]
    assert (correcting["run"], correcting["revision"]) == (newer["id"], 2)
    assert correcting["corrects"] == former["EAST"]["id"]
    assert read(allocation, former["EAST"]["id"])["status"] == "issued"
    assert ok(allocation.post("/v1/statements/issue", json={"period": period}))["issued"] == 2
    old = read(allocation, former["EAST"]["id"])
    assert (old["status"], old["corrected_by"]) == ("corrected", correcting["id"])
    assert old["amount"] == former["EAST"]["amount"]


def test_who_has_no_bill_any_more_gets_one_of_nothing(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None
) -> None:
    period = "2026-07"
    a_month(allocation, ingest, period, "10.00", "0", "20.00")
    make(allocation, period)
    ok(allocation.post("/v1/statements/issue", json={"period": period}))
    gone = {"external_id": f"{period}-2", "source": "erp", "period": period, "currency": "EUR",
            "amount": "0", "account": "cloud", "deleted": True}  # fmt: skip
    send_bulk(ingest, "cost-lines", [gone])
    a_published_run(allocation, period)
    found = {one["consumer"]: one for one in ok(make(allocation, period), 201)["items"]}
    assert (found["EAST"]["amount"], found["WEST"]["amount"]) == ("10", "0")
    assert read(allocation, found["WEST"]["id"])["lines"] == []


def test_a_bound_caller_sees_issued_statements_of_its_own(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest, model: None
) -> None:
    period = "2026-08"
    a_month(allocation, ingest, period, "10.00", "1.00", "20.00", "0.50")
    east, west = ok(make(allocation, period), 201)["items"]
    scopes = ["allocation:read", "allocation:write"]
    group = allocation.as_caller(a_key(scopes, consumers=["GROUP"]))
    assert listed(allocation, group, period=period) == []
    assert allocation.get(f"/v1/statements/{east['id']}", headers=group).status_code == 404
    ok(allocation.post("/v1/statements/issue", json={"period": period}))
    (own,) = listed(allocation, group, period=period)
    assert (own["consumer"], own["subtree_amount"]) == ("EAST", own["amount"])
    assert allocation.get(f"/v1/statements/{west['id']}", headers=group).status_code == 404
    (total,) = ok(allocation.get(f"/v1/statements/totals?period={period}", headers=group))["items"]
    assert total["amount"] == own["amount"]
    for path in ("", "/issue"):
        body = {"period": period}
        refused = allocation.post(f"/v1/statements{path}", json=body, headers=group)
        assert (refused.status_code, refused.json()["code"]) == (403, "caller_is_bound")


def test_our_client_reads_what_a_report_needs(
    allocation: ServiceUnderTest, made: Json, services: LiveServices
) -> None:
    with StatementCalls(services.urls["allocation"], services.key, language="zh-CN") as calls:
        found = list(calls.walk_statements(period=PERIOD))
        assert [one.consumer for one in found] == ["EAST", "WEST"]
        statement = calls.get_statement(str(found[0].id))
        assert sum(line.amount for line in statement.lines) == statement.amount
        assert statement.name == "中EAST"
        assert calls.make_statements(PERIOD).created == 0
        assert calls.issue_statements("2026-01").issued in {0, 2}
        assert calls.get_dispute_statistics().disputes == 0
