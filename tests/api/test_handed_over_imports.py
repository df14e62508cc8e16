"""Org trees go to allocation and KPI observations to valuation; what these refuse is a reject."""

from typing import Any

import pytest

from tests.running import LiveServices


def upload(services: LiveServices, content: str, kind: str, **form: str) -> Any:
    files = {"file": ("a.csv", content.encode(), "text/csv")}
    data = {"kind": kind, **form}
    answer = services.ingest.post("/v1/imports?wait=30", files=files, data=data)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["status"] == "succeeded", found["problem"]
    return found


def rejects(services: LiveServices, found: Any) -> list[tuple[int, str, str]]:
    items = services.ingest.get(f"/v1/imports/{found['id']}/rejects").json()["items"]
    return [(item["row"], item["column"], item["code"]) for item in items]


def consumers(services: LiveServices, root: str) -> dict[str, tuple[str | None, str]]:
    query = {"limit": "1000", "under": root}
    items = services.allocation.get("/v1/consumers", params=query).json()["items"]
    return {item["code"]: (item["parent"], item["name"]) for item in items}


def test_a_file_of_paths_becomes_a_tree_with_the_places_that_no_row_names(
    services: LiveServices,
) -> None:
    content = "path,owner,tags.site\nP/Retail/North,Ann,x\nP/Retail,Bob,\nP/Bank/Cards/Debit,,\n"
    found = upload(services, content, "consumers")
    assert (found["rows"]["accepted"], found["rows"]["received"]) == (3, 3)
    assert consumers(services, "P") == {
        "P": (None, "P"),
        "P/Retail": ("P", "Retail"),
        "P/Retail/North": ("P/Retail", "North"),
        "P/Bank": ("P", "Bank"),
        "P/Bank/Cards": ("P/Bank", "Cards"),
        "P/Bank/Cards/Debit": ("P/Bank/Cards", "Debit"),
    }


def test_places_that_are_there_already_stay_as_they_are(services: LiveServices) -> None:
    kept = {"code": "K", "names": {"en": "The group"}, "owner": "Ann"}
    services.allocation.post("/v1/consumers/bulk", json={"items": [kept]})
    upload(services, "path\nK/One\n", "consumers")
    assert consumers(services, "K") == {"K": (None, "The group"), "K/One": ("K", "One")}


def test_codes_stand_for_the_places_of_their_rows(services: LiveServices) -> None:
    content = (
        "code,name,path\nC1,Chief,Corp\nC2,,Corp/Sales\nC3,,Corp/Sales/East\nC4,,Corp/IT/Ops\n"
    )
    upload(services, content, "consumers")
    assert consumers(services, "C1") == {
        "C1": (None, "Chief"),
        "C2": ("C1", "Sales"),
        "C3": ("C2", "East"),
        "Corp/IT": ("C1", "IT"),
        "C4": ("Corp/IT", "Ops"),
    }


def test_columns_of_levels_become_a_tree(services: LiveServices) -> None:
    content = "level_1,level_2,level_3\nL,,\nL,销售,\nL,销售,东区\nL,,East\nL,销售,\n"
    found = upload(services, content, "consumers")
    assert rejects(services, found) == [
        (5, "level_1", "level_left_out"), (6, "code", "repeated_key"),
    ]  # fmt: skip
    assert consumers(services, "L") == {
        "L": (None, "L"), "L/销售": ("L", "销售"), "L/销售/东区": ("L/销售", "东区"),
    }  # fmt: skip


