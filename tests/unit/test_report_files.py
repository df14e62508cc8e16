"""The files: same document, same bytes; exact totals; Chinese stays Chinese; nothing runs."""

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.valuation.reporting.reports.document import (
    Column,
    Document,
    Missing,
    Money,
    Section,
    Table,
    Text,
)
from services.valuation.reporting.reports.files.csv_file import render_csv
from services.valuation.reporting.reports.files.html_page import render_html, safe_href
from services.valuation.reporting.reports.files.json_file import render_json
from services.valuation.reporting.reports.files.pdf_file import render_pdf
from services.valuation.reporting.reports.files.xlsx_file import render_xlsx, significant_digits
from shared.http.spreadsheets import safe_text
from tests.unit.report_builders import a_document, some_costs

RENDERERS = {
    "xlsx": render_xlsx,
    "pdf": render_pdf,
    "html": render_html,
    "csv": render_csv,
    "json": render_json,
}
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
INJECTION = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture(scope="module")
def document() -> Document:
    return a_document()


@pytest.fixture(scope="module")
def again() -> Document:
    """The same report, written a second time from the same inputs."""
    return a_document()


@pytest.fixture(scope="module")
def workbook(document: Document) -> bytes:
    return render_xlsx(document)


@pytest.mark.parametrize("form", RENDERERS)
def test_the_same_document_gives_the_same_bytes(
    form: str, document: Document, again: Document
) -> None:
    first, second = (
        hashlib.sha256(RENDERERS[form](made)).hexdigest() for made in (document, again)
    )
    assert first == second


def test_another_figure_gives_other_bytes(document: Document) -> None:
    other = a_document(cost=some_costs(input=Decimal("1000.01")))
    assert render_json(other) != render_json(document)


def parsed(content: bytes) -> ElementTree.Element:
    """XML of our own making."""
    return ElementTree.fromstring(content)  # noqa: S314 - nobody else wrote it


