"""What differs between two stored versions, as callers see it."""

from typing import Any

from sqlmodel import Session

from services.allocation.mappings.changes import content_of
from services.allocation.mappings.repository import mappings_of
from services.allocation.model_versions.domain import VersionDifference, difference_between
from shared.contracts.allocation.model_versions import MappingChange, MappingContent, VersionDiff
from shared.tables.allocation.model import ModelVersion


def compare_versions(
    session: Session, version: ModelVersion, base: ModelVersion | None
) -> VersionDiff:
    """What turns the base (or an empty model) into the version."""
    difference = difference_between(
        _contents(session, base),
        _contents(session, version),
        {} if base is None else base.stages,
        version.stages,
    )
    return _diff_answer(version, base, difference)


def _contents(session: Session, version: ModelVersion | None) -> dict[str, dict[str, Any]]:
    rows = [] if version is None else mappings_of(session, version.id)
    return {row.code: content_of(row) for row in rows}


def _diff_answer(
    version: ModelVersion, base: ModelVersion | None, difference: VersionDifference
) -> VersionDiff:
    return VersionDiff(
        version=version.id,
        base=None if base is None else base.id,
        added=[MappingContent.model_validate(content) for content in difference.added],
        removed=[MappingContent.model_validate(content) for content in difference.removed],
        changed=[
            MappingChange(
                code=change.code,
                fields=list(change.fields),
                before=MappingContent.model_validate(change.before),
                after=MappingContent.model_validate(change.after),
            )
            for change in difference.changed
        ],
        stages_before=dict(difference.stages_before),
        stages_after=dict(difference.stages_after),
    )
