"""Runs over real input: the council's ledger and a cloud bill, from the files to the consumers."""

from decimal import Decimal
from typing import Any

import pytest

from cli.demo.oxford_council.company import TAXONOMIES, Company
from tests.running import LiveServices

RUNS = [("2016-07", "GBP"), ("2016-08", "GBP"), ("2016-09", "GBP"), ("2024-09", "GBP")]


def ok(answer: Any) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def runs(services: LiveServices) -> dict[str, dict[str, Any]]:
    """The example company loaded as the demo does it, and its four periods run and published."""
    company = Company()
    for name in TAXONOMIES:
        ok(services.allocation.post(f"/v1/taxonomies/{name}/load", json={}))
    ok(services.ingest.post("/v1/profiles/bulk", json={"items": company.profiles}))
    for wanted in company.imports:
        file = {"file": (wanted.path.name, wanted.path.read_bytes())}
        made = ok(services.ingest.post("/v1/imports?wait=60", data=wanted.form, files=file))
        assert made["status"] == "succeeded", made
    for collection, items in company.objects.items():
        ok(services.allocation.post(f"/v1/{collection}/bulk?atomic=true", json={"items": items}))
    ok(services.allocation.post("/v1/mappings/bulk?atomic=true", json={"items": company.mappings}))
    draft = ok(services.allocation.get("/v1/model-versions?status=draft"))["items"][0]
    ok(services.allocation.post(f"/v1/model-versions/{draft['id']}/publish"))
    found = {}
    for period, currency in RUNS:
        asked = {"period": period, "currency": currency}
        run = ok(services.allocation.post("/v1/runs?wait=60", json=asked))
        assert run["status"] == "succeeded", run
        found[period] = ok(services.allocation.post(f"/v1/runs/{run['id']}/publish"))
    return found


def test_the_lines_of_the_ledger_are_all_there(runs: dict[str, dict[str, Any]]) -> None:
    months = [runs[period]["totals"]["cost"] for period in ("2016-07", "2016-08", "2016-09")]
    assert sum(Decimal(month["lines"]) for month in months) == Decimal("12937883.62")
    assert sum(Decimal(month["input"]) for month in months) == Decimal("1156457.24")


@pytest.mark.parametrize("period", [period for period, _ in RUNS])
def test_every_step_closes_and_every_bill_is_traced_to_lines(
    services: LiveServices, runs: dict[str, dict[str, Any]], period: str
) -> None:
    run = runs[period]
    total = run["totals"]["cost"]
    parts = [Decimal(total[name]) for name in ("consumers", "retained", "unallocated", "residual")]
    assert sum(parts) == Decimal(total["input"])
    path = f"/v1/runs/{run['id']}"
    for step in ok(services.allocation.get(f"{path}/reconciliation"))["steps"]:
        assert step["difference"] == "0", step
    query = {"layer": "consumer", "limit": 1000}
    consumers = ok(services.allocation.get(f"{path}/balances", params=query))["items"]
    for consumer in consumers:
        asked = {"layer": "consumer", "code": consumer["code"], "limit": 1000}
        trace = ok(services.allocation.get(f"{path}/trace", params=asked))
        assert trace["amount"] == consumer["retained"]
        amounts = [Decimal(one["amount"]) for one in trace["contributions"]]
        assert sum(amounts) + Decimal(trace["rest"]) == Decimal(consumer["retained"])
    assert sum(Decimal(one["retained"]) for one in consumers) == Decimal(total["consumers"])
