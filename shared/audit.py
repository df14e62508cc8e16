"""The audit trail: who did what, when; append-only and hash-chained.

An event is written in the transaction of its command. A sealer (in every worker, one at a time)
chains committed events within about a second, so that writers never wait for a chain's head.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from shared import advisory_locks
from shared.auth import Caller
from shared.clock import utc_now
from shared.ids import new_id
from shared.logs import correlation_id
from shared.settings import get_settings
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


def verify(session: Session) -> Iterator[str]:
    """Every break in the trail as a sentence; none when it is whole."""
    rows = session.execute(
        text(
            "select s.position, s.event_id, s.previous_hash, s.hash, s.sealed_at, e.*"
            " from audit_seal s left join audit_event e on e.id = s.event_id order by s.position"
        ),
        execution_options={"yield_per": 5_000},  # of this statement; the session writes later
    )
    expected, previous = 0, FIRST_HASH
    for row in rows:
        expected += 1
        if row.position != expected:
            yield f"position {expected} is missing"
            expected = row.position
        if row.id is None:
            yield f"the event of position {row.position} is missing"
            previous = row.hash
            continue
        content = content_hash(
            AuditEvent(
                id=row.id,
                at=row.at,
                service=row.service,
                subject=row.subject,
                action=row.action,
                resource_type=row.resource_type,
                resource_id=row.resource_id,
                correlation_id=row.correlation_id,
                details=row.details,
                content_hash="",
            )
        )
        if content != row.content_hash:
            yield f"the event of position {row.position} was changed"
        hashes = [
            link_hash(row.position, previous, row.event_id, content, at)
            for at in (row.sealed_at.astimezone(UTC), None)
        ]
        if row.previous_hash != previous or row.hash not in hashes:
            yield f"the chain breaks at position {row.position}"
        previous = row.hash
    unsealed = session.execute(
        text(
            "select count(*) from audit_event e where not exists"
            " (select 1 from audit_seal s where s.event_id = e.id)"
            " and not exists (select 1 from audit_unsealed u where u.event_id = e.id)"
        )
    ).scalar_one()
    if unsealed:
        yield f"{unsealed} events are neither sealed nor waiting"


def verify_and_note(session: Session, heads: Path | None = None) -> list[str]:
    """Verify the trail and write down in it that this was done; the breaks as sentences.

    `heads` is the folder of the signed heads, if they are to be compared as well.
    """
    from shared import audit_heads

    breaks = list(verify(session))
    if heads is not None and heads.exists():
        breaks += audit_heads.breaks(session, heads)
    position, last_hash = head(session)
    details = {"breaks": len(breaks), "hash": last_hash}
    record(session, "btim", "allocation", "verify", "audit_trail", str(position), details=details)
    return breaks


def verify_if_due(session: Session) -> list[str]:
    """Verify what nobody has verified for a day; one worker of the deployment at a time."""
    if not advisory_locks.try_hold(session, "verify_audit_trail"):
        return []
    is_due = session.execute(
        text(
            "select sealed_at < now() - interval '1 day' and not exists ("
            " select 1 from audit_event where resource_type = 'audit_trail'"
            " and at > now() - interval '1 day') from audit_seal where position = 1"
        )
    ).scalar_one_or_none()
    return verify_and_note(session, get_settings().audit_heads_dir) if is_due else []
