"""The company that documented requests speak of, once for each module that asks for it."""

import pytest

from tests.contract.furnished_company import furnish
from tests.running import LiveServices


@pytest.fixture(scope="module")
def company(services: LiveServices) -> LiveServices:
    furnish(services)
    return services
