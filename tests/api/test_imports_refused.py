"""Rows and files that cannot be taken are refused with a reason, and mended rows come in."""

import gzip
import json

import pytest

from tests.api.ledgers import a_ledger, lines_of, rejects_of, upload
from tests.running import ServiceUnderTest


def test_wrong_control_totals_refuse_the_file_before_anything_is_visible(
    ingest: ServiceUnderTest,
) -> None:
    content = a_ledger("2026-01-05,1.00,GBP,Acme,control", "2026-01-05,x,GBP,Acme,control")
    totals = json.dumps({"rows": 3, "amounts": [{"currency": "GBP", "amount": "2.00"}]})
    found = upload(ingest, content, source="control", control_totals=totals)
    assert found["status"] == "failed"
    assert found["problem"]["code"] == "control_totals_differ"
    assert [error["pointer"] for error in found["problem"]["errors"]] == [
        "/control_totals/rows",
        "/control_totals/amounts/GBP",
    ]
    assert lines_of(ingest, source="control") == []
    assert [reject[2] for reject in rejects_of(ingest, found)] == ["not_a_decimal"]


def test_too_many_rejects_refuse_the_file(ingest: ServiceUnderTest) -> None:
    content = a_ledger("2026-01-05,1.00,GBP,Acme,share", "2026-01-05,x,GBP,Acme,share")
    found = upload(ingest, content, source="share", max_reject_share="0.4")
    assert (found["status"], found["problem"]["code"]) == ("failed", "too_many_rejects")
    assert lines_of(ingest, source="share") == []
    again = upload(ingest, content, source="share", max_reject_share="0.5")
    assert again["status"] == "succeeded"


def test_rejected_rows_are_mended_and_sent_again(ingest: ServiceUnderTest) -> None:
    content = a_ledger("05/13/2026,1.00,GBP,Acme,mend", "03/04/2026,x,GBP,Acme,mend")
    found = upload(ingest, content, source="mend")
    items = [{"row": 3, "values": {"Amount": "2.50"}}]
    sent = ingest.post(f"/v1/imports/{found['id']}/rejects/retry", json={"items": items})
    assert sent.status_code == 202, sent.text
    ingest.run_jobs()
    mended = ingest.get(f"/v1/imports/{sent.json()['id']}").json()
    assert (mended["status"], mended["retry_of"]) == ("succeeded", found["id"])
    lines = lines_of(ingest, source="mend")
    assert {line["amount"]: line["posted_on"] for line in lines} == {
        "1": "2026-05-13",
        "2.5": "2026-03-04",
    }
    good = ingest.post(
        f"/v1/imports/{found['id']}/rejects/retry", json={"items": [{"row": 2, "values": {}}]}
    )
    assert (good.status_code, good.json()["code"]) == (422, "not_rejected")


def test_a_mended_row_that_equals_another_of_its_file_is_a_row_of_its_own(
    ingest: ServiceUnderTest,
) -> None:
    content = a_ledger(*["2026-01-05,10.00,GBP,Acme,twin"] * 2, "2026-01-05,1o.00,GBP,Acme,twin")
    found = upload(ingest, content, source="twin")
    retry = f"/v1/imports/{found['id']}/rejects/retry"
    sent = ingest.post(retry, json={"items": [{"row": 4, "values": {"Amount": "10.00"}}]})
    ingest.run_jobs()
    assert ingest.get(f"/v1/imports/{sent.json()['id']}").json()["rows"]["accepted"] == 1
    assert [line["amount"] for line in lines_of(ingest, source="twin")] == ["10"] * 3
    again = ingest.post(retry, json={"items": [{"row": 4, "values": {"Amount": "11.00"}}]})
    assert (again.status_code, again.json()["code"]) == (409, "already_mended")
    same = upload(ingest, content + b"2026-01-05,10.00,GBP,Acme,twin\n", source="twin")
    assert same["rows"]["duplicate"] == 3


def test_a_row_refused_again_may_be_mended_again(ingest: ServiceUnderTest) -> None:
    content = a_ledger("2026-01-05,1o.00,GBP,Acme,twice", "2026-01-05,2.00,GBP,Acme,twice")
    found = upload(ingest, content, source="twice")
    retry = f"/v1/imports/{found['id']}/rejects/retry"
    for amount, status in (("1x", 202), ("1.00", 202), ("3.00", 409)):
        sent = ingest.post(retry, json={"items": [{"row": 2, "values": {"Amount": amount}}]})
        assert sent.status_code == status, sent.text
        ingest.run_jobs()
    assert sorted(line["amount"] for line in lines_of(ingest, source="twice")) == ["1", "2"]


def test_ambiguous_dates_are_refused_until_the_profile_says(ingest: ServiceUnderTest) -> None:
    content = a_ledger("03/04/2026,1.00,GBP,Acme,dates", "05/06/2026,1.00,GBP,Acme,dates")
    found = upload(ingest, content, source="dates")
    assert [reject[2] for reject in rejects_of(ingest, found)] == ["ambiguous_date"] * 2
    profile = {
        "code": "day-first", "kind": "ledger", "date_format": "%d/%m/%Y",
        "columns": {"amount": "Amount", "posted_on": "Date", "currency": "Currency"},
    }  # fmt: skip
    assert ingest.post("/v1/profiles", json=profile).status_code == 201
    again = upload(ingest, content, source="dates", profile="day-first")
    assert again["periods"] == ["2026-04", "2026-06"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"%PDF-1.4 not a ledger", 415, "unsupported_format"),
        (b"PAR1 and then nothing", 422, "truncated_file"),
        (b"PK\x03\x04 and then nothing", 422, "truncated_file"),
    ],
)
def test_what_is_no_table_is_refused_at_once(
    ingest: ServiceUnderTest, content: bytes, status: int, code: str
) -> None:
    files = {"file": ("x", content, "text/csv")}
    answer = ingest.post("/v1/imports", files=files, data={"kind": "ledger"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (a_ledger("2026-01-05,1.00,GBP,Acme,1"), "focus", "not_focus"),
        (b"first,second\nx,y\n", "ledger", "profile_needed"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "ledger", "truncated_file"),
        (b"Date,Amount\n", "ledger", "empty_file"),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_a_problem(
    ingest: ServiceUnderTest, content: bytes, kind: str, code: str
) -> None:
    found = upload(ingest, content, kind=kind)
    assert (found["status"], found["problem"]["code"]) == ("failed", code)


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"kind": "ledger", "colour": "red"}, "/colour"),
        ({"kind": "poetry"}, "/kind"),
        ({"kind": "ledger", "period": "2026-13"}, "/period"),
        ({"kind": "ledger", "profile": "nobody-knows"}, "/profile"),
        ({"kind": "ledger", "currency": "ABC"}, "/currency"),
        ({"kind": "ledger", "max_reject_share": "2"}, "/max_reject_share"),
        ({"kind": "ledger", "control_totals": "{"}, "/control_totals"),
        ({"kind": "drivers", "replace": "billing_period"}, "/replace"),
        ({}, "/kind"),
    ],
)
def test_a_form_that_breaks_a_rule_names_the_field(
    ingest: ServiceUnderTest, form: dict[str, str], pointer: str
) -> None:
    files = {"file": ("x.csv", b"Date,Amount\n2026-01-01,1\n", "text/csv")}
    answer = ingest.post("/v1/imports", files=files, data=form)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
