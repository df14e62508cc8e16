"""`/v1/mappings/preview`: what a mapping would catch, before it is written down."""

from collections.abc import Sequence

from sqlmodel import Session

from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.model import MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.mappings import changes
from services.allocation.mappings.endpoints import router
from services.allocation.mappings.preview import (
    NOTHING_HELD,
    Caught,
    Preview,
    needs_lines,
    preview_lines,
    preview_objects,
)
from services.allocation.mappings.preview_facts import (
    held_before,
    previewed_drivers,
    settings_of,
)
from services.allocation.mappings.preview_outcomes import Tried
from services.allocation.mappings.repository import specs_of
from services.allocation.model_versions.repository import find_version
from services.allocation.runs.input_repository import group_lines, last_changes, list_objects
from services.allocation.runs.repository import find_published
from shared.contracts.allocation.mappings import (
    CaughtAmount,
    PreviewAnswer,
    PreviewOutcome,
    PreviewOverlap,
    PreviewRequest,
)
from shared.database import SessionDep
from shared.derived_drivers import Facts
from shared.http.routing import STORES_NOTHING
from shared.tables.allocation.model import ModelVersion
from shared.tables.allocation.runs import AllocationRun

__all__ = ["router"]


@router.post(
    "/preview",
    summary="What a mapping would catch",
    operation_id="preview_mapping",
    openapi_extra=STORES_NOTHING,
)
def preview_mapping(request: PreviewRequest, session: SessionDep) -> PreviewAnswer:
    """Lines or objects with their amounts, each before any other mapping takes its part.

    Stages that leave lines or pools look at the lines of the period; later ones at objects, with
    what they held in the published run of the period. `outcomes` says what would become of them.
    """
    changes.check_one(session, request.mapping)
    spec = changes.spec_of(request.mapping)
    version = find_version(session, request.model_version)
    preview, run = _preview(session, spec, version, request.period, request.scenario)
    return _answer(preview, run)


def _preview(
    session: Session,
    spec: MappingSpec,
    version: ModelVersion | None,
    period: str,
    scenario: str,
) -> tuple[Preview, AllocationRun | None]:
    others = [] if version is None else specs_of(session, version.id)
    objects = list_objects(session, period)
    numbering = Numbering(objects, period)
    changed = last_changes(session, period, scenario)
    facts = Facts(period, scenario, changed["cost_lines"], changed["tickets"])
    run = find_published(session, period, scenario)
    keys: Sequence[str] = ()
    if needs_lines(spec):
        keys = group_keys([*(one for one in others if one.code != spec.code), spec], period)
    tried = Tried(
        spec=spec,
        version=others,
        objects=objects,
        numbering=numbering,
        drivers=previewed_drivers(session, spec, objects, facts, changed, run),
        stages=settings_of(version),
        groups=group_lines(session, facts, keys),
        period=period,
    )
    if needs_lines(spec):
        return preview_lines(tried), None
    held = NOTHING_HELD if run is None else held_before(session, run, spec.stage)
    return preview_objects(tried, held), run


def _answer(preview: Preview, run: AllocationRun | None) -> PreviewAnswer:
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
        outcomes=[
            PreviewOutcome(
                outcome=one.outcome,
                lines=one.lines,
                objects=one.objects,
                amounts=_amounts(one.amounts),
            )
            for one in preview.outcomes
        ],
        unknown_targets=list(preview.unknown_targets),
        run=run.id if run else None,
    )


def _amounts(caught: list[Caught]) -> list[CaughtAmount]:
    return [
        CaughtAmount(currency=one.currency, lines=one.lines, amount=one.amount) for one in caught
    ]
