"""The steps of a version's life: submit, approve, reject, publish."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from services.allocation.model_versions import repository
from services.allocation.model_versions.domain import (
    OPEN_STATES,
    RETIRED,
    state_after,
)
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.model_versions import Decision
from shared.four_eyes import authors_of, check_other_eyes
from shared.settings import get_settings
from shared.tables.allocation.model import ModelVersion

SERVICE = "allocation"


def take_step(
    session: Session,
    caller: Caller,
    action: str,
    version_id: UUID,
    decision: Decision | None,
) -> ModelVersion:
    """Move a version on, with the rules of its life and of four eyes, and write that down."""
    repository.lock_model(session)
    row = repository.get_version(session, version_id)
    before = row.status
    reached = state_after(action, before, four_eyes=get_settings().four_eyes)
    if action == "approve":
        submitters = authors_of(session, "model_version", str(row.id))
        check_other_eyes(caller, {*row.authors, *submitters})
    now = utc_now()
    if action == "publish":
        _retire_published(session, now)
    row.status = reached
    row.is_open = reached in OPEN_STATES
    _sign(row, action, caller.subject, now)
    row.version += 1
    session.add(row)
    session.flush()
    details = {"from": before, "to": reached, "reason": decision.reason if decision else None}
    trail.record(session, caller, SERVICE, action, "model_version", str(row.id), details=details)
    return row


def _retire_published(session: Session, now: datetime) -> None:
    former = repository.find_published(session)
    if former is not None:
        former.status = RETIRED
        former.retired_at = now
        former.version += 1
        session.add(former)
        session.flush()


def _sign(row: ModelVersion, action: str, subject: str, now: datetime) -> None:
    """Who did it and when; a rejected version loses its submission and approval."""
    if action == "submit":
        row.submitted_by, row.submitted_at = subject, now
    elif action == "approve":
        row.approved_by, row.approved_at = subject, now
    elif action == "publish":
        row.published_by, row.published_at = subject, now
    else:
        row.submitted_by = row.submitted_at = row.approved_by = row.approved_at = None
