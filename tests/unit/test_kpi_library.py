"""The shipped KPI library: complete, consistent, and in both languages."""

import re
from collections import Counter

import pytest

from services.valuation.measures.value_kpis.formulas import Name, parse_formula
from services.valuation.measures.value_kpis.formulas.unit_check import find_mismatch
from services.valuation.measures.value_kpis.library import HOME_OF_KPI, PACKS, Names
from services.valuation.measures.value_kpis.library.choosing import (
    kpis_of_pack,
    kpis_to_load,
    names_in_formula,
)

UNITS = {"%", "money", "h", "d", "month", "ms", "pt", "count", "ratio"}
CHINESE = re.compile("[一-鿿]")
#: What the published method and its papers name, by the shipped code that measures it.
NAMED_IN_THE_METHOD = """
    it-spend-share-of-revenue it-cost-per-user unit-cost-above-benchmark cloud-share-of-it-cost
    hardware-share-of-it-cost software-share-of-it-cost service-share-of-it-cost
    staff-share-of-it-cost it-share-of-channel-cost
    response-time mttr resource-utilisation delivery-cycle-time process-time error-rate
    output-per-head
    it-driven-revenue-growth cost-reduced revenue-per-10k-of-it revenue-growth-per-10k-of-it
    roi-net npv payback-months conversion-rate basket-value repurchase-rate retention-rate
    csat csat-change nps nps-change design-pass-rate sla-met availability module-coverage
    measured-allocation-share control-compliance risk-incidents
    new-technologies patents time-to-market innovation-success-rate new-business-share
"""


def test_there_are_five_classes_and_seven_systems() -> None:
    kinds = Counter(pack.kind for pack in PACKS.values())
    assert kinds == {"class": 5, "system": 7}
    classes = {pack.kpi_class for pack in PACKS.values() if pack.kind == "class"}
    assert classes == {"cost", "efficiency", "benefit", "quality", "innovation"}
    assert {name for name, pack in PACKS.items() if pack.kind == "system"} == {
        "crm", "erp", "mes", "store-ordering", "asset-management", "store-fit-out", "smart-design",
    }  # fmt: skip


def test_what_the_method_names_is_shipped() -> None:
    assert [name for name in NAMED_IN_THE_METHOD.split() if f"btim:{name}" not in HOME_OF_KPI] == []


def test_every_code_is_shipped_once() -> None:
    codes = [kpi.code for pack in PACKS.values() for kpi in pack.kpis]
    assert [code for code, times in Counter(codes).items() if times > 1] == []
    assert all(re.fullmatch(r"btim:[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)


@pytest.mark.parametrize("name", PACKS)
def test_every_kpi_says_what_it_is_in_both_languages(name: str) -> None:
    pack = PACKS[name]
    assert len(pack.kpis) >= 6
    for kpi in pack.kpis:
        for text in (kpi.names, kpi.definition, kpi.source, pack.names):
            assert says_it_twice(text), (kpi.code, text)
        assert kpi.unit in UNITS, kpi.code
        assert pack.class_of(kpi)


def says_it_twice(text: Names) -> bool:
    english = text.en.strip() == text.en and not CHINESE.search(text.en) and len(text.en) > 1
    chinese = CHINESE.search(text.zh) is not None or text.zh.isupper()
    return english and chinese


def test_names_are_told_apart_in_both_languages() -> None:
    for language in ("en", "zh"):
        names = Counter(getattr(kpi.names, language) for _, kpi in HOME_OF_KPI.values())
        assert [name for name, times in names.items() if times > 1] == []


def test_every_formula_names_shipped_kpis_and_ends() -> None:
    for code, (_, kpi) in HOME_OF_KPI.items():
        assert [name for name in names_in_formula(kpi) if name not in HOME_OF_KPI] == [], code
        assert code not in everything_behind(code), code


def everything_behind(code: str) -> set[str]:
    """The codes that a KPI's formula rests on, however deep."""
    behind: set[str] = set()
    fresh = list(names_in_formula(HOME_OF_KPI[code][1]))
    while fresh:
        name = fresh.pop()
        if name not in behind:
            behind.add(name)
            fresh += names_in_formula(HOME_OF_KPI[name][1])
    return behind


def test_every_formula_gives_the_unit_that_its_kpi_declares() -> None:
    for code, (_, kpi) in HOME_OF_KPI.items():
        if kpi.formula is not None:
            formula = parse_formula(kpi.formula)
            units = {
                leaf: HOME_OF_KPI[leaf.code][1].unit
                for leaf in formula.leaves
                if isinstance(leaf, Name)
            }
            assert find_mismatch(formula, kpi.unit, units) is None, code


def test_what_a_pack_borrows_is_another_packs_and_not_its_own() -> None:
    for pack in PACKS.values():
        homes = {HOME_OF_KPI[code][0].name for code in pack.borrowed}
        assert pack.name not in homes
        assert len(kpis_of_pack(pack)) == len(pack.kpis) + len(pack.borrowed)


def test_loading_takes_what_formulas_need_from_other_packs() -> None:
    needed = kpis_to_load(PACKS["store-ordering"])
    assert {"btim:erp-inventory-turns", "btim:erp-cost-of-sales", "btim:erp-inventory"} <= set(
        needed
    )
    assert len(needed) == len(set(needed))


def test_a_share_of_a_hundred_is_written_as_one() -> None:
    for code, (_, kpi) in HOME_OF_KPI.items():
        if kpi.formula is not None and kpi.unit == "%":
            assert "* 100" in kpi.formula, code
