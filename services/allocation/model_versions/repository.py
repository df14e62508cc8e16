"""The SQL of model versions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlmodel import Session, col

from shared.clock import utc_now
from shared.errors import Conflict, NotFound, RuleBroken
from shared.postgres import advisory_locks
from shared.tables.allocation.model import ModelMapping, ModelVersion
from shared.tables.allocation.runs import AllocationRun

COPIED = (
    "code, stage, priority, portion, source, method, target, driver, capacity_driver, rates,"
    " floor, cap, on_zero, valid_from, valid_to, note"
)


def lock_model(session: Session) -> None:
    """One change of the model at a time: drafts, their mappings, publishing."""
    advisory_locks.hold(session, "model")


def get_version(session: Session, version_id: UUID) -> ModelVersion:
    """One version by its id."""
    found = session.get(ModelVersion, version_id)
    if found is None:
        raise NotFound(f"model version {version_id}")
    return found


def find_open(session: Session) -> ModelVersion | None:
    """The one version that is a draft, in review or approved, if there is one."""
    query = select(ModelVersion).where(col(ModelVersion.is_open))
    return session.execute(query).scalar_one_or_none()


def find_published(session: Session) -> ModelVersion | None:
    """The published version, if there is one."""
    query = select(ModelVersion).where(col(ModelVersion.status) == "published")
    return session.execute(query).scalar_one_or_none()


def find_version(session: Session, reference: str | None) -> ModelVersion | None:
    """`draft` (the open one), `published`, an id; without a reference the open one, else published.

    None when there is no open or published one; NotFound for an id that does not exist.
    """
    if reference is None:
        return find_open(session) or find_published(session)
    if reference == "draft":
        return find_open(session)
    if reference == "published":
        return find_published(session)
    try:
        version_id = UUID(reference)
    except ValueError:
        message = "a version is `draft`, `published` or an id"
        raise RuleBroken(message, code="bad_model_version") from None
    return get_version(session, version_id)


def list_query(*, status: str | None) -> Select[Any]:
    """All versions, or those of one status."""
    query = select(ModelVersion)
    return query if status is None else query.where(col(ModelVersion.status) == status)


def add_draft(
    session: Session, author: str, base: ModelVersion | None, note: str | None = None
) -> ModelVersion:
    """A new draft with the mappings and settings of its base."""
    draft = ModelVersion(
        base_id=None if base is None else base.id,
        stages={} if base is None else dict(base.stages),
        note=note,
        authors=[author],
        created_at=utc_now(),
    )
    session.add(draft)
    session.flush()
    session.refresh(draft)
    if base is not None:
        copy = text(
            f"insert into mapping (id, model_version_id, {COPIED})"
            f" select uuidv7(), :draft, {COPIED} from mapping where model_version_id = :base"
        )
        session.execute(copy, {"draft": draft.id, "base": base.id})
    return draft


def note_author(session: Session, version: ModelVersion, author: str) -> None:
    """Remember who wrote in a version; the version counts as changed."""
    if author not in version.authors:
        version.authors = [*version.authors, author]
    version.version += 1
    session.add(version)


def mapping_counts(session: Session, version_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many mappings each version has."""
    query = (
        select(col(ModelMapping.model_version_id), func.count())
        .where(col(ModelMapping.model_version_id) == func.any(list(version_ids)))
        .group_by(col(ModelMapping.model_version_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def find_newest_run(session: Session) -> AllocationRun | None:
    """The published run of the latest period, actual figures first."""
    query = (
        select(AllocationRun)
        .where(col(AllocationRun.published))
        .order_by(
            (col(AllocationRun.scenario) == "actual").desc(), col(AllocationRun.period).desc()
        )
        .limit(1)
    )
    return session.execute(query).scalar_one_or_none()


def find_run(session: Session, run_id: UUID) -> AllocationRun | None:
    """A run by its id."""
    return session.get(AllocationRun, run_id)


def delete_version(session: Session, version: ModelVersion) -> None:
    """Throw a draft away with its mappings; Conflict `version_in_use` when runs were made of it."""
    used = text(
        "select exists (select 1 from allocation_run where model_version_id = :version)"
        " or exists (select 1 from model_version where base_id = :version)"
    )
    if session.execute(used, {"version": version.id}).scalar_one():
        raise Conflict("runs or other versions stand on this version", code="version_in_use")
    session.delete(version)
    session.flush()
