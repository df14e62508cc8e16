"""Who is bound to consumers sees their own part and learns nothing of others."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import polars
import pytest

from tests.modelling import ok
from tests.running import ServiceUnderTest, a_key
from tests.security.test_authorisation import ROWS
from tests.security.two_units import FEBRUARY, JANUARY, TELLING, Json, Query, World, operations

SHARED = {"get_me", "list_periods", "get_period", "list_taxonomies",
          "get_crosswalk", "get_taxonomy"}  # fmt: skip
"""The calendar and shipped standards: nobody's figures."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
CELLS = ("xl/sharedStrings", "xl/worksheets", "docProps", "xl/workbook")
OURS = {"layer": "consumer", "code": "EAST-1"}
OWN: dict[str, list[Query]] = {
    "list_consumers": [{}, {"under": "WEST"}, {"code": "WEST"}, {"q": "WEST"}, {"parent": ""}],
    "get_consumer": [{}],
    "list_runs": [{}],
    "get_run": [{}],
    "list_run_balances": [{}, {"rollup": "true"}, {"layer": "pool"}, {"under": "ALL"}],
    "list_run_flows": [{}, {"source": "DESK"}, {"target": "WEST"}, {"sort": "-amount"}],
    "trace_run": [OURS | {"to": to} for to in ("line", "pool", "resource", "solution")]
    + [OURS | {"direction": "forward"}],
    "explain_run": [OURS],
    "compare_runs": [{}, {"layer": "pool"}, {"code": "WEST"}, {"sort": "-after"}],
    "get_consumers_view": [
        {},
        {"level": "1"},
        {"group_by": "tags.region"},
        {"under": "ALL"},
        {"under": "WEST"},
        {"code": "WEST"},
        {"q": "WEST"},
        {"sort": "-share"},
        {"from": JANUARY, "to": FEBRUARY},
        {"period": JANUARY, "scenario": "budget"},
    ],
    "get_object_costs": [
        {"layer": "consumer", "from": JANUARY, "code": "EAST-1"},
        {"layer": "consumer", "from": JANUARY, "code": "EAST", "scenario": "budget"},
        {"layer": "consumer", "from": JANUARY},
    ],
    "list_budgets": [{}, {"object": "WEST"}, {"layer": "pool"}],
    "get_budget": [{}],
    "list_budget_alerts": [{}, {"object": "WEST"}],
    "get_budget_alert": [{}],
    "list_statements": [{}, {"consumer": "WEST"}, {"under": "ALL"}, {"status": "draft"}],
    "get_statement_totals": [{}, {"consumer": "WEST"}, {"under": "ALL"}],
    "get_statement": [{}],
    "create_dispute": [{}],
    "list_disputes": [{}, {"consumer": "WEST"}],
    "get_dispute": [{}],
    "get_dispute_statistics": [{}, {"consumer": "WEST"}],
}
"""What a bound caller may ask for, and how it is asked here: each answer holds its own part."""
EXPORTED = {"list_consumers", "list_run_balances", "list_run_flows", "trace_run", "compare_runs",
            "get_consumers_view", "list_budgets", "list_budget_alerts", "list_statements",
            "get_statement"}  # fmt: skip


