"""Decimals, dates, periods and tags are read exactly, or named as faults."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.values.dates import DateEvidence, read_date, read_instant, read_period
from services.ingest.values.decimals import (
    NumberEvidence,
    NumberStyle,
    decimal_text,
    read_decimal,
)
from services.ingest.values.fault import Fault
from services.ingest.values.missing import is_missing
from services.ingest.values.tags import read_tags
from shared.currencies import MINOR_DIGITS, is_currency, minor_digits

amounts = st.decimals(
    min_value=Decimal("-99999999999999999999"),
    max_value=Decimal("99999999999999999999"),
    allow_nan=False,
    places=None,
).filter(lambda number: number.as_tuple().exponent >= -18)


def grouped(number: Decimal, thousands: str, decimal: str) -> str:
    text = f"{number.copy_abs():,f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@given(
    amounts,
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")]),
    st.sampled_from(["-{}", "({})", "{}-", "\u2212{}", "- {}", "£-{}", "-€{}", "({}) "]),
)
def test_a_decimal_is_read_back_from_every_way_of_writing_it(number, marks, negative):
    thousands, decimal = marks
    text = grouped(number, thousands, decimal)
    written = negative.format(text) if number < 0 else f"\t{text}\u00a0"
    style = NumberStyle(decimal, thousands)
    assert read_decimal(written, style) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("EUR 1.234,56", "1234.56"),
        ("1,234.56 USD", "1234.56"),
        ("¥ 1,234.50", "1234.50"),
        ("人民币 5.00元", "5.00"),
        ("5 000,00 руб.", "5000.00"),
        ("£(5.00)", "-5.00"),
        ("5.00 CR", "-5.00"),
        ("5.00DR", "5.00"),
        ("5.00+", "5.00"),
        ("'5.00", "5.00"),
        ('="5.00"', "5.00"),
        ("１，２３４．５６", "1234.56"),
        ("1,23,456.00", "123456.00"),
        ("1 234 567,8", "1234567.8"),
        ("1\u2019234.50", "1234.50"),
    ],
)
def test_an_amount_is_read_from_what_systems_put_around_it(text, number):
    assert read_decimal(text) == Decimal(number)


@given(amounts)
def test_a_plain_decimal_keeps_its_digits(number):
    text = format(number, "f")
    found = read_decimal(text, NumberStyle(".", ","))
    assert not isinstance(found, Fault)
    assert Decimal(decimal_text(found)) == number


@given(st.text(max_size=30))
def test_any_text_is_a_decimal_or_a_documented_fault(text):
    found = read_decimal(text)
    assert isinstance(found, Decimal | Fault)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_decimal"),
        ("abc", "not_a_decimal"),
        ("5%", "not_a_decimal"),
        ("1,2,3", "not_a_decimal"),
        ("--5", "not_a_decimal"),
        ("1²", "not_a_decimal"),
        ("12 34", "not_a_decimal"),
        ("1,234", "ambiguous_number"),
        ("123456789012345678901", "too_many_digits"),
        ("0.1234567890123456789", "too_many_digits"),
        ("1e99", "too_many_digits"),
        ("NaN", "not_a_decimal"),
        ("-5 CR", "not_a_decimal"),
        ("(-5)", "not_a_decimal"),
        ("1.5万", "not_a_decimal"),
        ("1.5k", "not_a_decimal"),
        ("5.00 100", "not_a_decimal"),
        ("1234 567", "not_a_decimal"),
        ("5.00 kg", "not_a_decimal"),
    ],
)
def test_what_is_no_decimal_is_named(text, code):
    found = read_decimal(text)
    assert isinstance(found, Fault)
    assert found.code == code


def test_an_exponent_is_accepted_from_files():
    assert read_decimal("1E-7") == Decimal("0.0000001")


def test_zeros_beyond_the_scale_are_no_digits():
    assert read_decimal("0.10000000000000000000000") == Decimal("0.1")


def test_a_column_with_decimal_commas_makes_points_group_thousands():
    evidence = NumberEvidence()
    evidence.add(["1.234", "12,50"])
    assert read_decimal("1.234", evidence.style(";", typed=False)) == 1234


def test_three_digits_behind_a_comma_stay_ambiguous_without_evidence():
    evidence = NumberEvidence()
    evidence.add(["1,234", "500"])
    found = read_decimal("1,234", evidence.style(";", typed=False))
    assert isinstance(found, Fault)
    assert found.code == "ambiguous_number"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2016-07-19", date(2016, 7, 19)),
        ("2016/7/9", date(2016, 7, 9)),
        ("20060601", date(2006, 6, 1)),
        ("19/07/2016", date(2016, 7, 19)),
        ("07/19/2016", date(2016, 7, 19)),
        ("5.5.24", date(2024, 5, 5)),
        ("1-Jan-24", date(2024, 1, 1)),
        ("Jan 5, 2024", date(2024, 1, 5)),
        ("2024年1月5日", date(2024, 1, 5)),
        ("2024-09-01 00:00:00", date(2024, 9, 1)),
        ("2024-09-01T00:00:00+02:00", date(2024, 9, 1)),
        ("31. März 2024", date(2024, 3, 31)),
        ("1er août 2024", date(2024, 8, 1)),
        ("5 de enero de 2024", date(2024, 1, 5)),
        ("31JAN2024", date(2024, 1, 31)),
        ("Wed, 31 Jan 2024", date(2024, 1, 31)),
        ("2024-Jan-31", date(2024, 1, 31)),
        ("20240131T103000Z", date(2024, 1, 31)),
        ("05.01.2024", date(2024, 1, 5)),
        ("31/01/2024 10.30", date(2024, 1, 31)),
    ],
)
def test_dates_that_speak_for_themselves_are_read(text, day):
    assert read_date(text) == day


@pytest.mark.parametrize("text", ["31/02/2016", "00000000", "hello", "2016-13-01", "0001-01-01"])
def test_what_is_no_date_is_named(text):
    assert isinstance(read_date(text), Fault)


def test_a_day_that_may_be_a_month_is_ambiguous_until_the_format_is_given():
    found = read_date("03/04/2016")
    assert isinstance(found, Fault)
    assert found.code == "ambiguous_date"
    assert read_date("03/04/2016", date_format="%d/%m/%Y") == date(2016, 4, 3)


def test_one_date_proves_the_order_of_its_column():
    evidence = DateEvidence()
    evidence.add(["03/04/2016", "13/04/2016"])
    assert evidence.order() == "dmy"


def test_contradicting_dates_prove_nothing():
    evidence = DateEvidence()
    evidence.add(["13/04/2016", "04/13/2016", "03/04/2016"])
    assert evidence.order() is None


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from("-/."))
def test_a_written_date_is_read_back(day, mark):
    assert read_date(f"{day.day:02d}{mark}{day.month:02d}{mark}{day.year}", "dmy") == day
    assert read_date(f"{day.year}{mark}{day.month:02d}{mark}{day.day:02d}") == day


def test_an_instant_without_a_zone_is_utc():
    assert read_instant("29-02-2016 01:16") == datetime(2016, 2, 29, 1, 16, tzinfo=UTC)


def test_an_instant_with_a_zone_is_moved_to_utc():
    found = read_instant("2016-07-19T13:00:00+02:00")
    assert found == datetime(2016, 7, 19, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2016-07", "201607", "07/2016", "2016-07-19", "7/2016", "2016-7", "Jul 2016", "Juli 2016",
        "Jul-16", "2016年7月", "2016M07", "juillet 2016",
    ],
)  # fmt: skip
def test_a_period_is_read_from_its_common_forms(text):
    assert read_period(text) == "2016-07"


@pytest.mark.parametrize("text", ["2016-Q1", "FY2016", "Q1 2016", "2016", "16-Jul", "2016-W05"])
def test_quarters_and_years_are_no_periods(text):
    assert isinstance(read_period(text), Fault)


@pytest.mark.parametrize(
    ("text", "date_format", "day"),
    [
        ("42400", "excel", date(2016, 1, 31)),
        ("40938", "excel-1904", date(2016, 1, 31)),
        ("1454198400", "unix", date(2016, 1, 31)),
        ("1454198400000", "unix-ms", date(2016, 1, 31)),
    ],
)
def test_counted_days_and_seconds_are_dates_when_the_profile_says(text, date_format, day):
    assert read_date(text, date_format=date_format) == day
    assert isinstance(read_date(text), Fault)


def test_digits_that_a_format_could_split_in_two_ways_are_no_date():
    assert isinstance(read_date("2026111", date_format="%Y%m%d"), Fault)


def test_several_grouped_numbers_beside_small_whole_ones_group_thousands():
    evidence = NumberEvidence()
    evidence.add(["1,234", "5,678", "12,000", "500", "3,400", "7,001"])
    assert read_decimal("1,234", evidence.style("\t", typed=False)) == 1234


def test_texts_with_decimal_commas_among_typed_numbers_leave_points_open():
    evidence = NumberEvidence()
    evidence.add(["12,50", "1.234"])
    style = evidence.style(None, typed=True)
    assert read_decimal("12,50", style) == Decimal("12.50")
    assert isinstance(read_decimal("1.234", style), Fault)


def test_a_thirteenth_month_is_no_period():
    found = read_period("2016-13")
    assert isinstance(found, Fault)
    assert found.code == "not_a_period"


@pytest.mark.parametrize("text", ["", "  ", "NULL", "null", "?", "\u00a0", None])
def test_the_words_for_nothing_are_missing(text):
    assert is_missing(text)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (
            '{"app": "erp", "n": 1.50, "on": true, "none": null}',
            {"app": "erp", "n": "1.50", "on": "true"},
        ),
        ('"app": "erp", "env": "prod"', {"app": "erp", "env": "prod"}),
        ('[{"Key": "app", "Value": "erp"}]', {"app": "erp"}),
        ("{}", {}),
    ],
)
def test_tags_are_read_from_their_common_forms(text, tags):
    assert read_tags(text) == tags


def test_a_cell_that_is_no_tags_is_named():
    found = read_tags("app=erp")
    assert isinstance(found, Fault)
    assert found.code == "not_json"


def test_currencies_know_their_minor_units():
    assert [minor_digits(code) for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert not is_currency("XYZ")
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)
