"""Profiles override what a file seems to be, keep their earlier rules, and are proposed."""

from typing import Any

import pytest

from tests.running import ServiceUnderTest

RULES = {
    "kind": "ledger",
    "columns": {"amount": "Amount", "posted_on": "Date"},
    "constants": {"currency": "GBP"},
    "date_format": "%d/%m/%Y",
}


def a_profile(ingest: ServiceUnderTest, code: str, **rules: Any) -> dict[str, Any]:
    answer = ingest.post("/v1/profiles", json={"code": code, **RULES, **rules})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def upload(
    ingest: ServiceUnderTest, content: bytes, kind: str = "ledger", **form: str
) -> dict[str, Any]:
    files = {"file": ("upload", content, "application/octet-stream")}
    response = ingest.post("/v1/imports", files=files, data={"kind": kind, **form})
    assert response.status_code in {200, 202}, response.text
    ingest.run_jobs()
    found: dict[str, Any] = ingest.get(f"/v1/imports/{response.json()['id']}").json()
    return found


def versions_of(ingest: ServiceUnderTest, profile_id: str) -> list[dict[str, Any]]:
    answer = ingest.get(f"/v1/profiles/{profile_id}/versions")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_every_change_of_a_profile_keeps_the_rules_before_it(ingest: ServiceUnderTest) -> None:
    profile = a_profile(ingest, "kept")
    path, any_version = f"/v1/profiles/{profile['id']}", {"If-Match": "*"}
    put = {"code": "kept", **RULES, "date_format": "%m/%d/%Y"}
    assert ingest.put(path, json=put, headers=any_version).json()["version"] == 2
    bulk = {"items": [{"code": "kept", **RULES, "decimal": ","}]}
    assert ingest.post("/v1/profiles/bulk", json=bulk).json()["results"][0]["status"] == "updated"
    again = ingest.post("/v1/profiles/bulk", json=bulk)
    assert again.json()["results"][0]["status"] == "unchanged"
    patch = {"decimal": None, "columns": {"vendor": "Payee", "posted_on": None}}
    assert ingest.patch(path, json=patch, headers=any_version).json()["version"] == 4
    found = versions_of(ingest, profile["id"])
    assert [one["version"] for one in found] == [4, 3, 2, 1]
    assert [one["date_format"] for one in found] == ["%d/%m/%Y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y"]
    assert [one["decimal"] for one in found] == [None, ",", None, None]
    assert found[0]["columns"] == {"amount": "Amount", "vendor": "Payee"}


def test_the_versions_of_a_deleted_profile_stay_readable(ingest: ServiceUnderTest) -> None:
    profile = a_profile(ingest, "gone")
    path = f"/v1/profiles/{profile['id']}"
    assert ingest.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert [one["version"] for one in versions_of(ingest, profile["id"])] == [1]
    nobody = "0198f0a0-0000-7000-8000-000000000000"
    assert ingest.get(f"/v1/profiles/{nobody}/versions").status_code == 404


def test_an_import_says_which_version_of_its_profile_it_was_read_by(
    ingest: ServiceUnderTest,
) -> None:
    profile = a_profile(ingest, "versioned")
    first = upload(ingest, b"Date,Amount\n03/04/2026,1.00\n", profile="versioned")
    patch = {"date_format": "%m/%d/%Y"}
    path = f"/v1/profiles/{profile['id']}"
    assert ingest.patch(path, json=patch, headers={"If-Match": profile["etag"]}).status_code == 200
    second = upload(ingest, b"Date,Amount\n03/04/2026,1.00\n", profile="versioned")
    assert [one["profile_version"] for one in (first, second)] == [1, 2]
    assert [one["periods"] for one in (first, second)] == [["2026-04"], ["2026-03"]]


def test_a_patch_that_makes_a_profile_invalid_changes_nothing(ingest: ServiceUnderTest) -> None:
    profile = a_profile(ingest, "strict", decimal=".", thousands=",")
    path = f"/v1/profiles/{profile['id']}"
    answer = ingest.patch(path, json={"decimal": ","}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    unknown = ingest.patch(path, json={"columns": {"amuont": "A"}}, headers={"If-Match": "*"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_field")
    assert [one["version"] for one in versions_of(ingest, profile["id"])] == [1]


FILES = {
    "ledger": "Datum;Betrag;Lieferant\n05.01.2026;1.234,50;Müller\n06.01.2026;2,00-;Acme\n",
    "exchange_rates": "Period\tFrom\tTo\tKind\tRate\n2026-01\tEUR\tUSD\taverage\t1.0851\n",
    "tickets": "number,opened_at,closed_at\nP1,05/01/2026 10:00,13/01/2026 11:00\n",
}


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_profile_that_is_proposed_reads_the_file(ingest: ServiceUnderTest, kind: str) -> None:
    files = {"file": ("upload", FILES[kind].encode("cp1252"), "text/csv")}
    found = ingest.post("/v1/profiles/detect", files=files, data={"kind": kind})
    assert found.status_code == 200, found.text
    proposed = found.json()
    assert proposed["missing"] == []
    assert 0.5 < proposed["confidence"] <= 1
    created = ingest.post("/v1/profiles", json={"code": f"found-{kind}", **proposed["profile"]})
    assert created.status_code == 201, created.text
    form = {"currency": "EUR"} if kind == "ledger" else {}
    done = upload(
        ingest, FILES[kind].encode("cp1252"), kind, profile=f"found-{kind}", source=kind, **form
    )
    assert done["status"] == "succeeded", done["problem"]
    assert done["rows"]["rejected"] == 0
    assert done["rows"]["accepted"] == done["rows"]["received"] == FILES[kind].count("\n") - 1
