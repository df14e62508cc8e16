"""The three OpenAPI documents hold what they say, for any input a fuzzer thinks of."""

from pathlib import Path

import pytest

from tests.contract.documented_requests import place_of
from tests.contract.fuzzing import fuzz
from tests.running import SERVICES, LiveServices, a_key

CASES_AT_LEAST = 5_000
"""For each of the three documents."""
SECONDS = 60
OUT_OF_REACH = {
    "POST /v1/jobs/{job_id}/cancel": "jobs are done before anybody can cancel them",
    "GET /v1/simulations/{simulation_id}": "kept simulations are on no list",
    "GET /v1/sources/{source_id}/syncs/{sync_id}/pages/{number}": "no source answers here",
    "POST /v1/sources/{source_id}/test": "no source answers here",
    "GET /v1/value-kpis/{kpi_id}/attribution": "wants eight months of figures",
}
"""Operations that may only refuse here, and why; they count among those never fulfilled."""
OWN, OTHERS = "SHOP-01", r"SHOP-(?!01\b)\d\d|直营门店第(?!1号)\d+号"


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_makes_a_service_crash_or_answer_out_of_contract(
    services: LiveServices, service: str, tmp_path: Path
) -> None:
    fuzz(services, service, tmp_path, "--phases", "fuzzing", "--max-examples", "1")


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_fulfilled_and_keeps_the_contract_in_thousands_of_cases(
    company: LiveServices, service: str, tmp_path: Path
) -> None:
    """What the document alone decides first, to its end; then what chance finds, by the clock."""
    fuzz(company, service, tmp_path, "--phases", "examples,coverage", "--continue-on-failure")
    answers = fuzz(company, service, tmp_path, *_by_chance(SECONDS))
    operations = _operations(company, service)
    assert operations - answers.by_operation.keys() == set()
    unexpected = sorted(answers.never_fulfilled - OUT_OF_REACH.keys())
    assert len(answers.never_fulfilled) <= len(operations) / 20, unexpected
    assert answers.cases >= CASES_AT_LEAST, answers.cases


@pytest.mark.slow
@pytest.mark.parametrize("service", ["allocation", "ingest", "valuation"])
def test_a_bound_caller_sees_no_foreign_row_whatever_it_asks(
    company: LiveServices, service: str, tmp_path: Path
) -> None:
    """The caller is bound to one of sixty shops; no answer names another one, or has its id."""
    scopes = [f"{each}:{action}" for each in SERVICES for action in ("read", "write", "approve")]
    bound = {
        "key": a_key(scopes, [OWN]),
        "own": OWN,
        "hidden": _all_that_is_of_others(company),
    }
    fuzz(company, service, tmp_path, "--phases", "examples", "--continue-on-failure", **bound)
    answers = fuzz(company, service, tmp_path, *_by_chance(30), **bound)
    assert _operations(company, service) - answers.by_operation.keys() == set()
    least = {"allocation": 10, "ingest": 1, "valuation": 1}[service]
    assert len(answers.with_own) >= least, answers.with_own


def _by_chance(seconds: int) -> tuple[str, ...]:
    return (
        "--phases", "fuzzing,stateful", "--max-examples", "3", "--max-time", str(seconds),
        "--continue-on-failure",
    )  # fmt: skip


def _operations(services: LiveServices, service: str) -> set[str]:
    paths = place_of(services, service).paths
    return {f"{method.upper()} {path}" for path, here in paths.items() for method in here}


def _all_that_is_of_others(services: LiveServices) -> str:
    """A pattern of the codes, names and ids of all consumers but the caller's own."""
    lists = (("consumers", "code"), ("statements", "consumer"), ("disputes", "consumer"),
             ("budgets", "object"), ("budget-alerts", "object"))  # fmt: skip
    ids = [
        item["id"]
        for collection, field in lists
        for item in services.allocation.get(f"/v1/{collection}?limit=1000").json()["items"]
        if item[field] != OWN
    ]
    assert len(ids) > 100
    return "|".join((OTHERS, *ids))
