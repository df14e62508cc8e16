"""Writing mappings: the open draft takes them, everything else is frozen."""

from uuid import UUID

from sqlmodel import Session

from services.allocation.mappings import changes, repository
from services.allocation.model_versions import repository as versions
from services.allocation.model_versions.domain import check_is_draft
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.mappings import MappingRequest
from shared.errors import Conflict
from shared.tables.allocation.model import ModelMapping, ModelVersion

SERVICE = "allocation"


def open_draft(session: Session, caller: Caller) -> ModelVersion:
    """The open draft, made from the published version when there is none; the model is locked."""
    found = versions.find_open(session)
    if found is not None:
        check_is_draft(found.status)
        return found
    base = versions.find_published(session)
    draft = versions.add_draft(session, caller.subject, base)
    trail.record(session, caller, SERVICE, "create", "model_version", str(draft.id))
    return draft


def lock_mapping(session: Session, mapping_id: UUID) -> ModelMapping:
    """A mapping of a draft, held against other changes of the model."""
    versions.lock_model(session)
    row = repository.get_mapping(session, mapping_id)
    check_is_draft(versions.get_version(session, row.model_version_id).status)
    return row


def new_row(draft: ModelVersion, request: MappingRequest) -> ModelMapping:
    """The row of a mapping that is new in a draft."""
    now = utc_now()
    row = ModelMapping(
        model_version_id=draft.id,
        code=request.code,
        stage=request.stage,
        method=request.method,
        created_at=now,
        updated_at=now,
    )
    changes.apply(row, request)
    return row


def change_mapping(
    session: Session, caller: Caller, row: ModelMapping, request: MappingRequest
) -> None:
    """Write a whole new state into a mapping of the draft."""
    changes.check_one(session, request)
    if request.code != row.code:
        codes = {other.code for other in repository.mappings_of(session, row.model_version_id)}
        if request.code in codes:
            raise Conflict(f"the draft has a mapping {request.code}", code="code_taken")
    before = row.model_dump()
    if not changes.apply(row, request):
        return
    row.version += 1
    session.add(row)
    session.flush()
    draft = versions.get_version(session, row.model_version_id)
    versions.note_author(session, draft, caller.subject)
    after = row.model_dump()
    trail.record(
        session, caller, SERVICE, "update", "mapping", str(row.id), before=before, after=after
    )
