"""The same command many times at once happens once; malformed input is a typed problem."""

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest

from tests.faults.overlapping import overlapping
from tests.modelling import Modelling, ok
from tests.running import ServiceUnderTest
from tests.security.two_units import FEBRUARY, JANUARY, World

Json = dict[str, Any]
AT_ONCE = 8


@pytest.fixture(scope="module")
def world(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> World:
    return World(allocation, ingest)


def at_once(ask: Callable[[int], Any]) -> list[Any]:
    """The answers to a request of callers who all look before one writes; none is a crash."""
    answers = overlapping([partial(ask, number) for number in range(AT_ONCE)])
    assert all(answer.status_code < 500 for answer in answers), [one.text for one in answers]
    return answers


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def commands(allocation: ServiceUnderTest, **query: str) -> int:
    return len(ok(allocation.get("/v1/audit-events", params=query))["items"])


def test_of_runs_published_at_once_one_speaks(world: World, ingest: ServiceUnderTest) -> None:
    allocation = world.allocation
    model = Modelling(allocation, ingest)
    runs = [model.run(FEBRUARY).run["id"] for _ in range(2)]
    answers = at_once(lambda number: allocation.post(f"/v1/runs/{runs[number % 2]}/publish"))
    assert statuses(answers) == {200: AT_ONCE}
    query = {"period": FEBRUARY, "published": "true"}
    (speaking,) = ok(allocation.get("/v1/runs", params=query))["items"]
    assert speaking["id"] in runs


def test_statements_made_and_issued_at_once_are_there_once(world: World) -> None:
    allocation, body = world.allocation, {"period": FEBRUARY}
    answers = at_once(lambda _: allocation.post("/v1/statements", json=body))
    assert statuses(answers) in ({201: 1, 200: AT_ONCE - 1}, {200: AT_ONCE})
    drafts = ok(allocation.get("/v1/statements", params=body | {"status": "draft"}))["items"]
    assert sorted(one["consumer"] for one in drafts) == ["EAST-1", "WEST"]
    path = f"/v1/statements/{drafts[0]['id']}/issue"

    def issue(number: int) -> Any:
        if number % 2:
            return allocation.post("/v1/statements/issue", json=body)
        return allocation.post(path)

    assert set(statuses(at_once(issue))) <= {200, 409}
    for draft in drafts:
        assert commands(allocation, resource_id=draft["id"], action="issue") == 1


def test_a_dispute_is_decided_and_corrected_once(world: World) -> None:
    allocation = world.allocation
    path = f"/v1/disputes/{world.ids['disputes']['WEST']}"
    assert statuses(at_once(lambda _: allocation.post(f"{path}/review")))[200] == 1

    def decide(_: int) -> Any:
        return allocation.post(f"{path}/uphold", json={"reason": "twice"})

    assert statuses(at_once(decide)) == {200: 1, 409: AT_ONCE - 1}
    body = {"counterparty": "EAST-1", "note": "theirs"}
    answers = at_once(lambda _: allocation.post(f"{path}/correct", json=body))
    assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}
    assert commands(allocation, resource_id=world.ids["disputes"]["WEST"], action="correct") == 1
    other = f"/v1/disputes/{world.ids['disputes']['EAST-1']}"
    ok(allocation.post(f"{other}/review"))
    steps = ("uphold", "reject")
    answers = at_once(lambda number: allocation.post(f"{other}/{steps[number % 2]}"))
    assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}


A_BUDGET = {"layer": "consumer", "object": "WEST", "period": "2027-05", "currency": "EUR",
            "amount": "10", "thresholds": ["90"]}  # fmt: skip
A_BENCHMARK = {"layer": "solution", "object": "ERP", "metric": "unit_cost", "p25": "1",
               "median": "2", "p75": "3", "currency": "EUR", "source": "survey",
               "as_of": "2026-01-31"}  # fmt: skip
A_FACTOR = {"code": "grid-cn", "region": "CN", "scope": "2", "basis": "location",
            "valid_from": "2026-01", "kg_per_kwh": "0.5703"}  # fmt: skip


