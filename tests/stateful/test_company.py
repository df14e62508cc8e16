"""The laws of a run hold through the API, whatever a company does before it."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared import audit
from shared.database import new_session
from shared.jobs.worker import seal_audit_trail
from tests.modelling import Modelling
from tests.running import ServiceUnderTest
from tests.stateful.machine import CompanyMachine, all_months

EXAMPLES = 10
PROOF_EXAMPLES = 400


@pytest.fixture(scope="module", autouse=True)
def _services(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
    CompanyMachine.modelling = Modelling(allocation, ingest)
    CompanyMachine.months = all_months()


def live_through(examples: int) -> None:
    """So many random companies, each through a handful of steps.

    One that fails is shown as it is: to make it smaller takes longer than to read it.
    """
    run_state_machine_as_test(
        CompanyMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=8,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_companies_keep_the_laws() -> None:
    live_through(EXAMPLES)


@pytest.mark.slow
def test_many_companies_keep_the_laws() -> None:
    live_through(PROOF_EXAMPLES)


def test_the_audit_trail_of_all_this_is_whole() -> None:
    while seal_audit_trail():
        pass
    with new_session() as session:
        assert list(audit.verify(session)) == []
