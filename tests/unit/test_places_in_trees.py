"""Where a consumer stands, told as a path or as columns of levels; and in which language."""

import pytest

from services.ingest.handed_over.domain import leaves_out_a_level, levels_in, levels_of, names_of


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("Group/Retail/North", ["Group", "Retail", "North"]),
        (" Group > R&D / Tools > Lab ", ["Group", "R&D / Tools", "Lab"]),
        ("集团\\零售", ["集团", "零售"]),
        ("/Group//Retail/", ["Group", "Retail"]),
        ("Group", ["Group"]),
        (" / ", []),
    ],
)
def test_a_path_has_levels(path, levels):
    assert levels_of(path) == levels


def test_columns_have_levels_down_to_the_last_that_is_told():
    assert levels_in(["Group", " Retail ", None, ""]) == ["Group", "Retail"]
    assert levels_in([None, None]) == []


def test_a_level_left_out_above_another_is_a_fault():
    assert leaves_out_a_level(["Group", None, "North"])
    assert leaves_out_a_level([None, "Retail"])
    assert not leaves_out_a_level(["Group", "Retail", " ", None])
    assert not leaves_out_a_level([None, None])


def test_a_plain_name_is_in_the_language_it_is_written_in():
    assert names_of("销售部", None, None, "S") == {"zh-CN": "销售部"}
    assert names_of("Sales", None, "销售", "S") == {"en": "Sales", "zh-CN": "销售"}
    assert names_of("Sales", "Selling", None, "S") == {"en": "Selling"}
    assert names_of(None, None, None, "S") == {"en": "S"}
