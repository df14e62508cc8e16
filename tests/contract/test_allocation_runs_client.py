"""Our client of runs against the live allocation service and its worker."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from shared.clients.allocation.model import ModelCalls
from shared.clients.allocation.runs import RunCalls
from shared.contracts.allocation.runs import RunRequest
from shared.errors import Conflict, NotFound
from tests.running import LiveServices

MAPPINGS = [
    {
        "code": "in",
        "stage": "line_to_pool",
        "method": "direct",
        "portion": "100",
        "target": {"object": "POOL"},
    },
    {
        "code": "out",
        "stage": "pool_to_consumer",
        "method": "fixed",
        "portion": "100",
        "target": {"shares": {"A": "70", "B": "30"}},
    },
]


@pytest.fixture(scope="module")
def calls(services: LiveServices) -> Iterator[RunCalls]:
    with ModelCalls(services.urls["allocation"], services.key) as model:
        model.put_objects("cost-pools", [{"code": "POOL", "names": {"en": "Pool"}}])
        model.put_objects("consumers", [{"code": c, "names": {"en": c}} for c in ("A", "B")])
        model.put_mappings(MAPPINGS)
        draft = model.find_version("draft")
        assert draft is not None
        model.publish_version(str(draft.id))
    for currency in ("EUR", "USD"):
        line = {"external_id": currency, "source": "erp", "amount": "0.10", "currency": currency}
        period = {"EUR": "2026-01", "USD": "2026-02"}[currency]
        body = {"items": [line | {"period": period}]}
        assert services.ingest.post("/v1/cost-lines/bulk?atomic=true", json=body).status_code == 200
    with RunCalls(services.urls["allocation"], services.key) as client:
        yield client


def test_a_run_survives_the_wire_to_the_cent(calls: RunCalls) -> None:
    run = calls.run(RunRequest(period="2026-01", currency="EUR"))
    assert run.totals["cost"].consumers == Decimal("0.10")
    run_id = str(run.id)
    bills = {one.code: one.retained for one in calls.walk_balances(run_id, layer="consumer")}
    assert bills == {"A": Decimal("0.07"), "B": Decimal("0.03")}
    assert [one.target for one in calls.walk_flows(run_id, stage="pool_to_consumer")] == ["A", "B"]
    trace = calls.trace(run_id, "consumer", "A")
    assert (trace.amount, trace.rest) == (Decimal("0.07"), 0)
    (term,) = trace.contributions
    assert calls.trace_line(run_id, str(term.line)).amount == Decimal("0.10")
    assert all(step.difference == 0 for step in calls.get_reconciliation(run_id).steps)
    assert list(calls.walk_unallocated(run_id)) == []


def test_the_published_run_is_found(calls: RunCalls) -> None:
    assert calls.find_published("2025-12") is None
    run = calls.run(RunRequest(period="2026-01", currency="EUR"))
    calls.publish_run(str(run.id))
    found = calls.find_published("2026-01")
    assert found is not None
    assert found.id == run.id


def test_a_failed_run_says_why(calls: RunCalls) -> None:
    with pytest.raises(Conflict) as refused:
        calls.run(RunRequest(period="2026-02", currency="EUR"))
    assert refused.value.code == "missing_rate"
    with pytest.raises(NotFound):
        calls.get_run("00000000-0000-0000-0000-000000000000")