@pytest.mark.parametrize(
    ("collection", "item"),
    [("budgets", A_BUDGET), ("benchmarks", A_BENCHMARK), ("emission-factors", A_FACTOR)],
)
def test_bulk_upserts_of_one_thing_at_once_make_one(
    world: World, collection: str, item: Json
) -> None:
    allocation = world.allocation
    path = f"/v1/{collection}"
    before = len(ok(allocation.get(path))["items"])
    answers = at_once(lambda _: allocation.post(f"{path}/bulk", json={"items": [item]}))
    assert set(statuses(answers)) <= {200, 409}, [one.text for one in answers]
    assert len(ok(allocation.get(path))["items"]) == before + 1


def test_a_budget_added_many_times_at_once_is_added_once(world: World) -> None:
    item = A_BUDGET | {"period": "2027-06"}
    answers = at_once(lambda _: world.allocation.post("/v1/budgets", json=item))
    assert statuses(answers) == {201: 1, 409: AT_ONCE - 1}


def test_a_model_version_is_made_and_published_once(world: World) -> None:
    allocation = world.allocation
    answers = at_once(lambda _: allocation.post("/v1/model-versions", json={"base": None}))
    assert statuses(answers) == {201: 1, 409: AT_ONCE - 1}
    (draft,) = ok(allocation.get("/v1/model-versions?status=draft"))["items"]
    path = f"/v1/model-versions/{draft['id']}/publish"
    assert statuses(at_once(lambda _: allocation.post(path))) == {200: 1, 409: AT_ONCE - 1}
    assert len(ok(allocation.get("/v1/model-versions?status=published"))["items"]) == 1


def test_a_period_is_closed_once(world: World) -> None:
    answers = at_once(lambda _: world.allocation.post("/v1/periods/2031-01/close"))
    assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}


def test_an_alert_is_acknowledged_once(world: World) -> None:
    path = f"/v1/budget-alerts/{world.ids['budget-alerts']['WEST']}/acknowledge"
    answers = at_once(lambda _: world.allocation.post(path, json={"note": "seen"}))
    assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}


TEXTS = ("a\x00b", "\ud800", "x" * 1_000_000, "'; drop table run; --", "%", "\\", "\u202e", "")
NUMBERS = ("1e999999", "NaN", "-Infinity", "9" * 400, "0." + "1" * 400, "-0", "１２", "1_000", True)
PERIODS = ("2026-13", "2026-00", "0000-01", "99999-01", "2026-1", "２０２６-01", "2026-01\n")


def paths_of(world: World) -> list[str]:
    run, other = (one.run["id"] for one in world.runs)
    of_run = ("balances", "flows", "unallocated", "own-amounts", "exchange-rates", "emissions",
              "focus", f"compare?base={other}", "trace?layer=consumer&code=WEST",
              "explain?layer=consumer&code=WEST", "driver-quantities?driver=seats",
              "sensitivity?layer=consumer&code=WEST&driver=seats")  # fmt: skip
    nouns = ("views/finance", "views/technology", "views/solutions", "views/consumers",
             "views/flow", "budgets", "budget-alerts", "benchmarks", "emission-factors",
             "statements", "statements/totals", "disputes", "disputes/statistics", "comparisons",
             "simulations", "runs", "mappings")  # fmt: skip
    return [f"/v1/runs/{run}/{part}" for part in of_run] + [f"/v1/{noun}" for noun in nouns]


HOSTILE: list[tuple[str, str]] = [
    *(
        (name, text)
        for name in ("code", "object", "q", "under", "cursor", "sort", "consumer", "group_by")
        for text in ("a\x00b", "x" * 5_000)
    ),
    *((name, period) for name in ("period", "from") for period in PERIODS[::2]),
    *(("limit", limit) for limit in ("-1", "0", "1001", "9" * 30, "１", "1e3", "")),
    ("measure", "money"),
    ("level", "9" * 30),
    *(("as_of", day) for day in ("0", "2026-02-30", "1e9", "20260131")),
    ("run", "x"),
    ("run", str(uuid4())),
    ("currency", "ZZZ"),
]