@pytest.fixture(scope="module")
def world(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> World:
    return World(allocation, ingest)


@pytest.fixture(scope="module")
def document(allocation: ServiceUnderTest) -> Json:
    found: Json = ok(allocation.get("/openapi.json"))
    return found


def ask(world: World, method: str, path: str, **rest: Any) -> Any:
    headers = {"If-Match": "*", **world.bound, **rest.pop("headers", {})}
    return world.allocation.request(method.upper(), path, headers=headers, **rest)


def own_requests(document: Json, names: set[str]) -> Iterator[tuple[str, str, Query]]:
    for name, method, template, _ in operations(document):
        if name in names and method == "get":
            for query in OWN[name]:
                yield name, template, query


def check_is_own(world: World, name: str, query: Query, text: str) -> None:
    """Nothing of the other unit or of what stands above; own objects do name their parent."""
    left = re.sub(r"(?<=\d),(?=\d{3})", "", text.replace('"parent":"ALL"', ""))
    shown = [one for one in ("WEST", "sunset", "unit ALL", '"ALL"', *TELLING) if one in left]
    assert not shown, (name, query, shown, text[:2000])
    numbers = set(re.findall(r"\d+(?:\.\d+)?", text))
    found = numbers & world.amounts_of_others()
    assert not found, (name, query, found, text[:2000])


def test_what_a_bound_caller_reads_holds_nothing_of_others(world: World, document: Json) -> None:
    base = {"base": world.runs[1].run["id"]}
    for name, template, query in own_requests(document, set(OWN)):
        asked = query | (base if name == "compare_runs" else {})
        answer = ask(world, "get", world.path(template), params=asked)
        assert answer.status_code == 200, (name, query, answer.text)
        check_is_own(world, name, query, answer.text)


def test_what_others_may_read_would_be_seen_to_leak(world: World) -> None:
    run = world.runs[0].run["id"]
    for part in ("balances?layer=pool", "explain?layer=consumer&code=EAST-1", "flows?source=DESK"):
        text = world.allocation.get(f"/v1/runs/{run}/{part}").text
        with pytest.raises(AssertionError):
            check_is_own(world, part, {}, text)


def text_of(answer: Any) -> str:
    """What a file says: a CSV as it is, every part of a workbook, the columns of a Parquet file."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/csv":
        return str(answer.text)
    if kind == PARQUET:
        return polars.read_parquet(io.BytesIO(answer.content)).write_csv()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith(CELLS)]
    return re.sub(r"<[^>]*>", " ", " ".join(sheets))


@pytest.mark.parametrize("kind", ["text/csv", XLSX, PARQUET])
def test_files_hold_no_more_than_answers(world: World, document: Json, kind: str) -> None:
    base = {"base": world.runs[1].run["id"]}
    has_no_such_file = {"get_statement"} if kind == PARQUET else set()
    for name, template, query in own_requests(document, EXPORTED - has_no_such_file):
        asked = query | (base if name == "compare_runs" else {})
        answer = ask(world, "get", world.path(template), params=asked, headers={"Accept": kind})
        assert answer.status_code == 200, (name, answer.text)
        check_is_own(world, name, query, text_of(answer))


def test_every_operation_that_is_open_to_bound_callers_is_asked_here() -> None:
    is_open = {row.operation for row in ROWS if row.bound == "own part"}
    assert is_open == set(OWN) | SHARED | {"create_evaluation"}


def test_what_was_written_about_a_month_is_not_for_bound_callers(world: World) -> None:
    ok(world.allocation.post("/v1/periods/2040-01/close", json={"reason": "WEST pays late"}))
    for path in ("/v1/periods/2040-01", "/v1/periods?code=2040-01"):
        assert "WEST" in world.allocation.get(path).text
        assert "WEST" not in ask(world, "get", path).text


def test_an_answer_kept_for_somebody_else_is_not_replayed(world: World) -> None:
    body = {"statement_line": world.lines["WEST"], "reason": "too much for WEST"}
    keyed = {"Idempotency-Key": str(uuid4())}
    ok(world.allocation.post("/v1/disputes", json=body, headers=keyed))
    refused = ask(world, "post", "/v1/disputes", json=body, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/erp", "ce-type": "dispute"}
    ok(world.allocation.post("/v1/disputes", json=body, headers=event))
    again = ask(world, "post", "/v1/disputes", json=body, headers=event)
    assert again.status_code == 422
    assert "WEST" not in again.text


def without_id(answer: Any) -> str:
    return re.sub(r"[0-9a-f-]{36}", "ID", answer.text)


def test_what_belongs_to_others_is_as_unknown_as_what_does_not_exist(
    world: World, document: Json
) -> None:
    own_templates = [
        (name, template)
        for name, method, template, _ in operations(document)
        if name in OWN and method == "get" and template.endswith("_id}")
        and template.split("/")[2] in world.ids
    ]  # fmt: skip
    assert len(own_templates) == len(world.ids)
    for name, template in own_templates:
        assert ask(world, "get", world.path(template)).status_code == 200, name
        others, nobody = (ask(world, "get", world.path(template, code)) for code in ("WEST", None))
        assert (others.status_code, nobody.status_code) == (404, 404), name
        assert without_id(others) == without_id(nobody)
    run = world.runs[0].run["id"]
    for part in ("trace", "explain"):
        texts = []
        for code in ("WEST", "NONE"):
            query = {"layer": "consumer", "code": code}
            answer = ask(world, "get", f"/v1/runs/{run}/{part}", params=query)
            assert answer.status_code == 404
            texts.append(without_id(answer).replace(code, "CODE"))
        assert texts[0] == texts[1]
    for body in ({"statement_line": world.lines["WEST"]}, {"statement_line": str(uuid4())}):
        refused = ask(world, "post", "/v1/disputes", json=body | {"reason": "not ours"})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")


def test_who_is_bound_to_nothing_sees_nothing(world: World) -> None:
    nobody = world.allocation.as_caller(a_key(["allocation:read"], consumers=[]))
    run = world.runs[0].run["id"]
    lists = ("consumers", "statements", "disputes", "budgets", "budget-alerts", "views/consumers",
             f"runs/{run}/balances", f"runs/{run}/flows",
             f"runs/{run}/compare?base={world.runs[1].run['id']}")  # fmt: skip
    for path in lists:
        assert ok(world.allocation.get(f"/v1/{path}", headers=nobody))["items"] == [], path
