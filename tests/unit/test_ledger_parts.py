"""Debits and credits, fiscal periods and SAP's habits become signed amounts in calendar months."""

import json
from pathlib import Path

import pytest

from services.ingest.profiles.domain import FlagSign, Profile
from services.ingest.values.fault import REJECT_CODES, Fault
from services.ingest.values.fiscal import one_cell_fiscal_period, read_fiscal_period
from tests.unit.import_builders import read_file


@pytest.mark.parametrize(
    ("year", "number", "first", "month"),
    [
        ("2026", "1", 1, "2026-01"), ("2026", "012", 1, "2026-12"), ("2026", "13", 1, "2026-12"),
        ("2026", "016", 1, "2026-12"), ("FY2017", "P1", 7, "2016-07"), ("2017", "12", 7, "2017-06"),
        ("2017", "14", 7, "2017-06"), ("2026年度", "3月", 1, "2026-03"),
        ("2026", "March", 1, "2026-03"),
    ],
)  # fmt: skip
def test_fiscal_periods_are_calendar_months(year, number, first, month):
    assert read_fiscal_period(year, number, first) == month


@pytest.mark.parametrize(("year", "number"), [("2026", "0"), ("2026", "17"), ("26", "1"), ("", "")])
def test_what_is_no_fiscal_period_is_a_fault(year, number):
    found = read_fiscal_period(year, number)
    assert isinstance(found, Fault)
    assert found.code == "not_a_period"


def test_closing_periods_in_one_cell_are_told_from_months():
    assert one_cell_fiscal_period("2016013") == ("2016-12", "013")
    assert one_cell_fiscal_period("004.2016") == ("2016-04", "004")
    assert one_cell_fiscal_period("201612") is None


def test_a_sap_table_is_read_without_a_profile(tmp_path):
    found = read_file(
        tmp_path,
        "bukrs,belnr,gjahr,poper,budat,shkzg,dmbtr,hwaer,hkont,stblg,xreversal\n"
        "3000,100,2026,001,20260105,S,100.00,EUR,470000,,\n"
        "3000,101,2026,013,20261231,H,30.00,EUR,470000,100,X\n",
    )
    assert found.amounts == ["100.00", "-30.00"]
    assert [line["period"] for line in found.lines] == ["2026-01", "2026-12"]
    assert json.loads(found.lines[1]["fields"])["stblg"] == "100"
    assert found.balanced()


def test_without_a_date_the_fiscal_period_is_the_period_and_is_kept(tmp_path):
    content = "gjahr,poper,hsl,rhcur\n2026,013,5.00,EUR\n2026,002,-1.00,EUR\n"
    found = read_file(tmp_path, content)
    assert [line["period"] for line in found.lines] == ["2026-12", "2026-02"]
    assert json.loads(found.lines[0]["fields"])["fiscal_period"] == "013"


def test_a_profile_says_when_the_fiscal_year_begins(tmp_path):
    profile = Profile(
        "budget",
        {"amount": "Balance", "fiscal_year": "FY", "fiscal_period": "FM"},
        constants={"currency": "USD", "fiscal_year_start": "7"},
    )
    found = read_file(
        tmp_path, "FY,FM,Balance\n2017,1,10\n2017,13,1\n", kind="budget", profile=profile
    )
    assert [line["period"] for line in found.lines] == ["2016-07", "2017-06"]


def test_a_fiscal_year_of_unknown_start_is_no_guess(tmp_path):
    found = read_file(tmp_path, "Fiscal Year,Fiscal Period,Amount\n2017,1,10\n", currency="USD")
    assert found.rejects == [(2, "period", "missing_value")]


