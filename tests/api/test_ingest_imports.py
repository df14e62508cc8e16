"""Uploads become facts, every row accounted for, once, and can be taken back."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.api.ledgers import a_ledger, close, lines_of, rejects_of, upload
from tests.running import ServiceUnderTest, a_key


def test_a_ledger_is_stored_exactly_as_received(ingest: ServiceUnderTest) -> None:
    content = a_ledger(
        "2026-01-05,1234.5600,GBP,Acme,4400", "2026-01-06,-0.000000000000000001,GBP,B,1"
    )
    found = upload(ingest, content, source="exact")
    assert found["status"] == "succeeded"
    assert found["rows"] == {
        "received": 2, "accepted": 2, "rejected": 0, "duplicate": 0, "unreadable_amount": 0,
    }  # fmt: skip
    assert found["amounts"] == [
        {"currency": "GBP", "received": "1234.559999999999999999",
         "accepted": "1234.559999999999999999", "rejected": "0", "duplicate": "0"}
    ]  # fmt: skip
    first, second = lines_of(ingest, source="exact")
    assert (first["amount"], first["vendor"], first["posted_on"]) == (
        "1234.56",
        "Acme",
        "2026-01-05",
    )
    assert second["amount"] == "-0.000000000000000001"
    assert (first["period"], first["scenario"], first["row"]) == ("2026-01", "actual", 2)


def test_an_import_is_a_form_and_nothing_else(ingest: ServiceUnderTest) -> None:
    answer = ingest.post("/v1/imports", json={"kind": "ledger"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_the_council_ledger_is_met_to_the_penny(ingest: ServiceUnderTest, examples: Path) -> None:
    folder = examples / "oxford-council"
    profiles = json.loads((folder / "profile.json").read_text())
    assert ingest.post("/v1/profiles/bulk", json=profiles).status_code == 200
    totals = {"rows": 3581, "amounts": {"GBP": "12937883.62"}}
    found = upload(
        ingest,
        (folder / "ledger" / "oxford_council_2016q3.csv").read_bytes(),
        profile="oxford-council-ledger",
        control_totals=json.dumps(totals),
    )
    assert found["status"] == "succeeded", found["problem"]
    assert found["rows"]["accepted"] == 3581
    assert found["amounts"][0]["accepted"] == "12937883.62"
    assert found["periods"] == ["2016-07", "2016-08", "2016-09"]


def test_the_cloud_bill_is_met_to_the_last_digit(ingest: ServiceUnderTest, examples: Path) -> None:
    bill = (examples / "oxford-council" / "focus" / "focus_1_0_sample_1000.csv").read_bytes()
    found = upload(ingest, bill, kind="focus")
    assert found["amounts"][0]["accepted"] == "14.97651418586"
    assert found["detected"]["focus_version"] == "1.0"
    billed = upload(ingest, bill, kind="focus", focus_cost="BilledCost", source="billed")
    assert billed["amounts"][0]["accepted"] == "20.52022672899"
    assert len(lines_of(ingest, source="billed", period="2024-10")) == 1
    compute = lines_of(ingest, source="billed", **{"fields.ServiceCategory": "Databases"})
    assert compute
    assert all(line["fields"]["ServiceCategory"] == "Databases" for line in compute)


def test_bad_rows_are_rejects_and_the_good_ones_are_lines(ingest: ServiceUnderTest) -> None:
    content = a_ledger(
        "2026-02-01,10.00,GBP,Acme,1",
        "2026-02-02,n/a,GBP,Acme,2",
        "2026-02-30,5.00,GBP,Acme,3",
        "2026-02-03,7.00,XXX,Acme,4",
        "2026-02-04,1.00,GBP,Acme,5,surplus",
        "2026-02-05,,GBP,Acme,6",
    )
    found = upload(ingest, content, source="bad-rows")
    assert found["rows"] == {
        "received": 6, "accepted": 1, "rejected": 5, "duplicate": 0, "unreadable_amount": 3,
    }  # fmt: skip
    assert found["amounts"] == [
        {"currency": "GBP", "received": "15", "accepted": "10", "rejected": "5", "duplicate": "0"},
        {"currency": None, "received": "7", "accepted": "0", "rejected": "7", "duplicate": "0"},
    ]
    assert rejects_of(ingest, found) == [
        (3, "Amount", "not_a_decimal", "n/a"),
        (4, "Date", "not_a_date", "2026-02-30"),
        (5, "Currency", "unknown_currency", "XXX"),
        (6, None, "malformed_row", "2026-02-04,1.00,GBP,Acme,5,surplus"),
        (7, "Amount", "missing_value", ""),
    ]
    download = ingest.get(f"/v1/imports/{found['id']}/rejects", headers={"accept": "text/csv"})
    assert download.text.splitlines()[0] == "row,column,code,message,raw"
    assert len(download.text.splitlines()) == 6


def test_the_same_file_loads_nothing_twice(ingest: ServiceUnderTest) -> None:
    content = a_ledger("2026-01-05,1.00,GBP,Acme,same")
    first = upload(ingest, content, source="same")
    files = {"file": ("other-name.csv", content, "text/csv")}
    again = ingest.post("/v1/imports", files=files, data={"kind": "ledger", "source": "same"})
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert len(lines_of(ingest, source="same")) == 1


def test_equal_rows_of_one_file_are_all_real_and_overlaps_are_duplicates(
    ingest: ServiceUnderTest,
) -> None:
    twice = "2026-01-05,1.00,GBP,Acme,equal"
    first = upload(ingest, a_ledger(twice, twice), source="overlap")
    assert first["rows"]["accepted"] == 2
    reordered = "Supplier,Code,Amount,Currency,Date"
    later = upload(
        ingest,
        a_ledger(
            "Acme,equal,1.0,GBP,2026-01-05",
            "Acme,equal,1,GBP,2026-01-05",
            "Acme,equal,1,GBP,2026-01-05",
            "Acme,new,2,GBP,2026-01-06",
            header=reordered,
        ),
        source="overlap",
    )
    assert (later["rows"]["accepted"], later["rows"]["duplicate"]) == (2, 2)
    assert later["amounts"][0]["duplicate"] == "2"
    assert len(lines_of(ingest, source="overlap")) == 4


def test_a_row_lives_while_one_unreverted_import_claims_it(ingest: ServiceUnderTest) -> None:
    shared_row = "2026-01-05,1.00,GBP,Acme,claimed"
    first = upload(ingest, a_ledger(shared_row), source="claims")
    second = upload(ingest, a_ledger(shared_row, "2026-01-06,2.00,GBP,B,own"), source="claims")
    line = lines_of(ingest, source="claims", account="claimed")
    line = line or lines_of(ingest, source="claims")[:1]
    detail = ingest.get(f"/v1/cost-lines/{line[0]['id']}").json()
    assert detail["imports"] == sorted([first["id"], second["id"]])
    assert detail["raw"]["Supplier"] == "Acme"

    def revert(found: dict[str, Any]) -> Any:
        return ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "a mistake"})

    dry = ingest.post(f"/v1/imports/{first['id']}/revert?dry_run=true", json={"reason": "try"})
    assert dry.json()["status"] == "reverted"
    assert ingest.get(f"/v1/imports/{first['id']}").json()["status"] == "succeeded"
    assert revert(first).json()["status"] == "reverted"
    assert len(lines_of(ingest, source="claims")) == 2
    assert revert(second).status_code == 200
    assert lines_of(ingest, source="claims") == []
    again = revert(second)
    assert (again.status_code, again.json()["code"]) == (409, "not_revertible")
    assert upload(ingest, a_ledger(shared_row), source="claims")["rows"]["accepted"] == 1


def test_a_line_with_an_id_is_closed_and_added_and_comes_back(ingest: ServiceUnderTest) -> None:
    profile = {
        "code": "with-id", "kind": "ledger", "identity": ["Code"],
        "columns": {"amount": "Amount", "posted_on": "Date", "currency": "Currency"},
    }  # fmt: skip
    ingest.post("/v1/profiles", json=profile)
    rows = ["2026-01-05,1.00,GBP,Acme,A", "2026-01-05,2.00,GBP,Acme,B"]
    first = upload(ingest, a_ledger(*rows), profile="with-id")
    changed = upload(ingest, a_ledger("2026-01-05,5.00,GBP,Acme,A", rows[1]), profile="with-id")
    assert changed["rows"]["duplicate"] == 1
    assert changed["superseded"]["rows"] == 1
    assert changed["superseded"]["amount"] == "1"
    assert sorted(line["amount"] for line in lines_of(ingest, source="with-id")) == ["2", "5"]
    everything = lines_of(ingest, source="with-id", live="false")
    assert sorted(line["amount"] for line in everything) == ["1", "2", "5"]
    ingest.post(f"/v1/imports/{changed['id']}/revert", json={"reason": "wrong"})
    assert sorted(line["amount"] for line in lines_of(ingest, source="with-id")) == ["1", "2"]
    clash = upload(
        ingest,
        a_ledger(
            "2026-01-05,1.00,GBP,Acme,C", "2026-01-05,1.00,GBP,Acme,C", "2026-01-05,9,GBP,Z,C"
        ),
        profile="with-id",
    )
    assert (clash["rows"]["accepted"], clash["rows"]["duplicate"]) == (1, 1)
    assert rejects_of(ingest, clash) == [(4, "external_id", "duplicate_external_id", "C")]
    assert first["status"] == "succeeded"


FOCUS = "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,EffectiveCost,Tags"


def test_a_bill_sent_again_replaces_only_when_asked(ingest: ServiceUnderTest) -> None:
    def bill(*costs: str, account: str = "A") -> bytes:
        rows = [
            f'{account},USD,2026-01-01,2026-02-01,{cost},"{{""app"": ""erp""}}"' for cost in costs
        ]
        return a_ledger(*rows, header=FOCUS)

    upload(ingest, bill("1.5", "2.5"), kind="focus", source="bill")
    other = upload(ingest, bill("9", account="B"), kind="focus", source="bill")
    corrected = upload(
        ingest, bill("1.5", "3.0"), kind="focus", source="bill", replace="billing_period"
    )
    assert (corrected["superseded"]["rows"], corrected["superseded"]["amount"]) == (2, "4")
    amounts = sorted(line["amount"] for line in lines_of(ingest, source="bill"))
    assert amounts == ["1.5", "3", "9"]
    assert lines_of(ingest, source="bill", **{"tags.app": "erp"})
    ingest.post(f"/v1/imports/{corrected['id']}/revert", json={"reason": "too early"})
    amounts = sorted(line["amount"] for line in lines_of(ingest, source="bill"))
    assert amounts == ["1.5", "2.5", "9"]
    assert other["status"] == "succeeded"


def test_a_closed_period_takes_nothing_but_restatements(ingest: ServiceUnderTest) -> None:
    before = upload(ingest, a_ledger("2019-05-02,3.00,GBP,Acme,closed"), source="closing")
    close("2019-05")
    content = a_ledger("2019-05-03,1.00,GBP,Acme,late", "2019-06-03,2.00,GBP,Acme,open")
    late = upload(ingest, content, source="closing")
    assert (late["rows"]["accepted"], late["rows"]["rejected"]) == (1, 1)
    assert rejects_of(ingest, late) == [(2, "period", "closed_period", "2019-05")]
    refused = ingest.post(f"/v1/imports/{before['id']}/revert", json={"reason": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    restated = upload(ingest, content, source="closing", restate="audit finding 7")
    assert (restated["rows"]["accepted"], restated["rows"]["duplicate"]) == (1, 1)


def test_reading_needs_a_scope_and_no_binding_to_consumers(ingest: ServiceUnderTest) -> None:
    reader = ingest.as_caller(a_key(["ingest:read"]))
    assert ingest.get("/v1/imports", headers=reader).status_code == 200
    files = {"file": ("x.csv", b"a,b\n1,2\n", "text/csv")}
    refused = ingest.post("/v1/imports", files=files, data={"kind": "ledger"}, headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    bound = ingest.as_caller(a_key(["ingest:read"], consumers=["SALES"]))
    assert ingest.get("/v1/cost-lines", headers=bound).status_code == 403


def test_money_of_a_random_ledger_is_in_its_place(ingest: ServiceUnderTest) -> None:
    rows = [
        f"2026-03-{n % 28 + 1:02d},{'x' if n % 7 == 0 else n * 1.25},EUR,S{n % 3},{n % 5}"
        for n in range(300)
    ]
    found = upload(ingest, a_ledger(*rows), source="random")
    expected = sum(Decimal(str(n * 1.25)) for n in range(300) if n % 7)
    assert Decimal(found["amounts"][0]["accepted"]) == expected
    stored = sum(Decimal(line["amount"]) for line in lines_of(ingest, source="random"))
    assert stored == expected


def test_an_import_tells_that_it_is_finished(ingest: ServiceUnderTest, session: Any) -> None:
    from sqlalchemy import text

    found = upload(ingest, a_ledger("2026-01-05,1.00,GBP,Acme,event"), source="event")
    events = session.execute(
        text("select type from outbox_event where resource_id = :id order by type"),
        {"id": found["id"]},
    ).scalars()
    assert list(events) == ["cost_lines.changed", "import.finished"]
