"""The audit trails of the three services, counted and sorted for those who must answer for them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ActionCount:
    """How often a caller did one thing to one kind of resource in the month."""

    service: str
    subject: str
    action: str
    resource: str
    times: int


@dataclass(frozen=True)
class TrailEvent:
    """One command that was written down."""

    id: str
    at: datetime
    service: str
    subject: str
    action: str
    resource: str
    resource_id: str
    note: str = ""


@dataclass(frozen=True)
class Approval:
    """A decision and whether others than its authors took it.

    `eyes`: `four` (nobody decided on their own work), `two` (an author decided), `unknown`
    (no author is on record).
    """

    event: TrailEvent
    authors: tuple[str, ...]
    eyes: str


@dataclass(frozen=True)
class ComplianceFacts:
    """Everything told is from the audit trails.

    `reads` has one event for all that a caller read or exported of a kind on a day; `removals` are
    purges of personal data and what was removed because of its age. `books` are the steps that
    concern the period itself (closings, runs, publications, bills), whenever they were taken;
    everything else happened in the calendar month.
    """

    counts: tuple[ActionCount, ...] = ()
    approvals: tuple[Approval, ...] = ()
    books: tuple[TrailEvent, ...] = ()
    models: tuple[TrailEvent, ...] = ()
    keys: tuple[TrailEvent, ...] = ()
    files: tuple[TrailEvent, ...] = ()
    reads: tuple[TrailEvent, ...] = ()
    removals: tuple[TrailEvent, ...] = ()
    events: tuple[tuple[str, int], ...] = ()
    newest_at: datetime | None = None
