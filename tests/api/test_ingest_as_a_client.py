"""What an integrator meets who has only the contract and the exports of real systems."""

import threading
from typing import Any

import pytest

from tests.api.ledgers import lines_of, rejects_of, upload
from tests.running import ServiceUnderTest

BILL = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,BillingPeriodStart,"
    "ChargePeriodStart,ChargeCategory,ServiceName"
)
SAP_LIST = """07.03.2026                       Dynamic List Display                          1
--------------------------------------------------------------------------------
Kostenstelle:        4100 IT

--------------------------------------------------------------------------------
|BuKr|Belegnr   |Buch.dat. |Kostenart |Kostenst. |Text      |    Betrag in HW|HWähr|
--------------------------------------------------------------------------------
|1000|1900000001|05.03.2026|0000476000|      4100|Azure     |       12.345,67 |EUR  |
|1000|1900000002|28.03.2026|0000476000|      4100|Gutschrift|        1.234,50-|EUR  |
--------------------------------------------------------------------------------
|*   |          |          |          |          |          |       11.111,17 |EUR  |
--------------------------------------------------------------------------------
"""
VOUCHERS = """公司名称：测试有限公司,,,,,,,
凭证列表,,,,,,,
日期,凭证字号,摘要,科目代码,科目名称,币别,借方金额,贷方金额
2026-01-05,记-1,支付托管费,6602.01,服务器,人民币,"12,000.00",
2026-01-15,记-2,软件维护,6602.02,软件,人民币,"3,500.50",
,,合计,,,,"15,500.50",0.00
制单人：张三,,审核：李四,,,,,
"""


def test_a_charge_without_its_billing_period_is_no_line_of_another(
    ingest: ServiceUnderTest,
) -> None:
    rows = [
        "1,1,USD,A,2026-01-01T00:00:00Z,2026-01-31T23:00:00Z,Usage,EC2",
        "2,2,USD,A,,2026-01-31T23:00:00Z,Usage,EC2",
    ]
    found = upload(ingest, "\n".join([BILL, *rows]).encode(), "focus", source="no-period")
    assert (found["rows"]["accepted"], found["rows"]["rejected"]) == (1, 1)
    assert rejects_of(ingest, found) == [(3, "BillingPeriodStart", "missing_value", "")]


def test_a_list_of_sap_with_ruled_lines_is_read_without_a_profile(
    ingest: ServiceUnderTest,
) -> None:
    found = upload(ingest, SAP_LIST.encode("cp1252"), source="alv")
    assert found["amounts"][0]["accepted"] == "11111.17"
    assert [(line["amount"], line["currency"], line["posted_on"], line["account"],
             line["cost_center"], line["document"])
            for line in lines_of(ingest, source="alv")] == [
        ("12345.67", "EUR", "2026-03-05", "0000476000", "4100", "1900000001"),
        ("-1234.5", "EUR", "2026-03-28", "0000476000", "4100", "1900000002"),
    ]  # fmt: skip
    assert [code for _, _, code, _ in rejects_of(ingest, found)] == ["subtotal_row"]
    broken = SAP_LIST.replace("1.234,50-", "1.234,5o-")
    found = upload(ingest, broken.encode("cp1252"), source="alv-2", period="2026-03")
    codes = [code for _, _, code, _ in rejects_of(ingest, found)]
    assert (found["rows"]["accepted"], codes) == (1, ["not_a_decimal", "total_differs"])


def test_vouchers_with_a_currency_by_name_and_signatures_below_are_read(
    ingest: ServiceUnderTest,
) -> None:
    found = upload(ingest, VOUCHERS.encode("gbk"), source="vouchers")
    assert [(line["amount"], line["currency"]) for line in lines_of(ingest, source="vouchers")] == [
        ("12000", "CNY"), ("3500.5", "CNY"),
    ]  # fmt: skip
    assert [code for _, _, code, _ in rejects_of(ingest, found)] == ["subtotal_row"]
    assert found["detected"]["trailer_rows"] == [{"row": 7, "text": "制单人：张三  审核：李四"}]


def test_column_names_in_one_word_are_recognised(ingest: ServiceUnderTest) -> None:
    content = (
        b"SupplierName,PaymentDate,TransactionNumber,NetAmount,IrrecoverableVAT\n"
        b"Dell,31/01/2015,123,600.00,\n"
    )
    upload(ingest, content, source="one-word", currency="GBP")
    (line,) = lines_of(ingest, source="one-word")
    assert (line["amount"], line["vendor"], line["document"], line["posted_on"]) == (
        "600", "Dell", "123", "2015-01-31",
    )  # fmt: skip


