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


WAYS = [("btim", "tbm-5.0.1"), ("tbm-4.1", "tbm-5.0.1")]
WAYS_BACK = [(target, source) for source, target in WAYS]


@pytest.mark.parametrize("name", SHIPPED)
def test_no_two_children_of_an_object_bear_the_same_name(name: str) -> None:
    for language in ("en", "zh-CN"):
        seen = [(o.layer, o.parent, o.names[language]) for o in read_taxonomy(name).objects]
        assert len(seen) == len(set(seen))


def test_sub_towers_carry_their_customary_units() -> None:
    units = {
        entry.code.rpartition("/")[2]: entry.attributes.get("unit")
        for entry in read_taxonomy("tbm-5.0.1").objects
        if entry.attributes["kind"] == "sub_tower"
    }
    assert (units["enterprise-data-center"], units["mainframe"]) == ("kW-month", "configured MIPS")
    assert (units["help-desk"], units["central-print"]) == ("contacts", "million images")
    assert units["quantum"] is None
    assert sum(unit is not None for unit in units.values()) == 33


@pytest.mark.parametrize("pair", WAYS + WAYS_BACK)
def test_crosswalks_start_and_end_at_shipped_objects(pair: tuple[str, str]) -> None:
    assert pair in crosswalk_names()
    known = [{(o.layer, o.code) for o in read_taxonomy(name).objects} for name in pair]
    for step in read_crosswalk(*pair):
        assert (step.layer, step.source) in known[0]
        assert all((step.layer, target) in known[1] for target in step.targets)
        assert step.change in {"same", "renamed", "moved", "merged", "split", "new"}
        assert (step.change == "new") == (not step.targets)
        assert step.change == "split" or len(step.targets) <= 1


@pytest.mark.parametrize("pair", WAYS + WAYS_BACK)
def test_every_object_has_one_step(pair: tuple[str, str]) -> None:
    steps = [(step.layer, step.source) for step in read_crosswalk(*pair)]
    layers = {layer for layer, _ in steps}
    wanted = [(o.layer, o.code) for o in read_taxonomy(pair[0]).objects if o.layer in layers]
    assert sorted(steps) == sorted(wanted)


def test_every_pool_and_tower_of_4_1_and_every_object_of_btim_has_a_way_to_5_0_1() -> None:
    for source, target in WAYS:
        steps = {(step.layer, step.source) for step in read_crosswalk(source, target)}
        assert steps == {(o.layer, o.code) for o in read_taxonomy(source).objects}


@pytest.mark.parametrize("pair", WAYS)
def test_a_crosswalk_is_walked_back_the_way_it_came(pair: tuple[str, str]) -> None:
    there = {(s.layer, s.source, target) for s in read_crosswalk(*pair) for target in s.targets}
    back = {
        (step.layer, target, step.source)
        for step in read_crosswalk(pair[1], pair[0])
        for target in step.targets
    }
    assert there == back


def test_capital_stays_capital_across_a_crosswalk() -> None:
    for pair in WAYS:
        before, after = (
            {(o.layer, o.code): o.attributes.get("cost_type") for o in read_taxonomy(name).objects}
            for name in pair
        )
        for step in read_crosswalk(*pair):
            kind = before[step.layer, step.source]
            for target in step.targets:
                assert kind is None or after[step.layer, target] == kind, step


def test_what_version_5_brought_is_new_from_the_other_side() -> None:
    back = {step.source: step for step in read_crosswalk("tbm-5.0.1", "tbm-4.1")}
    assert back["tbm-5.0.1:compute/quantum"].change == "new"
    assert back["tbm-5.0.1:network/lan"].change == "merged"
    assert back["tbm-5.0.1:compute/servers"].change == "split"


def test_unknown_taxonomies_and_crosswalks_are_not_found() -> None:
    with pytest.raises(NotFound, match="no taxonomy named tbm-9"):
        read_taxonomy("tbm-9")
    with pytest.raises(NotFound, match="no crosswalk"):
        read_crosswalk("tbm-4.1", "btim")
