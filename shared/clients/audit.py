"""The audit trail of any of the three services."""

from collections.abc import Iterator
from typing import Any

from shared.clients.base import ServiceClient, service_key
from shared.settings import get_settings

TIMEOUT_SECONDS = 20.0


class AuditTrail(ServiceClient):
    """Who did what, as one service wrote it down; answers are plain JSON."""

    def events(self, **query: Any) -> Iterator[dict[str, Any]]:
        """Commands, oldest first; filtered by since, until, resource_type, resource_id, action."""
        return self.walk("/v1/audit-events", **query)


def audit_trail(service: str, caller: str) -> AuditTrail:
    """A client for one service's trail with the calling service's own key."""
    return AuditTrail(
        get_settings().service_url(service),
        lambda: service_key(caller),
        timeout_seconds=TIMEOUT_SECONDS,
    )