def asked(allocation: ServiceUnderTest, path: str, query: dict[str, str]) -> Any:
    """The answer to a path that has a query of its own already."""
    bare, _, own = path.partition("?")
    return allocation.get(bare, params=dict(parse_qsl(own)) | query)


def check_typed(answer: Any, what: object) -> None:
    assert answer.status_code < 500, (what, answer.text[:500])
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith("application/problem+json"), what
        assert answer.json()["code"], what


def test_hostile_parameters_are_refused_or_harmless_everywhere(world: World) -> None:
    for path in paths_of(world):
        for name, value in HOSTILE:
            answer = asked(world.allocation, path, {name: value})
            check_typed(answer, (path, name, value[:40]))


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    run = world.runs[0].run["id"]
    paths = [f"/v1/runs/{run}/balances", f"/v1/runs/{run}/flows", "/v1/statements", "/v1/budgets",
             "/v1/disputes", "/v1/views/consumers", f"/v1/runs/{world.runs[1].run['id']}/flows",
             "/v1/statements?period=2026-01"]  # fmt: skip
    pages = {
        path: ok(asked(world.allocation, path, {"limit": "1"}))["next_cursor"] for path in paths
    }
    for path in paths:
        for owner, cursor in pages.items():
            if cursor is None or owner == path:
                continue
            answer = asked(world.allocation, path, {"limit": "1", "cursor": cursor})
            refused = (answer.status_code, answer.json().get("code"))
            assert refused == (400, "bad_cursor"), (path, owner, answer.text)


@pytest.mark.parametrize("name", ["as_of", "from", "to"])
def test_a_number_is_no_day(world: World, name: str) -> None:
    assert world.allocation.get("/v1/benchmarks", params={name: "0"}).status_code == 422
    ok(world.allocation.get("/v1/benchmarks", params={name: "2026-01-31"}))


def bodies(world: World) -> list[tuple[str, Json]]:
    line, dispute = world.lines["WEST"], world.ids["disputes"]["WEST"]
    run, other = (one.run["id"] for one in world.runs)
    change = {"driver": "seats", "target": "WEST", "factor": "2"}
    return [
        ("/v1/budgets", A_BUDGET),
        ("/v1/benchmarks", A_BENCHMARK),
        ("/v1/statements", {"period": JANUARY}),
        ("/v1/statements/issue", {"period": JANUARY}),
        ("/v1/disputes", {"statement_line": line, "reason": "no", "amount": "1.00"}),
        (f"/v1/disputes/{dispute}/correct", {"counterparty": "ALL", "amount": "1", "note": "n"}),
        (f"/v1/disputes/{dispute}/uphold", {"reason": "yes"}),
        ("/v1/comparisons", {"run": run, "base": other, "method": "sequence"}),
        ("/v1/simulations", {"run": run, "changes": [change], "name": "x"}),
        ("/v1/runs", {"period": "2030-01", "currency": "EUR", "measures": ["cost"]}),
    ]


def test_hostile_bodies_are_refused_with_a_problem(world: World) -> None:
    for path, good in bodies(world):
        for field in good:
            for value in (*TEXTS, *NUMBERS, *PERIODS, None, [], {}, [[]] * 10, {"a": {"b": {}}}):
                content = json.dumps(good | {field: value}).encode()
                answer = send(world.allocation, path, content)
                check_typed(answer, (path, field, str(value)[:40].encode("ascii", "replace")))


def send(allocation: ServiceUnderTest, path: str, content: bytes) -> Any:
    headers = {"Content-Type": "application/json"}
    return allocation.post(path, content=content, headers=headers)


def test_what_is_no_json_or_too_deep_is_refused(world: World) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    nested = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    for path, _ in bodies(world):
        for content in (b"", b"{", b"\xff\xfe", deep, nested, b"null", b"[]", b"1", b'{"a":NaN}'):
            answer = send(world.allocation, path, content)
            check_typed(answer, (path, content[:20]))
            if path.rpartition("/")[2] != "uphold":
                assert answer.status_code in {400, 413, 422}, (path, content[:20], answer.text)