def test_two_columns_make_one_signed_amount(tmp_path):
    found = read_file(
        tmp_path,
        "日期,摘要,借方金额,贷方金额\n"
        '2026-01-05,a,"1,200.00",\n'
        "2026-01-06,b,,200.00\n"
        "2026-01-07,c,50.00,20.00\n"
        "2026-01-08,d,0.00,7.00\n"
        "2026-01-09,e,,\n"
        "2026-01-10,f,x,1.00\n",
        currency="CNY",
    )
    assert found.amounts == ["1200.00", "-200.00", "30.00", "-7.00"]
    assert found.rejects == [(6, "借方金额", "missing_value"), (7, "借方金额", "not_a_decimal")]
    assert found.parsed.received.unreadable_amount == 2
    assert found.balanced()


def test_the_same_two_sided_row_is_the_same_content_however_it_is_written(tmp_path):
    one = read_file(tmp_path, "Date,Debit,Credit\n2026-01-05,1200.00,\n", currency="EUR")
    other = read_file(tmp_path, 'Credit,Debit,Date\n,"1,200.0",2026-01-05\n', currency="EUR")
    assert one.lines[0]["identity"] == other.lines[0]["identity"]


@pytest.mark.parametrize(
    ("header", "debit", "credit"),
    [("D/C", "D", "C"), ("Soll/Haben", "Soll", "Haben"), ("借贷方向", "借", "贷"),
     ("S/H", "S", "H"), ("Debit/Credit", "DEBIT", "CREDIT"), ("借贷", "借 Dr", "贷 Cr")],
)  # fmt: skip
def test_a_flag_turns_unsigned_amounts(tmp_path, header, debit, credit):
    found = read_file(
        tmp_path,
        f"Date,Amount,{header}\n2026-01-05,5.00,{debit}\n2026-01-06,2.00,{credit}\n",
        currency="EUR",
    )
    assert found.amounts == ["5.00", "-2.00"]
    assert found.parsed.profile.sign == FlagSign(header, debit, credit)


@pytest.mark.parametrize("below_zero", ["-2.00", "(2.00)", "2.00-", '"-1,099.14"\t'])
def test_a_flag_beside_signed_amounts_turns_nothing(tmp_path, below_zero):
    rows = "".join(f"2026-01-{day:02d},5.00,D\n" for day in range(1, 29))
    found = read_file(
        tmp_path,
        f"Date,Amount,D/C\n{rows}2026-01-29,{below_zero},C\n",
        currency="EUR",
    )
    assert found.parsed.profile.sign == "as_is"
    assert found.amounts[-1].startswith("-")


def test_an_unknown_flag_rejects_its_row(tmp_path):
    profile = Profile(
        "ledger",
        {"amount": "Amount", "posted_on": "Date"},
        constants={"currency": "EUR"},
        sign=FlagSign("D/C", "D", "C"),
    )
    content = "Date,Amount,D/C\n2026-01-05,5.00,D\n2026-01-06,2.00,X\n"
    found = read_file(tmp_path, content, profile=profile)
    assert found.rejects == [(3, "D/C", "unknown_code")]
    assert found.balanced()


def test_currencies_without_decimals_are_shifted_only_when_the_profile_says(tmp_path):
    content = "Date,Amount,Currency\n2026-01-05,12.34,JPY\n2026-01-05,12.34,EUR\n"
    plain = read_file(tmp_path, content)
    assert plain.amounts == ["12.34", "12.34"]
    profile = Profile(
        "ledger",
        {"amount": "Amount", "posted_on": "Date", "currency": "Currency"},
        decimal_shift={"JPY": 2},
    )
    shifted = read_file(tmp_path, content, profile=profile)
    assert shifted.amounts == ["1234", "12.34"]
    assert shifted.balanced()


def test_amounts_go_with_their_own_currency(tmp_path):
    content = "budat,hsl,tsl,rtcur\n20260105,10.00,9.00,USD\n"
    assert read_file(tmp_path, content).amounts == ["9.00"]


def test_every_code_of_a_reject_is_named_in_the_readme():
    readme = Path(__file__).parents[2] / "services" / "ingest" / "README.md"
    text = readme.read_text()
    assert [code for code in REJECT_CODES if f"`{code}`" not in text] == []
