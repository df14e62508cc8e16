"""The laws of a run hold through the API, whatever a company does before it."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.audit import verification
from shared.database import new_session
from shared.jobs.worker import seal_audit_trail
from tests.modelling import Modelling
from tests.running import ServiceUnderTest
from tests.stateful.machine import CompanyMachine, all_months

FEW, FEW_STEPS = 7, 8
MANY = int(os.environ.get("COMPANIES", "100"))
MANY_STEPS = 50


@pytest.fixture(scope="module", autouse=True)
def _services(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    CompanyMachine.modelling = Modelling(allocation, ingest)
    CompanyMachine.months = all_months()


def live_through(examples: int, steps: int) -> None:
    """So many random companies, each through at most so many steps.

    One that fails is shown as it is: to make it smaller takes longer than to read it.
    """
    run_state_machine_as_test(
        CompanyMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_companies_keep_the_laws() -> None:
    live_through(FEW, FEW_STEPS)


@pytest.mark.slow
def test_many_companies_keep_the_laws() -> None:
    live_through(MANY, MANY_STEPS)


def test_the_audit_trail_of_all_this_is_whole() -> None:
    while seal_audit_trail():
        pass
    with new_session() as session:
        assert list(verification.verify(session)) == []
