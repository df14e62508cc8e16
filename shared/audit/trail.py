"""The audit trail: who did what, when; append-only and hash-chained.

An event is written in the transaction of its command. A sealer (in every worker, one at a time)
chains committed events within about a second, so that writers never wait for a chain's head.
"""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from shared.auth import Caller
from shared.clock import utc_now
from shared.ids import new_id
from shared.logs import correlation_id
from shared.postgres import advisory_locks
from shared.tables.platform import AuditEvent

FIRST_HASH = "0" * 64
SEAL_BATCH = 2_000


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def sha256_of(value: object) -> str:
    """The hash of a value's canonical JSON."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def record(
    session: Session,
    caller: Caller | str,
    service: str,
    action: str,
    resource_type: str,
    resource_id: str,
    *,
    details: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one command down; `before` and `after` for single resources, counts in `details`."""
    kept = dict(details or {})
    if before is not None:
        kept["before"] = before
    if after is not None:
        kept["after"] = after
    kept = json.loads(_canonical(kept))
    event = AuditEvent(
        id=new_id(),
        at=utc_now(),
        service=service,
        subject=caller if isinstance(caller, str) else caller.subject,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        correlation_id=correlation_id.get(),
        details=kept,
        content_hash="",
    )
    event.content_hash = content_hash(event)
    session.add(event)


def content_hash(event: AuditEvent) -> str:
    """The hash of everything an event says."""
    return sha256_of(
        [
            str(event.id),
            event.at.isoformat(),
            event.service,
            event.subject,
            event.action,
            event.resource_type,
            event.resource_id,
            event.correlation_id,
            event.details,
        ]
    )


def link_hash(
    position: int, previous_hash: str, event_id: UUID, content: str, sealed_at: datetime | None
) -> str:
    """The hash of one link of the chain; the oldest links do not hold when they were made."""
    told = [position, previous_hash, str(event_id), content]
    return sha256_of(told if sealed_at is None else [*told, sealed_at.isoformat()])


def head(session: Session) -> tuple[int, str]:
    """The last link of the chain: its position and hash; keep it elsewhere to find a rewrite."""
    last = session.execute(
        text("select position, hash from audit_seal order by position desc limit 1")
    ).one_or_none()
    return (last.position, last.hash) if last else (0, FIRST_HASH)


def seal(session: Session) -> int:
    """Chain the events that are not chained yet; answers how many. One sealer at a time."""
    if not advisory_locks.try_hold(session, "sealing"):
        return 0
    waiting = session.execute(
        text(
            "select e.id, e.content_hash from audit_unsealed u join audit_event e"
            " on e.id = u.event_id order by e.id limit :batch"
        ),
        {"batch": SEAL_BATCH},
    ).all()
    if not waiting:
        return 0
    position, previous = head(session)
    now = utc_now()
    links: list[dict[str, Any]] = []
    for event_id, content in waiting:
        position += 1
        link = link_hash(position, previous, event_id, content, now)
        links.append(
            {
                "position": position,
                "event_id": event_id,
                "previous_hash": previous,
                "hash": link,
                "sealed_at": now,
            }
        )
        previous = link
    session.execute(
        text(
            "insert into audit_seal (position, event_id, previous_hash, hash, sealed_at)"
            " values (:position, :event_id, :previous_hash, :hash, :sealed_at)"
        ),
        links,
    )
    session.execute(
        text("delete from audit_unsealed where event_id = any(:ids)"),
        {"ids": [link["event_id"] for link in links]},
    )
    return len(links)
