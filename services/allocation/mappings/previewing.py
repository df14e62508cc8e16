"""`/v1/mappings/preview`: what a mapping would catch, before it is written down."""

from sqlmodel import Session

from services.allocation.engine.classification import group_keys
from services.allocation.engine.model import MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.mappings import changes
from services.allocation.mappings.endpoints import router
from services.allocation.mappings.preview import (
    Caught,
    Preview,
    needs_lines,
    preview_lines,
    preview_objects,
)
from services.allocation.mappings.repository import specs_of
from services.allocation.model_versions.repository import find_version
from services.allocation.runs.input_repository import group_lines, last_changes, list_objects
from shared.auth import CallerDep, refuse_bound
from shared.contracts.allocation.mappings import (
    CaughtAmount,
    PreviewAnswer,
    PreviewOverlap,
    PreviewRequest,
)
from shared.database import SessionDep
from shared.derived_drivers import Facts
from shared.routing import STORES_NOTHING

__all__ = ["router"]


@router.post(
    "/preview",
    summary="What a mapping would catch",
    operation_id="preview_mapping",
    openapi_extra=STORES_NOTHING,
)
def preview_mapping(
    request: PreviewRequest, session: SessionDep, caller: CallerDep
) -> PreviewAnswer:
    """Lines with their amounts, or objects, each before any other mapping takes its part.

    Stages that leave lines or pools look at the lines of the period; later ones at objects.
    """
    refuse_bound(caller)
    changes.check_one(session, request.mapping)
    spec = changes.spec_of(request.mapping)
    version = find_version(session, request.model_version)
    others = [] if version is None else specs_of(session, version.id)
    return _answer(_preview(session, spec, others, request.period, request.scenario))


def _preview(
    session: Session, spec: MappingSpec, others: list[MappingSpec], period: str, scenario: str
) -> Preview:
    numbering = Numbering(list_objects(session, period), period)
    if not needs_lines(spec):
        return preview_objects(spec, others, numbering, period)
    changed = last_changes(session, period, scenario)
    facts = Facts(period, scenario, changed["cost_lines"], changed["tickets"])
    together = [*(other for other in others if other.code != spec.code), spec]
    groups = group_lines(session, facts, group_keys(together, period))
    return preview_lines(spec, others, groups, numbering, period)


def _answer(preview: Preview) -> PreviewAnswer:
    return PreviewAnswer(
        lines=preview.lines,
        objects=preview.objects,
        amounts=_amounts(preview.amounts),
        codes=preview.codes,
        targets=preview.targets,
        overlaps=[
            PreviewOverlap(
                mapping=overlap.spec.code,
                stage=overlap.spec.stage,
                priority=overlap.spec.priority,
                goes_first=overlap.goes_first,
                lines=overlap.lines,
                objects=overlap.objects,
                amounts=_amounts(overlap.amounts),
            )
            for overlap in preview.overlaps
        ],
    )


def _amounts(caught: list[Caught]) -> list[CaughtAmount]:
    return [
        CaughtAmount(currency=one.currency, lines=one.lines, amount=one.amount) for one in caught
    ]
