"""The small model that the runs of the crash test use: one pool, two towers, two solutions."""

from typing import Any

from tests.crash.traffic import Caller

OBJECTS: dict[str, list[dict[str, Any]]] = {
    "cost-pools": [{"code": "CRASH-POOL", "names": {"en": "Everything"}}],
    "resources": [
        {"code": "CRASH-R1", "names": {"en": "Servers"}},
        {"code": "CRASH-R2", "names": {"en": "People"}},
    ],
    "solutions": [
        {"code": "CRASH-S1", "names": {"en": "Shop"}},
        {"code": "CRASH-S2", "names": {"en": "Ledger"}},
    ],
    "consumers": [
        {"code": f"CRASH-C{number}", "names": {"en": f"Unit {number}"}} for number in (1, 2, 3)
    ],
}
MAPPINGS: list[dict[str, Any]] = [
    {
        "code": "crash-lines",
        "stage": "line_to_pool",
        "priority": 1,
        "source": {},
        "method": "direct",
        "target": {"object": "CRASH-POOL"},
    },
    {
        "code": "crash-pool",
        "stage": "pool_to_resource",
        "priority": 1,
        "source": {"code": "CRASH-POOL"},
        "method": "even",
        "target": {"code": ["CRASH-R1", "CRASH-R2"]},
    },
    {
        "code": "crash-towers",
        "stage": "resource_to_solution",
        "priority": 1,
        "source": {"code": ["CRASH-R1", "CRASH-R2"]},
        "method": "fixed",
        "target": {"shares": {"CRASH-S1": "62.5", "CRASH-S2": "37.5"}},
    },
    {
        "code": "crash-solutions",
        "stage": "solution_to_consumer",
        "priority": 1,
        "source": {"code": ["CRASH-S1", "CRASH-S2"]},
        "method": "even",
        "target": {"code": ["CRASH-C1", "CRASH-C2", "CRASH-C3"]},
    },
]
PROFILE = {
    "code": "crash",
    "kind": "ledger",
    "columns": {"posted_on": "Date", "document": "Document", "amount": "Amount"},
    "constants": {"currency": "EUR"},
    "date_format": "%Y-%m-%d",
}


def set_up(caller: Caller) -> None:
    """Load objects, mappings and the profile; publish the model."""
    for collection, items in OBJECTS.items():
        _all_well(caller.post("allocation", f"/v1/{collection}/bulk", {"items": items}))
    _all_well(caller.post("allocation", "/v1/mappings/bulk", {"items": MAPPINGS}))
    versions = caller.walk("allocation", "/v1/model-versions")
    draft = next(version for version in versions if version["status"] == "draft")
    caller.post("allocation", f"/v1/model-versions/{draft['id']}/publish", {})
    _all_well(caller.post("ingest", "/v1/profiles/bulk", {"items": [PROFILE]}))


def _all_well(answer: dict[str, Any]) -> None:
    bad = [result for result in answer["results"] if result["status"] == "error"]
    assert not bad, bad
