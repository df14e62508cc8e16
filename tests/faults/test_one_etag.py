"""Many change one thing with the ETag that all have read: one passes, all others get 412."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_valuation_kpis import a_kpi
from tests.faults.overlapping import overlapping
from tests.modelling import Modelling, direct, ok
from tests.running import SERVICES, ServiceUnderTest

SNAPSHOTS = Path(__file__).resolve().parents[1] / "contract" / "snapshots"
NAMES = {"en": "One"}
OBJECT = {"code": "etag", "names": NAMES}
RULE = {
    "code": "etag", "names": NAMES, "scope": "cost_lines", "measure": "count", "operator": "gte",
    "threshold": "1", "severity": "warning",
}  # fmt: skip
PROMISE = {
    "kpi": "etag", "level": "function", "baseline": "10", "target": "5", "due_period": "2031-06",
    "monetary_value": "100", "currency": "EUR", "benefit_kind": "cashable",
}  # fmt: skip
SCHEDULE = {
    "code": "etag", "names": NAMES, "type": "it-spend-overview", "format": "json",
    "language": "en", "period": "previous", "cron": "0 6 1 * *", "timezone": "UTC",
}  # fmt: skip


def named(number: int) -> dict[str, Any]:
    return {"names": {"en": f"Name {number}"}}


def noted(number: int) -> dict[str, Any]:
    return {"note": f"Note {number}"}


# collection, what makes one thing in it, how a change of it looks
THINGS: dict[tuple[str, str], tuple[dict[str, Any], Callable[[int], dict[str, Any]]]] = {
    ("ingest", "drivers"): ({"code": "etag", "names": NAMES, "unit": "h"}, named),
    ("ingest", "data-quality-rules"): (RULE, named),
    ("ingest", "assets"): ({"code": "etag", "names": NAMES}, named),
    ("ingest", "profiles"): (
        {"code": "etag", "kind": "ledger", "columns": {"amount": "A"}},
        lambda number: {"columns": {"amount": f"Amount {number}"}},
    ),
    ("ingest", "sources"): (
        {"code": "etag", "kind": "folder", "maps_to": "ledger", "config": {"path": "."}},
        named,
    ),
    ("allocation", "cost-pools"): (OBJECT, named),
    ("allocation", "resources"): (OBJECT, named),
    ("allocation", "solutions"): (OBJECT, named),
    ("allocation", "consumers"): (OBJECT, named),
    ("allocation", "mappings"): (direct("etag", "line_to_pool", "etag", source={}), noted),
    ("allocation", "model-versions"): ({}, noted),
    ("allocation", "budgets"): (
        {"layer": "consumer", "object": "etag", "period": "2031-01", "amount": "1",
         "currency": "EUR"},
        noted,
    ),
    ("valuation", "value-kpis"): (a_kpi("etag"), named),
    ("valuation", "value-chain-stages"): ({"code": "etag", "names": NAMES, "position": 1}, named),
    ("valuation", "initiatives"): (OBJECT, named),
    ("valuation", "initiatives/*/value-expectations"): (PROMISE, noted),
    ("valuation", "post-implementation-reviews"): (
        {"initiative": "etag", "due_on": "2031-06-30"},
        lambda number: {"owner": f"Owner {number}"},
    ),
    ("valuation", "post-implementation-reviews/*/actions"): (
        {"text": "Mend", "owner": "Owner", "due_on": "2031-07-31"}, noted,
    ),
    ("valuation", "report-schedules"): (SCHEDULE, named),
}  # fmt: skip
ELSEWHERE = {("valuation", "cases")}
"""A case is made of an approved review only; its change is the one of every other noun."""


@pytest.fixture(scope="module")
def clients(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest, valuation: ServiceUnderTest
) -> dict[str, ServiceUnderTest]:
    Modelling(allocation, ingest).draft()
    return {"ingest": ingest, "allocation": allocation, "valuation": valuation}


def make(client: ServiceUnderTest, collection: str, body: dict[str, Any]) -> str:
    """The path of the one thing in a collection, made if need be."""
    parent, star, child = collection.partition("/*/")
    path = f"/v1/{parent}"
    if star:
        path = f"{path}/{ok(client.get(path))['items'][0]['id']}/{child}"
    if parent == "model-versions":
        return f"{path}/{ok(client.get(path, params={'status': 'draft'}))['items'][0]['id']}"
    if parent == "assets":
        done = ok(client.post(f"{path}/bulk", json={"items": [body]}))["results"][0]
        return f"{path}/{done['id']}"
    return f"{path}/{ok(client.post(path, json=body))['id']}"


def change_at_once(client: ServiceUnderTest, path: str, change: Any, count: int) -> Counter[int]:
    collection, _, identifier = path.rpartition("/")
    items = ok(client.get(collection))["items"]
    (etag,) = [item["etag"] for item in items if item["id"] == identifier]

    def ask(number: int) -> Callable[[], Any]:
        return lambda: client.patch(path, json=change(number), headers={"If-Match": etag})

    return Counter(answer.status_code for answer in overlapping([ask(n) for n in range(count)]))


def test_everything_that_can_be_changed_is_among_the_things_changed_here() -> None:
    patched = set()
    for service in SERVICES:
        document = json.loads((SNAPSHOTS / f"{service}.json").read_text())
        patched |= {
            (service, "/".join("*" if part[0] == "{" else part for part in path.split("/")[2:-1]))
            for path, operations in document["paths"].items()
            if "patch" in operations
        }
    assert patched == set(THINGS) | ELSEWHERE


@pytest.mark.parametrize("thing", THINGS, ids=" ".join)
def test_of_many_changes_with_one_etag_one_passes(
    clients: dict[str, ServiceUnderTest], thing: tuple[str, str]
) -> None:
    service, collection = thing
    body, change = THINGS[thing]
    client = clients[service]
    path = make(client, collection, body)
    assert change_at_once(client, path, change, 5) == {200: 1, 412: 4}
    assert client.patch(path, json=change(99)).status_code == 428


@pytest.mark.slow
@pytest.mark.parametrize(
    "thing", [("allocation", "solutions"), ("ingest", "drivers")], ids=" ".join
)
def test_of_fifty_changes_with_one_etag_one_passes(
    clients: dict[str, ServiceUnderTest], thing: tuple[str, str]
) -> None:
    service, collection = thing
    body, change = THINGS[thing]
    path = make(clients[service], collection, {**body, "code": "fifty"})
    assert change_at_once(clients[service], path, change, 50) == {200: 1, 412: 49}
