"""What goes wrong between a source and its reader, one fault at a chosen request."""

import threading
from dataclasses import dataclass, field
from typing import Literal

FaultName = Literal[
    "busy", "error", "unavailable", "slow", "reset", "half_json", "html", "expired",
    "duplicate_page", "empty_page", "smaller_pages", "wrong_total",
]  # fmt: skip
#: The faults that any HTTP server can have, whatever it serves.
OF_TRANSPORT: tuple[FaultName, ...] = (
    "busy", "error", "unavailable", "slow", "reset", "half_json", "html",
)  # fmt: skip
#: The faults that a server makes in what it serves.
OF_PAGES: tuple[FaultName, ...] = (
    "expired", "duplicate_page", "empty_page", "smaller_pages", "wrong_total",
)  # fmt: skip


@dataclass
class FaultPlan:
    """Faults by the number of the data request (from 1) at which they happen, `times` each."""

    slow_seconds: float = 3.0
    retry_after: str = "0"
    happened: list[FaultName] = field(default_factory=list)
    _planned: dict[int, tuple[FaultName, int]] = field(default_factory=dict)
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, name: FaultName, at_request: int, times: int = 1) -> None:
        """Let the requests from this one on fail; counting starts anew now."""
        with self._lock:
            self._seen = 0
            self._planned = {at_request + more: (name, times) for more in range(times)}
            self.happened.clear()

    def clear(self) -> None:
        """Serve faultlessly from now on."""
        with self._lock:
            self._planned.clear()

    def next_fault(self) -> FaultName | None:
        """Count one data request, and tell what is to go wrong with it."""
        with self._lock:
            self._seen += 1
            found = self._planned.pop(self._seen, None)
            if found is None:
                return None
            self.happened.append(found[0])
            return found[0]
