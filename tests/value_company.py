"""A small company over the live services: cost, energy and carbon beside revenue and use.

100 of cost: 80 run over APP to DESIGN 32 (drawings for the shop in the east), MAKE 28 (below
PLANT; for the west) and HELP 20 (of no stage, moved by no mapping), 10 go straight to the east,
10 have no mapping. APP takes 100 kWh at 0.2 kg and 5 kg embodied carbon. February has cost only.
"""

from typing import Any

from tests.running import LiveServices

PERIOD, LATER = "2026-01", "2026-02"
OBJECTS: dict[str, list[dict[str, Any]]] = {
    "cost-pools": [{"code": "IT"}],
    "resources": [{"code": "APP", "attributes": {"region": "EU"}}],
    "solutions": [
        {"code": "DESIGN", "value_chain_stage": "design", "unit_driver": "drawings"},
        {"code": "PLANT", "value_chain_stage": "production"},
        {"code": "MAKE", "parent": "PLANT"},
        {"code": "HELP"},
    ],
    "consumers": [{"code": "EAST"}, {"code": "SHOP", "parent": "EAST"}, {"code": "WEST"}],
}
MAPPINGS = [
    {"code": "all", "stage": "line_to_pool", "source": {}, "target": {"object": "IT"}},
    {"code": "app", "stage": "pool_to_resource", "source": {}, "target": {"object": "APP"},
     "portion": "80"},
    {"code": "east", "stage": "pool_to_consumer", "source": {}, "target": {"object": "EAST"},
     "portion": "50", "priority": 2},
    {"code": "uses", "stage": "resource_to_solution", "source": {}, "method": "fixed",
     "target": {"shares": {"DESIGN": "40", "MAKE": "35", "HELP": "25"}}},
    {"code": "shop", "stage": "solution_to_consumer", "source": {"code": "DESIGN"},
     "target": {"object": "SHOP"}},
    {"code": "west", "stage": "solution_to_consumer", "source": {"code": "MAKE"},
     "target": {"object": "WEST"}},
]  # fmt: skip
KPI = {"class": "benefit", "unit": "EUR", "direction": "up", "perspective": "financial"}
KPIS: list[dict[str, Any]] = [
    {"code": "earned-design", "value_role": "revenue", "links": [{"value_chain_stage": "design"}]},
    {"code": "earned-make", "value_role": "revenue",
     "links": [{"layer": "solution", "code": "MAKE"}]},
    {"code": "use-help", "value_role": "use", "unit": "users", "baseline": "0", "target": "100",
     "perspective": "process", "links": [{"layer": "solution", "code": "HELP"}]},
    {"code": "shop-time", "unit": "h", "direction": "down", "baseline": "10", "target": "5",
     "perspective": "process", "links": [{"layer": "consumer", "code": "SHOP"}]},
]  # fmt: skip
SEEN = [
    ("earned-design", PERIOD, "45"),
    ("earned-make", PERIOD, "55"),
    ("use-help", PERIOD, "20"),
    ("shop-time", PERIOD, "6"),
]


def ok(answer: Any) -> Any:
    """The body of an answer without any item in error."""
    assert answer.status_code in {200, 201}, answer.text
    body = answer.json()
    assert not [each for each in body.get("results", []) if each["status"] == "error"], body
    return body


def put(client: Any, collection: str, items: list[dict[str, Any]]) -> Any:
    """Upsert items, with an English name where they need one."""
    return ok(client.post(f"/v1/{collection}/bulk", json={"items": items}))


def named(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items with a name in both languages."""
    return [{"names": {"en": item["code"], "zh-CN": f"{item['code']}号"}, **item} for item in items]


def build_company(services: LiveServices) -> dict[str, str]:
    """Everything of it; the ids of the published runs by month."""
    for collection, objects in OBJECTS.items():
        put(services.allocation, collection, named(objects))
    mappings = [{"method": "direct", "priority": 1, **each} for each in MAPPINGS]
    put(services.allocation, "mappings", mappings)
    draft = ok(services.allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(services.allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={}))
    lines = [
        {"external_id": month, "source": "erp", "period": month, "currency": "EUR", "amount": "100"}
        for month in (PERIOD, LATER)
    ]
    put(services.ingest, "cost-lines", lines)
    _measure_energy(services)
    put(services.valuation, "value-kpis", named([{**KPI, **kpi} for kpi in KPIS]))
    seen = [{"kpi": kpi, "period": period, "value": value} for kpi, period, value in SEEN]
    put(services.valuation, "observations", seen)
    all_measures = ["cost", "kwh", "co2e_operational", "co2e_embodied"]
    return {
        PERIOD: publish_run(services, PERIOD, all_measures),
        LATER: publish_run(services, LATER, ["cost"]),
    }


def _measure_energy(services: LiveServices) -> None:
    drivers = [
        {"code": "meter", "unit": "kWh", "measure": "kwh"},
        {"code": "made", "measure": "co2e_embodied"},
        {"code": "drawings", "unit": "drawing"},
    ]
    put(services.ingest, "drivers", named(drivers))
    used = [("meter", "APP", "100"), ("made", "APP", "5"), ("drawings", "DESIGN", "16")]
    quantities = [
        {"driver": driver, "period": PERIOD, "target": target, "quantity": quantity}
        for driver, target, quantity in used
    ]
    put(services.ingest, "driver-quantities", quantities)
    factor = {"code": "grid", "region": "EU", "scope": "2", "basis": "location"}
    factors = [{**factor, "valid_from": "2025-01", "kg_per_kwh": "0.2"}]
    put(services.allocation, "emission-factors", factors)


def publish_run(services: LiveServices, period: str, measures: list[str]) -> str:
    """A run of a month that speaks for it."""
    asked = {"period": period, "currency": "EUR", "measures": measures}
    run = ok(services.allocation.post("/v1/runs?wait=60", json=asked))
    assert run["status"] == "succeeded", run
    ok(services.allocation.post(f"/v1/runs/{run['id']}/publish", json={}))
    return str(run["id"])
