"""Values on the wire: exact decimals, codes, names, languages, identifiers, cells."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.values import (
    Code,
    DecimalText,
    Names,
    Period,
    TagValue,
    Text,
    decimal_to_text,
    name_in,
)
from shared.http.exports import CSV, XLSX, NotAcceptable, chosen_export, safe_cell
from shared.http.language import chosen_language
from shared.ids import new_id

decimals = TypeAdapter(DecimalText)
wire_decimals = st.decimals(
    min_value=-(10**20) + 1, max_value=10**20 - 1, places=18, allow_nan=False
)


@given(wire_decimals)
def test_a_decimal_keeps_its_value_through_the_wire(value: Decimal) -> None:
    written = decimal_to_text(value)
    assert decimals.validate_python(written) == value
    assert "e" not in written.lower()
    assert written != "-0"
    assert decimal_to_text(decimals.validate_python(written)) == written


@pytest.mark.parametrize(
    "raw", [1, 1.5, True, "1e3", "+1", "1,000", "", " 1", "0x1", "1.", ".5", "NaN", "1" * 21, "٣"]
)
def test_what_is_not_a_plain_decimal_in_a_string_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError):
        decimals.validate_python(raw)


def test_minus_zero_is_zero() -> None:
    assert decimals.dump_python(decimals.validate_python("-0.00")) == "0"


def test_codes_are_trimmed_and_composed() -> None:
    codes = TypeAdapter(Code)
    assert codes.validate_python("  tbm-5.0.1:hardware/lease ") == "tbm-5.0.1:hardware/lease"
    assert codes.validate_python("Cafe\u0301") == "Caf\u00e9"
    for bad in ("", "  ", "x" * 201, "a\x00b", "a\nb"):
        with pytest.raises(ValidationError):
            codes.validate_python(bad)


def test_what_people_write_may_have_lines_and_no_other_control_characters() -> None:
    texts = TypeAdapter(Text)
    assert texts.validate_python("one\r\ntwo\rthree\n\tfour") == "one\ntwo\nthree\n\tfour"
    for bad in ("\x00", "bell \x07", "\x1b[0m", "\x7f", "\x85"):
        with pytest.raises(ValidationError):
            texts.validate_python(bad)


@given(st.text(st.characters(codec="utf-8"), max_size=9))
def test_the_pattern_of_a_text_in_the_documents_is_what_is_taken(text: str) -> None:
    for kind in (Text, TagValue):
        adapter: TypeAdapter[str] = TypeAdapter(kind)
        fits = re.search(adapter.json_schema()["pattern"].replace("$", r"\Z"), text) is not None
        try:
            adapter.validate_python(text)
        except ValidationError:
            assert not fits
        else:
            assert fits


@pytest.mark.parametrize("bad", ["2026-13", "2026-1", "2026-00", "0001-01", "2026-01-01"])
def test_a_period_is_a_year_and_a_month(bad: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Period).validate_python(bad)


def test_a_name_in_one_language_serves_both() -> None:
    names = Names.model_validate({"zh-CN": "计算"}).stored()
    assert name_in(names, "en") == "计算"
    with pytest.raises(ValidationError):
        Names.model_validate({})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("en;q=0.4, zh-TW;q=0.9", "zh-CN"),
        ("de, fr;q=x", "en"),
        ("zh;q=0.5,en", "en"),
    ],
)
def test_the_preferred_of_our_languages_is_chosen(header: str | None, language: str) -> None:
    assert chosen_language(header) == language


def test_identifiers_grow_with_time_and_say_their_version() -> None:
    made = [new_id() for _ in range(100)]
    assert all(each.version == 7 for each in made)
    assert len(set(made)) == 100
    assert made[0].int >> 80 <= made[-1].int >> 80


@given(st.sampled_from("=+-@\t\r"), st.text())
def test_no_text_cell_starts_a_formula(start: str, rest: str) -> None:
    cell = safe_cell(start + rest)
    try:
        Decimal(cell)
    except ArithmeticError:
        assert cell.startswith("'")


def test_negative_numbers_stay_numbers() -> None:
    assert safe_cell(Decimal("-1.50")) == "-1.5"
    assert safe_cell("-12") == "-12"


def test_the_export_is_what_accept_asks_for() -> None:
    assert chosen_export(None) is None
    assert chosen_export("text/html, */*") is None
    assert chosen_export("text/csv;q=0.9") == CSV
    assert chosen_export(f"image/png, {XLSX}") == XLSX
    with pytest.raises(NotAcceptable):
        chosen_export("image/png")
