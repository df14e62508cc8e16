"""`/v1/kpi-packs`: the shipped KPI library, and taking a pack over."""

from typing import Any

from services.valuation.value_kpis import repository
from services.valuation.value_kpis.library import PACKS, Names, Pack, PackKpi
from shared import audit
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.jobs import Page
from shared.contracts.valuation.kpis import PackAnswer, PackKpiAnswer, PackLoaded
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.errors import NotFound
from shared.language import LanguageDep
from shared.routing import new_router
from shared.tables.valuation.kpis import ValueKpi

router = new_router("/v1/kpi-packs", "kpi-packs", [Needs("valuation:read")])


@router.get("", summary="List the shipped KPI packs", operation_id="list_kpi_packs")
def list_kpi_packs(session: SessionDep, language: LanguageDep) -> Page[PackAnswer]:
    """Every pack with its KPIs: definition, formula, unit, direction and usual source."""
    loaded = repository.count_by_pack(session)
    items = [_pack_answer(pack, loaded.get(pack.name, 0), language) for pack in PACKS.values()]
    return Page(items=items)


@router.post(
    "/{name}/load",
    summary="Take a KPI pack over",
    operation_id="load_kpi_pack",
    dependencies=[Needs("valuation:write")],
)
def load_kpi_pack(name: str, session: SessionDep, caller: CallerDep) -> PackLoaded:
    """Adds the pack's KPIs that are not here; what is here stays as it was changed."""
    pack = PACKS.get(name)
    if pack is None:
        raise NotFound(f"KPI pack {name}; there are {', '.join(PACKS)}")
    repository.hold_alone(session)
    present = repository.find_by_codes(session, [kpi.code for kpi in pack.kpis])
    created = [kpi for kpi in pack.kpis if kpi.code not in present]
    session.add_all([_row(pack, kpi) for kpi in created])
    codes = [kpi.code for kpi in created]
    audit.record(session, caller, "valuation", "load", "kpi_pack", name, details={"created": codes})
    return PackLoaded(name=name, created=codes, present=sorted(present))


def _row(pack: Pack, kpi: PackKpi) -> ValueKpi:
    now = utc_now()
    return ValueKpi(
        code=kpi.code,
        names=_both(kpi.names),
        definition=_both(kpi.definition),
        kpi_class=pack.kpi_class,
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


def _pack_answer(pack: Pack, loaded: int, language: str) -> PackAnswer:
    titles = _both(pack.names)
    return PackAnswer(
        name=pack.name,
        title=name_in(titles, language),
        titles=titles,
        kpi_class=pack.kpi_class,
        loaded=loaded,
        kpis=[PackKpiAnswer(**_kpi(kpi, language)) for kpi in pack.kpis],
    )


def _kpi(kpi: PackKpi, language: str) -> dict[str, Any]:
    names = _both(kpi.names)
    return {
        "code": kpi.code,
        "name": name_in(names, language),
        "names": names,
        "definition": _both(kpi.definition),
        "dimension": kpi.dimension,
        "perspective": kpi.perspective,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "formula": kpi.formula,
        "value_role": kpi.value_role,
        "aggregation": kpi.aggregation,
        "source": _both(kpi.source),
    }
