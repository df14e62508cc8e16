"""What reports tell of the data that came in: its quality and its imports."""

from collections.abc import Iterator
from typing import Any

from shared.clients.base import ServiceClient, service_key
from shared.settings import get_settings

TIMEOUT_SECONDS = 30.0


class IncomingData(ServiceClient):
    """Calls of the valuation service to ingest for reports; answers are plain JSON."""

    def get_data_quality(self, period: str, scenario: str) -> dict[str, Any]:
        """Every source of a period, all of them together, and the rules of one's own."""
        query = {"period": period, "scenario": scenario}
        answer: dict[str, Any] = self.request("GET", "/v1/data-quality", query=query).json()
        return answer

    def name_of_driver(self, code: str) -> str | None:
        """A driver's name in the client's language; None for one that is not known."""
        found = next(self.walk("/v1/drivers", code=code), None)
        return str(found["name"]) if found else None

    def list_imports(self) -> Iterator[dict[str, Any]]:
        """Every import, newest first."""
        return self.walk("/v1/imports")


def incoming_data(language: str) -> IncomingData:
    """A client with the valuation service's own key, reading names in a language."""
    return IncomingData(
        get_settings().service_url("ingest"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        language=language,
    )
