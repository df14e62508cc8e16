"""The shipped taxonomies are complete, well formed and speak both languages."""

import re
from collections import Counter

import pytest

from services.allocation.taxonomies.domain import (
    LAYERS,
    Taxonomy,
    crosswalk_names,
    read_crosswalk,
    read_taxonomy,
    taxonomy_names,
)
from shared.errors import NotFound

SHIPPED = ["btim", "tbm-4.1", "tbm-5.0.1"]


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("&", " and ")).strip("-")


def kinds(taxonomy: Taxonomy) -> Counter[tuple[str, str]]:
    return Counter((entry.layer, entry.attributes["kind"]) for entry in taxonomy.objects)


def children(taxonomy: Taxonomy, layer: str, parent: str) -> list[str]:
    wanted = f"{taxonomy.name}:{parent}"
    return [o.names["en"] for o in taxonomy.objects if o.layer == layer and o.parent == wanted]


def test_three_taxonomies_are_shipped() -> None:
    assert list(taxonomy_names()) == SHIPPED


def test_tbm_5_0_1_has_every_pool_tower_and_solution_category() -> None:
    assert kinds(read_taxonomy("tbm-5.0.1")) == {
        ("pool", "pool"): 9,
        ("pool", "sub_pool"): 40,
        ("resource", "tower"): 12,
        ("resource", "sub_tower"): 55,
        ("solution", "type"): 6,
        ("solution", "category"): 32,
        ("solution", "name"): 26,
        ("consumer", "consumer_kind"): 4,
    }


@pytest.mark.parametrize(
    ("layer", "parent", "names"),
    [
        (
            "pool",
            "hardware",
            [
                "Lease",
                "Maintenance & Support",
                "Depreciation & Amortization",
                "Managed Services",
                "Other Operating",
                "Capital",
            ],
        ),
        ("pool", "cross-charges", ["By Internal Department"]),
        ("resource", "data-center", ["Enterprise Data Center", "Other Facilities"]),
        ("resource", "security", ["Digital Security", "Identity & Access Governance"]),
        ("solution", "infrastructure", ["Compute", "Data Center", "Data", "Network", "Storage"]),
    ],
)
def test_tbm_5_0_1_children_are_those_of_the_standard(
    layer: str, parent: str, names: list[str]
) -> None:
    assert children(read_taxonomy("tbm-5.0.1"), layer, parent) == names


def test_tbm_4_1_has_its_pools_and_towers_only() -> None:
    taxonomy = read_taxonomy("tbm-4.1")
    assert taxonomy.count_by_layer().keys() == {"pool", "resource"}
    assert kinds(taxonomy)["pool", "pool"] == 9
    assert kinds(taxonomy)["resource", "tower"] == 11


def test_btim_has_four_pools_three_capability_packages_and_three_consumer_kinds() -> None:
    assert kinds(read_taxonomy("btim")) == {
        ("pool", "pool"): 4,
        ("pool", "sub_pool"): 8,
        ("solution", "capability_package"): 3,
        ("consumer", "consumer_kind"): 3,
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_codes_are_unique_in_their_layer_and_spell_the_english_names(name: str) -> None:
    taxonomy = read_taxonomy(name)
    seen = [(entry.layer, entry.code) for entry in taxonomy.objects]
    assert len(seen) == len(set(seen))
    for entry in taxonomy.objects:
        above = f"{entry.parent}/" if entry.parent else f"{name}:"
        assert entry.code == above + slug_of(entry.names["en"])


@pytest.mark.parametrize("name", SHIPPED)
def test_parents_stand_before_their_children_in_the_same_layer(name: str) -> None:
    seen: set[tuple[str, str]] = set()
    for entry in read_taxonomy(name).objects:
        assert entry.layer in LAYERS
        assert entry.parent is None or (entry.layer, entry.parent) in seen
        seen.add((entry.layer, entry.code))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_name_and_description_is_in_english_and_chinese(name: str) -> None:
    taxonomy = read_taxonomy(name)
    texts = [taxonomy.names, taxonomy.source]
    texts += [text for o in taxonomy.objects for text in (o.names, o.descriptions)]
    for text in texts:
        assert text.keys() == {"en", "zh-CN"}
        assert all(part.strip() == part and part for part in text.values())


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sub_pool_says_whether_it_is_capex_or_opex(name: str) -> None:
    for entry in read_taxonomy(name).objects:
        if entry.attributes["kind"] == "sub_pool":
            capital = entry.names["en"].endswith(("Capital", "CapEx"))
            assert entry.attributes["cost_type"] == ("capex" if capital else "opex")


@pytest.mark.parametrize("pair", [("btim", "tbm-5.0.1"), ("tbm-4.1", "tbm-5.0.1")])
def test_crosswalks_start_and_end_at_shipped_objects(pair: tuple[str, str]) -> None:
    assert pair in crosswalk_names()
    known = [{(o.layer, o.code) for o in read_taxonomy(name).objects} for name in pair]
    for step in read_crosswalk(*pair):
        assert (step.layer, step.source) in known[0]
        assert step.targets
        assert all((step.layer, target) in known[1] for target in step.targets)
        assert step.change in {"same", "renamed", "moved", "merged", "split"}
        assert step.change == "split" or len(step.targets) == 1


def test_every_pool_and_tower_of_4_1_has_a_way_to_5_0_1() -> None:
    steps = {(step.layer, step.source) for step in read_crosswalk("tbm-4.1", "tbm-5.0.1")}
    assert steps == {(o.layer, o.code) for o in read_taxonomy("tbm-4.1").objects}


def test_unknown_taxonomies_and_crosswalks_are_not_found() -> None:
    with pytest.raises(NotFound, match="no taxonomy named tbm-9"):
        read_taxonomy("tbm-9")
    with pytest.raises(NotFound, match="no crosswalk"):
        read_crosswalk("tbm-5.0.1", "tbm-4.1")
