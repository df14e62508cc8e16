"""One pool over one solution to one shop: the least company with a published run."""

from tests.modelling import direct, ok
from tests.running import LiveServices


def publish_a_run(services: LiveServices, period: str, amount: str = "1200.50") -> str:
    """An amount of CNY goes from a pool over a solution to a shop; answers the published run."""
    line = {"source": "erp", "external_id": f"{period}-1", "period": period, "account": "SW",
            "amount": amount, "currency": "CNY"}  # fmt: skip
    ok(services.ingest.post("/v1/cost-lines/bulk?atomic=true", json={"items": [line]}))
    if not services.allocation.get("/v1/cost-pools?code=SW").json()["items"]:
        _write_model(services)
    order = {"period": period, "currency": "CNY"}
    ordered = ok(services.allocation.post("/v1/runs", json=order))
    for _ in range(4):  # the first run of a machine compiles the engine
        job = ok(services.allocation.get(f"/v1/jobs/{ordered['job']['id']}?wait=60"))
        if job["status"] not in ("queued", "running"):
            break
    run = ok(services.allocation.get(f"/v1/runs/{ordered['id']}"))
    assert run["status"] == "succeeded", run
    ok(services.allocation.post(f"/v1/runs/{run['id']}/publish", json={}))
    return str(run["id"])


def _write_model(services: LiveServices) -> None:
    things = {"cost-pools": "SW", "solutions": "CRM", "consumers": "SHOPS"}
    for collection, code in things.items():
        item = {"code": code, "names": {"en": code, "zh-CN": f"门店{code}"}}
        ok(services.allocation.post(f"/v1/{collection}/bulk", json={"items": [item]}))
    mappings = [
        direct("sw", "line_to_pool", "SW", source={"account": "SW"}),
        direct("crm", "pool_to_solution", "CRM"),
        {**direct("shops", "solution_to_consumer", "SHOPS"), "portion": "90"},
    ]
    ok(services.allocation.post("/v1/mappings/bulk?atomic=true", json={"items": mappings}))
    draft = services.allocation.get("/v1/model-versions?status=draft").json()["items"][0]
    ok(services.allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={}))
