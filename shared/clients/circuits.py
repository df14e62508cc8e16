"""Holds calls back for a while after several failures in a row."""

import threading
import time
from uuid import UUID

from prometheus_client import Gauge

from shared import metrics
from shared.errors import Unavailable

OPEN_AFTER_FAILURES = 5
OPEN_SECONDS = 5.0
SOURCE_OPEN_SECONDS = 60.0
RECEIVER_OPEN_SECONDS = 60.0


class Circuit:
    """Open for a while after `OPEN_AFTER_FAILURES` in a row; the next failure opens it again."""

    def __init__(
        self, target: str, gauge: Gauge | None, open_seconds: float = OPEN_SECONDS
    ) -> None:
        self._target = target
        self._gauge = gauge
        self._shown = 0
        self._open_seconds = open_seconds
        self._failures = 0
        self._opened_at = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls are held back now."""
        with self._lock:
            waited = time.monotonic() - self._opened_at
            return self._failures >= OPEN_AFTER_FAILURES and waited < self._open_seconds

    def check(self) -> None:
        """Refuse at once while the circuit is open."""
        if self.is_open:
            raise Unavailable(f"{self._target} does not answer; calls are held back")

    def note(self, *, failed: bool) -> None:
        """Count a failure, or forget them after a success."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            is_open = self._failures >= OPEN_AFTER_FAILURES
            if is_open:
                self._opened_at = time.monotonic()
            if self._gauge is not None:
                self._gauge.inc(is_open - self._shown)  # several sources may share one label
                self._shown = int(is_open)


_services: dict[str, Circuit] = {}
_sources: dict[str, Circuit] = {}
_receivers: dict[UUID, Circuit] = {}


def circuit_of_service(base_url: str) -> Circuit:
    """The circuit that all calls of this process to a service share."""
    gauge = metrics.client_circuit_open.labels(base_url)
    return _services.setdefault(base_url, Circuit(base_url, gauge))


def circuit_of_source(code: str) -> Circuit:
    """The circuit that all syncs of a source in this process share."""
    gauge = metrics.connector_circuit_open.labels(metrics.source_label(code))
    return _sources.setdefault(code, Circuit(code, gauge, SOURCE_OPEN_SECONDS))


def circuit_of_receiver(webhook_id: UUID) -> Circuit:
    """The circuit that all deliveries of this process to a webhook share."""
    made = Circuit(f"webhook {webhook_id}", None, RECEIVER_OPEN_SECONDS)
    return _receivers.setdefault(webhook_id, made)