def test_parents_come_first_and_orphans_and_circles_are_rejects(services: LiveServices) -> None:
    content = (
        "code,name,name zh,parent\nT3,Leaf,叶,T2\nT2,Branch,枝,T1\nT1,Root,根,\n"
        "T4,Orphan,孤,NOBODY\nT5,Below,下,T4\nT6,Round,圆,T7\nT7,About,周,T6\nT8,Self,自,T8\n"
    )
    found = upload(services, content, "consumers")
    assert rejects(services, found) == [
        (5, "parent", "unknown_code"),
        (6, "parent", "unknown_code"),
        (7, "parent", "parent_cycle"),
        (8, "parent", "parent_cycle"),
        (9, "parent", "parent_cycle"),
    ]
    assert set(consumers(services, "T1")) == {"T1", "T2", "T3"}
    refused = services.ingest.post(f"/v1/imports/{found['id']}/revert", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_revertible")


def test_a_tree_larger_than_one_call_is_handed_over_parents_first(
    services: LiveServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.handed_over.imports.HTTP_BATCH", 7)
    rows = [f"N{number},N{number - 1}" for number in range(39, 0, -1)]
    found = upload(services, "\n".join(["code,parent", *rows, "N0,", ""]), "consumers")
    assert found["rows"]["accepted"] == 40
    assert consumers(services, "N0")["N39"] == ("N38", "N39")


@pytest.fixture(scope="module")
def kpis(services: LiveServices) -> LiveServices:
    items = [
        {"code": code, "names": {"en": code}, "class": "efficiency", "unit": "h",
         "direction": "down"}
        for code in ("mttr", "sla")
    ]  # fmt: skip
    answer = services.valuation.post("/v1/value-kpis/bulk", json={"items": items})
    assert {result["status"] for result in answer.json()["results"]} == {"created"}
    solutions = {"items": [{"code": "ERP", "names": {"en": "ERP"}}]}
    services.allocation.post("/v1/solutions/bulk", json=solutions)
    return services


def observations(services: LiveServices, **query: str) -> list[Any]:
    found: list[Any] = services.valuation.get("/v1/observations", params=query).json()["items"]
    return found


def test_observations_go_to_valuation_and_what_it_refuses_is_a_reject(kpis: LiveServices) -> None:
    content = (
        "kpi;period;value;source;solution;consumer\n"
        "mttr;2026-01;9,25;itsm;;\n"
        "mttr;2026-01;8,5;itsm;ERP;\n"
        "sla;Feb 2026;0,95;;;\n"
        "nobody;2026-01;1;;;\n"
        "mttr;2026-01;x;;;\n"
        "mttr;2026-02;1;;ERP;BU\n"
        "mttr;2026-01;7,5;itsm;;\n"
        "mttr;;7,5;;;\n"
    )
    found = upload(kpis, content, "kpi_observations")
    assert (found["rows"]["received"], found["rows"]["accepted"]) == (8, 3)
    assert rejects(kpis, found) == [
        (5, "kpi", "unknown_code"),
        (6, "value", "not_a_decimal"),
        (7, "solution", "several_links"),
        (8, "kpi", "repeated_key"),
        (9, "period", "missing_value"),
    ]
    items = observations(kpis, kpi="mttr")
    assert sorted((item["value"], item["link"] and item["link"]["code"]) for item in items) == [
        ("8.5", "ERP"), ("9.25", None),
    ]  # fmt: skip
    again = upload(kpis, content + "\n", "kpi_observations", source="again")
    assert (again["rows"]["accepted"], again["rows"]["duplicate"]) == (1, 2)


def test_the_period_and_source_of_the_file_stand_for_rows_without(kpis: LiveServices) -> None:
    upload(kpis, "KPI,Value\nsla,0.5\n", "kpi_observations", period="2025-07", source="desk")
    (item,) = [one for one in observations(kpis, kpi="sla") if one["period"] == "2025-07"]
    assert (item["value"], item["source"]) == ("0.5", "desk")


def test_observations_of_an_instant_lie_in_its_month(kpis: LiveServices) -> None:
    content = "kpi,at,value,note\nmttr,2024-05-31T23:30:00-02:00,3,counted again\n"
    upload(kpis, content, "kpi_observations")
    (item,) = [one for one in observations(kpis, kpi="mttr") if one["at"]]
    assert (item["period"], item["at"]) == ("2024-06", "2024-06-01T01:30:00Z")
    assert item["note"] == "counted again"
