"""Nothing that leaves as a file runs where it is opened: every text stays a text."""

import asyncio
import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser

import openpyxl
import pyarrow.parquet as pq
import pypdfium2
import pytest
from fastapi.responses import StreamingResponse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.valuation.reporting.reports.document import (
    Column,
    Document,
    Money,
    Section,
    Sentence,
    Source,
    Table,
    Text,
)
from services.valuation.reporting.reports.files.csv_file import render_csv
from services.valuation.reporting.reports.files.html_page import render_html
from services.valuation.reporting.reports.files.pdf_file import render_pdf
from services.valuation.reporting.reports.files.xlsx_file import render_xlsx
from shared.http.exports import CSV, PARQUET, XLSX, export_rows
from shared.http.spreadsheets import workbook_text
from tests.unit.report_builders import a_document

STARTS = "=+-@\t\r\n＝＋－＠"
BEFORE = ["", " ", "\u00a0", "\u3000", "\ufeff", "\u200b", '"', ' "', "\ufeff ", "''"]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
hostile = st.builds(
    "{}{}{}".format,
    st.sampled_from(BEFORE),
    st.sampled_from(STARTS),
    st.sampled_from(["cmd|' /C calc'!A0", "1+1", 'HYPERLINK("http://x","y")', "", "5", "SUM(A1)"])
    | st.text(max_size=8),
)
texts = hostile | st.text(max_size=12)
amounts = st.decimals(-(10**11), 10**11, places=3)  # what a number of a sheet holds exactly


def quick(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
    )  # fmt: skip


def sent(kind: str, rows: list[tuple[object, ...]]) -> bytes:
    response = export_rows(kind, "table", ["text", "amount"], iter(rows))
    if not isinstance(response, StreamingResponse):
        return bytes(response.body)

    async def gathered() -> bytes:
        pieces = [piece async for piece in response.body_iterator]
        return b"".join(p.encode() if isinstance(p, str) else bytes(p) for p in pieces)

    return asyncio.run(gathered())


def would_run(cell: str) -> bool:
    """Whether a spreadsheet may take the text for a formula, whatever it overlooks before it."""
    bare = cell.lstrip(' "\u00a0\u3000\ufeff\u200b')
    return bare[:1] in tuple(STARTS) and not NUMBER.fullmatch(cell)


@quick(200)
@given(text=texts, amount=amounts)
@example(text="-5", amount=Decimal("-5"))
@example(text="-5+cmd", amount=Decimal("-0.001"))
def test_no_cell_of_a_csv_starts_a_formula_and_numbers_stay_numbers(
    text: str, amount: Decimal
) -> None:
    content = sent(CSV, [(text, amount)]).decode("utf-8", "surrogatepass")
    ((name, number),) = list(csv.reader(io.StringIO(content, newline="")))[1:]
    assert name in {text, f"'{text}"}
    assert not would_run(name)
    assert Decimal(number) == amount
    assert NUMBER.fullmatch(number)


@quick(30)
@given(rows=st.lists(st.tuples(texts, amounts), min_size=1, max_size=30))
def test_no_cell_of_a_workbook_is_a_formula_and_numbers_are_numbers(
    rows: list[tuple[object, ...]],
) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(sent(XLSX, rows))).worksheets[0]
    for (text, amount), (name, number) in zip(rows, sheet.iter_rows(min_row=2), strict=True):
        assert name.data_type in {"s", "n"}  # n: an empty cell
        assert _one_line(name.value or "") == _one_line(workbook_text(str(text)))
        assert number.data_type == "n"
        assert Decimal(str(number.value)) == amount


def _one_line(text: str) -> str:
    """Without line breaks, which every library keeps in its own way."""
    return re.sub(r"_x000D_|[\r\n]", "", text)


@quick(30)
@given(rows=st.lists(st.tuples(texts, amounts), min_size=1, max_size=30))
def test_texts_in_parquet_are_as_they_were(rows: list[tuple[object, ...]]) -> None:
    storable = [(str(text).encode("utf-8", "replace").decode(), amount) for text, amount in rows]
    table = pq.read_table(io.BytesIO(sent(PARQUET, list(storable))))
    assert table.column("text").to_pylist() == [text for text, _ in storable]


@cache
def monthly_report() -> Document:
    return a_document()


def about(text: str, amount: Decimal = Decimal("-1.5")) -> Document:
    """A report that shows the text wherever a report shows a text of somebody's."""
    table = Table(
        "things", text, (Column("name", text), Column("amount", "Amount", "money")),
        ((Text(text, f"javascript:{text}"), Money(amount, "EUR")),),
        (Text(text), Money(amount, "EUR")), note=text,
    )  # fmt: skip
    said = Sentence((text, Text(text, text)), "warning")
    return replace(
        monthly_report(),
        title=text, subtitle=text, facts=((text, Text(text)),),
        sections=(Section("one", text, (said,), (), (table,)),),
        sources=(Source(text, f"https://x/{text}", text),),
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@quick(60)
@given(text=texts)
def test_no_cell_of_a_report_as_csv_starts_a_formula(text: str) -> None:
    rows = csv.reader(io.StringIO(render_csv(about(_utf8(text))).decode(), newline=""))
    for row in list(rows)[1:]:
        assert not [cell for cell in row if would_run(cell)]


@quick(8)
@given(text=texts)
def test_only_totals_of_a_report_as_workbook_are_formulas(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(about(_utf8(text)))))
    formulas = [
        cell.value for sheet in book for row in sheet for cell in row if cell.data_type == "f"
    ]
    assert [each for each in formulas if not str(each).startswith("=SUM(")] == []
    assert not [cell for sheet in book for row in sheet for cell in row if cell.hyperlink]


class Seen(HTMLParser):
    """The elements of a page, its attributes, and what it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "'onmouseover='alert(1)", "</style><script>1</script>", "<!--", "]]>", "&lt;b&gt;", "{{7*7}}",
    "<a href='javascript:alert(1)'>x</a>", "<iframe src=//x>", "<base href=//x>", "\x00<script>",
]  # fmt: skip


@cache
def plain_page() -> Seen:
    return Seen(render_html(about("plain")).decode())


@quick(12)
@given(text=st.sampled_from(MARKUP) | st.builds("{}{}".format, st.sampled_from(MARKUP), texts))
def test_a_report_as_a_page_holds_no_markup_of_others(text: str) -> None:
    plain, seen = plain_page(), Seen(render_html(about(_utf8(text))).decode())
    assert seen.tags == plain.tags
    assert {name for name, _ in seen.attributes} == {name for name, _ in plain.attributes}
    links = [value for name, value in seen.attributes if name in {"href", "src"}]
    assert not [each for each in links if each.lower().lstrip().startswith(("javascript", "data"))]


@pytest.mark.parametrize(
    "text",
    ['#panic("x")', '#read("/etc/passwd")', "$ a $ *b* _c_ `d`", "@ref <label>", '#import "x": y',
     "\\u{1F600} ~ --- // /* */", "= Title", "- item", '"+panic("x")+"'],
)  # fmt: skip
def test_a_report_on_paper_shows_what_was_written(text: str) -> None:
    pages = pypdfium2.PdfDocument(render_pdf(about(text)))
    shown = "".join(page.get_textpage().get_text_range() for page in pages)
    assert re.sub(r"[\s\u200b]", "", text) in re.sub(r"[\s\u200b]", "", shown)
    assert "root:" not in shown


def _utf8(text: str) -> str:
    """Text as the database can hold it."""
    return text.encode("utf-8", "replace").decode()