def cells(workbook: bytes, title: str) -> dict[str, ElementTree.Element]:
    """The cells of a sheet by address."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        book = parsed(archive.read("xl/workbook.xml"))
        names = [sheet.get("name") for sheet in book.iter(f"{SHEET}sheet")]
        number = names.index(title) + 1
        sheet = parsed(archive.read(f"xl/worksheets/sheet{number}.xml"))
    return {str(cell.get("r")): cell for cell in sheet.iter(f"{SHEET}c")}


def texts(workbook: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        shared = parsed(archive.read("xl/sharedStrings.xml"))
    return ["".join(part.itertext()) for part in shared]


def test_a_total_is_a_formula_whose_result_is_the_exact_figure(workbook: bytes) -> None:
    total = cells(workbook, "按消费者")["C4"]
    assert total.findtext(f"{SHEET}f") == "SUM(C2:C3)"
    assert Decimal(total.findtext(f"{SHEET}v") or "") == Decimal("950")


def test_amounts_are_number_cells(workbook: bytes) -> None:
    amount = cells(workbook, "按消费者")["C2"]
    assert amount.get("t") is None
    assert Decimal(amount.findtext(f"{SHEET}v") or "") == Decimal("900.10")


def test_the_workbook_reads_back_with_another_library(workbook: bytes) -> None:
    fastexcel = pytest.importorskip("fastexcel")
    rows = fastexcel.read_excel(workbook).load_sheet("按消费者").to_arrow().to_pydict()
    assert [Decimal(str(value)) for value in rows["金额\uff08CNY\uff09"]] == [
        Decimal("900.1"),
        Decimal("49.9"),
        Decimal("950.0"),
    ]


def test_the_header_row_is_frozen(workbook: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        assert b'ySplit="1"' in archive.read("xl/worksheets/sheet2.xml")


def test_the_sources_sheet_names_run_and_hashes(workbook: bytes) -> None:
    assert {"ab" * 32, "cd" * 32, "ef" * 32} <= set(texts(workbook))


def a_table_of(*amounts: str) -> Document:
    rows = tuple((Text(f"row {n}"), Money(Decimal(a), "CNY")) for n, a in enumerate(amounts))
    total = sum((Decimal(amount) for amount in amounts), Decimal(0))
    columns = (Column("name", "Name"), Column("amount", "Amount", "money", adds_up=True))
    table = Table("t", "T", columns, rows, (Text("Total"), Money(total, "CNY")))
    return replace(a_document("en"), sections=(Section("s", "S", tables=(table,)),))


def test_amounts_longer_than_excel_can_hold_keep_all_digits_as_text_beside() -> None:
    long = "12345678901234567.89"
    book = render_xlsx(a_table_of(long, "1"))
    assert long in texts(book)
    assert "12345678901234568.89" in texts(book)
    assert "Amount, all digits" in texts(book)


def test_short_amounts_need_no_text_beside(workbook: bytes) -> None:
    assert not any("全部位数" in text for text in texts(workbook))


def test_a_total_that_is_not_the_sum_of_its_rows_is_written_as_a_plain_number() -> None:
    document = a_table_of("1", "2")
    table = replace(
        document.sections[0].tables[0], totals=(Text("Total"), Money(Decimal(4), "CNY"))
    )
    book = render_xlsx(replace(document, sections=(Section("s", "S", tables=(table,)),)))
    assert cells(book, "T")["B4"].find(f"{SHEET}f") is None


def test_formulas_in_names_are_plain_text_in_the_workbook() -> None:
    book = render_xlsx(a_document(cost=some_costs(consumer_name=INJECTION)))
    assert INJECTION in texts(book)
    sheet = cells(book, "按消费者")
    assert sheet["A2"].get("t") == "s"
    assert sheet["A2"].find(f"{SHEET}f") is None


def test_formulas_in_names_are_disarmed_in_csv() -> None:
    content = render_csv(a_document(cost=some_costs(consumer_name=INJECTION))).decode()
    names = {row["row_name"] for row in csv.DictReader(io.StringIO(content))}
    assert f"'{INJECTION}" in names
    assert INJECTION not in names


def test_negative_numbers_stay_numbers_in_csv() -> None:
    content = render_csv(a_table_of("-5.50")).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["value"] for row in rows if row["column"] == "amount"] == ["-5.5", "-5.5"]


@given(st.text())
def test_no_csv_text_starts_like_a_formula(text: str) -> None:
    assert not safe_text(text).startswith(tuple("=+-@\t\r\n"))


def test_markup_in_names_is_escaped_on_the_page() -> None:
    name = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    page = render_html(a_document(cost=some_costs(consumer_name=name))).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_loads_nothing_from_outside(document: Document) -> None:
    page = render_html(document).decode()
    assert not re.search(r'(src|href|xlink:href)="(https?:)?//', page)
    assert not re.search(r"@import|url\((?!#)", page)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x", ""]
)
def test_only_safe_addresses_become_links(href: str) -> None:
    assert safe_href(href) is None


def test_the_page_is_chinese_with_svg_pictures(document: Document) -> None:
    page = render_html(document).decode()
    assert '<html lang="zh-CN">' in page
    assert "IT 成本 - 价值分布报告" in page
    assert page.count("<svg") == 4
    ids = re.findall(r'\bid="([^"]*clip\d+)"', page)
    assert len(ids) == len(set(ids))


def test_chinese_is_text_in_the_pdf_with_an_embedded_font(document: Document) -> None:
    pdf = render_pdf(document)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    plain = b"".join(_inflated(stream) for stream in streams)
    assert b"NotoSansSC" in pdf + plain
    # The fonts' tables from glyphs back to characters know the words of the title.
    for character in "成本价值分布报告":
        assert f"<{ord(character):04X}>".encode() in plain.upper()


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_text_with_markup_signs_reaches_the_pdf_as_text() -> None:
    name = '#eval("1") $x$ *bold* [a] @ref `code` \\ "quote"'
    assert render_pdf(a_document(cost=some_costs(consumer_name=name))).startswith(b"%PDF")


@pytest.mark.parametrize("form", RENDERERS)
def test_names_with_control_characters_break_no_file(form: str) -> None:
    document = a_document(cost=some_costs(consumer_name="a\x01\x0b\x1f\uffffb"))
    content = RENDERERS[form](document)
    assert content
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parsed(archive.read("xl/sharedStrings.xml"))


def test_json_carries_exact_amounts_as_strings(document: Document) -> None:
    body = json.loads(render_json(document))
    consumers = next(
        table for part in body["sections"] for table in part["tables"] if table["key"] == "consumer"
    )
    assert consumers["rows"][0]["amount"]["amount"] == "900.1"
    assert consumers["totals"]["amount"] == {"amount": "950", "currency": "CNY"}


@pytest.mark.parametrize(("value", "digits"), [("0", 0), ("1200.50", 5), ("0.001", 1), ("100", 1)])
def test_digits_count_from_the_first_to_the_last_that_is_not_zero(value: str, digits: int) -> None:
    assert significant_digits(Decimal(value)) == digits


def test_what_is_missing_is_empty_for_machines(document: Document) -> None:
    table = Table("t", "T", (Column("a", "A"),), ((Missing("not measured"),),))
    whole = replace(document, sections=(Section("s", "S", tables=(table,)),))
    rows = list(csv.DictReader(io.StringIO(render_csv(whole).decode())))
    assert next(row["value"] for row in rows if row["table"] == "t") == ""
