"""What a webhook's receiver got, held against the events that the system has written down."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.crash.calling import Caller
from tests.receiving import Receiver

SECRET = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcy4uLi4="
TOLD = {
    "ingest": ["import.finished"],
    "allocation": ["run.finished", "run.published", "statement.issued", "dispute.changed"],
    "valuation": ["review.approved", "report.ready"],
}


@dataclass
class Deliveries:
    """Counts what came: each event at least once, under its own id, rightly signed."""

    receiver: Receiver
    right_time: bool = True
    came: set[str] = field(default_factory=set)
    _read: int = 0

    def subscribe(self, caller: Caller) -> None:
        """One webhook at each service for all that this traffic causes."""
        for service, events in TOLD.items():
            self.receiver.secret = SECRET if self.right_time else None
            hook = {"url": self.receiver.url, "events": events, "secret": SECRET}
            caller.post(service, "/v1/webhooks", hook)

    def differences(self, database: psycopg.Connection[Any]) -> list[str]:
        """What was not told, or told without having happened."""
        fresh = self.receiver.got[self._read :]
        self._read += len(fresh)
        for headers, _ in fresh:
            self.came.add(headers["webhook-id"])
        query = "select id from outbox_event where type = any(%s)"
        types = [[event for events in TOLD.values() for event in events]]
        written = {str(identifier) for (identifier,) in database.execute(query, types)}
        wrong, self.receiver.wrong = self.receiver.wrong, []
        return (
            wrong
            + [f"event {name} was not told" for name in written - self.came]
            + [f"event {name} never happened" for name in self.came - written]
        )
