"""Every real file ends as it must: to the cent, or with exactly the rejects that it deserves."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.api.real_files import FILES, RealFile
from tests.running import ServiceUnderTest

CASES = [
    pytest.param(real, with_profile, id=f"{real.name}{', with a profile' if with_profile else ''}")
    for real in FILES
    for with_profile in (False, True)
    if not with_profile or real.profile
]


def upload(ingest: ServiceUnderTest, real: RealFile, form: dict[str, str]) -> dict[str, Any]:
    files = {"file": ("export.csv", real.bytes(), "text/csv")}
    answer = ingest.post("/v1/imports", files=files, data={"kind": real.kind, **form})
    assert answer.status_code in {200, 202}, answer.text
    ingest.run_jobs()
    found: dict[str, Any] = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    return found


def the_form(ingest: ServiceUnderTest, real: RealFile, *, with_profile: bool) -> dict[str, str]:
    """The form of the upload; its control totals are what the file is known to hold."""
    totals = {"rows": real.rows, "amounts": dict(real.received or real.amounts)}
    form = {"source": real.name, **real.form}
    if real.kind != "tickets" and not real.rejects and not real.problem:
        form["control_totals"] = json.dumps(totals)
    if with_profile and real.profile:
        code = f"profile of {real.name}"
        item = {"kind": real.kind, **real.profile, "code": code}
        answer = ingest.post("/v1/profiles/bulk", json={"items": [item]}).json()
        assert answer["results"][0]["status"] != "error", answer
        form |= {"profile": code, "source": code}
    return form


@pytest.mark.parametrize(("real", "with_profile"), CASES)
def test_a_real_file_ends_as_it_must(
    ingest: ServiceUnderTest, real: RealFile, with_profile: bool
) -> None:
    found = upload(ingest, real, the_form(ingest, real, with_profile=with_profile))
    if real.problem:
        assert (found["status"], found["problem"]["code"]) == ("failed", real.problem)
        return
    assert found["status"] == "succeeded", found["problem"]
    rows = found["rows"]
    accepted = real.rows if real.accepted is None else real.accepted
    assert (rows["received"], rows["accepted"]) == (real.rows, accepted)
    assert rows["received"] == rows["accepted"] + rows["rejected"] + rows["duplicate"]
    amounts = {entry["currency"]: entry for entry in found["amounts"]}
    assert {
        code: entry["accepted"] for code, entry in amounts.items() if entry["accepted"] != "0"
    } == (real.amounts)
    if real.received is not None:
        assert {code: entry["received"] for code, entry in amounts.items()} == real.received
    if real.periods is not None:
        assert tuple(found["periods"]) == real.periods
    items = ingest.get(f"/v1/imports/{found['id']}/rejects", params={"limit": 1000}).json()["items"]
    assert {item["row"]: item["code"] for item in reversed(items)} == real.rejects
    if real.kind in {"ledger", "budget", "focus"}:
        assert the_lines_add_up(ingest, found) == real.amounts


def the_lines_add_up(ingest: ServiceUnderTest, found: dict[str, Any]) -> dict[str, str]:
    """The sums of the lines of an import by currency, added up here from what is listed."""
    sums: dict[str, Decimal] = {}
    cursor: str | None = None
    while True:
        params = {"import": found["id"], "limit": 1000, **({"cursor": cursor} if cursor else {})}
        page = ingest.get("/v1/cost-lines", params=params).json()
        for line in page["items"]:
            before = sums.get(line["currency"], Decimal(0))
            sums[line["currency"]] = before + Decimal(line["amount"])
        cursor = page["next_cursor"]
        if cursor is None:
            return {code: f"{sum_.normalize():f}" for code, sum_ in sums.items()}


def test_a_sender_may_count_the_total_rows_or_leave_them_out(ingest: ServiceUnderTest) -> None:
    content = b"Date,Document,Amount\n2026-01-05,D1,1.50\n2026-01-06,D2,2.00\nTotal,,3.50\n"
    real = RealFile("totals counted", content)
    for rows, amount in ((2, "3.50"), (3, "7.00")):
        totals = json.dumps({"rows": rows, "amounts": {"GBP": amount}})
        form = {"currency": "GBP", "source": f"totals {rows}", "control_totals": totals,
                "max_reject_share": "0"}  # fmt: skip
        found = upload(ingest, real, form)
        assert found["status"] == "succeeded", found["problem"]
        assert found["checks"] == [
            {"row": 4, "label": "Total", "currency": "GBP", "stated": "3.5", "counted": "3.5",
             "foots": True}
        ]  # fmt: skip
    totals = json.dumps({"rows": 2, "amounts": {"GBP": "3.51"}})
    form = {"currency": "GBP", "source": "totals wrong", "control_totals": totals}
    assert upload(ingest, real, form)["problem"]["code"] == "control_totals_differ"


def test_a_total_that_differs_is_named_first(ingest: ServiceUnderTest) -> None:
    rows = ("2026-01-05,D1,1.50", "Subtotal,,1.50", "2026-01-06,D2,2.00", "Total,,3.60")
    content = "\n".join(("Date,Document,Amount", *rows)).encode()
    form = {"currency": "GBP", "source": "differing total"}
    found = upload(ingest, RealFile("differing", content), form)
    assert [(check["row"], check["foots"]) for check in found["checks"]] == [(5, False), (3, True)]
    assert found["rows"]["accepted"] == 2, ingest.get(f"/v1/imports/{found['id']}/rejects").json()
