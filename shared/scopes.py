"""Scopes: what a caller may do on which service, and what the services may do on each other."""

from collections.abc import Iterable
from typing import Literal, get_args

Scope = Literal[
    "ingest:read",
    "ingest:write",
    "ingest:approve",
    "ingest:admin",
    "ingest:audit",
    "ingest:events",
    "allocation:read",
    "allocation:write",
    "allocation:approve",
    "allocation:admin",
    "allocation:audit",
    "allocation:events",
    "valuation:read",
    "valuation:write",
    "valuation:approve",
    "valuation:admin",
    "valuation:audit",
    "valuation:events",
]
SCOPES: tuple[str, ...] = get_args(Scope)
SERVICES = ("ingest", "allocation", "valuation")
IMPLIED = {
    "admin": ("read", "write", "approve", "admin", "audit", "events"),
    "approve": ("read", "approve"),
    "write": ("read", "write"),
    "read": ("read",),
    "audit": ("audit",),
    "events": ("events",),
}
"""What a scope holds: `audit` reads the audit trail, `events` hands over another service's."""

ADMIN_SCOPES = tuple(f"{service}:admin" for service in SERVICES)
SERVICE_SCOPES: dict[str, tuple[str, ...]] = {
    # Objects and coverage of the model, values that came in files, "the lines of a month changed".
    "ingest": ("allocation:write", "allocation:events", "valuation:write"),
    # "A run was published."
    "allocation": ("valuation:events",),
    # Figures behind KPIs and reports; the three trails of the compliance report.
    "valuation": (
        "ingest:read",
        "ingest:audit",
        "allocation:read",
        "allocation:audit",
        "valuation:audit",
    ),
}
"""What each service calls the others for, and not more: the scopes of its own key."""


def holds(held: Iterable[str], wanted: str) -> bool:
    """Whether scopes include a wanted one, by itself or through a wider one."""
    service, _, action = wanted.partition(":")
    return any(
        one.partition(":")[0] == service and action in IMPLIED[one.partition(":")[2]]
        for one in held
    )


def widest(scope: str) -> str:
    """The scope that people know: `audit` and `events` are parts of `admin` for keys alone."""
    service, _, action = scope.partition(":")
    return f"{service}:admin" if action in ("audit", "events") else scope
