"""`/v1/kpi-packs`: the shipped KPI library, and taking a pack over."""

from typing import Annotated, Any

from fastapi import Path, Query

from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.library import HOME_OF_KPI, PACKS, Names, Pack, PackKpi
from services.valuation.measures.value_kpis.library.choosing import kpis_of_pack, kpis_to_load
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.jobs import Page
from shared.contracts.valuation.kpi_packs import PackAnswer, PackKind, PackKpiAnswer, PackLoaded
from shared.contracts.values import name_in
from shared.database import SessionDep, discard
from shared.errors import NotFound
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.tables.valuation.kpis import ValueKpi

router = new_router("/v1/kpi-packs", "kpi-packs", [Needs("valuation:read")])


@router.get("", summary="List the shipped KPI packs", operation_id="list_kpi_packs")
def list_kpi_packs(
    session: SessionDep,
    language: LanguageDep,
    name: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[PackKind | None, Query(description="Of one class, or of a system")] = None,
) -> Page[PackAnswer]:
    """Every pack with its KPIs: definition, formula, unit, direction and usual source."""
    packs = [
        pack
        for pack in PACKS.values()
        if (name is None or pack.name == name) and (kind is None or pack.kind == kind)
    ]
    here = _codes_here(session, [kpi.code for pack in packs for kpi in kpis_of_pack(pack)])
    return Page(items=[_pack_answer(pack, here, language) for pack in packs])


PackName = Annotated[str, Path(max_length=200)]


@router.get("/{name}", summary="Read a shipped KPI pack", operation_id="get_kpi_pack")
def get_kpi_pack(name: PackName, session: SessionDep, language: LanguageDep) -> PackAnswer:
    """One pack with its own and its borrowed KPIs."""
    pack = _get_pack(name)
    here = _codes_here(session, [kpi.code for kpi in kpis_of_pack(pack)])
    return _pack_answer(pack, here, language)


@router.post(
    "/{name}/load",
    summary="Take a KPI pack over",
    operation_id="load_kpi_pack",
    dependencies=[Needs("valuation:write")],
)
def load_kpi_pack(
    name: PackName,
    session: SessionDep,
    caller: CallerDep,
    dry_run: Annotated[bool, Query(description="Only say what would be created")] = False,
) -> PackLoaded:
    """Adds the pack's KPIs, and those its formulas name, that are not here.

    What is here stays as it was changed.
    """
    pack = _get_pack(name)
    repository.hold_alone(session)
    wanted = kpis_to_load(pack)
    here = _codes_here(session, wanted)
    created = [code for code in wanted if code not in here]
    session.add_all([_row(*HOME_OF_KPI[code]) for code in created])
    trail.record(
        session, caller, "valuation", "load", "kpi_pack", name, details={"created": created}
    )
    if dry_run:
        discard(session)
    return PackLoaded(
        name=name,
        created=created,
        present=sorted(here),
        needed=[code for code in wanted if HOME_OF_KPI[code][0] is not pack],
        dry_run=dry_run,
    )


def _get_pack(name: str) -> Pack:
    pack = PACKS.get(name)
    if pack is None:
        raise NotFound(f"KPI pack {name}; there are {', '.join(PACKS)}")
    return pack


def _codes_here(session: SessionDep, codes: list[str]) -> set[str]:
    return set(repository.find_by_codes(session, codes))


def _row(pack: Pack, kpi: PackKpi) -> ValueKpi:
    now = utc_now()
    return ValueKpi(
        code=kpi.code,
        names=_both(kpi.names),
        definition=_both(kpi.definition),
        kpi_class=pack.class_of(kpi),
        dimension=kpi.dimension,
        perspective=kpi.perspective,
        unit=kpi.unit,
        direction=kpi.direction,
        formula=kpi.formula,
        value_role=kpi.value_role,
        aggregation=kpi.aggregation,
        source=_both(kpi.source),
        pack=pack.name,
        created_at=now,
        updated_at=now,
    )


def _both(names: Names) -> dict[str, str]:
    return {"en": names.en, "zh-CN": names.zh}


def _pack_answer(pack: Pack, here: set[str], language: str) -> PackAnswer:
    titles, kpis = _both(pack.names), kpis_of_pack(pack)
    return PackAnswer(
        name=pack.name,
        title=name_in(titles, language),
        titles=titles,
        kind=pack.kind,
        kpi_class=pack.kpi_class,
        loaded=sum(kpi.code in here for kpi in kpis),
        kpis=[PackKpiAnswer(**_kpi(*HOME_OF_KPI[kpi.code], language)) for kpi in kpis],
    )


def _kpi(pack: Pack, kpi: PackKpi, language: str) -> dict[str, Any]:
    names = _both(kpi.names)
    return {
        "code": kpi.code,
        "name": name_in(names, language),
        "names": names,
        "definition": _both(kpi.definition),
        "kpi_class": pack.class_of(kpi),
        "dimension": kpi.dimension,
        "perspective": kpi.perspective,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "formula": kpi.formula,
        "value_role": kpi.value_role,
        "aggregation": kpi.aggregation,
        "level": kpi.level,
        "source": _both(kpi.source),
        "pack": pack.name,
    }
