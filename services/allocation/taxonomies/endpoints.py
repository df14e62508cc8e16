"""`/v1/taxonomies`: what is shipped, loading it, crosswalks."""

from typing import Annotated, Any

from fastapi import Path, Query

from services.allocation.taxonomies import repository
from services.allocation.taxonomies.domain import (
    CrosswalkStep,
    Taxonomy,
    find_shipped,
    read_crosswalk,
    read_taxonomy,
    taxonomy_names,
)
from shared.audit import trail
from shared.auth import OWN_PART, CallerDep, Needs
from shared.contracts.allocation.taxonomies import (
    CrosswalkStepAnswer,
    LoadAnswer,
    StandardObjectAnswer,
    TaxonomyAnswer,
    TaxonomyContent,
)
from shared.contracts.jobs import Page
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import new_router

SERVICE = "allocation"
TaxonomyName = Annotated[str, Path(max_length=100, examples=["tbm-5.0.1"])]
router = new_router("/v1/taxonomies", "taxonomies", [Needs("allocation:read")])


def _head(taxonomy: Taxonomy, loaded: dict[str, dict[str, int]], language: str) -> dict[str, Any]:
    return {
        "name": taxonomy.name,
        "version": taxonomy.version,
        "published_on": taxonomy.published_on,
        "names": taxonomy.names,
        "title": name_in(taxonomy.names, language),
        "source": taxonomy.source,
        "objects": taxonomy.count_by_layer(),
        "loaded": loaded.get(taxonomy.name, {}),
    }


@router.get(
    "", summary="List shipped taxonomies", operation_id="list_taxonomies", dependencies=[OWN_PART]
)
def list_taxonomies(session: SessionDep, language: LanguageDep) -> Page[TaxonomyAnswer]:
    """All of them, with how many of their objects are loaded."""
    loaded = repository.loaded_counts(session)
    taxonomies = [read_taxonomy(name) for name in taxonomy_names()]
    return Page(
        items=[
            TaxonomyAnswer.model_validate(_head(taxonomy, loaded, language))
            for taxonomy in taxonomies
        ]
    )


@router.get(
    "/crosswalk", summary="Read a crosswalk", operation_id="get_crosswalk", dependencies=[OWN_PART]
)
def get_crosswalk(
    language: LanguageDep,
    source: Annotated[str, Query(alias="from", max_length=100, examples=["tbm-4.1"])],
    target: Annotated[str, Query(alias="to", max_length=100, examples=["tbm-5.0.1"])],
    code: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[CrosswalkStepAnswer]:
    """Where every object of one taxonomy went in another; 404 when we ship no such crosswalk."""
    steps = read_crosswalk(source, target)
    answers = [_step_answer(step, source, target, language) for step in steps]
    return Page(items=[each for each in answers if code in {None, each.code}])


def _step_answer(
    step: CrosswalkStep, source: str, target: str, language: str
) -> CrosswalkStepAnswer:
    return CrosswalkStepAnswer(
        layer=step.layer,
        code=step.source,
        name=_name(source, step.layer, step.source, language),
        targets=list(step.targets),
        target_names=[_name(target, step.layer, code, language) for code in step.targets],
        change=step.change,
    )


def _name(taxonomy: str, layer: str, code: str, language: str) -> str:
    found = find_shipped(taxonomy, layer, code)
    return name_in(found.names, language) if found else code


@router.get(
    "/{name}",
    summary="Read a shipped taxonomy",
    operation_id="get_taxonomy",
    dependencies=[OWN_PART],
)
def get_taxonomy(name: TaxonomyName, session: SessionDep, language: LanguageDep) -> TaxonomyContent:
    """With all its objects, loaded or not."""
    taxonomy = read_taxonomy(name)
    content = [
        StandardObjectAnswer.model_validate({**vars(entry), "name": name_in(entry.names, language)})
        for entry in taxonomy.objects
    ]
    head = _head(taxonomy, repository.loaded_counts(session), language)
    return TaxonomyContent.model_validate({**head, "content": content})


@router.post(
    "/{name}/load",
    summary="Load a taxonomy",
    operation_id="load_taxonomy",
    dependencies=[Needs("allocation:write")],
)
def load_taxonomy(name: TaxonomyName, session: SessionDep, caller: CallerDep) -> LoadAnswer:
    """Its objects become cost objects; loading again refreshes names and keeps your tags."""
    taxonomy = read_taxonomy(name)
    done = repository.put_objects(session, name, taxonomy.objects)
    trail.record(session, caller, SERVICE, "load", "taxonomy", name, details=done)
    return LoadAnswer.model_validate({"name": name, "layers": done})
