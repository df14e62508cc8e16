"""The audit trail is verified: by whom asks for it, and by a worker once a day."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from shared.audit import heads
from shared.audit.trail import FIRST_HASH, content_hash, head, link_hash, record
from shared.postgres import advisory_locks
from shared.settings import get_settings
from shared.tables.platform import AuditEvent


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


def verify_and_note(session: Session, folder: Path | None = None) -> list[str]:
    """Verify the trail and write down in it that this was done; the breaks as sentences.

    `folder` is that of the signed heads, if they are to be compared as well.
    """
    breaks = list(verify(session))
    if folder is not None and folder.exists():
        breaks += heads.breaks(session, folder)
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
