"""`/v1/model-versions/{id}/impact`: who would pay what more if a version were published."""

from dataclasses import asdict
from uuid import UUID

from sqlmodel import Session

from services.allocation.engine.comparing.comparison import Place
from services.allocation.model_versions import repository
from services.allocation.model_versions.endpoints import router
from services.allocation.model_versions.impact import Impact, Moved, Reason, impact_of
from services.allocation.runs.answers import made
from services.allocation.runs.finding_words import finding_answer
from shared.contracts.allocation.changes import ChangedAmount, ChangedTotals
from shared.contracts.allocation.comparisons import (
    ImpactAnswer,
    ImpactedObject,
    ImpactOnUnallocated,
    ImpactRequest,
)
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.http.language import LanguageDep
from shared.http.routing import STORES_NOTHING
from shared.tables.allocation.runs import AllocationRun

__all__ = ["router"]


@router.post(
    "/{version_id:uuid}/impact",
    summary="What publishing a version would change",
    operation_id="preview_model_version_impact",
    openapi_extra=STORES_NOTHING,
)
def preview_impact(
    version_id: UUID,
    asked: ImpactRequest,
    session: SessionDep,
    language: LanguageDep,
) -> ImpactAnswer:
    """The version's mappings on the lines, quantities and rates of a run, against that run.

    The largest difference comes first; nothing is stored.
    """
    version = repository.get_version(session, version_id)
    run = _run(session, asked)
    impact = impact_of(session, version, run, asked.measure)
    places = [item for item in impact.places if asked.layer in {None, item[0][0]}]
    return made(
        ImpactAnswer,
        model_version=version.id,
        run=run.id,
        period=run.period,
        scenario=run.scenario,
        currency=run.currency,
        measure=asked.measure,
        totals={
            measure: made(ChangedTotals, **{name: _amount(one) for name, one in totals.items()})
            for measure, totals in impact.totals.items()
        },
        changed=len(places),
        items=[_item(impact, place, moved, language) for place, moved in places[: asked.limit]],
        unallocated=[
            _stayed(impact, reason, moved, language)
            for reason, moved in impact.unallocated[: asked.limit]
        ],
        findings=[finding_answer(asdict(one), language) for one in impact.findings],
    )


def _run(session: Session, asked: ImpactRequest) -> AllocationRun:
    """The run that was named, else the newest published one."""
    if asked.run is None:
        run = repository.find_newest_run(session)
        code, message = "no_published_run", "no run is published yet; name one"
    else:
        run = repository.find_run(session, asked.run)
        code, message = "unknown_code", f"there is no run {asked.run}"
    if run is None:
        raise RuleBroken.at("/run", code, message)
    if asked.measure not in run.measures:
        message = f"the run has {', '.join(run.measures)} only"
        errors = [FieldError("/measure", "measure_not_in_run", message)]
        raise RuleBroken(message, code="measure_not_in_run", errors=errors)
    return run


def _amount(moved: Moved) -> ChangedAmount:
    return made(ChangedAmount, before=moved.before, after=moved.after, delta=moved.delta)


def _item(impact: Impact, place: Place, moved: Moved, language: str) -> ImpactedObject:
    layer, code = place
    name = _name(impact, layer, code, language)
    amounts = {"before": moved.before, "after": moved.after, "delta": moved.delta}
    return made(ImpactedObject, layer=layer, code=code, name=name, **amounts)


def _stayed(impact: Impact, stayed: Reason, moved: Moved, language: str) -> ImpactOnUnallocated:
    layer, code, reason = stayed
    name = _name(impact, layer, code, language)
    amounts = {"before": moved.before, "after": moved.after, "delta": moved.delta}
    return made(ImpactOnUnallocated, layer=layer, code=code, name=name, reason=reason, **amounts)


def _name(impact: Impact, layer: str, code: str | None, language: str) -> str | None:
    found = impact.objects.get((layer, code))
    return code if found is None else name_in(found.names, language) or code
