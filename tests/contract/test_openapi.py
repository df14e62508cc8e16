"""The three OpenAPI documents hold what they say, for any input a fuzzer thinks of."""

from pathlib import Path

import pytest

from tests.api import report_company
from tests.contract.fuzzing import fuzz
from tests.running import SERVICES, LiveServices, a_key

CASES_AT_LEAST = 5_000
"""For each of the three documents."""
SECONDS_AT_MOST = 280
OUT_OF_REACH: dict[str, str] = {}
"""Operations that only ever refuse what a fuzzer makes up, and why; at most one in twenty."""


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_makes_a_service_crash_or_answer_out_of_contract(
    services: LiveServices, service: str, tmp_path: Path
) -> None:
    fuzz(services, service, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "2")


@pytest.fixture(scope="module")
def company(services: LiveServices) -> report_company.Company:
    return report_company.build(services)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_fulfilled_and_keeps_the_contract_in_thousands_of_cases(
    services: LiveServices, company: report_company.Company, service: str, tmp_path: Path
) -> None:
    assert company.run
    answers = fuzz(
        services,
        service,
        tmp_path,
        "--checks",
        "all",
        "--phases",
        "examples,coverage,fuzzing,stateful",
        "--max-examples",
        "40",
        "--max-time",
        str(SECONDS_AT_MOST),
        "--workers",
        "2",
        "--continue-on-failure",
    )
    operations = _operations(services, service)
    assert operations - answers.by_operation.keys() == set()
    never = {each for each in answers.never_fulfilled if each not in OUT_OF_REACH}
    assert len(answers.never_fulfilled) <= len(operations) / 20, sorted(never)
    assert answers.cases >= CASES_AT_LEAST, answers.cases


def _operations(services: LiveServices, service: str) -> set[str]:
    paths = getattr(services, service).get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_a_bound_caller_sees_no_foreign_row_whatever_it_asks(
    services: LiveServices, company: report_company.Company, service: str, tmp_path: Path
) -> None:
    """The caller is bound to one shop; the name of another stands for all that is not its own."""
    assert company.run
    scopes = [f"{each}:{action}" for each in SERVICES for action in ("read", "write", "approve")]
    foreign = {"items": [{"code": FOREIGN, "names": {"en": FOREIGN}, "parent": None}]}
    assert services.allocation.post("/v1/consumers/bulk", json=foreign).status_code == 200
    key = a_key(scopes, ["SHOP-01"])
    fuzz(
        services,
        service,
        tmp_path,
        "--phases",
        "examples,fuzzing",
        "--max-examples",
        "8",
        "--max-time",
        "60",
        key=key,
        hidden=FOREIGN,
    )


FOREIGN = "SHOP-OF-SOMEBODY-ELSE"
