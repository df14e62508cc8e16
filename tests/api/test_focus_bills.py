"""Cloud bills over HTTP: tied to invoices, sent again, in Parquet; and rejects mended as a file."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from tests.api.ledgers import close
from tests.running import ServiceUnderTest

HEADER = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,"
    "ChargePeriodStart,InvoiceId,ServiceProviderName,x_Team"
)
APRIL = "2026-04-01T00:00:00Z,2026-04-02T00:00:00Z"


def a_bill(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def upload(
    ingest: ServiceUnderTest, content: bytes, kind: str = "focus", **form: str
) -> dict[str, Any]:
    files = {"file": ("bill", content, "application/octet-stream")}
    answer = ingest.post("/v1/imports", files=files, data={"kind": kind, **form})
    assert answer.status_code in {200, 202}, answer.text
    ingest.run_jobs()
    found: dict[str, Any] = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    return found


def lines_of(ingest: ServiceUnderTest, source: str) -> list[dict[str, Any]]:
    answer = ingest.get("/v1/cost-lines", params={"source": source, "limit": 1000})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


BILL = a_bill(
    f"10.10,9,A,USD,{APRIL},INV-1,Acme,ops",
    f"0.15,1,A,USD,{APRIL},INV-1,Acme,ops",
    f"5,5,A,EUR,{APRIL},INV-2,Acme,dev",
)


def test_a_bill_is_tied_to_its_invoices(ingest: ServiceUnderTest) -> None:
    totals = json.dumps({"rows": 3, "invoices": {"INV-1": "10.25", "INV-2": "5.00"}})
    found = upload(ingest, BILL, source="tied", control_totals=totals)
    assert found["status"] == "succeeded", found["problem"]
    assert found["invoices"] == [
        {"invoice": "INV-1", "currency": "USD", "billed": "10.25"},
        {"invoice": "INV-2", "currency": "EUR", "billed": "5"},
    ]
    assert found["detected"]["focus_version"] == "1.3"
    assert {line["document"] for line in lines_of(ingest, "tied")} == {"INV-1", "INV-2"}


@pytest.mark.parametrize("invoices", [{"INV-1": "10.24"}, {"INV-3": "1"}, {"INV-2": "0"}])
def test_a_bill_that_is_not_what_its_invoice_says_is_refused(
    ingest: ServiceUnderTest, invoices: dict[str, str]
) -> None:
    totals = json.dumps({"invoices": invoices})
    found = upload(ingest, BILL, source="untied", control_totals=totals)
    assert (found["status"], found["problem"]["code"]) == ("failed", "control_totals_differ")
    (invoice,) = invoices
    assert found["problem"]["errors"][0]["pointer"] == f"/control_totals/invoices/{invoice}"
    assert lines_of(ingest, "untied") == []


def test_a_bill_in_parquet_keeps_decimals_instants_and_tags(ingest: ServiceUnderTest) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    table = pa.table(
        {
            "EffectiveCost": pa.array(
                [Decimal("0.123456789012345678"), Decimal("-1")], pa.decimal128(38, 18)
            ),
            "BilledCost": pa.array([Decimal("1.5"), Decimal("2")], pa.decimal128(20, 10)),
            "BillingCurrency": ["USD", "USD"],
            "BillingAccountId": ["A", "A"],
            "BillingPeriodStart": pa.array([start, start], pa.timestamp("us", "UTC")),
            "ChargePeriodStart": pa.array([start, None], pa.timestamp("ns", "UTC")),
            "InvoiceId": ["I-9", "I-9"],
            "Tags": pa.array([[("team", "ops")], []], pa.map_(pa.string(), pa.string())),
            "x_Labels": pa.array([[{"key": "a", "value": "b"}], None]),
        }
    )
    content = io.BytesIO()
    pq.write_table(table, content)
    found = upload(ingest, content.getvalue(), source="parquet")
    assert found["rows"]["accepted"] == 2, found["problem"]
    assert found["invoices"] == [{"invoice": "I-9", "currency": "USD", "billed": "3.5"}]
    first, second = lines_of(ingest, "parquet")
    assert (first["amount"], first["tags"], first["period"]) == (
        "0.123456789012345678", {"team": "ops"}, "2026-04",
    )  # fmt: skip
    assert json.loads(first["fields"]["x_Labels"]) == [{"key": "a", "value": "b"}]
    assert (second["amount"], second["tags"], second["posted_on"]) == ("-1", {}, None)


def test_a_bill_sent_again_replaces_and_comes_back_on_revert(ingest: ServiceUnderTest) -> None:
    upload(ingest, BILL, source="again")
    corrected = a_bill(f"10.10,8.5,A,USD,{APRIL},INV-1,Acme,ops")
    found = upload(ingest, corrected, source="again", replace="billing_period")
    assert found["superseded"]["rows"] == 3
    assert [line["amount"] for line in lines_of(ingest, "again")] == ["8.5"]
    ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "wrong file"})
    assert sorted(line["amount"] for line in lines_of(ingest, "again")) == ["1", "5", "9"]


def test_units_of_the_provider_are_rejected_with_their_own_reason(
    ingest: ServiceUnderTest,
) -> None:
    bill = a_bill(f"7,7,A,DBU,{APRIL},,Acme,ops", f"1,1,A,USD,{APRIL},,Acme,ops")
    found = upload(ingest, bill, source="tokens")
    assert (found["rows"]["accepted"], found["rows"]["rejected"]) == (1, 1)
    assert {"currency": None, "received": "7", "accepted": "0", "rejected": "7",
            "duplicate": "0"} in found["amounts"]  # fmt: skip
    (reject,) = ingest.get(f"/v1/imports/{found['id']}/rejects").json()["items"]
    assert (reject["code"], reject["raw"]) == ("virtual_currency", "DBU")


LEDGER = (
    b"Date,Code,Amount,code\n"
    b"2026-01-05,=A1,12.x,\n"
    b"2026-13-06,B,-5.00,kept\n"
    b"2026-01-07,C,1.00,\n"
    b"2026-01-08,D,1.00,too,wide\n"
)


def test_rejects_are_downloaded_with_their_cells_mended_and_sent_back(
    ingest: ServiceUnderTest,
) -> None:
    first = upload(ingest, LEDGER, kind="ledger", source="mended", currency="EUR")
    assert (first["rows"]["accepted"], first["rows"]["rejected"]) == (1, 3)
    address = f"/v1/imports/{first['id']}/rejects"
    download = ingest.get(address, params={"with": "cells"}, headers={"accept": "text/csv"})
    table = list(csv.reader(io.StringIO(download.text)))
    assert table[0] == ["row", "column", "code", "message", "raw", "Date", "Code", "Amount", "code"]
    assert [line[0] for line in table[1:]] == ["2", "3", "5"]
    assert table[1][5:] == ["2026-01-05", "'=A1", "12.x", ""]
    assert table[3][2:5:2] == ["malformed_row", "2026-01-08,D,1.00,too,wide"]
    table[1][7] = "12.00"
    table[2][5] = "2026-01-06"
    table[3][5:] = ["2026-01-08", "D", "1.00", "wide"]
    mended = io.StringIO()
    csv.writer(mended).writerows(table)
    files = {"file": ("mended.csv", mended.getvalue().encode(), "text/csv")}
    answer = ingest.post(f"{address}/file", files=files)
    assert answer.status_code == 202, answer.text
    ingest.run_jobs()
    again = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    assert (again["retry_of"], again["rows"]["accepted"]) == (first["id"], 3)
    lines = {line["amount"]: line for line in lines_of(ingest, "mended")}
    assert sorted(lines) == ["-5", "1", "12"]
    assert lines["12"]["account"] == "=A1" or lines["12"]["fields"]["Code"] == "=A1"


@pytest.mark.parametrize(
    "content", [b"Date,Amount\n2026-01-01,1\n", b"row,column,code,message,raw,Date\nx,,,,,1\n"]
)
def test_another_file_is_no_mended_file(ingest: ServiceUnderTest, content: bytes) -> None:
    first = upload(ingest, LEDGER, kind="ledger", source="mended", currency="EUR")
    files = {"file": ("other.csv", content, "text/csv")}
    answer = ingest.post(f"/v1/imports/{first['id']}/rejects/file", files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_rejects_file")


@pytest.mark.parametrize("number", ["9" * 5_000, "0", "-1", "1e3"])
def test_a_mended_file_names_rows_by_their_numbers(ingest: ServiceUnderTest, number: str) -> None:
    first = upload(ingest, LEDGER, kind="ledger", source="mended", currency="EUR")
    address = f"/v1/imports/{first['id']}/rejects"
    table = ingest.get(f"{address}?with=cells", headers={"Accept": "text/csv"}).text
    head, row, *_ = table.splitlines()
    content = f"{head}\n{number},{row.partition(',')[2]}\n".encode()
    answer = ingest.post(f"{address}/file", files={"file": ("mended.csv", content, "text/csv")})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_rejects_file")


def test_names_of_columns_start_no_formula_in_downloads(ingest: ServiceUnderTest) -> None:
    content = b"Date,Account,Amount,=1+1\n2026-01-05,6500,1o,a\n2026-01-06,6500,2,b\n"
    first = upload(ingest, content, kind="ledger", source="formula", currency="EUR")
    address = f"/v1/imports/{first['id']}/rejects?with=cells"
    table = ingest.get(address, headers={"Accept": "text/csv"}).text
    assert table.splitlines()[0].endswith(",Amount,'=1+1")


def test_a_total_row_that_somebody_insists_on_becomes_a_line(ingest: ServiceUnderTest) -> None:
    content = b"Date,Document,Amount\n2026-02-05,D1,2.50\nTotal,,2.50\n"
    first = upload(ingest, content, kind="ledger", source="insisted", currency="EUR")
    assert first["rows"]["rejected"] == 1
    item = {"row": 3, "values": {"Date": "2026-02-06"}}
    answer = ingest.post(f"/v1/imports/{first['id']}/rejects/retry", json={"items": [item]})
    ingest.run_jobs()
    again = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    assert again["rows"]["accepted"] == 1


def test_a_flag_found_by_the_first_import_rules_its_mended_rows(ingest: ServiceUnderTest) -> None:
    content = b"Date,Amount,D/C\n2026-02-05,2.50,D\n2026-02-30,1.00,C\n"
    first = upload(ingest, content, kind="ledger", source="flagged", currency="EUR")
    assert first["detected"]["sign"] == {"flag_column": "D/C", "debit": "D", "credit": "C"}
    item = {"row": 3, "values": {"Date": "2026-02-28"}}
    ingest.post(f"/v1/imports/{first['id']}/rejects/retry", json={"items": [item]})
    ingest.run_jobs()
    assert sorted(line["amount"] for line in lines_of(ingest, "flagged")) == ["-1", "2.5"]


def test_late_data_of_a_closed_month_is_restated_and_told_with_its_reason(
    ingest: ServiceUnderTest, session: Any
) -> None:
    close("2018-03")
    bill = a_bill("1,1,A,USD,2018-03-01T00:00:00Z,2018-03-02T00:00:00Z,,Acme,ops")
    late = upload(ingest, bill, source="late")
    assert (late["rows"]["rejected"], late["amounts"][0]["rejected"]) == (1, "1")
    restated = upload(ingest, bill, source="late", restate="late invoice")
    assert restated["rows"]["accepted"] == 1
    event = session.execute(
        text(
            "select payload from outbox_event where resource_id = :id"
            " and type = 'cost_lines.changed'"
        ),
        {"id": restated["id"]},
    ).scalar_one()
    assert event["periods"] == ["2018-03"]
    assert event["restate"] == "late invoice"