@pytest.mark.parametrize("content", [b'[{"a": 1}]', b'{\n  "value": [1]\n}', b'{"value": [\n{}]}'])
def test_a_json_document_is_refused_for_what_it_is(
    ingest: ServiceUnderTest, content: bytes
) -> None:
    files = {"file": ("x.json", content, "application/json")}
    answer = ingest.post("/v1/imports", files=files, data={"kind": "ledger"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_format")
    assert "NDJSON" in answer.json()["detail"]


def test_rejects_found_while_storing_tell_the_text_at_fault(ingest: ServiceUnderTest) -> None:
    driver = {"code": "vms", "names": {"en": "VMs"}, "unit": "vm", "basis": "measured"}
    ingest.post("/v1/drivers/bulk", json={"items": [driver]})
    content = (
        b"driver,period,target,quantity\nvm,2026-01,A,1\nvms,2026-01,B,1\nvms,2026-01,B,2\n"
        b"vms,2026-13,B,2\n"
    )
    found = upload(ingest, content, "drivers", source="meter")
    assert rejects_of(ingest, found) == [
        (2, "driver", "unknown_code", "vm"),
        (4, None, "repeated_key", "vms | 2026-01 | actual | B"),
        (5, "period", "not_a_period", "2026-13"),
    ]
    download = ingest.get(
        f"/v1/imports/{found['id']}/rejects", headers={"Accept": "text/csv"}
    ).text.splitlines()
    assert [line.split(",")[0] for line in download[1:]] == ["2", "4", "5"]
    refused = upload(ingest, content, "drivers", source="meter-2", max_reject_share="0.1")
    assert (refused["status"], refused["rows"]["rejected"]) == ("failed", 3)
    assert rejects_of(ingest, refused) == rejects_of(ingest, found)


def test_whoever_waits_for_a_known_import_gets_it_finished(ingest: ServiceUnderTest) -> None:
    files = {"file": ("x.csv", b"Date,Amount,Currency\n2026-01-05,1.00,GBP\n", "text/csv")}
    form = {"kind": "ledger", "source": "twice"}
    first = ingest.post("/v1/imports", files=files, data=form)
    assert first.status_code == 202
    at_once = ingest.post("/v1/imports", files=files, data=form)
    assert (at_once.status_code, at_once.json()["status"]) == (200, "queued")
    answers: list[Any] = []

    def wait() -> None:
        answers.append(ingest.post("/v1/imports?wait=20", files=files, data=form))

    waiting = threading.Thread(target=wait)
    waiting.start()
    ingest.run_jobs()
    waiting.join()
    assert (answers[0].status_code, answers[0].json()["status"]) == (200, "succeeded")
    assert answers[0].json()["id"] == first.json()["id"]


def test_times_out_of_order_are_no_negative_hours(ingest: ServiceUnderTest) -> None:
    ticket = {"kind": "incident", "service": "Mail", "state": "closed"}
    items = [
        {**ticket, "number": "T1", "opened_at": "2026-03-01T08:00:00Z",
         "resolved_at": "2026-03-01T10:00:00Z"},
        {**ticket, "number": "T2", "opened_at": "2026-03-01T08:00:00Z",
         "resolved_at": "2026-02-01T08:00:00Z"},
    ]  # fmt: skip
    ingest.post("/v1/tickets/bulk", json={"items": items})
    total = ingest.get("/v1/ticket-statistics?period=2026-03").json()["total"]
    assert (total["resolved"], total["resolved_before_opened"]) == (2, 1)
    assert (total["resolution_hours"], total["mttr_hours"]) == ("2", "2")


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"date_format": "%Q"}, "bad_date_format"),
        ({"date_format": "%d%m"}, "bad_date_format"),
        ({"date_format": "%Y%Y%m"}, "bad_date_format"),
        ({"date_format": "dd.mm.yyyy"}, "bad_date_format"),
        ({"encoding": "nope"}, "unknown_encoding"),
    ],
)
def test_a_profile_that_can_read_nothing_is_refused(
    ingest: ServiceUnderTest, rules: dict[str, str], code: str
) -> None:
    profile = {"code": "unread", "kind": "ledger", "columns": {"amount": "A"}, **rules}
    answer = ingest.post("/v1/profiles", json=profile)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_lines_are_found_by_description_and_day(ingest: ServiceUnderTest) -> None:
    content = b"Date,Amount,Currency,Text\n2026-01-05,1,GBP,a\n2026-01-06,2,GBP,b\n"
    upload(ingest, content, source="found")
    assert [line["amount"] for line in lines_of(ingest, source="found", description="b")] == ["2"]
    found = lines_of(ingest, source="found", posted_on="2026-01-05")
    assert [line["amount"] for line in found] == ["1"]
