"""What the robots need: one pool, two towers, two solutions, a driver, a KPI, a schedule."""

from typing import Any

from tests.crash.calling import Caller
from tests.crash.month_paths import SCHEDULE

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


KPI = {
    "code": "crash-kpi",
    "names": {"en": "Time"},
    "class": "efficiency",
    "unit": "h",
    "direction": "down",
}
EACH_RUN = {
    "code": SCHEDULE,
    "type": "post-implementation-review",
    "format": "json",
    "period": "on_publish",
    "event": "run.published",
}


def set_up(caller: Caller, hook_url: str) -> None:
    """Load objects, mappings and what is measured; publish the model; report on each run."""
    for collection, items in OBJECTS.items():
        caller.post("allocation", f"/v1/{collection}/bulk", {"items": items})
    caller.post("allocation", "/v1/mappings/bulk", {"items": MAPPINGS})
    versions = caller.walk("allocation", "/v1/model-versions")
    draft = next(version for version in versions if version["status"] == "draft")
    caller.post("allocation", f"/v1/model-versions/{draft['id']}/publish")
    caller.post("ingest", "/v1/profiles/bulk", {"items": [PROFILE]})
    driver = {"code": "crash-units", "names": {"en": "Units"}, "unit": "piece"}
    caller.post("ingest", "/v1/drivers/bulk", {"items": [driver]})
    caller.post("valuation", "/v1/value-kpis", KPI)
    caller.post("valuation", "/v1/report-schedules", EACH_RUN | {"webhook": hook_url})
