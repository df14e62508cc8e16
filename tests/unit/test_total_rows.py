"""Totals inside a ledger check the rows above them and are never lines."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.profiles.domain import Profile
from services.ingest.values.total_labels import label_strength
from tests.unit.import_builders import ReadFile, read_file


def a_ledger(folder: Path, *rows: str, header: str = "Date,Document,Text,Amount") -> ReadFile:
    return read_file(folder, "\n".join([header, *rows]), currency="EUR")


def codes(found: ReadFile) -> list[tuple[int, str]]:
    return [(row, code) for row, _, code in found.rejects]


@pytest.mark.parametrize(
    ("label", "strength"),
    [
        ("Subtotal", "sure"), ("Sub-Total:", "sure"), ("GRAND TOTAL", "sure"), ("合 计", "sure"),
        ("小计：", "sure"), ("本月合计", "sure"), ("本年累计", "sure"), ("Zwischensumme", "sure"),
        ("Total général", "sure"), ("Total", "whole"), ("TOTAL (GBP)", "whole"), ("Summe", "whole"),
        ("Marketing Total", "part"), ("Total for IT", "part"), ("Total Energies", "part"),
        ("Summer school", None), ("Totally Ltd", None), ("合同款", None), ("Consumables", None),
    ],
)  # fmt: skip
def test_labels_of_totals_are_told_by_their_words(label, strength):
    assert label_strength(label) == strength


def test_subtotals_and_the_grand_total_foot_and_are_no_lines(tmp_path):
    found = a_ledger(
        tmp_path,
        "2026-01-05,D1,Rent,100.00",
        "2026-01-06,D2,Power,50.00",
        ",,Subtotal,150.00",
        "2026-01-07,D3,Rent,25.50",
        ",,Subtotal,25.50",
        ",,Grand total,175.50",
    )
    assert found.amounts == ["100.00", "50.00", "25.50"]
    assert codes(found) == [(4, "subtotal_row"), (6, "subtotal_row"), (7, "subtotal_row")]
    assert found.parsed.received.money.sums == {"EUR": Decimal("526.50")}
    assert found.balanced()
    assert all(check.foots for check in found.parsed.total_rows.checks)


def test_a_total_that_does_not_foot_is_named_and_is_no_line(tmp_path):
    found = a_ledger(
        tmp_path, "2026-01-05,D1,Rent,100.00", "2026-01-06,D2,Power,50.00", "Total,,,151.00"
    )
    assert found.amounts == ["100.00", "50.00"]
    assert codes(found) == [(4, "total_differs")]
    check = found.parsed.total_rows.checks[0]
    assert (check.label, check.stated, check.counted) == ("Total", Decimal("151"), Decimal("150"))
    assert found.balanced()


def test_a_lost_row_shows_in_the_total_below_it(tmp_path):
    found = a_ledger(tmp_path, "2026-01-05,D1,Rent,100.00", "2026-01-06,D2,x,n/a", ",,Sum,150.00")
    assert codes(found) == [(3, "not_a_decimal"), (4, "total_differs")]


def test_chinese_books_date_their_monthly_totals(tmp_path):
    found = a_ledger(
        tmp_path,
        "2026-01-05,记-1,办公费,100.00",
        "2026-01-31,,本月合计,100.00",
        "2026-02-05,记-2,电费,30.00",
        "2026-02-28,,本月合计,30.00",
        "2026-02-28,,本年累计,130.00",
        header="日期,凭证号,摘要,金额",
    )
    assert found.amounts == ["100.00", "30.00"]
    assert {code for _, code in codes(found)} == {"subtotal_row"}


def test_debit_and_credit_columns_are_footed_together(tmp_path):
    found = a_ledger(
        tmp_path,
        "2026-01-05,1,a,100.00,",
        "2026-01-06,2,b,,30.00",
        ",,合计,100.00,30.00",
        header="日期,凭证号,摘要,借方金额,贷方金额",
    )
    assert found.amounts == ["100.00", "-30.00"]
    assert codes(found) == [(4, "subtotal_row")]
    assert found.balanced()


def test_totals_by_currency_foot_by_currency(tmp_path):
    found = a_ledger(
        tmp_path,
        "2026-01-05,D1,a,EUR,10.00",
        "2026-01-06,D2,b,USD,7.00",
        "2026-01-06,D3,b,EUR,1.00",
        ",,Total,EUR,11.00",
        ",,Total,USD,7.00",
        header="Date,Document,Text,Currency,Amount",
    )
    assert len(found.lines) == 3
    assert codes(found) == [(5, "subtotal_row"), (6, "subtotal_row")]


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-06,D2,Total Energies,150.00",
        "2026-01-06,D2,TOTAL,100.00",
        "2026-01-06,D2,Subtotal,100.00",
        "2026-01-06,,Total Energies,100.00",
        "2026-01-06,D2,,100.00",
    ],
)
def test_a_row_with_its_own_date_and_keys_is_a_line_whatever_its_words(tmp_path, row):
    found = a_ledger(tmp_path, "2026-01-05,D1,Rent,100.00", row, "2026-01-07,D3,Power,1.00")
    assert len(found.lines) == 3


def test_a_supplier_called_total_is_a_supplier(tmp_path):
    header = "Date,Document,Supplier,Note,Amount"
    rows = [f"2026-01-{day:02d},D{day},Acme {day},n,10.00" for day in range(1, 20)]
    found = a_ledger(
        tmp_path, *rows, "2026-01-20,D20,TOTAL,,10.00", "2026-01-21,D21,Total SE,,5", header=header
    )
    assert len(found.lines) == 21


def test_excel_outlines_head_their_totals_with_the_group(tmp_path):
    found = a_ledger(
        tmp_path,
        "Marketing,2026-01-05,D1,100.00",
        "Marketing,2026-01-06,D2,50.00",
        "Marketing Total,,,150.00",
        "IT,2026-01-06,D3,7.00",
        "IT Total,,,7.00",
        "Grand Total,,,157.00",
        header="Department,Date,Document,Amount",
    )
    assert len(found.lines) == 3
    assert [code for _, code in codes(found)] == ["subtotal_row"] * 3


def test_a_budget_without_dates_ends_in_a_total(tmp_path):
    found = read_file(
        tmp_path,
        "Cost centre,Budget\nIT,300\nHR,200\nTotal,500\n",
        kind="budget",
        currency="GBP",
        period="2026-01",
        profile=Profile("budget", {"amount": "Budget", "cost_center": "Cost centre"}),
    )
    assert found.amounts == ["300", "200"]
    assert codes(found) == [(4, "subtotal_row")]


def test_a_list_of_two_columns_is_footed_by_group(tmp_path):
    content = "Unit,Budget\nIT ops,300\nIT dev,200\nIT total,500\nTotal Rewards,70\nTotal,570\n"
    profile = Profile("budget", {"amount": "Budget", "account": "Unit"})
    found = read_file(
        tmp_path, content, "budget", currency="GBP", period="2026-01", profile=profile
    )
    assert found.amounts == ["300", "200", "70"]
    assert {code for _, code in codes(found)} == {"subtotal_row"}


def test_a_bare_sum_below_the_table_is_no_line(tmp_path):
    found = a_ledger(
        tmp_path, "2026-01-05,D1,Rent,100.00", "2026-01-06,D2,Power,50.00", ",,,150.00"
    )
    assert codes(found) == [(4, "subtotal_row")]


def test_a_list_of_nothing_but_amounts_has_no_totals(tmp_path):
    profile = Profile("ledger", {"amount": "Amount"}, constants={"currency": "EUR"})
    content = "Amount,Note\n5.00,\n5.00,\n10.00,\n"
    found = read_file(tmp_path, content, period="2026-01", profile=profile)
    assert found.amounts == ["5.00", "5.00", "10.00"]


def test_a_profile_may_take_every_row_for_a_line(tmp_path):
    profile = Profile(
        "ledger", {"amount": "Amount"}, constants={"currency": "EUR"}, total_rows="keep"
    )
    content = "Text,Amount\nRent,100\nTotal,100\n"
    found = read_file(tmp_path, content, period="2026-01", profile=profile)
    assert found.amounts == ["100", "100"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=5),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["Subtotal", "小计", "Zwischensumme"]),
)
def test_no_group_of_a_ledger_with_totals_is_lost_or_counted_twice(tmp_path, groups, label):
    rows, lines = [], []
    for group in groups:
        for amount in group:
            lines.append(amount)
            rows.append(f"2026-01-05,D{len(lines)},text,{amount}")
        rows.append(f",,{label},{sum(group)}")
    rows.append(f",,Grand total,{sum(lines)}")
    found = a_ledger(tmp_path, *rows)
    assert [Decimal(amount) for amount in found.amounts] == lines
    assert {code for _, code in codes(found)} == {"subtotal_row"}
    assert found.balanced()
