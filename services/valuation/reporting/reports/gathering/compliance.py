"""The audit trails of the three services, read over HTTP and sorted by what they prove."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from services.valuation.reporting.reports.content.compliance.facts import (
    ActionCount,
    Approval,
    ComplianceFacts,
    TrailEvent,
)
from shared.clients.allocation.figures import AllocationFigures
from shared.clients.audit import AuditTrail, audit_trail
from shared.periods import next_period

SERVICES = ("ingest", "allocation", "valuation")
OWN_TYPE = "compliance"
MOST_OF_A_NOTE = 300
_DECISIONS = {"approve", "uphold", "correct", "issue", "publish", "sign_off"}
_AUTHORING = {"create", "update", "submit", "start", "bulk", "draft", "order"}
_BOOK_ACTIONS = {"close", "reopen", "create", "publish", "issue", "revert"}
_READING = {"read", "export"}
_REMOVING = {"personal_data", "personal_data_field"}
Event = Mapping[str, Any]


def gather_compliance(client: AllocationFigures, period: str) -> ComplianceFacts:
    """What was done in the month, and what was done for the month whenever that was.

    Orders and fetches of compliance reports are left out: looking must not change what is seen.
    """
    with ExitStack() as stack:
        trails = {
            service: stack.enter_context(audit_trail(service, "valuation")) for service in SERVICES
        }
        seen = [event for trail in trails.values() for event in _of_month(trail, period)]
        month = [event for event in seen if event["action"] not in _READING]
        reads = [event for event in seen if event["action"] in _READING]
        books = list(_books(client, trails["allocation"], period))
        approvals = tuple(
            _approval(trails[event["service"]], event)
            for event in month
            if event["action"] in _DECISIONS
        )
    return _sorted_facts(month, books, approvals, reads)


def _sorted_facts(
    month: list[Event],
    books: list[Event],
    approvals: tuple[Approval, ...],
    reads: list[Event],
) -> ComplianceFacts:
    counted = Counter(
        (event["service"], event["subject"], event["action"], event["resource_type"])
        for event in month
    )
    return ComplianceFacts(
        counts=tuple(ActionCount(*key, times) for key, times in sorted(counted.items())),
        approvals=approvals,
        books=tuple(map(_event, books)),
        models=_of_kind(month, {"model_version"}),
        keys=_of_kind(month, {"api_key", "webhook"}),
        files=_of_kind(month, {"report"}),
        reads=tuple(map(_event, _by_day(reads))),
        removals=tuple(
            _event(event)
            for event in month
            if event["resource_type"] in _REMOVING or event["action"] == "remove_old"
        ),
        events=tuple((name, sum(e["service"] == name for e in month)) for name in SERVICES),
        newest_at=max((_at(event) for event in (*month, *books)), default=None),
    )


def _of_month(trail: AuditTrail, period: str) -> Iterator[Event]:
    since, until = f"{period}-01T00:00:00Z", f"{next_period(period)}-01T00:00:00Z"
    return (event for event in trail.events(since=since, until=until) if not _is_own(event))


def _is_own(event: Event) -> bool:
    details = event["details"]
    told = details.get("after") or details
    return bool(event["resource_type"] == "report" and told.get("type") == OWN_TYPE)


def _books(client: AllocationFigures, trail: AuditTrail, period: str) -> list[Event]:
    """Closings and reopenings of the period; its runs, their publication; bills issued for it."""
    found: dict[str, Event] = {event["id"]: event for event in trail.events(resource_id=period)}
    for run in client.walk("/v1/runs", period=period):
        found |= {event["id"]: event for event in trail.events(resource_id=run["id"])}
    found |= {event["id"]: event for event in _bills(client, trail, period)}
    kept = [event for event in found.values() if event["action"] in _BOOK_ACTIONS]
    return sorted(kept, key=lambda event: (event["at"], event["id"]))


def _bills(client: AllocationFigures, trail: AuditTrail, period: str) -> Iterator[Event]:
    """One event for all bills of the period that a caller issued on a day: there may be many."""
    bills = {bill["id"] for bill in client.walk("/v1/statements", period=period)}
    if not bills:
        return
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in trail.events(resource_type="statement", action="issue"):
        if event["resource_id"] in bills:
            groups.setdefault((event["subject"], event["at"][:10]), []).append(event)
    for events in groups.values():
        told = {"note": f"× {len(events)}"}
        yield {**events[0], "resource_id": period, "details": told}


def _by_day(reads: list[Event]) -> Iterator[Event]:
    """One event for all that a caller read of a kind on a day."""
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in reads:
        kind = (event["service"], event["resource_type"], event["action"])
        groups.setdefault((event["subject"], *kind, event["at"][:10]), []).append(event)
    for events in groups.values():
        yield {**events[0], "resource_id": "", "details": {"note": f"× {len(events)}"}}


def _approval(trail: AuditTrail, event: Event) -> Approval:
    """Who had written what was decided on; an author among the deciders is only two eyes."""
    before = trail.events(
        resource_type=event["resource_type"], resource_id=event["resource_id"], until=event["at"]
    )
    authors = sorted({each["subject"] for each in before if each["action"] in _AUTHORING})
    eyes = "unknown"
    if authors:
        eyes = "two" if event["subject"] in authors else "four"
    return Approval(_event(event), tuple(authors), eyes)


def _of_kind(month: list[Event], kinds: set[str]) -> tuple[TrailEvent, ...]:
    return tuple(_event(event) for event in month if event["resource_type"] in kinds)


def _event(event: Event) -> TrailEvent:
    return TrailEvent(
        id=event["id"],
        at=_at(event),
        service=event["service"],
        subject=event["subject"],
        action=event["action"],
        resource=event["resource_type"],
        resource_id=event["resource_id"],
        note=_note(event["details"]),
    )


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"]).astimezone(UTC)


def _note(details: Mapping[str, Any]) -> str:
    """What a reader wants to know of the details: the reason, the name, the type."""
    if "note" in details:
        return str(details["note"])[:MOST_OF_A_NOTE]
    told = {**details, **(details.get("after") or {})}
    names = ("reason", "name", "type", "period", "format", "scopes", "status")
    said = [f"{name}: {_text(told[name])}" for name in names if told.get(name)]
    return "; ".join(said)[:MOST_OF_A_NOTE]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
