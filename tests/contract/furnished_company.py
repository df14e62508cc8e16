"""The company that the documented examples speak of: the report company, and what they name."""

import os

from tests.api import report_company
from tests.api.report_company import PERIOD, a_mapping, a_thing, made
from tests.running import SERVICES, LiveServices

CARBON = ("co2e_operational", "co2e_embodied")
SPONSOR = "nobody in particular"
EACH = 8
"""Initiatives of each stage; half as many reviews of each state."""
NOBODY_LISTENS = "http://127.0.0.1:9/events"


def furnish(services: LiveServices) -> report_company.Company:
    """Make it over the APIs; webhooks nobody hears, so that deliveries are there to be replayed."""
    os.environ["BTIM_SOURCE_ERP_TOKEN"] = "of-a-system-that-is-not-there"
    for service in SERVICES:
        events = ["import.finished", "run.finished", "run.published", "report.ready"]
        webhook = {"url": NOBODY_LISTENS, "events": events}
        made(getattr(services, service).post("/v1/webhooks", json=webhook))
    company = report_company.build(services)
    _what_examples_name(services)
    order = {"period": PERIOD, "currency": "CNY", "measures": ["cost", "kwh", *CARBON]}
    run = made(services.allocation.post("/v1/runs?wait=60", json=order))
    made(services.allocation.post(f"/v1/runs/{run['id']}/publish", json={}))
    made(services.valuation.post("/v1/reports?wait=60", json=REPORT))
    _of_every_stage(services)
    return company


REPORT = {"type": "it-spend-overview", "period": PERIOD, "format": "json", "language": "en"}


def _what_examples_name(services: LiveServices) -> None:
    allocation, ingest = services.allocation, services.ingest
    made(allocation.post("/v1/taxonomies/tbm-5.0.1/load", json={}))
    things = {"consumers": ("EAST", "WEST", "ERP"), "resources": ("COMPUTE",)}
    for collection, codes in things.items():
        items = [a_thing(code, code) for code in codes]
        made(allocation.post(f"/v1/{collection}/bulk", json={"items": items}))
    hours = {"code": "vcpu_hours", "names": {"en": "Hours of virtual processors"}, "unit": "h"}
    made(ingest.post("/v1/drivers/bulk", json={"items": [hours]}))
    used = [
        {"driver": "vcpu_hours", "period": PERIOD, "target": code, "quantity": "12"}
        for code in ("ERP", "EAST")
    ]
    made(ingest.post("/v1/driver-quantities/bulk", json={"items": used}))
    by_hours = a_mapping(
        "hours", "solution_to_consumer", {"code": "SCM"}, "ERP", priority=0, portion="10"
    )
    by_hours |= {"method": "driver", "driver": "vcpu_hours", "target": {"code": ["ERP", "EAST"]}}
    made(allocation.post("/v1/mappings/bulk", json={"items": [by_hours]}))
    draft = allocation.get("/v1/model-versions?status=draft").json()["items"][0]
    made(allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={}))
    tight = {"layer": "consumer", "object": "SHOP-00", "period": PERIOD, "amount": "1",
             "currency": "CNY", "thresholds": ["1"]}  # fmt: skip
    made(allocation.post("/v1/budgets/bulk", json={"items": [tight]}))


def _of_every_stage(services: LiveServices) -> None:
    """Initiatives and reviews in the states that the next step starts from."""
    valuation = services.valuation
    items = [
        {"code": f"{stage}-{number}", "names": {"en": stage}, "stage": stage, "historic": True,
         "sponsor": SPONSOR}
        for stage in ("proposed", "approved", "in_delivery", "live")
        for number in range(EACH)
    ]  # fmt: skip
    for made_one in made(valuation.post("/v1/initiatives/bulk", json={"items": items}))["results"]:
        promise = {"kpi": "CYCLE", "level": "operation", "baseline": "45", "target": "28"}
        path = f"/v1/initiatives/{made_one['id']}/value-expectations"
        made(valuation.post(path, json={**promise, "benefit_kind": "non_financial"}))
    for number in range(2 * EACH):
        review = {"initiative": "WMS", "due_on": f"2027-01-{number + 1:02}"}
        path = "/v1/post-implementation-reviews"
        path += f"/{made(valuation.post(path, json=review))['id']}"
        for step in ("start", "submit", "approve")[: number % 4]:
            assert valuation.post(f"{path}/{step}").status_code == 200
