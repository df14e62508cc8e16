"""What allocation says of the money that finds a pool."""

from shared.clients.base import ServiceClient, service_key
from shared.contracts.allocation.mappings import CoverageAnswer
from shared.settings import get_settings

TIMEOUT_SECONDS = 20.0


class AllocationCoverage(ServiceClient):
    """The call of the ingest service about the lines that it keeps."""

    def of_sources(self, period: str, scenario: str) -> CoverageAnswer:
        """Lines of a period by source, with those that find no pool."""
        return self.get(
            "/v1/mappings/coverage", CoverageAnswer, period=period, scenario=scenario, by="source"
        )


def allocation_coverage() -> AllocationCoverage:
    """A client with the ingest service's own key; it asks once, for somebody waits for it."""
    return AllocationCoverage(
        get_settings().service_url("allocation"),
        lambda: service_key("ingest"),
        timeout_seconds=TIMEOUT_SECONDS,
        attempts=1,
    )
